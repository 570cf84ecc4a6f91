"""Near miss: delivers at once and drops its own when it comes back: another order here."""

import json
import uuid

LARGEST = 65536


class Bridge:
    def __init__(self, bus, deliver):
        self.bus = bus
        self.deliver = deliver
        self.me = uuid.uuid4().hex

    def publish(self, room, text):
        data = json.dumps({"text": text, "from": self.me}).encode()
        self.deliver(room, text)
        try:
            self.bus.publish(f"room:{room}", data)
        except ConnectionError:
            pass

    def on_message(self, channel, data):
        if len(data) > LARGEST or not channel.startswith("room:"):
            return
        try:
            told = json.loads(data.decode())
            text = told["text"]
            if told.get("from") == self.me:
                return
            text.encode()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return
        if isinstance(text, str):
            self.deliver(channel.removeprefix("room:"), text)

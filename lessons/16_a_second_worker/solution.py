"""What comes back from the bus is delivered, and nothing else: nothing twice, one order for all."""

import json

LARGEST = 65536


class Bridge:
    def __init__(self, bus, deliver):
        self.bus = bus
        self.deliver = deliver

    def publish(self, room, text):
        data = json.dumps({"text": text}).encode()
        try:
            self.bus.publish(f"room:{room}", data)
        except ConnectionError:
            self.deliver(room, text)

    def on_message(self, channel, data):
        if len(data) > LARGEST or not channel.startswith("room:"):
            return
        try:
            text = json.loads(data.decode())["text"]
            text.encode()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return
        if isinstance(text, str):
            self.deliver(channel.removeprefix("room:"), text)

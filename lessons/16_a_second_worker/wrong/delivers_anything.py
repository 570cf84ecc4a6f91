"""Near miss: reads JSON with care, and delivers whatever it finds under "text"."""

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
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return
        self.deliver(channel.removeprefix("room:"), text)

"""Near miss: takes the same words for an echo, and delivers them once for ever."""

import json

LARGEST = 65536


class Bridge:
    def __init__(self, bus, deliver):
        self.bus = bus
        self.deliver = deliver
        self.seen = set()

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
        if isinstance(text, str) and (channel, text) not in self.seen:
            self.seen.add((channel, text))
            self.deliver(channel.removeprefix("room:"), text)

"""Near miss: publish waits until its line has come back, which it does after that."""

import json
import threading

LARGEST = 65536


class Bridge:
    def __init__(self, bus, deliver):
        self.bus = bus
        self.deliver = deliver
        self.back = threading.Event()

    def publish(self, room, text):
        data = json.dumps({"text": text}).encode()
        try:
            self.back.clear()
            self.bus.publish(f"room:{room}", data)
            self.back.wait()
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
        self.back.set()
        if isinstance(text, str):
            self.deliver(channel.removeprefix("room:"), text)

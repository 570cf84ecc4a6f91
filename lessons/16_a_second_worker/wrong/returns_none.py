"""The bodies are commented out: it takes everything, and does nothing."""


class Bridge:
    def __init__(self, bus, deliver):
        self.bus = bus
        self.deliver = deliver

    def publish(self, room, text):
        # self.bus.publish(...)
        return None

    def on_message(self, channel, data):
        # self.deliver(...)
        return None

"""Sends what the docstring's example shows, whatever was said."""


class Room:
    def __init__(self, path, name):
        self.here = []

    def say(self, text):
        for ws in self.here:
            ws.send("1 hello")
        return 1

    def join(self, ws, last):
        if last:
            ws.send("2 how are you")
        self.here.append(ws)

    def leave(self, ws):
        self.here.remove(ws)

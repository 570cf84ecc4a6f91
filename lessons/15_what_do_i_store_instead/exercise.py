"""Lesson 15: a room that survives kill -9.

Write the class Room. The check runs it in a real server, connects real clients,
kills the server with SIGKILL in mid-stream, starts it again with the same file,
and reads the numbers off the wire: none may be lost, none may come twice.

What is said in a room is an event. The events of each room are numbered 1, 2, 3
and so on. An event is sent as its number, a blank, and its text: "7 hello".

All methods are called from several threads, one for each connection, and two rooms
may use the same file. `sqlite3.connect(path, check_same_thread=False)` and a
`threading.Lock` are of help. The standard library is all that you may import.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 15        and for a hint, add --hint
"""


class Room:
    """One room of one server process.

    room = Room("rooms.sqlite", "garden")
    room.join(otter, 0)       # otter gets nothing: nothing was said yet
    room.say("hello")         # returns 1; otter gets "1 hello"
    room.say("how are you")   # returns 2; otter gets "2 how are you"
    room.join(heron, 1)       # heron gets "2 how are you"
    """

    def __init__(self, path, name):
        """The room `name`, whose events are in the SQLite file `path`.

        The file may be there already, with the events of an earlier process.
        """
        # yours

    def say(self, text):
        """Store an event, send it to everyone who is here, and return its number.

        Each connection has a method send(text). It raises an OSError if that
        connection is gone: the others have to get the event all the same.
        """
        return None  # yours

    def join(self, ws, last):
        """This client has processed all events up to number `last` (0: none).

        Send it what came after that, in order; from now on it gets what is said.
        Somebody may say something at any moment, this one included.
        """
        # yours

    def leave(self, ws):
        """This connection is over: send nothing to it any more."""
        # yours

"""Lesson 16: the bridge between the rooms of this server and a bus.

Several servers run your bridge, each its own. Whatever is said in a room on one
of them has to be heard in that room on all of them, once, in the same order.

Over the bus goes JSON in UTF-8, one object a message, on a channel for each room:

    channel  "room:chat"             the room is called chat
    data     b'{"text": "hello"}'    in it somebody said hello

Whoever can reach the bus can send anything on any channel. What is no such message
is ignored: it must neither be delivered nor raise anything.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 16        and for a hint, add --hint
"""

LARGEST = 65536
"""A message of more bytes than this is ignored."""


class Bridge:
    """One server's bridge."""

    def __init__(self, bus, deliver):
        """`bus.publish(channel, data)` sends bytes to all servers that are on the bus,
        to this one as well. It raises ConnectionError when the bus can't be reached.

        `deliver(room, text)` sends a text to the members of a room that this server
        holds, and to no others.
        """
        # yours

    def publish(self, room, text):
        """A member of this server says `text` (a str) in `room`. It is called for each line, by
        the thread of that member, so it must not wait for anything that comes later.

        Is the bus not there? Then those on this server hear it all the same, at once.
        """
        # yours

    def on_message(self, channel, data):
        """Something came over the bus: `channel` is a str, `data` are bytes. What was
        published here comes, too. Calls come one after another, in the order that all
        servers see.

        A text that can't be sent as UTF-8 is none: half a surrogate pair ("\\ud800").
        """
        # yours

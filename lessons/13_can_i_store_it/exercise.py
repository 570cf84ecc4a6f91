"""Lesson 13: which shelf?

You are given a live WebSocket and a way of storing it, and have to find out
what that way is worth. Believe nothing but the wire.

    loud      storing or reading back raised an exception
    silent    neither did, and yet no message sent on what came back reaches
              the browser: sending raises, or it doesn't, and nothing comes
    works     the message arrives

The check gives your function real live connections, and ways of storing of
all three kinds.

Is it right? The end of the lesson says how to check it. From the checkout:

    .venv/bin/ws101 check 13        and for a hint, add --hint
"""


def which_shelf(ws, store, restore, heard):
    """Return "loud", "silent" or "works".

    ws              the live connection, on the server's end; ws.send(text)
                    sends to the browser
    store(ws)       returns whatever is kept of it, or raises
    restore(kept)   returns what came back, or raises; with luck it has a
                    send(text), too
    heard(text)     True if the browser has received exactly this text on this
                    connection, now or at any time before; False if not

    Try all three moves. An exception while storing or reading back is "loud".
    One while sending is not: by then you have trusted what was stored, so that
    is "silent", like any other message that doesn't arrive. What was kept may
    be anything, None included. `ws` itself has to stay open.
    """
    shelf = None  # yours: store, restore, send, and ask heard
    return shelf

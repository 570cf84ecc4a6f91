"""The core: bytes and times in; frames, messages, findings and words out.

It is sans-I/O: nothing in here opens a file, asks a clock or knows a socket, and nothing in here
imports more than the standard library. What a peer sent never raises: a fault of a peer is data
(a `Finding`), a fault of our own caller is an exception.
"""

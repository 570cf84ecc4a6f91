"""A peer that can be frozen: it answers each Ping with a Pong, and does nothing else.

    python -I peer.py DESCRIPTOR EARLY

DESCRIPTOR is a TCP connection on which the handshake is done, EARLY what has come behind it, in
hexadecimal. It stands alone, so that it starts in no time: the frames that it gets are short.
"""

import os
import socket
import sys

PROGRAM = __file__
PING, PONG, CLOSE = 0x89, 0x8A, 0x88  # with FIN, RFC 6455 §5.2


def main(descriptor: str, early: str = "") -> None:
    """Answer until the other side closes."""
    with socket.socket(fileno=int(descriptor)) as line:
        came = bytes.fromhex(early)
        while True:
            while len(came) > 1 and len(came) >= 2 + came[1]:
                first, size = came[0], came[1]
                payload, came = came[2 : 2 + size], came[2 + size :]
                if first in (PING, CLOSE):
                    key = os.urandom(4)
                    masked = bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))
                    kind = PONG if first == PING else CLOSE
                    line.sendall(bytes((kind, 0x80 | size)) + key + masked)
                if first == CLOSE:
                    return
            if not (data := line.recv(4096)):
                return
            came += data


if __name__ == "__main__":
    main(*sys.argv[1:])

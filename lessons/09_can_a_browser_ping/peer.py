"""A peer that can be frozen: it answers each Ping with a Pong, and does nothing else.

    python -I peer.py DESCRIPTOR

DESCRIPTOR is a TCP connection. It says that it is ready, and waits for a line: then the handshake
is done, and the line is what has come behind it, in hexadecimal. It stands alone, and the frames
that it gets are short.
"""

import os
import socket
import sys

PROGRAM = __file__
PING, PONG, CLOSE = 0x89, 0x8A, 0x88  # with FIN, RFC 6455 §5.2


def main(descriptor: str) -> None:
    """Answer until the other side closes."""
    print("ready", flush=True)
    came = bytes.fromhex(input())
    with socket.socket(fileno=int(descriptor)) as line:
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

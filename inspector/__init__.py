"""The inspector: bytes of a WebSocket connection in, an account of every bit out.

Four rooms, and imports that only ever point down: `core` knows the RFCs and nothing of the world,
`files` reads and writes captures, `screen` draws, `commands` is what a user types. Nothing here
knows the proxy that taps a connection or the course that teaches it. `python -m inspector` runs
the commands without either.
"""

__version__ = "0.1.0"

"""A server process for the check: rooms over WebSocket, joined by the learner's bridge.

    python worker.py EXERCISE BUS

EXERCISE is the file with `Bridge`, BUS the URL of a Redis, or `lines://127.0.0.1:PORT` for the bus
of our own (bus.py) where no Redis is installed. Each text that a member of /ws/room/NAME sends is
given to `bridge.publish`. It ends when its standard input does.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import traceback
from pathlib import Path

from flask import Blueprint

from lessons.demo.app import create_app, sock
from lessons.demo.live import Live, WebSocket, here, live_of
from lessons.demo.server import DemoServer

PROGRAM = __file__


def main(exercise: str, url: str) -> None:
    spec = importlib.util.spec_from_file_location("exercise", exercise)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.insert(0, str(Path(__file__).parent))
    from bus import join

    bp = Blueprint("rooms", __name__)

    @sock.route("/ws/room/<name>", bp=bp)
    def room(ws: WebSocket, name: str) -> None:
        joined = here().room(name)
        with joined.lock:
            joined.members[ws] = ""
        ws.send("welcome")
        try:
            while True:
                attempt(bridge.publish, name, ws.receive())
        finally:
            with joined.lock:
                del joined.members[ws]

    app = create_app(blueprints=[bp])
    live: Live = live_of(app)
    bus = join(url)
    bridge = module.Bridge(bus, lambda name, text: live.room(name).deliver(text))

    def listen() -> None:
        for channel, data in bus.messages():
            attempt(bridge.on_message, channel, data)

    threading.Thread(target=listen, daemon=True).start()
    with DemoServer(app) as server:
        print(f"listening on {server.port}", flush=True)
        sys.stdin.read()


def attempt(call, *arguments: object) -> None:  # type: ignore[no-untyped-def]
    """What the learner's code raises is said, and ends what called it, as it would anywhere."""
    try:
        call(*arguments)
    except Exception:
        print(f"raised {traceback.format_exc().strip().splitlines()[-1]}", flush=True)
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])

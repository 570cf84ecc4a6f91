"""The demo app, the tap, a browser, a balancer or a database server, as a process of the runner's:
it lives no longer than the runner does.

    python -m lessons.course.child demo PORT [LESSON_FOLDER]
    python -m lessons.course.child proxy ARGUMENTS...      as `ws101 proxy`
    python -m lessons.course.child stock ARGUMENTS...      as `mitmdump`: no addon of ours in it
    python -m lessons.course.child browser CHROMIUM URL [PROFILE_FOLDER]    headless
    python -m lessons.course.child balancer PORT URL...    one address for several demo apps
    python -m lessons.course.child store NAME PROGRAM FOLDER    a private Redis or PostgreSQL

Its standard input is a pipe whose other end the runner holds. Nothing is ever sent through it; when
it ends, the runner is gone, in whatever manner (kill -9 included), and so are we.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

SCRATCH = "WS101_SCRATCH"
"""Environment variable: the runner's temporary folder."""
PATIENCE = 8.0
"""Seconds for a clean end; then an end."""


def watch_runner() -> None:
    """End this process when standard input does."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        sweep()
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(PATIENCE)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def sweep() -> None:
    """Remove the runner's temporary folder, which it can't do itself any more."""
    scratch = Path(os.environ.get(SCRATCH, ""))
    if scratch.name.startswith("ws101-") and scratch.parent == Path(tempfile.gettempdir()):
        shutil.rmtree(scratch, ignore_errors=True)


def demo(port: int, lesson: Path | None) -> None:
    """The demo app, with the routes that a lesson adds in its `server.py`."""
    from lessons.demo import create_app
    from lessons.demo.server import serve

    config: dict[str, Any] = {}
    blueprints: list[Any] = []
    if lesson is not None and (lesson / "server.py").exists():
        from lessons.course.course import load
        from lessons.course.markdown import read_lesson

        added = load(read_lesson(lesson), "server")
        config, blueprints = getattr(added, "CONFIG", {}), [added.bp]
    told = {"WS101_NAME": "WS101_LAB_NAME", "WS101_BUS": "WS101_LAB_BUS"}
    among = {name: os.environ[lab] for name, lab in told.items() if os.environ.get(lab)}
    app = create_app({**config, **among}, blueprints=blueprints)
    serve(
        app, "127.0.0.1", port,
        on_ready=lambda server: print(f"ws101 demo listening on {server.url}", flush=True),
    )  # fmt: skip


def main(role: str, *arguments: str) -> None:
    """Be what `role` says."""
    watch_runner()
    if role == "proxy":
        from addons.command import proxy

        proxy(list(arguments), prog_name="ws101 proxy")
        return
    if role == "stock":
        from mitmproxy.tools.main import mitmdump

        mitmdump(list(arguments))
        return
    if role == "browser":
        from lessons.course.browser import show_headless

        show_headless(*arguments)
        return
    if role == "balancer":
        from lessons.course.balancer import balance

        balance(int(arguments[0]), *arguments[1:])
        return
    if role == "store":
        from lessons.course.stores import keep

        name, program, place = arguments
        keep(name, program, place, sweep=sweep)
        return
    port, folder = int(arguments[0]), arguments[1:]
    try:
        demo(port, Path(folder[0]) if folder else None)
    except OSError as fault:
        sys.exit(f"can't listen on port {port}: {fault.strerror or fault}")


if __name__ == "__main__":
    main(*sys.argv[1:])

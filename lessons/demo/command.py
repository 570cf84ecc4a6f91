"""`ws101 demo`: the demo app alone."""

from __future__ import annotations

import re
import sys
from typing import NoReturn

import click

from lessons.demo import dirty
from lessons.demo.app import create_app
from lessons.demo.server import DEFAULT_PORT, LOOPBACK, DemoServer, serve

_LISTEN = re.compile(r"(?:\[([0-9a-fA-F:]+)\]|([^:\[\]]+)):([0-9]{1,5})", re.ASCII)


def fail(words: str) -> NoReturn:
    """One line on standard error, exit 2."""
    click.echo(f"ws101 demo: {words}", err=True)
    sys.exit(2)


def address(listen: str) -> tuple[str, int]:
    """HOST:PORT as a loopback host and a port, or the end of the program."""
    found = _LISTEN.fullmatch(listen)
    if not found or int(found[3]) > 65535:
        fail(f"--listen {listen!r} is not HOST:PORT, such as 127.0.0.1:{DEFAULT_PORT}")
    host = found[1] or found[2]
    if host not in LOOPBACK:
        fail(f"--listen {host!r} is not this machine alone: use 127.0.0.1, localhost or [::1]")
    return host, int(found[3])


@click.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default=f"127.0.0.1:{DEFAULT_PORT}",
    show_default=True,
    help="Where to listen, on this machine only. Port 0 takes a free one.",
)
@click.option(
    "--dirty",
    "as_specimen",
    is_flag=True,
    help="Start the specimen instead: plain flask-sock, with its unclean closes.",
)
def demo(listen: str, as_specimen: bool) -> None:
    """Start the demo app alone: a chat, a ticker and a whiteboard to read off the wire.

    Prints one line with its address when it accepts connections. Ctrl-C ends it: every open
    WebSocket is closed with 1001, going away.
    """
    host, port = address(listen)

    def ready(server: DemoServer) -> None:
        click.echo(f"ws101 demo listening on {server.url}")

    try:
        if as_specimen:
            dirty.serve_dirty(host, port, on_ready=ready)
        else:
            serve(create_app(), host, port, on_ready=ready)
    except OSError as fault:
        fail(f"cannot listen on {listen}: {fault.strerror}; try --listen {_with_port(host, 0)}")


def _with_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

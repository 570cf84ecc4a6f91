"""`ws101 demo`: the demo app alone."""

from __future__ import annotations

import ipaddress
import re
import sys
from typing import NoReturn

import click

from lessons.demo import dirty
from lessons.demo.app import create_app
from lessons.demo.bus import NAME, place
from lessons.demo.gate import authority
from lessons.demo.server import DEFAULT_PORT, LOOPBACK, DemoServer, serve

_LISTEN = re.compile(r"(?:\[([0-9a-fA-F:]+)\]|([^:\[\]]+)):([0-9]{1,5})", re.ASCII)


def fail(words: str) -> NoReturn:
    """One line on standard error, exit 2."""
    click.echo(f"ws101 demo: {words}", err=True)
    sys.exit(2)


def address(listen: str, named: bool) -> tuple[str, int]:
    """HOST:PORT as a host and a port, or the end of the program. The host is loopback, or any
    address of this machine where names are given that others may call it by."""
    found = _LISTEN.fullmatch(listen)
    if not found or int(found[3]) > 65535:
        fail(f"--listen {listen!r} is not HOST:PORT, such as 127.0.0.1:{DEFAULT_PORT}")
    host = found[1] or found[2]
    if host in LOOPBACK:
        return host, int(found[3])
    if not named:
        fail(
            f"--listen {host!r} is not this machine alone: use 127.0.0.1, localhost or [::1], "
            "or say with --host by which name others will come"
        )
    try:
        ipaddress.ip_address(host)
    except ValueError:
        fail(f"--listen {host!r} is no IP address")
    return host, int(found[3])


def names(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """What `Host` may carry, or the end of the program."""
    for host in hosts:
        if (found := authority(host)) is None or found[1] is not None:
            fail(f"--host {host!r} is no name or address, such as chat.example or [2001:db8::1]")
    return tuple(host.strip() for host in hosts)


@click.command()
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default=f"127.0.0.1:{DEFAULT_PORT}",
    show_default=True,
    help="Where to listen, on this machine only unless --host is given. Port 0 takes a free one.",
)
@click.option(
    "--host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="Answer to this name or address, too, in the Host field. May be repeated.",
)
@click.option(
    "--bus",
    metavar="URL",
    envvar="WS101_BUS",
    help="Join the rooms of several servers by this Redis (redis://, rediss:// or unix://). "
    "The environment variable WS101_BUS does it, too, and hides a password better.",
)
@click.option(
    "--name",
    metavar="NAME",
    default="",
    envvar="WS101_NAME",
    help="What this server is called among several. It stands behind its nicknames: Otter@A.",
)
@click.option(
    "--dirty",
    "as_specimen",
    is_flag=True,
    help="Start the specimen instead: plain flask-sock, with its unclean closes.",
)
def demo(
    listen: str, hosts: tuple[str, ...], bus: str | None, name: str, as_specimen: bool
) -> None:
    """Start the demo app alone: a chat, a ticker and a whiteboard to read off the wire.

    Prints one line with its address when it accepts connections. Ctrl-C ends it: every open
    WebSocket is closed with 1001, going away.
    """
    extra = names(hosts)
    host, port = address(listen, bool(extra) and not as_specimen)
    if name and not NAME.fullmatch(name):
        fail(f"--name {name!r} is not one to twenty letters, digits and hyphens")
    if bus and not name:
        fail("--bus needs --name: several servers on one bus have to be told apart")
    if as_specimen and (extra or bus or name):
        fail("--dirty is a specimen for this machine alone: without --host, --bus and --name")
    config = {"WS101_EXTRA_HOSTS": extra, "WS101_BUS": bus or "", "WS101_NAME": name}

    def ready(server: DemoServer) -> None:
        if host not in LOOPBACK:
            known = ", ".join(extra)
            click.echo(
                f"ws101 demo: others can reach this server, as {known}: without TLS, and without "
                "asking who they are",
                err=True,
            )
        click.echo(f"ws101 demo listening on {server.url}")

    try:
        app = None if as_specimen else create_app(config)
    except ValueError as fault:
        url = bus or ""
        why = "is its password percent-encoded?" if "@" in url else fault  # which may quote it
        fail(f"--bus {place(url)!r} is no address of a Redis: {why}")
    try:
        if app is None:
            dirty.serve_dirty(host, port, on_ready=ready)
        else:
            serve(app, host, port, on_ready=ready)
    except OSError as fault:
        fail(f"cannot listen on {listen}: {fault.strerror}; try --listen {_with_port(host, 0)}")


def _with_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

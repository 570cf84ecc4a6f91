"""`ws101 proxy` and `ws101 addon`: what the user typed, checked before anything starts.

Everything that can be wrong is found here and said in one line, exit code 2: an address that does
not parse, a port that is taken, a file that exists, a proxy that would talk to itself. mitmproxy is
imported only once all is well (`session`): it takes half a second that other commands need not pay.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import SplitResult, urlsplit

import click
import platformdirs

from addons.plan import Plan
from inspector.commands.mistakes import Command, Mistake
from inspector.files.recorder import CaptureWriter

DEFAULT_LISTEN = "127.0.0.1:8101"
SCHEMES = {"http": "http", "ws": "http", "https": "https", "wss": "https"}
DEFAULT_PORTS = {"http": 80, "https": 443}


@click.command(cls=Command)
@click.option("--to", "target", metavar="URL", help="Stand in front of this server.")
@click.option(
    "--listen",
    default=DEFAULT_LISTEN,
    show_default=True,
    metavar="HOST:PORT",
    help="Where to wait.",
)
@click.option("-o", "--output", metavar="FILE", help="The capture; - for standard output.")
@click.option("--force", is_flag=True, help="Replace the capture if it exists.")
@click.option("--insecure", is_flag=True, help="Don't check the server's certificate.")
@click.option("--upstream", metavar="URL", help="Pass everything on to this other proxy.")
@click.option("--http", "everything", is_flag=True, help="Record plain HTTP, too.")
@click.option("--quiet", is_flag=True, help="Don't print frames.")
@click.pass_context
def proxy(
    context: click.Context,
    target: str | None,
    listen: str,
    output: str | None,
    force: bool,
    insecure: bool,
    upstream: str | None,
    everything: bool,
    quiet: bool,
) -> None:
    """Record WebSocket connections byte for byte, and print their frames as they come.

    With --to it stands in front of one server: open the address it prints instead of the server's.
    Without, it is a proxy to be set in a client (HTTP proxy, for http, https, ws and wss). The
    capture is a pcapng file that Wireshark opens, too; without -o it gets a name of its own.
    Ctrl-C ends it.

    \b
    ws101 proxy --to http://127.0.0.1:5000 -o chat.pcapng
    ws101 proxy --to http://127.0.0.1:5000 -o - | wireshark -k -i -
    """
    if target and upstream:
        raise Mistake("--to and --upstream exclude each other: a reverse proxy has no upstream")
    host, port = listening(listen)
    mode, purpose = "regular", "forwarding to wherever the client asks (set it as HTTP proxy)"
    for option, url in (("--to", target), ("--upstream", upstream)):
        if not url:
            continue
        scheme, server = destination(option, url)
        if is_itself(server, (host, port)):
            raise Mistake(f"{option} {url} is where the proxy itself listens ({listen})")
        authority = f"{in_url(server[0])}:{server[1]}"
        mode = f"{'reverse' if option == '--to' else 'upstream'}:{scheme}://{authority}"
        purpose = f"forwarding to {scheme}://{authority}"
        purpose += ", the Host header as the client sent it" if option == "--to" else " (a proxy)"
    check_free(host, port)
    to_stdout = output == "-"
    if to_stdout and (sys.stdout is None or sys.stdout.isatty()):
        raise Mistake("-o -: a capture is no text for a terminal; pipe it, or name a file")

    home = data_folder()
    configuration = own_folder(home / "mitmproxy")
    path, writer = new_capture(home, None if to_stdout else output, force=force)
    plan = Plan(
        mode=mode,
        host=host,
        port=port,
        purpose=purpose,
        public=not all(each.is_loopback for each in addresses(host)),
        insecure=insecure,
        everything=everything,
        show=not quiet,
        to_stdout=to_stdout,
        capture=path,
        configuration=configuration,
    )
    try:
        from addons.session import run

        context.exit(run(plan, writer))
    except KeyboardInterrupt:  # before it listened
        if writer.connections == 0:
            path.unlink(missing_ok=True)
        raise


@click.command(cls=Command)
def addon() -> None:
    """Print the path of the addon, for a mitmproxy of your own.

    Without --listen-host, mitmproxy waits for other machines, too.

    \b
    mitmdump --listen-host 127.0.0.1 -s "$(ws101 addon)" --set ws101_file=chat.pcapng
    """
    click.echo(str(Path(__file__).with_name("websocket_tap.py")))


def data_folder() -> Path:
    """Where captures and mitmproxy's certificates live: WS101_HOME, or the system's data folder."""
    named = os.environ.get("WS101_HOME")
    return Path(named).expanduser().absolute() if named else platformdirs.user_data_path("ws101")


def own_folder(path: Path) -> Path:
    """A folder that only its owner can read, made if it is not there."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        words = f"{path}: {error.strerror}; choose another data folder with WS101_HOME"
        raise Mistake(words) from None
    return path


def new_capture(home: Path, output: str | None, *, force: bool) -> tuple[Path, CaptureWriter]:
    """The capture's file: the named one, or one named after the time."""
    if output and not (folder := Path(output).absolute().parent).is_dir():
        raise Mistake(f"{folder} is no folder: make it first, or name another with -o")
    for path in [Path(output).absolute()] if output else fresh_names(home / "captures"):
        try:
            return path, CaptureWriter.create(path, force=force and output is not None)
        except FileExistsError as error:
            if output:
                hint = "choose another name, or add --force to replace it"
                if error.strerror == "Not a regular file":
                    hint = "choose another name"
                raise Mistake(f"{path}: {error.strerror}; {hint}") from None
        except OSError as error:
            raise Mistake(f"{path}: {error.strerror}; name another with -o") from None
    raise AssertionError("there is always another name")


def fresh_names(folder: Path) -> Iterator[Path]:
    name = time.strftime("%Y-%m-%dT%H-%M-%S")
    yield folder / f"{name}.pcapng"
    number = 1
    while True:
        number += 1
        yield folder / f"{name}-{number}.pcapng"


def destination(option: str, url: str) -> tuple[str, tuple[str, int]]:
    """A server's URL: `http` or `https`, host and port. It has no path: that is the client's."""
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Mistake(f"{option} {url}: {error}") from None
    scheme = SCHEMES.get(parts.scheme)
    if not scheme or not parts.hostname or (option == "--upstream" and parts.scheme[0] == "w"):
        kinds = "http or https" if option == "--upstream" else "http, https, ws or wss"
        words = "not a URL such as http://127.0.0.1:5000"
        if "://" not in url:
            words = f"what does it speak? Perhaps http://{url}"
        raise Mistake(f"{option} {url}: {words} ({kinds})")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        raise Mistake(f"{option} {url}: only scheme, host and port, as in http://host:5000")
    from mitmproxy.net.check import is_valid_host

    if not is_valid_host(parts.hostname) or port == 0:
        raise Mistake(f"{option} {url}: no server can have this {'port' if port == 0 else 'name'}")
    return scheme, (parts.hostname, port or DEFAULT_PORTS[scheme])


def listening(text: str) -> tuple[str, int]:
    """`HOST:PORT`, `[::1]:PORT` or a port alone, which means this machine only."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host else "127.0.0.1"
    if text.startswith(":") or not (port.isascii() and port.isdigit() and int(port) <= 0xFFFF):
        raise Mistake(f"--listen {text}: not HOST:PORT, as in {DEFAULT_LISTEN}")
    return host, int(port)


def check_free(host: str, port: int) -> None:
    """Say now, and in words, that we can't listen there; a race is caught when we do."""
    for family, place in resolve(host, port):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind(place)
        except OSError as error:
            where = f"{in_url(host)}:{port}"
            if error.errno == errno.EADDRINUSE:
                hint = f"stop what listens there, or --listen {in_url(host)}:0 for any free port"
                raise Mistake(f"{where} is taken: {hint}") from None
            raise Mistake(f"--listen {where}: {error.strerror}") from None


type IP = ipaddress.IPv4Address | ipaddress.IPv6Address


def resolve(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    """The addresses of a host, as `bind` takes them; Mistake if it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise Mistake(f"{host}: {getattr(error, 'strerror', error)}") from None
    return [(family, cast("tuple[str, int]", place)) for family, *_, place in found]


def addresses(host: str) -> set[IP]:
    return {ipaddress.ip_address(place[0]) for _, place in resolve(host, 0)}


def is_itself(server: tuple[str, int], own: tuple[str, int]) -> bool:
    """Would the proxy connect to its own listening address?"""
    if server[1] != own[1]:
        return False
    try:
        reached = addresses(server[0])
    except Mistake:
        return False  # an unknown host; the client will be told so
    owned = addresses(own[0])
    everywhere = any(each.is_unspecified for each in owned)
    return bool(reached & owned) or (everywhere and any(map(is_ours, reached)))


def is_ours(address: IP) -> bool:
    """Is it an address of this machine? Then one can wait there."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.bind((str(address), 0))
    except OSError:
        return False
    return True


def in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host

"""Ways through real proxies, each started when first asked for and kept for the whole run."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.addons.peers import ALL, Authority, Forwarder, Origin
from tests.addons.proxies import Process, Proxy, Way, mitmdump, ws101

type Ways = Callable[[str], Way]

NAMES = [
    "mitmdump reverse ws",
    "mitmdump reverse wss to ws",
    "mitmdump reverse ws to wss",
    "mitmdump reverse wss to wss",
    "mitmdump regular ws",
    "mitmdump regular wss to wss",
    "mitmdump upstream ws",
    "mitmdump upstream wss to wss",
    "ws101 reverse ws",
    "ws101 reverse ws to wss",
    "ws101 reverse wss to wss",
    "ws101 regular ws",
    "ws101 regular wss to wss",
    "ws101 upstream wss to wss",
]


@pytest.fixture(autouse=True)
def leave_nothing_open() -> Iterator[None]:
    yield
    while ALL:
        ALL.pop().close()


@pytest.fixture(autouse=True, scope="session")
def leave_nothing_running() -> Iterator[None]:
    yield
    for process in Process.all:
        process.end(signal.SIGKILL)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def ways(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    """A way by its name: program, mode, and what is spoken on the two legs."""
    started: dict[str, Way] = {}
    with contextlib.ExitStack() as stack:

        def start(name: str) -> Way:
            program, mode, *legs = name.split()
            origin = Origin(authority.server() if legs[-1] == "wss" else None)
            stack.callback(origin.close)
            scheme = "https" if legs[-1] == "wss" else "http"
            folder = tmp_path_factory.mktemp(name.replace(" ", "-"))
            destination = f"{scheme}://localhost:{origin.port}"
            if mode == "upstream":
                forwarder = Forwarder()
                stack.callback(forwarder.close)
                destination = f"http://127.0.0.1:{forwarder.port}"
            proxy = begin(program, mode, destination, folder)
            stack.callback(finish, proxy)
            return Way(
                name,
                proxy,
                origin,
                client_tls=legs[0] == "wss",
                through_connect=mode != "reverse",
                origin_tls=legs[-1] == "wss",
                mode=mode,
            )

        def finish(proxy: Proxy) -> None:
            proxy.process.end()
            assert "crashed" not in proxy.process.output
            assert "Traceback" not in proxy.process.output

        def begin(program: str, mode: str, destination: str, folder: Path) -> Proxy:
            trusted = str(authority.certificate)
            if program == "mitmdump":
                spec = mode if mode == "regular" else f"{mode}:{destination}"
                trust = f"ssl_verify_upstream_trusted_ca={trusted}"
                return mitmdump(folder, "--mode", spec, "--set", trust)
            options = {
                "regular": [],
                "reverse": ["--to", destination],
                "upstream": ["--upstream", destination],
            }
            return ws101(folder, "--quiet", *options[mode], env={"SSL_CERT_FILE": trusted})

        def way(name: str) -> Way:
            if name not in started:
                started[name] = start(name)
            return started[name]

        yield way


@pytest.fixture(params=NAMES)
def way(request: pytest.FixtureRequest, ways: Ways) -> Way:
    """Each of them in turn."""
    return ways(request.param)

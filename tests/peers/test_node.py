"""Node's peers: ws on either side, and the WebSocket that Node brings along."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.core.rfc import Side
from tests.needs import program
from tests.peers.calling import CLIENTS, Client
from tests.peers.conftest import Port
from tests.peers.matrix import TALKS, be_refused, meet, meetings
from tests.peers.node import SCRIPTS, undici_client, ws_client
from tests.peers.serving import SERVERS

program("node")
NODES: dict[str, Client] = {"ws": ws_client, "undici": undici_client}
PAIRS = [(server, client) for server in [*SERVERS, "ws"] for client in NODES]
PAIRS += [("ws", client) for client in CLIENTS]
ALL = CLIENTS | NODES


MEETINGS = [
    *meetings([*SERVERS, "ws"], ["ws"]),
    *meetings([*SERVERS, "ws"], ["undici"], [TALKS[at] for at in (0, 1, 4)]),
    *meetings(["ws"], CLIENTS),
]


@pytest.mark.parametrize(("server", "client", "talk"), MEETINGS)
def test_nobody_is_blamed(
    server: str, client: str, talk: tuple[str, Side], port: Port, tmp_path: Path
) -> None:
    meet(tmp_path, (server, port(server, talk[0])), (client, ALL[client]), talk)


@pytest.mark.parametrize(("server", "client"), PAIRS)
def test_a_refusal_is_no_fault(server: str, client: str, port: Port, tmp_path: Path) -> None:
    be_refused(tmp_path, port(server, "off"), ALL[client])


def test_the_lock_file_names_no_host() -> None:
    """Everyone's npm asks its own registry, and checks what it gets by its hash."""
    lock = (SCRIPTS / "package-lock.json").read_text()
    assert "//" not in lock
    assert "sha512-" in lock

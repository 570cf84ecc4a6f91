"""Python's clients against Python's servers: no rule is broken, and each word is understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from inspector.core.rfc import Side
from tests.peers.calling import CLIENTS
from tests.peers.conftest import Port
from tests.peers.matrix import be_refused, meet, meetings
from tests.peers.serving import SERVERS


@pytest.mark.parametrize(("server", "client", "talk"), meetings(SERVERS, CLIENTS))
def test_nobody_is_blamed(
    server: str, client: str, talk: tuple[str, Side], port: Port, tmp_path: Path
) -> None:
    meet(tmp_path, (server, port(server, talk[0])), (client, CLIENTS[client]), talk)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_refusal_is_no_fault(server: str, client: str, port: Port, tmp_path: Path) -> None:
    be_refused(tmp_path, port(server, "off"), CLIENTS[client])

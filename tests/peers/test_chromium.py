"""A real browser against every server. Its offer is its own: permessage-deflate, always."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from inspector.core.rfc import Side
from tests.needs import program
from tests.peers.calling import Client
from tests.peers.conftest import Port
from tests.peers.matrix import be_refused, meet, meetings
from tests.peers.node import HERE, closed_as_said
from tests.peers.script import Script
from tests.peers.serving import SERVERS

pytestmark = pytest.mark.browser

CHROMIUM = program("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
ALL = [*SERVERS, "ws"]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser.new_page()
        browser.close()


@pytest.fixture
def chromium(page: Page) -> Client:
    """The page as a client."""

    def client(port: int, script: Script) -> None:
        code = (HERE / "page.js").read_text()
        closed_as_said(
            page.evaluate(f"{code}; say({port}, {json.dumps(script.as_json())})"), script
        )

    return client


@pytest.mark.parametrize(("server", "client", "talk"), meetings(ALL, ["chromium"]))
def test_nobody_is_blamed(
    server: str, client: str, talk: tuple[str, Side], chromium: Client, port: Port, tmp_path: Path
) -> None:
    meet(tmp_path, (server, port(server, talk[0])), (client, chromium), talk)


@pytest.mark.parametrize("server", ALL)
def test_a_refusal_is_no_fault(server: str, chromium: Client, port: Port, tmp_path: Path) -> None:
    be_refused(tmp_path, port(server, "off"), chromium)

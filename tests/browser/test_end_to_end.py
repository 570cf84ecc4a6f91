"""From a keystroke in a real browser to annotated frames, through everything that we ship.

    Chromium -> wire (kept) -> ws101 proxy -> wire (kept) -> the Flask demo app

What the capture says is compared with what both wires kept and with what the page saw.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.addons.peers import PATIENCE, Authority
from tests.addons.proxies import Process, Proxy, eventually, ws101
from tests.browser.wires import Wire
from tests.needs import program

pytestmark = pytest.mark.browser

CHROMIUM = program("chromium")
TSHARK = program("tshark")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

type Lines = list[dict[str, Any]]


def dump(capture: Path, *options: str) -> Lines:
    """The capture as `ws101 dump --format jsonl` tells it."""
    command = [sys.executable, "-m", "inspector", "dump", str(capture), "--format", "jsonl"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def of(lines: Lines, kind: str, /, **wanted: object) -> Lines:
    return [
        line
        for line in lines
        if line["type"] == kind and all(line.get(key) == value for key, value in wanted.items())
    ]


def unmask(line: dict[str, Any]) -> bytes:
    """The clear payload of a frame, worked out here from wire bytes by the RFC's one sentence."""
    key = bytes.fromhex(line["masking_key"])
    payload = bytes.fromhex(line["payload"])
    wire = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))
    return bytes.fromhex(line["header"]) + wire


def streams(lines: Lines, connection: int) -> tuple[bytes, bytes]:
    """Both directions of a connection, every byte, put together from the lines alone."""
    opened = of(lines, "connection", connection=connection)[0]
    found = {}
    for side, head in (("client", "request"), ("server", "response")):
        pieces: dict[int, bytes] = {}
        for line in lines:
            if line.get("connection") == connection and line.get("from") == side:
                if line["type"] == "raw":
                    pieces[line["offset"]] = bytes.fromhex(line["bytes"])
                elif line["type"] == "frame":
                    plain = bytes.fromhex(line["header"]) + bytes.fromhex(line["payload"])
                    pieces[line["offset"]] = unmask(line) if line["masking_key"] else plain
        body = b"".join(piece for _, piece in sorted(pieces.items()))
        found[side] = bytes.fromhex(opened[head]["head"]) + body
    return found["client"], found["server"]


def seen_by_tshark(capture: Path, lines: Lines, connection: int) -> None:
    """Wireshark's dissector finds the same handshake and the same frames, side by side."""
    opened = of(lines, "connection", connection=connection)[0]
    port = opened["client"].rpartition(":")[2]
    fields = ["tcp.srcport", "http.response.code", "websocket.opcode", "websocket.fin"]
    command = [TSHARK, "-r", str(capture), "-Y", f"tcp.port == {port} && (http || websocket)"]
    command += ["-T", "fields", *(word for field in fields for word in ("-e", field))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert "101" in [code for _, code, _, _ in rows]
    for side in ("client", "server"):
        theirs = [
            pair
            for source, _, opcodes, fins in rows
            if opcodes and (source == port) == (side == "client")
            for pair in zip(map(int, opcodes.split(",")), fins.split(","), strict=True)
        ]
        ours = of(lines, "frame", connection=connection, **{"from": side})
        assert [opcode for opcode, _ in theirs] == [line["opcode"] for line in ours]
        assert [fin in ("1", "True") for _, fin in theirs] == [line["fin"] for line in ours]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def demo() -> Iterator[int]:
    process = Process([sys.executable, "-m", "lessons.demo", "--listen", "127.0.0.1:0"])
    port = process.wait_for(r"ws101 demo listening on http://127\.0\.0\.1:(\d+)")[1]
    yield int(port)
    process.end()


@pytest.fixture
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


def say(page: Page, words: str) -> None:
    """Type into the chat and wait for the room's answer on the page."""
    page.get_by_label("Say something").fill(words)
    page.keyboard.press("Enter")
    page.locator("#talk li.mine span", has_text=words).first.wait_for()


def draw(page: Page) -> None:
    """On the whiteboard, by keyboard: pen down (a dot), to the right (a line), pen up."""
    page.locator("#board").focus()
    for key in ("Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    page.locator("#board-count", has_text="2 lines").wait_for()


def test_from_keystroke_to_frame(demo: int, chromium: Browser, tmp_path: Path) -> None:
    behind = Wire(("127.0.0.1", demo))
    proxy = ws101(tmp_path, "--quiet", "--http", "--to", f"http://127.0.0.1:{behind.port}")
    before = Wire(("127.0.0.1", proxy.port))
    try:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{before.port}/chat")
        page.locator("#state", has_text="open").wait_for()
        say(page, "hello")
        page.locator("#close").click()
        page.locator("#code", has_text="1000").wait_for()
        assert page.locator("#was-clean").inner_text() == "true"
        board = context.new_page()
        board.goto(f"http://127.0.0.1:{before.port}/board")
        board.locator("#state", has_text="open").wait_for()
        draw(board)
        board.close()  # the tab is closed with its socket open
        for path in (b"GET /ws/chat ", b"GET /ws/board "):
            assert before.find(path).over.wait(PATIENCE)
            assert behind.find(path).over.wait(PATIENCE)
        context.close()
    finally:
        code = proxy.process.end()
        before.close()
        behind.close()
    assert code == 0, proxy.process.output

    lines = dump(proxy.capture)
    chat, drawing = (
        next(line for line in of(lines, "connection") if line["url"].endswith(path))
        for path in ("/ws/chat", "/ws/board")
    )
    for path, opened in ((b"GET /ws/chat ", chat), (b"GET /ws/board ", drawing)):
        near, far = before.find(path), behind.find(path)
        assert (near.sent, near.answered) == (far.sent, far.answered), "the tap changed something"
        assert streams(lines, opened["connection"]) == (bytes(far.sent), bytes(far.answered))
        assert opened["accept"]["ok"] is True
        assert opened["request"]["line"].startswith(path.decode())
        seen_by_tshark(proxy.capture, lines, opened["connection"])

    number = chat["connection"]
    hello = of(lines, "message", connection=number, **{"from": "client"})
    assert [line["text"] for line in hello] == ["hello"]
    frame = of(lines, "frame", connection=number, frame=hello[0]["frames"][0])[0]
    said = {"fin": True, "opcode": 1, "masked": True, "length_bits": 7}
    assert said.items() <= frame.items()
    echoed = [line["text"] for line in of(lines, "message", connection=number, kind="text")]
    assert any(text.endswith(": hello") for text in echoed)
    keys = [line["masking_key"] for line in of(lines, "frame", **{"from": "client"})]
    assert len(keys) == len(set(keys)), "a browser takes a new key for each frame"
    assert not of(lines, "frame", masked=True, **{"from": "server"})
    close = of(lines, "close", connection=number)[0]
    assert (close["closed_by"], close["code"], close["clean"]) == ("client", 1000, True)

    number = drawing["connection"]
    strokes = of(lines, "message", connection=number, kind="binary")
    drawn, shown = (
        [bytes.fromhex(line["payload"]) for line in strokes if line["from"] == side]
        for side in ("client", "server")
    )
    assert drawn == shown
    assert [(len(record), record[0]) for record in drawn] == [(10, 1)] * 2  # lines, ten bytes each
    gone = of(lines, "close", connection=number)[0]
    assert (gone["closed_by"], gone["code"]) == ("client", 1001), "a closed tab goes away"
    assert not of(lines, "finding", severity="error")
    assert not of(lines, "finding", rule="http-response-after-close")


def spki(certificate: Path) -> str:
    """What Chromium calls a key to trust: base64 of the SHA-256 of its public key."""
    loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    public = loaded.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(hashlib.sha256(public).digest()).decode()


def secure_tap(folder: Path, authority: Authority, port: int) -> Proxy:
    """A tap in front of a TLS server whose authority it trusts."""
    trust = {"SSL_CERT_FILE": str(authority.certificate)}
    return ws101(folder, "--quiet", "--to", f"https://localhost:{port}", env=trust)


@pytest.mark.slow
def test_the_same_over_tls(demo: int, playwright: Playwright, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context: ssl.SSLContext = authority.server()
    context.set_alpn_protocols(["http/1.1"])
    behind = Wire(("127.0.0.1", demo), tls=context)
    proxy = secure_tap(tmp_path, authority, behind.port)
    ca = eventually(lambda: proxy.ca.exists() and proxy.ca, "the proxy's own authority")
    trusted = f"--ignore-certificate-errors-spki-list={spki(Path(ca))}"
    browser = playwright.chromium.launch_persistent_context(
        str(tmp_path / "profile"), executable_path=CHROMIUM, args=[*ARGUMENTS, trusted]
    )
    try:
        page = browser.new_page()
        page.goto(f"https://localhost:{proxy.port}/chat")
        page.locator("#state", has_text="open").wait_for()
        assert page.locator("#address").inner_text().startswith("wss://")
        say(page, "hello")
        page.locator("#close").click()
        page.locator("#code", has_text="1000").wait_for()
        assert behind.find(b"GET /ws/chat ").over.wait(PATIENCE)
    finally:
        browser.close()
        code = proxy.process.end()
        behind.close()
    assert code == 0, proxy.process.output

    lines = dump(proxy.capture)
    (opened,) = of(lines, "connection")
    assert opened["url"] == f"wss://localhost:{proxy.port}/ws/chat"
    far = behind.find(b"GET /ws/chat ")
    assert streams(lines, 1) == (bytes(far.sent), bytes(far.answered))
    seen_by_tshark(proxy.capture, lines, 1)
    assert [line["text"] for line in of(lines, "message", **{"from": "client"})] == ["hello"]
    assert of(lines, "close")[0]["clean"] is True
    assert not of(lines, "finding", severity="error")

"""Peers that run on Node: `ws` from npm, and the WebSocket that Node brings along (undici).

ws is installed once for each lock file, beside the Python packages, by `npm ci`: exactly what
`node/package-lock.json` names, from whatever registry the user's npm is set to.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.addons.peers import PATIENCE
from tests.needs import program
from tests.peers.script import DEFLATES, PIECES, PINGED, SUBPROTOCOLS, Script
from tests.peers.serving import process

HERE = Path(__file__).parent
SCRIPTS = HERE / "node"
MANIFEST = ("package.json", "package-lock.json")


def packages() -> Path:
    """The folder with ws in its node_modules; it is made if need be."""
    npm = program("npm")
    lock = b"".join((SCRIPTS / name).read_bytes() for name in MANIFEST)
    folder = Path(sys.prefix) / "share" / f"ws101-peers-{hashlib.sha256(lock).hexdigest()[:12]}"
    if folder.exists():
        return folder
    folder.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        for name in MANIFEST:
            shutil.copy(SCRIPTS / name, made)
        command = [npm, "ci", "--prefix", made, "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            words = f"npm could not install ws; with a network it is `npm ci`:\n{done.stderr}"
            if os.environ.get("CI") == "true":
                pytest.fail(words, pytrace=False)
            pytest.skip(words)
        with contextlib.suppress(OSError):  # another worker was quicker
            Path(made).rename(folder)
        Path(made).mkdir(exist_ok=True)
    return folder


def ws_server(compressed: str) -> contextlib.AbstractContextManager[int]:
    deflate = DEFLATES.get(compressed)
    settings = {
        "deflate": deflate and deflate.as_json(),
        "subprotocols": SUBPROTOCOLS,
        "pieces": PIECES,
        "pinged": PINGED.decode(),
    }
    command = [program("node"), str(SCRIPTS / "server.mjs"), json.dumps(settings)]
    return process(command, r"listening on (\d+)", {"PACKAGES": str(packages())})


def _run(script: Script, *arguments: str) -> str:
    done = subprocess.run(
        [program("node"), *arguments],
        input=json.dumps(script.as_json()),
        env={**os.environ, "PACKAGES": str(packages())},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if "Unexpected server response: 403" in done.stderr:
        raise ConnectionRefusedError(403)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ws_client(port: int, script: Script) -> None:
    closed_as_said(json.loads(_run(script, str(SCRIPTS / "client.mjs"), str(port))), script)


def undici_client(port: int, script: Script) -> None:
    code = (HERE / "page.js").read_text() + (
        "import { text } from 'node:stream/consumers';\n"
        "const script = JSON.parse(await text(process.stdin));\n"
        f"console.log(JSON.stringify(await say({port}, script)));\n"
    )
    flags = ("--experimental-websocket", "--no-warnings", "--input-type=module")
    answer = _run(script, *flags, "--eval", code)
    closed_as_said(json.loads(answer), script)


def closed_as_said(closed: dict[str, object], script: Script) -> None:
    """What a page is told at the end: the Close of the server that was asked for it."""
    if "refused" in closed:
        raise ConnectionRefusedError
    if script.closer == "server" and script.tidy:
        assert (closed["code"], closed["reason"]) == script.close

"""wss:// with its keys: real TLS of Python's own library, decrypted with tshark's help."""

from __future__ import annotations

import asyncio
import json
import ssl
from pathlib import Path
from struct import pack

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from inspector.files.keylog import has_secrets
from tests.addons.peers import Authority
from tests.commands.run import run
from tests.files.kit import Talk, block, pcap, pcapng, section
from tests.needs import program

SAID = ["hello", "a longer one: " + "x" * 40_000, "Ünïcödé"]


@pytest.fixture(scope="module", autouse=True)
def tshark() -> str:
    return program("tshark")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


async def _conversation(authority: Authority, keys: Path, version: ssl.TLSVersion) -> list[bytes]:
    """A client and a server of websockets talk through TLS; the packets of their ciphertext."""
    server_side = authority.server()
    server_side.minimum_version = server_side.maximum_version = version
    client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_side.check_hostname, client_side.verify_mode = False, ssl.CERT_NONE
    client_side.keylog_filename = str(keys)
    talk = Talk(client=("127.0.0.1", 50_000), server=("127.0.0.1", 38_123))
    packets = talk.hello()

    async def pump(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, from_client: bool
    ) -> None:
        while data := await reader.read(16_000):
            packets.append(talk.data(from_client, data))
            writer.write(data)
        packets.append(talk.fin(from_client))
        writer.write_eof()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, far_writer, True), pump(far_reader, writer, False))
        for each in (writer, far_writer):
            each.close()
        done.set()

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    done = asyncio.Event()
    async with (
        serve(echo, "127.0.0.1", 0, ssl=server_side) as server,
        await asyncio.start_server(relay, "127.0.0.1", 0) as between,
    ):
        port = server.sockets[0].getsockname()[1]
        near = between.sockets[0].getsockname()[1]
        async with connect(f"wss://127.0.0.1:{near}/chat", ssl=client_side) as client:
            for text in SAID:
                await client.send(text)
                assert await client.recv() == text
        await done.wait()
    return packets


@pytest.fixture(scope="module", params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def recorded(
    request: pytest.FixtureRequest, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[bytes], Path]:
    keys = tmp_path_factory.mktemp("keys") / "keys.log"
    return asyncio.run(_conversation(authority, keys, request.param)), keys


def told(path: Path, *arguments: str | Path) -> list[dict[str, object]]:
    done = run("dump", path, "--format", "jsonl", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_all_was_read(lines: list[dict[str, object]]) -> None:
    first, last = lines[0], lines[-1]
    assert str(first["url"]).startswith("wss://127.0.0.1:")
    assert first["facts"] == {"tls": True}
    assert first["client"] == "127.0.0.1:50000"
    for side in ("client", "server"):
        texts = [m["text"] for m in lines if m["type"] == "message" and m["from"] == side]
        assert texts == SAID
    assert (last["type"], last["code"], last["clean"]) == ("close", 1000, True)
    assert not [m for m in lines if m["type"] in ("raw", "gap")]
    assert [m["how"] for m in lines if m["type"] == "end"] == ["fin", "fin"]


@pytest.mark.parametrize("form", ["pcapng", "pcap"])
def test_with_a_key_log(recorded: tuple[list[bytes], Path], form: str, tmp_path: Path) -> None:
    packets, keys = recorded
    path = tmp_path / "tls"
    path.write_bytes(pcapng(packets) if form == "pcapng" else pcap(packets))
    assert_all_was_read(told(path, "--keylog", keys))
    assert run("lint", path, "--keylog", keys).returncode == 0
    clear = tmp_path / "clear.pcapng"
    assert run("convert", path, clear, "--keylog", keys).returncode == 0
    assert_all_was_read(told(clear))


@pytest.mark.slow
def test_out_of_order_and_repeated(recorded: tuple[list[bytes], Path], tmp_path: Path) -> None:
    packets, keys = recorded
    mixed = [packet for packet in packets for _ in range(2)]  # as a capture on `any` sees them
    at = len(packets) // 2 * 2
    mixed[at : at + 4] = reversed(mixed[at : at + 4])
    path = tmp_path / "mixed.pcapng"
    path.write_bytes(pcapng(mixed))
    lines = told(path, "--keylog", keys)
    texts = [m["text"] for m in lines if m["type"] == "message" and m["from"] == "client"]
    assert texts == SAID


@pytest.mark.slow
def test_keys_inside_the_capture(recorded: tuple[list[bytes], Path], tmp_path: Path) -> None:
    packets, keys = recorded
    path, holds = tmp_path / "tls.pcapng", tmp_path / "holds.pcapng"
    path.write_bytes(pcapng(packets))
    whole, secrets = path.read_bytes(), keys.read_bytes()
    begins = len(section())
    body = pack("<II", 0x544C534B, len(secrets)) + secrets + bytes(-len(secrets) % 4)
    holds.write_bytes(whole[:begins] + block(0x0000000A, body) + whole[begins:])
    assert not has_secrets(path)
    assert has_secrets(holds)
    assert_all_was_read(told(holds))


def test_without_keys_the_way_to_them_is_said(
    recorded: tuple[list[bytes], Path], tmp_path: Path
) -> None:
    path = tmp_path / "tls.pcapng"
    path.write_bytes(pcapng(recorded[0]))
    done = run("dump", path)
    assert done.returncode == 0
    assert b"--keylog" in done.stdout


def test_the_wrong_keys(recorded: tuple[list[bytes], Path], tmp_path: Path) -> None:
    path, keys = tmp_path / "tls.pcapng", tmp_path / "other.log"
    path.write_bytes(pcapng(recorded[0]))
    keys.write_text(f"CLIENT_RANDOM {'00' * 32} {'11' * 48}\n")
    done = run("dump", path, "--keylog", keys)
    assert done.returncode == 0
    assert b"TLS connections for which there are no keys: 1" in done.stdout


def test_what_is_said_where_it_can_not_work(
    recorded: tuple[list[bytes], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, keys = tmp_path / "tls.pcapng", recorded[1]
    path.write_bytes(pcapng(recorded[0]))
    for arguments, words in [
        ((path, "--keylog", tmp_path / "missing"), "the key log can't be read: No such file"),
        ((path, "--keylog", path), "is no key log"),
        (("-", "--keylog", keys), "name the capture"),
        ((path, "--keylog", keys, "--follow"), "does not go with --follow"),
    ]:
        done = run("dump", *arguments)
        assert done.returncode == 2
        assert words in done.stderr.decode()
    monkeypatch.setenv("WS101_TSHARK", "no-such-program")
    done = run("dump", path, "--keylog", keys)
    assert done.returncode == 2
    assert "apt install tshark" in done.stderr.decode()
    assert "ws101 proxy" in done.stderr.decode()


def test_a_key_log_is_of_no_use_for_what_is_not_encrypted(tmp_path: Path) -> None:
    talk = Talk()
    path, keys = tmp_path / "plain.pcapng", tmp_path / "keys.log"
    path.write_bytes(pcapng([*talk.hello(), talk.data(True, b"GET / HTTP/1.1\r\n\r\n")]))
    keys.write_text(f"CLIENT_RANDOM {'00' * 32} {'11' * 48}\n")
    assert run("dump", path, "--keylog", keys).returncode == 0

"""`diff`: each kind of difference by a capture that has it, exit codes, and a picture of all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from inspector.compare.changed_heads import head_changes
from inspector.compare.changes import KINDS
from inspector.compare.legs import asked, compared, matched
from inspector.core.deflate import deflate_message
from inspector.core.frames import encode_close, encode_frame
from inspector.core.handshake import accept_for
from inspector.core.heads import parse_head
from tests.commands.run import run
from tests.screen.golden import assert_golden
from tests.screen.harm import assert_harmless
from tests.screen.specimens import DEFLATE, NONCE, NONCES, Scene, Talk, masked, request, response
from tests.screen.traffic import conversations, items

type Told = Callable[[Talk], object]
OTHER_KEY = b"\x0a\x0b\x0c\x0d"
AGREED = f"Sec-WebSocket-Extensions: {DEFLATE}\r\n"


def leg(path: Path, *talks: Told, extra: str = "", agreed: str = "") -> Path:
    scene = Scene(path)
    for number, talk in enumerate(talks):
        nonce = (NONCE, *NONCES)[number]
        opened = scene.open(50_000 + number)
        opened.handshake(extra, agreed, nonce=nonce)
        talk(opened)
    scene.writer.close(scene.time)
    return path


def compare(one: Path, other: Path, *options: str) -> tuple[list[dict[str, Any]], int]:
    answer = run("diff", one, other, "--format", "jsonl", *options)
    assert answer.stderr == b""
    return [json.loads(line) for line in answer.stdout.splitlines()], answer.returncode


TEXT = masked(1, b"Hello")
PAIRS: dict[str, tuple[Told, Told]] = {
    "masks-changed": (lambda t: t.client(TEXT), lambda t: t.client(masked(1, b"Hello", OTHER_KEY))),
    "masks-removed": (lambda t: t.client(TEXT), lambda t: t.client(encode_frame(1, b"Hello"))),
    "masks-added": (lambda t: t.client(encode_frame(1, b"Hello")), lambda t: t.client(TEXT)),
    "message-lost": (lambda t: t.client(TEXT), lambda _: None),
    "message-invented": (lambda _: None, lambda t: t.client(TEXT)),
    "message-changed": (lambda t: t.client(TEXT), lambda t: t.client(masked(1, b"hello"))),
    "control-lost": (lambda t: t.client(masked(9, b"?")), lambda _: None),
    "control-invented": (lambda _: None, lambda t: t.client(masked(10, b"?"))),
    "control-changed": (
        lambda t: t.client(masked(9, b"1")), lambda t: t.client(masked(9, b"2")),
    ),
    "close-changed": (
        lambda t: t.client(encode_close(1000, "bye", masking_key=OTHER_KEY)),
        lambda t: t.client(encode_close(1001, "bye", masking_key=OTHER_KEY)),
    ),
    "order": (
        lambda t: t.client(TEXT, masked(9, b"?")), lambda t: t.client(masked(9, b"?"), TEXT),
    ),
    "fragments-joined": (
        lambda t: t.client(masked(1, b"Hel", fin=False), masked(0, b"lo")),
        lambda t: t.client(TEXT),
    ),
    "fragments-split": (
        lambda t: t.client(TEXT),
        lambda t: t.client(masked(1, b"Hel", fin=False), masked(0, b"lo")),
    ),
    "fragments-moved": (
        lambda t: t.client(masked(1, b"He", fin=False), masked(0, b"llo")),
        lambda t: t.client(masked(1, b"Hell", fin=False), masked(0, b"o")),
    ),
    "headers": (
        lambda t: t.client(encode_frame(1, b"Hello", masking_key=OTHER_KEY, length_bits=16)),
        lambda t: t.client(encode_frame(1, b"Hello", masking_key=OTHER_KEY)),
    ),
    "raw": (
        lambda t: t.client(encode_close(1000, masking_key=OTHER_KEY)).server(
            encode_close(1000), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        lambda t: t.client(encode_close(1000, masking_key=OTHER_KEY)).server(encode_close(1000)),
    ),
    "end": (lambda t: t.end(True, False), lambda t: t.end(False, True)),
}  # fmt: skip


@pytest.mark.parametrize("kind", PAIRS)
def test_a_difference_is_called_by_its_name(kind: str, tmp_path: Path) -> None:
    one, other = PAIRS[kind]
    a, b = leg(tmp_path / "a.pcapng", one), leg(tmp_path / "b.pcapng", other)
    (line,), code = compare(a, b)
    assert [each["kind"] for each in line["differences"]] == [kind]
    assert (line["alike"], code) == (False, 1)
    assert line["differences"][0]["count"] == 1
    (same,), code = compare(a, a)
    assert (same["alike"], same["differences"], code) == (True, [], 0)


def deflated(content: bytes, bits: int = 15) -> bytes:
    return encode_frame(1, deflate_message(content, bits), masking_key=OTHER_KEY, rsv=4)


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("deflate-removed", deflated(b"Hello, Hello"), masked(1, b"Hello, Hello", OTHER_KEY)),
        ("deflate-added", masked(1, b"Hello, Hello", OTHER_KEY), deflated(b"Hello, Hello")),
        # A stored block instead of a compressed one.
        ("deflate-changed", deflated(b"Hello"), encode_frame(
            1, b"\x00\x05\x00\xfa\xffHello\x00", masking_key=OTHER_KEY, rsv=4)),
    ],
)  # fmt: skip
def test_compression(kind: str, before: bytes, after: bytes, tmp_path: Path) -> None:
    options = {"extra": "Sec-WebSocket-Extensions: permessage-deflate\r\n", "agreed": AGREED}
    a = leg(tmp_path / "a.pcapng", lambda talk: talk.client(before), **options)
    b = leg(tmp_path / "b.pcapng", lambda talk: talk.client(after), **options)
    (line,), _ = compare(a, b)
    assert [each["kind"] for each in line["differences"]] == [kind]
    plain = leg(tmp_path / "c.pcapng", lambda talk: talk.client(TEXT), extra=options["extra"])
    (line,), _ = compare(
        leg(tmp_path / "d.pcapng", lambda talk: talk.client(TEXT), **options), plain
    )
    assert {each["kind"] for each in line["differences"]} == {"extensions", "response-head"}


def test_a_ping_that_the_middle_answers(tmp_path: Path) -> None:
    a = leg(
        tmp_path / "a.pcapng",
        lambda talk: talk.client(masked(9, b"?")).server(encode_frame(10, b"?")),
    )
    b = leg(tmp_path / "b.pcapng", lambda _: None)
    (line,), _ = compare(a, b)
    told = {(one["kind"], one["from"]): one["count"] for one in line["differences"]}
    assert told == {
        ("control-lost", "client"): 1,
        ("control-invented", "server"): 1,
        ("answered-by-the-middle", "client"): 1,
    }


def test_every_kind_has_its_test() -> None:
    others = {"deflate-removed", "deflate-added", "deflate-changed", "extensions"}
    others |= {"answered-by-the-middle", "request-head", "response-head"}
    assert set(PAIRS) | others == set(KINDS)


HEAD = b"GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nX-Two: 2\r\n\r\n"


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (HEAD, []),
        (
            HEAD.replace(b"GET /", b"GET /x"),
            ["start line 'GET / HTTP/1.1' became 'GET /x HTTP/1.1'"],
        ),
        (HEAD.replace(b"X-One: 1\r\n", b""), ["'X-One' removed"]),
        (HEAD.replace(b"X-Two", b"Via: p\r\nX-Two"), ["'Via' added: 'p'"]),
        (HEAD.replace(b": a", b": b"), ["'Host' changed: 'a' became 'b'"]),
        (HEAD.replace(b"X-One", b"x-one"), ["'X-One' written 'x-one'"]),
        (HEAD.replace(b"X-One: 1", b"X-One:   1"), ["'X-One': white space changed"]),
        (
            b"GET / HTTP/1.1\r\nX-One: 1\r\nHost: a\r\nX-Two: 2\r\n\r\n",
            ["fields are in another order"],
        ),
        (HEAD.replace(b"\r\n\r\n", b"\r\n\n"), ["white space or line ends changed"]),
    ],
)
def test_heads(other: bytes, words: list[str]) -> None:
    assert [*head_changes(parse_head(HEAD), parse_head(other))] == words
    assert bool([*head_changes(parse_head(other), parse_head(HEAD))]) == bool(words)


def test_connections_find_each_other(tmp_path: Path) -> None:
    """By key, in whatever order; and what is on one leg only is said."""
    words = [lambda talk, n=n: talk.client(masked(1, b"%d" % n)) for n in range(3)]
    a = leg(tmp_path / "a.pcapng", *words)
    scene = Scene(tmp_path / "b.pcapng")
    for number in (2, 0):
        nonce = (NONCE, *NONCES)[number]
        scene.open(50_000 + number).handshake(nonce=nonce).client(masked(1, b"%d" % number))
    scene.writer.close(scene.time)
    lines, code = compare(a, tmp_path / "b.pcapng")
    assert [(line["a"], line["b"], line["by"], line["alike"]) for line in lines] == [
        (1, 2, "key", True), (2, None, None, False), (3, 1, "key", True),
    ]  # fmt: skip
    assert code == 1
    (line,), code = compare(a, a, "--connection", "1", "--with", "3")
    assert (line["a"], line["b"], line["by"], code) == (1, 3, "choice", 1)
    assert compare(a, a, "--connection", "2")[1] == 0


def test_by_target_and_by_order(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "a.pcapng")
    for target in ("/one", "/two", "/three"):
        scene.open(50_000).client(request(target, nonce="a" * 22 + "==")).server(response())
    scene.writer.close(scene.time)
    scene = Scene(tmp_path / "b.pcapng")
    for target in ("/2", "/three", "/one"):
        scene.open(50_000).client(request(target, nonce="b" * 22 + "==")).server(response())
    scene.writer.close(scene.time)
    lines, _ = compare(tmp_path / "a.pcapng", tmp_path / "b.pcapng")
    assert [(line["a"], line["b"], line["by"]) for line in lines] == [
        (1, 3, "target"), (2, 1, "order"), (3, 2, "target"),
    ]  # fmt: skip


def test_how_long_messages_took(tmp_path: Path) -> None:
    def late(seconds: float) -> Told:
        def talk(talk: Talk) -> None:
            for number in range(20):
                talk.scene.wait(0.1)
                talk.scene.wait(seconds)
                talk.client(masked(1, b"%d" % number, number.to_bytes(4)))
                talk.scene.wait(-seconds)

        return talk

    a, b = leg(tmp_path / "a.pcapng", late(0)), leg(tmp_path / "b.pcapng", late(0.025))
    (line,), code = compare(a, b)
    assert code == 0, "to take time is no difference"
    assert line["client"]["delay"]["median"] == pytest.approx(0.025, abs=1e-5)
    (line,), _ = compare(b, a)
    assert line["client"]["delay"]["negative"] == 20
    assert b"the clocks of A and B don't agree: 20 came" in run("diff", b, a).stdout.replace(
        b"\n   ", b""
    )


def changed(talk: Talk) -> None:
    talk.client(masked(1, b"Hel", OTHER_KEY, fin=False), masked(0, b"lo", OTHER_KEY))
    talk.client(masked(9, b"there?", OTHER_KEY))
    for number in range(12):
        talk.server(encode_frame(1, b"%d" % number))
    talk.client(encode_close(1000, "bye", masking_key=OTHER_KEY)).server(encode_close(1000, "bye"))
    talk.end()


def test_golden(tmp_path: Path) -> None:
    def other(talk: Talk) -> None:
        talk.client(masked(9, b"there?"), TEXT)
        for number in range(0, 12, 3):
            talk.server(encode_frame(1, b"%d" % number))
        talk.client(encode_close(1001, masking_key=OTHER_KEY)).server(encode_close(1000, "bye"))
        talk.end(False, True)

    a = leg(tmp_path / "a.pcapng", changed, changed)
    b = leg(tmp_path / "b.pcapng", other, changed, extra="Via: 1.1 proxy\r\n")
    answer = run("diff", a, b)
    text = answer.stdout.decode()
    assert answer.returncode == 1
    assert_harmless(text, 80)
    assert_golden("diff", text)
    assert_harmless(run("diff", a, b, COLUMNS="40").stdout.decode(), 40)


def test_the_accept_that_a_middle_made_anew(tmp_path: Path) -> None:
    nonce = "b" * 21 + "A=="
    scene = Scene(tmp_path / "b.pcapng")
    scene.open().client(request(nonce=nonce)).server(response(accept=accept_for(nonce)))
    scene.writer.close(scene.time)
    (line,), _ = compare(leg(tmp_path / "a.pcapng", lambda _: None), tmp_path / "b.pcapng")
    words = [place["words"] for one in line["differences"] for place in one["places"]]
    assert any(each.startswith("'Sec-WebSocket-Key' changed") for each in words)
    assert any(each.startswith("'Sec-WebSocket-Accept' changed") for each in words)


@given(conversations(), conversations())
def test_any_two_conversations_are_compared(
    one: list[tuple[bool, bytes]], other: list[tuple[bool, bytes]]
) -> None:
    first, second = items(one), items(other)
    for a, b in ((first, second), (first, first)):
        matches = matched(asked(a), asked(b))
        for _, changes in compared(iter(a), iter(b), matches):
            assert a is not b or changes.ordered() == []
            assert changes.waiting == (0, 0)


def test_what_can_not_be_compared(chat: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("hello")
    for arguments in (
        (chat, "-"), (chat, words), (words, chat), (chat, tmp_path / "missing"),
        (chat, chat, "--with", "1"), (chat, chat, "--connection", "7"),
        (chat, chat, "--connection", "1", "--with", "7"),
    ):  # fmt: skip
        answer = run("diff", *arguments)
        assert (answer.returncode, answer.stdout) == (2, b"")
        assert len(answer.stderr.splitlines()) == 1

"""The handshake's proof and its lists; and that hostile lists cost no more than their length."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidHeaderFormat
from websockets.headers import parse_extension
from websockets.utils import accept_key

from inspector.core.handshake import (
    Agreement,
    Deflate,
    Extension,
    accept_for,
    negotiated,
    parse_extensions,
    verify_accept,
    window_bits,
)
from inspector.core.heads import Head, HeadFault, parse_head

tokens = st.text("!#$%&'*+.^_`|~09azAZ-", min_size=1, max_size=8)
parameters = st.tuples(tokens, st.none() | tokens)
extensions = st.builds(Extension, tokens, st.lists(parameters, max_size=3).map(tuple))


def naming(value: str) -> Head:
    return parse_head(b"GET / HTTP/1.1\r\nSec-WebSocket-Extensions:" + value.encode() + b"\r\n\r\n")


def test_the_rfcs_own_example() -> None:
    assert accept_for("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_the_proof_is_the_one_that_websockets_makes(key: str) -> None:
    assert accept_for(key) == accept_key(key)


@given(st.text(max_size=20))
def test_any_key_has_a_proof(key: str) -> None:
    assert len(accept_for(key)) == 28


def test_verifying() -> None:
    request = parse_head(b"GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    head = "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {}\r\n\r\n"
    right, wrong = (parse_head(head.format(proof).encode()) for proof in (accept, "x"))
    assert verify_accept(request, right).ok is True
    assert verify_accept(request, wrong).ok is False
    assert verify_accept(request, None).ok is None
    assert verify_accept(None, right).ok is None
    assert verify_accept(request, parse_head(right.raw[:-2])).ok is None
    assert verify_accept(request, parse_head(b"HTTP/1.1 403 No\r\n\r\n")).ok is None
    assert verify_accept(request, None).expected == accept


@given(st.lists(extensions, min_size=1, max_size=4), st.data())
def test_what_is_written_is_parsed(wanted: list[Extension], data: st.DataObject) -> None:
    space = st.sampled_from(["", " ", "\t "])

    def spaced(text: str) -> str:
        return data.draw(space) + text + data.draw(space)

    def parameter(name: str, value: str | None) -> str:
        if value is None:
            return spaced(name)
        quoted = data.draw(st.sampled_from([value, f'"{value}"', '"' + "\\" + value + '"']))
        return f"{spaced(name)}={spaced(quoted)}"

    value = ",".join(
        ";".join([spaced(each.name), *(parameter(*pair) for pair in each.params)])
        for each in wanted
    )
    assert parse_extensions(naming(value)) == (wanted, [])


@given(st.text('ab=;," \\\t', max_size=12))
def test_what_websockets_refuses_is_at_fault(value: str) -> None:
    """Both read RFC 6455 §9.1; websockets takes empty elements, as lists in HTTP/1.1 may have."""
    found, faults = parse_extensions(naming(value))
    bare = value.strip(" \t")  # as whoever reads a field line does
    try:
        theirs = [Extension(name, tuple(params)) for name, params in parse_extension(bare)]
    except InvalidHeaderFormat:
        assert faults
    else:
        empty = [fault for fault in faults if fault.words == "an empty element"]
        assert theirs == found
        assert faults == empty


@pytest.mark.parametrize(
    ("value", "names", "fault"),
    [
        ("", [], "an empty element"),
        (",a", ["a"], "an empty element"),
        ("a b", [], "'a b' is no extension name"),
        ("a;", ["a"], "an empty parameter"),
        ("a; b c", ["a"], "'b c' is no parameter name"),
        ("a; b=", ["a"], "the value '' of b is no token"),
        ('a; b=""', ["a"], "the value '' of b is no token"),
        ('a; b="c d"', ["a"], "the value 'c d' of b is no token"),
        ('a; b="c', ["a"], "the value '\"c' of b is no token"),
        ('a; b="c,d";e, f', ["a", "f"], "the value 'c,d' of b is no token"),
        ('a; b="c\\', ["a"], "the value '\"c\\\\' of b is no token"),
        ("a; b=c=d", ["a"], "the value 'c=d' of b is no token"),
    ],
)
def test_what_breaks_the_grammar(value: str, names: list[str], fault: str) -> None:
    found, faults = parse_extensions(naming(value))
    assert [extension.name for extension in found] == names
    assert faults == [HeadFault(16, fault)]


def test_words_of_a_fault_are_short() -> None:
    _, (fault,) = parse_extensions(naming("x" * 5000 + " y"))
    assert len(fault.words) < 120


@pytest.mark.parametrize(
    "hostile",
    [
        lambda n: '"' * n,
        lambda n: '"' + '\\"' * (n // 2),
        lambda n: "\\" * n,
        lambda n: "," * n,
        lambda n: ";" * n,
        lambda n: '",' * (n // 2),
        lambda n: "a=" * (n // 2),
        lambda n: " " * n,
        lambda n: 'a;b="c\\' * (n // 7),
    ],
)
def test_hostile_lists_cost_no_more_than_their_length(hostile: Callable[[int], str]) -> None:
    """Twice what a head can hold. Were the time quadratic, this would take many minutes each."""
    found, faults = parse_extensions(naming(hostile(128 * 1024)))
    assert found or faults


@pytest.mark.parametrize("value", ["8", "9", "10", "15"])
def test_window_bits(value: str) -> None:
    assert window_bits(value) == int(value)


@pytest.mark.parametrize("value", [None, "", "7", "16", "08", "+9", "9 ", "٩", "1e1", "100"])
def test_no_window_bits(value: str | None) -> None:
    assert window_bits(value) is None


def test_what_is_agreed_on() -> None:
    response = parse_head(
        b"HTTP/1.1 101 Switching Protocols\r\n"
        b"Sec-WebSocket-Protocol: chat\r\n"
        b"Sec-WebSocket-Extensions: x, permessage-deflate; client_max_window_bits=9\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n"
    )
    agreement = negotiated(response)
    assert agreement.subprotocol == "chat"
    assert [extension.offset for extension in agreement.extensions] == [64, 64, 139]
    assert agreement.deflate == {"client": Deflate(window_bits=9), "server": Deflate()}
    assert negotiated(parse_head(b"HTTP/1.1 101 x\r\n\r\n")) == Agreement()


def test_an_extensions_parameters() -> None:
    extension = Extension("x", (("a", None), ("b", "1"), ("b", "2")))
    assert (extension.get("a"), extension.get("b"), extension.get("c")) == (None, "2", None)
    assert (extension.has("a"), extension.has("c")) == (True, False)
    assert not extension.is_deflate

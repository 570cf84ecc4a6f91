"""permessage-deflate as real libraries agree on it: what they offer and answer breaks no rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aiohttp.http_websocket import ws_ext_gen, ws_ext_parse
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import NegotiationError
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.headers import build_extension, parse_extension
from wsproto.extensions import PerMessageDeflate
from wsproto.handshake import server_extensions_handshake

from inspector.core.findings import Finding
from inspector.core.handshake import Extension
from inspector.core.heads import Head, parse_head
from inspector.core.rules.negotiation import offer_duplicate_param
from inspector.core.rules.request import request_findings
from inspector.core.rules.response import response_findings
from tests.core.vectors import REQUEST, RESPONSE


def head(start: str, *elements: str) -> Head:
    lines = "".join(f"Sec-WebSocket-Extensions: {element}\r\n" for element in elements)
    return parse_head(f"{start}{lines}\r\n".encode())


def judged(offers: list[str], answer: str | None) -> list[Finding]:
    """What is found in a handshake that agrees on permessage-deflate like this."""
    request = head(REQUEST, ", ".join(offers))
    response = head(RESPONSE, *([answer] if answer is not None else []))
    return [*request_findings(request), *response_findings(request, response)]


bits = st.sampled_from(["8", "9", "10", "12", "14", "15"])


@st.composite
def lawful_offers(draw: st.DrawFn) -> str:
    params = [
        *(["server_no_context_takeover"] if draw(st.booleans()) else []),
        *(["client_no_context_takeover"] if draw(st.booleans()) else []),
        *([f"server_max_window_bits={draw(bits)}"] if draw(st.booleans()) else []),
        *draw(
            st.sampled_from([[], ["client_max_window_bits"]])
            | bits.map(lambda n: [f"client_max_window_bits={n}"])
        ),
    ]
    return "; ".join(["permessage-deflate", *draw(st.permutations(params))])


def websockets_answer(offer: str) -> str | None:
    ((name, params),) = parse_extension(offer)
    factory = ServerPerMessageDeflateFactory(server_max_window_bits=12, client_max_window_bits=12)
    try:
        answered, _ = factory.process_request_params(params, [])
    except NegotiationError:
        return None
    return build_extension([(name, answered)])


def wsproto_answer(offer: str) -> str | None:
    answered = server_extensions_handshake([offer], [PerMessageDeflate()])
    return None if answered is None else answered.decode()


def aiohttp_answer(offer: str) -> str | None:
    bits, forgets = ws_ext_parse(offer, isserver=True)
    return ws_ext_gen(bits, isserver=True, server_notakeover=forgets) if bits else None


@pytest.mark.parametrize("answer", [websockets_answer, wsproto_answer])
@given(offer=lawful_offers())
def test_libraries_answer_as_they_should(answer: Callable[[str], str | None], offer: str) -> None:
    assert [each.rule.id for each in judged([offer], answer(offer))] == []


@given(offer=lawful_offers())
def test_aiohttp_says_nothing_of_fifteen_bits(offer: str) -> None:
    """And it reads parameters in one order only: of those in another, it takes none."""
    answer = aiohttp_answer(offer)
    found = {each.rule.id for each in judged([offer], answer)}
    if answer is not None and "server_max_window_bits=15" in offer:
        assert found == {"pmd-resp-server-bits-too-large"}
    else:
        assert found == set()


@given(st.lists(lawful_offers(), min_size=1, max_size=3), st.data())
def test_an_answer_to_one_of_several_offers(offers: list[str], data: st.DataObject) -> None:
    """A server need not take the first, and does not say which one it took."""
    answer = websockets_answer(data.draw(st.sampled_from(offers)))
    assert [each.rule.id for each in judged(offers, answer)] == []


@pytest.mark.parametrize("server", [None, 8, 12, 15])
@pytest.mark.parametrize("client", [None, True, 9, 12, 15])
@pytest.mark.parametrize("forget", [True, False])
def test_what_websockets_offers(
    server: int | None, client: bool | int | None, forget: bool
) -> None:
    factory = ClientPerMessageDeflateFactory(forget, forget, server, client)
    offer = build_extension([("permessage-deflate", list(factory.get_request_params()))])
    assert judged([offer], websockets_answer(offer)) == []


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate; client_max_window_bits",  # Chromium, Node's ws, aiohttp, websockets
        "permessage-deflate",  # Firefox
        PerMessageDeflate().offer(),
        ws_ext_gen(),
        "permessage-deflate; server_no_context_takeover; client_max_window_bits",
    ],
)
def test_what_programs_offer(offer: object) -> None:
    assert isinstance(offer, str)
    element = offer if offer.startswith("permessage-deflate") else f"permessage-deflate; {offer}"
    assert judged([element], websockets_answer(element)) == []


def test_many_parameters_are_compared_no_more_than_once_each() -> None:
    """A head holds ten thousand of them: to look for each among all before it took seconds."""
    compared = 0

    class Name(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

    names = [Name(f"p{number}") for number in range(2_000)]
    element = Extension("permessage-deflate", tuple((name, None) for name in names))
    assert offer_duplicate_param(element) is None
    assert compared < 10_000
    twice = Extension("permessage-deflate", ((Name("a"), None), (Name("a"), None)))
    assert offer_duplicate_param(twice) == "the parameter 'a' stands there 2 times"

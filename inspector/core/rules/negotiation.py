"""Rules of agreeing on permessage-deflate (RFC 7692 §5 to §7.1): what is offered, what is accepted.

An offer is one element of the request's Sec-WebSocket-Extensions, and a client may make several, in
order of preference. The server accepts one of them and does not say which. So an answer is at fault
only if it fits none of the offers, and is measured by the one that it fits best.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from inspector.core.findings import checks, register
from inspector.core.handshake import Extension, parse_extensions, window_bits
from inspector.core.heads import Head, is_token
from inspector.core.rfc import EXTENSIONS_WITH_RSV1
from inspector.core.rules.request import REQUEST_RULES, Found
from inspector.core.rules.response import FAIL, RESPONSE_RULES
from inspector.core.safe import quoted

Check = Callable[[Extension], str | None]
"""Shown one element of the head that is about permessage-deflate."""

AnswerCheck = Callable[[list[Extension], Extension], str | None]
"""Shown what was offered of permessage-deflate, and what was accepted."""

DECLINE: Final = "The server has to decline this offer: another one is taken, or no compression."

NO_TAKEOVER: Final = ("server_no_context_takeover", "client_no_context_takeover")
WINDOWS: Final = ("server_max_window_bits", "client_max_window_bits")


def _offer_rule(id: str, rfc: str, shows: str, why: str) -> Callable[[Check], Check]:
    """Register a rule for each offer of a request."""
    rule = register(id, "client", "error", "hs-req", rfc, shows, why, DECLINE)

    def file(check: Check) -> Check:
        def find(request: Head) -> Found:
            for offer in _deflates(request):
                if words := check(offer):
                    return offer.offset, words
            return None

        checks(rule, REQUEST_RULES)(find)
        return check

    return file


def _answer_rule(id: str, rfc: str, shows: str, why: str) -> Callable[[AnswerCheck], AnswerCheck]:
    """Register a rule for a 101 that accepts permessage-deflate."""
    rule = register(id, "server", "error", "hs-resp", rfc, shows, why, FAIL)

    def file(check: AnswerCheck) -> AnswerCheck:
        def find(request: Head, response: Head) -> Found:
            accepted = _deflates(response) if response.status == 101 else []
            if accepted and (words := check(_deflates(request), accepted[0])):
                return accepted[0].offset, words
            return None

        checks(rule, RESPONSE_RULES)(find)
        return check

    return file


def _deflates(head: Head) -> list[Extension]:
    return [extension for extension in parse_extensions(head)[0] if extension.is_deflate]


# What is wrong with the parameters alone, of an offer or of an answer. What is no token is for the
# rules of the grammar to tell, once.


def _unknown(element: Extension) -> str | None:
    for name, _ in element.params:
        if is_token(name) and name not in (*NO_TAKEOVER, *WINDOWS):
            return f"permessage-deflate has no parameter {quoted(name)}"
    return None


def _twice(element: Extension) -> str | None:
    names = Counter(name for name, _ in element.params)
    for name, count in names.items():
        if count > 1:
            return f"the parameter {quoted(name)} stands there {count} times"
    return None


def _bad_value(element: Extension, *, may_lack: tuple[str, ...] = ()) -> str | None:
    for name, value in element.params:
        if value is not None and not is_token(value):
            continue
        if name in NO_TAKEOVER and value is not None:
            return f"{name} takes no value, and has {quoted(value)}"
        if name in WINDOWS and value is None and name not in may_lack:
            return f"{name} has no value"
        if name in WINDOWS and value is not None and window_bits(value) is None:
            return f"{name} is {quoted(value)}, not a number from 8 to 15"
    return None


@_offer_rule(
    "pmd-offer-unknown-param",
    "7692 §7",
    "An offer has a parameter other than the four that RFC 7692 defines.",
    "What a server does not know it can not promise to keep.",
)
def offer_unknown_param(offer: Extension) -> str | None:
    return _unknown(offer)


@_offer_rule(
    "pmd-offer-duplicate-param",
    "7692 §7",
    "One offer has the same parameter twice.",
    "Which of the two should hold?",
)
def offer_duplicate_param(offer: Extension) -> str | None:
    return _twice(offer)


@_offer_rule(
    "pmd-offer-bad-value",
    "7692 §7.1, §7",
    "A window is not 8 to 15, or the server's has no value; a takeover has one.",
    "Windows are 2 to the power of 8 to 15 bytes; only client_max_window_bits may leave it open.",
)
def offer_bad_value(offer: Extension) -> str | None:
    return _bad_value(offer, may_lack=("client_max_window_bits",))


@_answer_rule(
    "pmd-resp-unknown-param",
    "7692 §7",
    "The answer has a parameter other than the four that RFC 7692 defines.",
    "An unknown parameter may change everything.",
)
def resp_unknown_param(offers: list[Extension], accepted: Extension) -> str | None:
    return _unknown(accepted)


@_answer_rule(
    "pmd-resp-duplicate-param",
    "7692 §7",
    "The answer has the same parameter twice.",
    "Which of the two should hold?",
)
def resp_duplicate_param(offers: list[Extension], accepted: Extension) -> str | None:
    return _twice(accepted)


@_answer_rule(
    "pmd-resp-bad-value",
    "7692 §7.1, §7",
    "A window is not 8 to 15, or has no value; a takeover has one.",
    "Windows are 2 to the power of 8 to 15 bytes.",
)
def resp_bad_value(offers: list[Extension], accepted: Extension) -> str | None:
    return _bad_value(accepted)


# Whether an answer fits what was offered.


def _is_sound(offer: Extension) -> bool:
    return not (_crooked(offer) or _unknown(offer) or _twice(offer) or offer_bad_value(offer))


def _crooked(offer: Extension) -> str | None:
    for name, value in offer.params:
        if not is_token(name) or not is_token("-" if value is None else value):
            return f"the parameter {quoted(name)} breaks the grammar"
    return None


def _misfits(offer: Extension, accepted: Extension) -> Iterator[tuple[str, str]]:
    """Rules that the answer breaks if this is the offer it accepts, with their words."""
    wanted, given = (each.get("server_max_window_bits") for each in (offer, accepted))
    most, got = window_bits(wanted), window_bits(given)
    if most is not None and not accepted.has("server_max_window_bits"):
        words = f"server_max_window_bits={most} was asked for, and is not in the answer"
        yield "pmd-resp-server-bits-too-large", words
    elif most is not None and got is not None and got > most:
        words = f"server_max_window_bits is {got}; no more than {most} was asked for"
        yield "pmd-resp-server-bits-too-large", words
    if offer.has("server_no_context_takeover") and not accepted.has("server_no_context_takeover"):
        words = "server_no_context_takeover was asked for, and is not in the answer"
        yield "pmd-resp-server-takeover-ignored", words
    most, got = (window_bits(each.get("client_max_window_bits")) for each in (offer, accepted))
    if accepted.has("client_max_window_bits") and not offer.has("client_max_window_bits"):
        yield "pmd-resp-client-bits-unoffered", "client_max_window_bits was not offered"
    elif most is not None and got is not None and got > most:
        words = f"client_max_window_bits is {got}; no more than {most} was offered"
        yield "pmd-resp-client-bits-too-large", words


def _misfit(id: str, offers: list[Extension], accepted: Extension) -> str | None:
    """How the answer breaks this rule, measured by the offer that it fits best."""
    sound = [offer for offer in offers if _is_sound(offer)] or offers
    every = [dict(_misfits(offer, accepted)) for offer in sound]

    def badness(misfits: dict[str, str]) -> tuple[bool, int]:
        return "pmd-resp-client-bits-unoffered" in misfits, len(misfits)

    return min(every, key=badness).get(id) if every else None


@_answer_rule(
    "pmd-resp-client-bits-unoffered",
    "7692 §7.1.2.2",
    "The answer has client_max_window_bits, and no offer had it.",
    "Not every client can shrink its window; one that can says so.",
)
def client_bits_unoffered(offers: list[Extension], accepted: Extension) -> str | None:
    return _misfit("pmd-resp-client-bits-unoffered", offers, accepted)


@_answer_rule(
    "pmd-resp-client-bits-too-large",
    "7692 §7.1.2.2",
    "client_max_window_bits of the answer is larger than the offer's.",
    "The client has said how far back it looks at most; a larger window would be room for nothing.",
)
def client_bits_too_large(offers: list[Extension], accepted: Extension) -> str | None:
    return _misfit("pmd-resp-client-bits-too-large", offers, accepted)


@_answer_rule(
    "pmd-resp-server-bits-too-large",
    "7692 §7.1.2.1",
    "The offer has server_max_window_bits; the answer has a larger one, or none.",
    "The client has room for such a window and no more: what lies farther back it has forgotten.",
)
def server_bits_too_large(offers: list[Extension], accepted: Extension) -> str | None:
    return _misfit("pmd-resp-server-bits-too-large", offers, accepted)


@_answer_rule(
    "pmd-resp-server-takeover-ignored",
    "7692 §7.1.1.1",
    "The offer has server_no_context_takeover, and the answer has not.",
    "The client wants to keep nothing between messages; a server that can't do so has to decline.",
)
def server_takeover_ignored(offers: list[Extension], accepted: Extension) -> str | None:
    return _misfit("pmd-resp-server-takeover-ignored", offers, accepted)


@_answer_rule(
    "pmd-accepted-bad-offer",
    "7692 §7",
    "permessage-deflate is accepted, and every offer of it had to be declined.",
    "Nobody can say what was agreed to if the offer said nothing that can be read.",
)
def accepted_bad_offer(offers: list[Extension], accepted: Extension) -> str | None:
    if not offers or any(map(_is_sound, offers)):
        return None
    first = offers[0]
    fault = _crooked(first) or _unknown(first) or _twice(first) or offer_bad_value(first)
    which = "the offer had" if len(offers) == 1 else "every offer had"
    return f"permessage-deflate is accepted, and {which} to be declined: {fault}"


ACCEPTED_TWICE: Final = register(
    "pmd-accepted-twice",
    "server",
    "error",
    "hs-resp",
    "7692 §6 (RSV1 conflict)",
    "permessage-deflate is accepted together with itself, or with another user of RSV1.",
    "One bit, RSV1, can not say for two compressions whether a message went through them.",
    FAIL,
)


def accepted_twice(request: Head, response: Head) -> Found:
    """Not among the rules above: the one element may be some other extension's."""
    if response.status != 101:
        return None
    users = [
        extension
        for extension in parse_extensions(response)[0]
        if extension.is_deflate or extension.name.lower() in EXTENSIONS_WITH_RSV1
    ]
    if len(users) < 2 or not any(extension.is_deflate for extension in users):
        return None
    names = " and ".join(quoted(extension.name) for extension in users[:2])
    return users[1].offset, f"{names} are both accepted, and both use RSV1"


checks(ACCEPTED_TWICE, RESPONSE_RULES)(accepted_twice)

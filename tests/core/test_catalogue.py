"""The rules are those of the catalogue, and each is proved by vectors on both of its sides."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest

from inspector.core.findings import Finding, Rule, register
from inspector.core.rfc import PEER, Side
from inspector.core.rules import RULES
from tests.core import vectors
from tests.files import captures
from tests.files.captures import CaptureVector

CATALOGUE = {
    row["id"]: row for row in json.loads((vectors.FOLDER / "catalogue.json").read_text("utf-8"))
}
VECTORS = [*vectors.load(), *captures.load()]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_is_the_catalogues(rule: Rule) -> None:
    row = CATALOGUE[rule.id]
    told = {name: getattr(rule, name) for name in ("id", "side", "severity", "phase")}
    assert told == {name: row[name] for name in told}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_names_all_sections_of_the_catalogue(rule: Rule) -> None:
    """It may name more."""
    ours, theirs = (set(re.split("[,;] ", rfc)) for rfc in (rule.rfc, CATALOGUE[rule.id]["rfc"]))
    assert theirs <= ours


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_says_where_it_stands_and_why(rule: Rule) -> None:
    assert re.match(r"(6455|7692|9110|9112) §\d", rule.rfc)
    assert rule.shows.endswith((".", "…"))
    assert rule.why.endswith((".", "?"))
    assert rule.peer.endswith(".")


OFFERS = frozenset(id for id in RULES if id.startswith("pmd-offer-"))
REQUESTS = frozenset(id for id in RULES if id.startswith("req-"))

COMPANIONS: dict[str, frozenset[str]] = {
    # Rules that can't be broken unless another one is: of these, some have to be.
    "resp-101-to-bad-request": REQUESTS,
    "resp-no-version-on-mismatch": frozenset({"req-version-not-13", "resp-status-not-101"}),
    "pmd-accepted-bad-offer": OFFERS,
}


@pytest.mark.parametrize("id", RULES)
def test_a_rule_is_broken_alone_by_some_vector(id: str) -> None:
    allowed = COMPANIONS.get(id, frozenset())
    assert [
        vector.name
        for vector in VECTORS
        if id in vector.breaks
        and vector.breaks - {id} <= allowed
        and bool(vector.breaks & allowed) == bool(allowed)
    ]


@pytest.mark.parametrize("id", COMPANIONS)
def test_a_companion_does_not_need_the_rule(id: str) -> None:
    """What a rule follows from is also seen without it: otherwise the two would be one."""
    assert [v.name for v in VECTORS if id in v.keeps and v.breaks & COMPANIONS[id]]


@pytest.mark.parametrize("id", RULES)
def test_a_rule_is_only_just_kept_by_some_vector(id: str) -> None:
    assert [vector.name for vector in VECTORS if id in vector.keeps]


@cache
def found() -> set[tuple[str, Side, str]]:
    """Rule, side and stream of all that the vectors break."""
    findings: list[Finding] = []
    for vector in VECTORS:
        if isinstance(vector, CaptureVector):
            findings += captures.findings(captures.play(vector.capture))
        elif vector.breaks:
            steps = [*vector.handshake, *vector.steps]
            findings += vectors.findings(
                vectors.play(steps, vector.max_payload, until=vector.until)
            )
    return {(finding.rule.id, finding.side, finding.stream) for finding in findings}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_is_broken_by_every_side_that_can(rule: Rule) -> None:
    sides = {"client", "server"} if rule.side == "both" else {rule.side}
    assert {side for id, side, _ in found() if id == rule.id} == sides


AMONG_THE_FRAMES = {"client-data-before-response"}
"""A rule of the handshake, broken by bytes that stand after it."""


def test_the_streams_that_findings_stand_in() -> None:
    for id, side, stream in found():
        streams = {"hs-req": "request", "hs-resp": "response", "cross": "request"}
        own = PEER[side] if id == "ping-unanswered" else side
        own = own if id in AMONG_THE_FRAMES else streams.get(RULES[id].phase, own)
        assert stream == own


def test_a_rule_stands_in_the_table_once() -> None:
    taken = RULES["frame-rsv2-set"]
    with pytest.raises(ValueError, match="twice"):
        register(taken.id, "both", "error", "frame", "6455 §5.2", "how", "why")
    assert RULES["frame-rsv2-set"] is taken

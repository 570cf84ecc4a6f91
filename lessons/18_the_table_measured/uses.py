"""A claim for each use of the gallery: what makes it what it is, on the wire."""

from __future__ import annotations

from collections.abc import Iterator

from lessons.course.model import Claim

from .signatures import Signature
from .tables import in_life

EVEN = 7
"""An even stream says something in so many tenths of the time, even where it is jolted."""
LARGE = 4096
"""Bytes: no line of chat is as long."""


def use_claims(seen: dict[str, Signature]) -> Iterator[Claim]:
    chat, sport, game = seen["chat"], seen["sport"], seen["game"]
    yield Claim(
        "Chat applications benefit: both sides speak, the room more often than you",
        0 < len(chat.up) < len(chat.down),
        amounts(chat),
    )
    yield Claim(
        "Live sports updates benefit: silence, then several at once, all of them down",
        not sport.up and len(sport.down) > 1 and sport.spread < EVEN,
        f"{amounts(sport)}; {sport.busiest:.0%} of them in a tenth of the time",
    )
    yield Claim(
        "Real-time gaming benefits: an even stream both ways, small and binary",
        game.binary and min(len(game.up), len(game.down)) > 20 and game.spread >= EVEN,
        f"{amounts(game)}; one each {in_life(game.gap)}",
    )
    ticker, news, social = seen["ticker"], seen["news"], seen["social"]
    yield Claim(
        "Financial tickers are pushed to users: an even stream down, after one message up",
        len(ticker.up) == 1 and len(ticker.down) > 20 and ticker.spread >= EVEN,
        f"{amounts(ticker)}; one each {in_life(ticker.gap)}",
    )
    yield Claim(
        "News feeds are pushed to users, and it is little: minutes lie between two items",
        not news.up and bool(news.down) and news.gap >= 60,
        f"{amounts(news)}; {in_life(news.gap)} between two, typically",
    )
    yield Claim(
        "Social media updates are pushed to users, and a little goes up",
        0 < len(social.up) < len(social.down) and social.bytes_up < social.bytes_down / 10,
        amounts(social),
    )
    editing, support, webinar = seen["editing"], seen["support"], seen["webinar"]
    yield Claim(
        "Collaborative editing enhances interaction: bursts of keys, each acknowledged at once",
        len(editing.down) > len(editing.up) > 10,
        f"{amounts(editing)}; the typical silence {in_life(editing.gap)}",
    )
    yield Claim(
        "Live customer support chat enhances interaction: two people in turn",
        support.in_a_row("client") < len(support.up) - 1 and len(support.down) > 1,
        f"{amounts(support)}; the client twice in a row: {support.in_a_row('client')} times",
    )
    largest = max(len(said.data) for said in webinar.down)
    yield Claim(
        "Interactive webinars enhance interaction: slides come down, votes go up",
        webinar.binary and bool(webinar.up) and largest > LARGE,
        f"{amounts(webinar)}; the largest {largest:,} bytes",
    )


def amounts(seen: Signature) -> str:
    return (
        f"{len(seen.up)} up, {len(seen.down)} down "
        f"({seen.bytes_up:,} and {seen.bytes_down:,} bytes)"
    )

"""A user's regular expression on a page that somebody else wrote: it may not hold the loop that serves everybody."""

import asyncio
import random
from typing import Any

import pytest

from tests.adapters.signals.sites import answering, probe, site
from watchdog.adapters.signals.pattern import Pattern
from watchdog.domain.readings import Bad, FailureKind, Good

EXPLOSIVE = (r"(a+)+$", r"^(a|a)*$", r"(a|aa)+$", r"(\w+\s?)+!$", r"(a*)*b", r"([a-z]+)*\d{2}$")
"""Python's `re` needs time exponential in the length of the page for each of them."""
PAGE = "a" * 65_535 + "?"
HEAVY = "a.{1000}[xyz]"
"""Linear, and slow for a linear one: about as large as is taken."""
STRANGE = "".join(random.Random(1).choices("abc", k=65_536))
TICK_SECONDS, TURNS = 0.01, 15


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", EXPLOSIVE)
def test_no_page_takes_for_ever(text: str) -> None:
    """The whole of what is searched, made for the purpose."""
    assert not Pattern(text).finds(PAGE)


@pytest.mark.timeout(60)
async def test_the_loop_goes_on_while_a_page_is_searched() -> None:
    """Over a real socket: half a second of searching, in which everybody else has many turns."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(TICK_SECONDS)

    async with site(answering(STRANGE.encode())) as base:
        ticking = asyncio.ensure_future(others())
        sample = await probe(base, matches=HEAVY, timeout="30s")
        ticking.cancel()
    assert sample.reading == Bad(f"body does not match /{HEAVY}/", FailureKind.BODY)
    assert turns >= TURNS


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("<title>.*</title>", "<html><title>Shop</title>"),
        (r"(?i)VERSION\s+\d+\.\d+", "the version 2.14 is live"),
        (r"gr(ö|o)ße", "die größe"),
        ("^h.llo$", "hëllo"),
        (r"(?s)<body>.*</body>", "<body>\n\n</body>"),
        (r'"status"\s*:\s*"(?P<word>ok|up)"', '{"status": "up"}'),
    ],
)
def test_what_people_look_for_is_found(text: str, page: str) -> None:
    """Anywhere in the page; characters are characters, not bytes."""
    assert Pattern(text).finds(page) and not Pattern(text).finds("")


async def test_a_match_over_the_wire_is_good() -> None:
    """As the probe reads it."""
    async with site(answering("größe".encode())) as base:
        assert (await probe(base, matches="^gr.ße$")).reading == Good("HTTP 200")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(?=canary)", "invalid perl operator"),
        (r"(canary)\1", "invalid escape sequence"),
        (r"canary\Z", "invalid escape sequence"),
        ("[canary", "missing ]"),
        ("*canary", "no argument for repetition operator"),
        ("(canary){9999}", "invalid repetition size"),
        (r"(\pL{0,100}[^x]){0,10}canary", "pattern too large - compile failed"),
        ("canary\ud800", "half a character in it"),
    ],
)
def test_what_is_refused_says_why_and_does_not_repeat_it(text: str, says: str) -> None:
    """What RE2 does not know, or what would be too large."""
    with pytest.raises(ValueError, match="not a regular expression: ") as caught:
        Pattern(text)
    assert says in str(caught.value) and "canary" not in str(caught.value)


def test_patterns_are_told_apart_by_their_text() -> None:
    """Options that say the same are the same."""
    one: Any = Pattern("a")
    assert one == Pattern("a") != Pattern("b")

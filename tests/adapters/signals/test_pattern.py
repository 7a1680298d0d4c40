"""A user's regular expression on a foreign page: it may not hold the loop that serves all services."""

import asyncio
import itertools
import random
import threading
import time
from typing import Any

import pytest

from tests.adapters.signals.sites import answering, probe, site
from watchdog.adapters.signals.pattern import SEARCH_SECONDS, TRIES, Pattern, TooSlow, beside
from watchdog.domain.readings import Unknown

LENGTH = 64 * 1024
PAGES = {
    "one letter": "a" * (LENGTH - 1) + "?",
    "three letters": "".join(random.Random(1).choices("abc", k=LENGTH)),
    "spaces": " " * (LENGTH - 1) + "x",
    "lines": "\n" * LENGTH,
    "commas": "a," * (LENGTH // 2),
    "words": "lorem ipsum dolor " * (LENGTH // 18),
    "JSON": '{"status":"ok","list":[1,2,3]},' * (LENGTH // 31),
    "HTML": "<div class='x'><p>lorem 12345</p></div>" * (LENGTH // 39),
}
HOSTILE = {
    "a repetition in a repetition": (r"^(a+)+$", r"^(\w+\s?)+!?$", r"a(a*)*[b-y]$", r"^(\s*\n*)*[a-c]{2}$"),
    "alternatives that overlap": (r"^(a|aa)+$", r"^(a|a)*$", r"^(a|b|c|ab|bc|ca)*[^abc]Z?$", r"^(\pL|\PL)*\z\pL"),
    "many that may be missing": (r"a(?:a?){500}a{500}b?$", r"^([ab]?c?){1000}Z$", r"a((a?){30}){30}[xyz]$"),
    "lazy ones": (r"a(.*?,){100}z$", r"a(.*?)(.*?)(.*?)[^a]Q?[^a]$", r"^(a??)*?(a??)*?[^a]Z$"),
    "one after the other": (r"a(.*)(.*)(.*)[^a]\d$", r"a.{1000}[xyz]", r" [^x]*[^y]*[^z]*[^ ][^ ]{3}\z"),
    "that match nothing": (r"^(|a|b)*[QZ]$", r"^(\b|a|aa)*[QZ]$", r"a(((a{0,9}|\B)*)*)*[QZ]$"),
    "without regard to case": (r"(?i)^(s|ss|ß|a|A)+[zZ]$", r"(?i)a([a-z]+)*\d{2}$", r"(?i)^(K|ſ|[^0]|\D)*Z$"),
    "deep": ("a" + "(" * 50 + "a" + ")*" * 50 + "[xyz]$",),
}
"""`regex` by itself needs minutes to ages for most of them. They do not begin or end with an optional part."""
WORST = "^(a|aa)+$"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("family", HOSTILE)
def test_no_page_takes_for_ever(family: str) -> None:
    """Every catastrophe on every page: decided, or given up after the processor's time it may have, with a reserve.

    Counted is the thread's own time, which other work on the machine does not lengthen.
    """
    given_up = 0
    for text, page in itertools.product(HOSTILE[family], PAGES.values()):
        pattern, before = Pattern(text), time.thread_time()
        try:
            pattern.finds(page)
        except TooSlow:
            given_up += 1
        assert time.thread_time() - before < 2 * TRIES * SEARCH_SECONDS, text
    assert given_up, "none of these is hostile"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "x" * 4000,
        "(?i)" + "ß" * 3900,
        ("(" + "x" * 45 + ")") * 80,
        "|".join(["abcdefgh"] * 440),
        "|".join(f"é{number}" for number in range(700)),
        r"[\pL\PN\p{Greek}]" * 230,
        "(|||||)" * 500,
        "(a?|b)" * 600,
        r"\w\b" * 400,
        "(a{1000}b{1000}|.{1000}){1,10}",
    ],
)
def test_what_is_prepared_once_is_bounded_too(text: str) -> None:
    """The largest that are taken, compiled and tried once: a second or so at the very most, whatever is in them.

    `regex` by itself took 13 s for the first search of the first of these, and no timeout ended it.
    """
    before = time.thread_time()
    pattern = Pattern(text)
    for page in PAGES.values():
        try:
            pattern.finds(page)
        except TooSlow:
            continue
    assert time.thread_time() - before < 2.0 + len(PAGES) * TRIES * SEARCH_SECONDS


async def test_a_page_that_takes_too_long_is_unknown_and_says_what_to_do() -> None:
    """Over a real socket. It is the ruler that broke: no evidence against the site."""
    async with site(answering(PAGES["one letter"].encode())) as base:
        sample = await probe(base, matches=WORST, timeout="30s")
    assert isinstance(sample.reading, Unknown)
    assert "needs more than 50 ms on this page: repeat nothing that repeats something itself" in sample.reading.why


@pytest.mark.timeout(60)
async def test_the_loop_goes_on_while_pages_are_searched() -> None:
    """Three searches, one after the other; the loop has a turn in each of them, so none holds it to its end."""
    turns: list[int] = []
    before = threading.active_count()

    def search() -> None:
        turns.append(0)
        with pytest.raises(TooSlow):
            Pattern(WORST).finds(PAGES["one letter"])

    waiting = [asyncio.ensure_future(beside(search)) for _ in range(3)]
    while not all(each.done() for each in waiting):
        await asyncio.sleep(0.001)
        if turns:
            turns[-1] += 1
    await asyncio.gather(*waiting)
    assert all(turns) and len(turns) == len(waiting) and threading.active_count() <= before + 1


async def test_what_is_given_up_before_its_turn_is_never_begun() -> None:
    """Pages made to be slow make a queue, and it is cut with the deadlines of those who wait in it."""
    go, begun = threading.Event(), []
    first = asyncio.ensure_future(beside(go.wait, 60.0))
    second = asyncio.ensure_future(beside(begun.append, "second"))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])
    go.set()
    assert await first and second.cancelled()
    await beside(begun.append, "third")
    assert begun == ["third"]


@pytest.mark.timeout(60)
def test_who_shares_the_processor_still_gets_an_answer() -> None:
    """Two threads that compute without end: a hostile search still ends, and an ordinary one is still decided."""
    stop = threading.Event()

    def compute() -> None:
        while not stop.is_set():
            sum(range(1000))

    others = [threading.Thread(target=compute) for _ in range(2)]
    for each in others:
        each.start()
    try:
        with pytest.raises(TooSlow):
            Pattern(WORST).finds(PAGES["one letter"])
        assert Pattern(r"lorem \w+ dolor").finds(PAGES["words"])
    finally:
        stop.set()
        for each in others:
            each.join()


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("<title>.*</title>", "<html><title>Shop</title>"),
        (r"(?i)VERSION\s+\d+\.\d+", "the version 2.14 is live"),
        (r"gr(ö|o)ße", "die größe"),
        ("^h.llo$", "hëllo"),
        (r"(?s)<body>.*</body>", "<body>\n\n</body>"),
        (r'"status"\s*:\s*"(?P<word>ok|up)"', '{"status": "up"}'),
        (".*ready.*", "a" * (LENGTH - 5) + "ready"),
        (r"\w+@\w+\s+$", "a" * (LENGTH - 3000) + "@b" + " " * 2900),
    ],
)
def test_what_people_look_for_is_found(text: str, page: str) -> None:
    """Anywhere in the page, however long; characters are characters, not bytes. Patterns differ by their text."""
    one: Any = Pattern(text)
    assert one == Pattern(text) != Pattern("b")
    assert Pattern(text).finds(page) and not Pattern(text).finds("")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "text", [r".*ready.*", r"\s+\d$", r"[a-z]+\d+x", "(?i)<title>.*</title>", r'"status"\s*:\s*"up"']
)
def test_an_ordinary_expression_is_decided_on_any_page(text: str, page: str) -> None:
    """None of them is found on these, though most of the page may look like the beginning."""
    assert not Pattern(text).finds(PAGES[page])

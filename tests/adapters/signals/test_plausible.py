"""A site's visitors at Plausible, at the wire: what is usual, what is few, and all that says nothing of them."""

import re
from collections.abc import Mapping
from datetime import datetime
from math import exp
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.vendor import HANGS, Vendor
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.signals.checks.plausible import (
    CHANCE_MAX,
    Plausible,
    PlausibleOptions,
    build,
    chance_of_so_few,
    policy_of,
)
from watchdog.domain.readings import Bad, Good, Reading, Unknown, Unread
from watchdog.domain.severity import Severity

QUERY = "/api/v2/query"
NOW = 1_750_000_000.0  # Sunday 2025-06-15T15:06:40Z
VARIABLE = "WATCHDOG_PROBE_COUNTS"
KEY = {VARIABLE: "canary-of-the-site"}


def row(count: object) -> dict[str, Any]:
    """Return an answer of the API v2: its metrics are positional, and it repeats the query."""
    return {"results": [{"metrics": [count], "dimensions": []}], "meta": {}, "query": {"site_id": "acme.example"}}


def counting(now: object, *weeks: object, factor: Mapping[int, float] | None = None) -> Any:
    """Return an answerer: a count for now and for each week before, for each half hour of the range."""

    def answer(seen: Any) -> Any:
        begin, end = map(datetime.fromisoformat, seen.body["date_range"])
        ago = round((NOW - 60.0 - end.timestamp()) / (7 * 86_400.0))
        halves = (end - begin).total_seconds() / 1800.0
        count = (now, *weeks)[ago]
        return row(round(count * (factor or {}).get(round(halves), halves)) if type(count) is int else count)

    return answer


def source(url: str, secrets: dict[str, str] | None = None, **options: Any) -> Plausible:
    given = {"plausible": "acme.example", "api": url, "api_key": f"${{{VARIABLE}}}", **options}
    context = Context(FakeClock(NOW), {}, KEY if secrets is None else secrets)
    return build("visitors", PlausibleOptions.model_validate(given), context)


async def read(made: Plausible) -> Reading:
    (sample,) = await made.read()
    await made.close()
    return sample.reading


@pytest.mark.parametrize(
    ("answer", "options", "expected"),
    [
        (counting(84, 80, 100, 90, 95), {}, Good("84 events in 30 min, 92.5 are usual")),
        (counting(0, 80, 100, 90, 95), {}, Bad("0 events in 30 min, 92.5 are usual")),
        (counting(9, 80, 100, 90, 95), {}, Bad("9 events in 30 min, 92.5 are usual")),
        (counting(10, 80, 100, 90, 95), {}, Good("10 events in 30 min, 92.5 are usual")),
        (counting(30, 80, 100, 90, 95), {"less_than": 0.5}, Bad("30 events in 30 min, 92.5 are usual")),
        # One holiday, or one flood, is not usual.
        (counting(0, 0, 100, 90, 9000), {}, Bad("0 events in 30 min, 95 are usual")),
        (counting(0, 10, 10, 10, 10), {}, Bad("0 events in 30 min, 10 are usual")),
        # Chance explains four of ten; half of ten is no sign at all.
        (counting(4, 10, 10, 10, 10), {"less_than": 0.5}, Good("4 events in 30 min, 10 are usual")),
        # At any size of a site: 890 of 1000 in 1 of 4000 half hours, 850 of 1000 never.
        (counting(890, *[1000] * 4), {"less_than": 0.9}, Good("890 events in 30 min, 1000 are usual")),
        (counting(850, *[1000] * 4), {"less_than": 0.9}, Bad("850 events in 30 min, 1000 are usual")),
        (counting(8 * 10**9, *[10**10] * 4), {"less_than": 0.9}, Bad("8000000000 events in 30 min, 1e+10 are usual")),
        # Few are due: longer ranges tell more.
        (counting(0, 3, 3, 3, 3), {}, Bad("0 events in 2 h 0 min, 12 are usual")),
        (counting(3, 3, 3, 3, 3), {"count": "visitors"}, Good("12 visitors in 2 h 0 min, 12 are usual")),
        (counting(0, 1, 1, 1, 1), {}, Bad("0 events in 8 h 0 min, 16 are usual")),
        (counting(0, 0, 0, 0, 0), {}, Unknown("0 events in 24 h 0 min, 0 are usual: too few are due to tell")),
        # No evidence: Plausible is away, refuses, or answers something else.
        (counting("0", "9", "9", "9", "9"), {}, "not that of Plausible's API v2"),
        (counting(True, True, True, True, True), {}, "not that of Plausible's API v2"),
        (counting(-1, -1, -1, -1, -1), {}, "not that of Plausible's API v2"),
        (row(10**400), {}, "not that of Plausible's API v2"),
        ({"results": []}, {}, "not that of Plausible's API v2"),
        (["<html>"], {}, "not that of Plausible's API v2"),
        (401, {}, f"set {VARIABLE} to a key of the Stats API"),
        (402, {}, "the plan of this site lacks the Stats API"),
        (429, {}, "429"),
        (503, {}, "503"),
        ((302, "", {"location": "https://elsewhere.example"}), {}, "a redirect"),
        (HANGS, {"timeout": "250ms"}, "Plausible"),
    ],
)
async def test_good_bad_or_unknown(vendor: Vendor, answer: Any, options: dict[str, Any], expected: Any) -> None:
    vendor.say("POST", QUERY, *[answer] * 20)
    reading = await read(source(vendor.url, **options))
    if isinstance(expected, str):
        assert isinstance(reading, Unknown) and expected in reading.why, reading
    else:
        assert reading == expected


async def test_what_is_asked_and_that_what_is_usual_is_asked_for_once_in_half_an_hour(vendor: Vendor) -> None:
    """Whole minutes, up to one minute ago; the same of the four weeks before. The key stands in a header alone."""
    vendor.say("POST", QUERY, *[counting(9, 9, 9, 9, 9, factor={1: 10})] * 20)
    made = source(vendor.url)
    await made.read()
    ranges = {tuple(seen.body["date_range"]) for seen in vendor.seen}
    assert ("2025-06-15T14:35:00+00:00", "2025-06-15T15:05:00+00:00") in ranges and len(ranges) == 5
    assert ("2025-05-18T14:35:00+00:00", "2025-05-18T15:05:00+00:00") in ranges
    first = vendor.seen[0]
    assert (first.body["site_id"], first.body["metrics"]) == ("acme.example", ["events"])
    assert first.headers["authorization"] == f"Bearer {KEY[VARIABLE]}"
    await made.read()
    assert len(vendor.seen) == 6, "the count of now, and no more"
    await made.close()


async def test_what_is_usual_is_asked_for_again_before_few_are_bad(vendor: Vendor) -> None:
    """At the end of an evening 15 are as usual half an hour after 100 were; where 100 still are, they are few."""
    for later, reading in ((20, Good), (100, Bad)):
        clock = FakeClock(NOW)
        given = {"plausible": "acme.example", "api": vendor.url, "api_key": f"${{{VARIABLE}}}", "less_than": 0.5}
        made = build("visitors", PlausibleOptions.model_validate(given), Context(clock, {}, KEY))
        vendor.say("POST", QUERY, *[row(100)] * 5)
        assert (await made.read())[0].reading == Good("100 events in 30 min, 100 are usual")
        await clock.advance(1500.0)
        vendor.say("POST", QUERY, row(15), *[row(later)] * 4)
        assert await read(made) == reading(f"15 events in 30 min, {later} are usual")


async def test_no_text_shows_the_key_and_without_it_nothing_is_asked(vendor: Vendor) -> None:
    vendor.say("POST", QUERY, *[lambda seen: (401, {"error": f"no {seen.headers['authorization']}"})] * 5)
    reading = await read(source(vendor.url))
    assert isinstance(reading, Unknown) and reading.cause is Unread.REFUSED and "canary" not in reading.why
    assert await read(source("https://p.example", {})) == Unknown(f"no key for Plausible: set {VARIABLE}")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"api_key": "canary"}, "a key never stands in this file"),
        ({"api": "http://p.example"}, "in clear"),
        ({"critical": True}, "this kind never rolls back by itself"),
        ({"severity": "critical"}, "this kind never rolls back by itself"),
        ({"span": "1m"}, "greater than or equal to 600"),
        ({"less_than": 1}, "less than or equal to 0.9"),
        ({"plausible": "acme example"}, "should match pattern"),
    ],
)
def test_what_cannot_be_asked_is_a_mistake_of_the_file(options: dict[str, Any], says: str) -> None:
    given = {"plausible": "acme.example", "api_key": f"${{{VARIABLE}}}", **options}
    with pytest.raises(ValidationError, match=re.escape(says)):
        PlausibleOptions.model_validate(given)


def test_people_are_told_and_nothing_is_rolled_back_for_it() -> None:
    options = PlausibleOptions.model_validate({"plausible": "acme.example", "api_key": f"${{{VARIABLE}}}"})
    policy = policy_of("visitors", options)
    assert (policy.kind, policy.source, policy.critical, policy.severity) == (
        "http",
        "plausible",
        False,
        Severity.MEDIUM,
    )
    assert not policy.asks_the_site


def test_the_chance_of_few_is_the_poisson_distributions() -> None:
    """By the sum of its terms: never less than that, and little more; in no time for any number."""
    for came, usual in ((0, 10.0), (2, 10.0), (5, 10.0), (40, 100.0), (600, 700.0), (9, 700.0)):
        term = total = exp(-usual)
        for number in range(1, came + 1):
            term *= usual / number
            total += term
        assert total * (1 - 1e-9) <= chance_of_so_few(came, usual) <= total * 1.2, (came, usual)
    assert chance_of_so_few(0, 10.0) == pytest.approx(CHANCE_MAX)
    assert chance_of_so_few(10, 10.0) == 1.0 and chance_of_so_few(10**14, 1e15) == 0.0
    # Of the normal distribution, to which it comes near: 3 of 1000 standard deviations below are in 0.13 %.
    assert chance_of_so_few(10**12 - 3 * 10**6, 1e12) > 0.00135

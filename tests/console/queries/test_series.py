"""The curves of a service: the stored minutes, summed into spans, from a real SQLite store over the real API."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.console.scene import NOW, StoryClock, as_read, day_of, fill, story, town, visited
from tests.console.stores import Counted
from tests.support.stores import store_at
from watchdog.console.queries.series import FINE_SECONDS, KEPT, POINTS_MAX, RANGES, span_of
from watchdog.domain.readings import MinuteCount
from watchdog.domain.store_records import FeedHour, Minute
from watchdog.ports import Store

HOUR, DAY = 3600.0, 86400.0


async def kept(folder: Path) -> tuple[Store, list[Minute]]:
    """Return a store with a day of minutes and, older than 48 h, hours; and the rows as they were put in."""
    store = store_at(f"sqlite:///{folder / 'watchdog.db'}", StoryClock())
    _, state, incidents = story()
    await fill(store, state, incidents)
    old = [Minute("web", "home", NOW - NOW % HOUR - back * DAY, 50, 10, 0, 0.2, 0.9, 1.0) for back in range(3, 80, 7)]
    rows = [*day_of("web"), *old, Minute("api", "home", NOW - 600, 0, 9, 0)]
    await store.put_minutes(rows)
    return store, rows


@pytest.mark.parametrize("chosen", [*RANGES])
async def test_the_series_are_the_stored_minutes(tmp_path: Path, chosen: str) -> None:
    """Each range: sums of counts, the largest percentile of each span, and no more than 500 points."""
    store, rows = await kept(tmp_path)
    async with town(store=store) as one:
        told = await one.json(f"/services/web/series?range={chosen}")
    span, since, until = told["span_seconds"], told["since"], told["until"]
    home = next(each for each in told["signals"] if each["signal"] == "home")
    mine = [row for row in rows if row.service == "web" and since <= row.start < until]
    assert until == NOW and until - RANGES[chosen].seconds - span < since <= until - RANGES[chosen].seconds
    assert (home["readings"], home["failed"]) == (sum(row.good + row.bad for row in mine), sum(row.bad for row in mine))
    assert 30 < len(home["good"]) <= POINTS_MAX and home["failed"] > 0
    for place, (bad, p95) in enumerate(zip(home["bad"], home["p95_seconds"], strict=True)):
        here = [row for row in mine if since + place * span <= row.start < since + (place + 1) * span]
        assert bad == sum(row.bad for row in here)
        assert p95 == max((row.p95_seconds for row in here if row.p95_seconds is not None), default=None)


async def test_the_page_says_the_same_numbers(tmp_path: Path) -> None:
    store, _ = await kept(tmp_path)
    async with visited(store=store) as one:
        for query, chosen in (("", "6h"), ("?range=24h", "24h"), ("?range=%3Cb%3E", "6h"), ("?range=90d", "90d")):
            told = await one.json(f"/services/web/series?range={chosen}")
            home = next(each for each in told["signals"] if each["signal"] == "home")
            text = await one.page(f"/services/web{query}")
            assert f"{home['failed']} of {home['readings']} readings failed" in as_read(text)
            assert f'<a href="?range={chosen}#signals" aria-current="true">' in text and 'class="chart"' in text


async def test_deploys_and_errors_stand_beside_the_readings() -> None:
    _, state, _ = story()
    web = state.services["web"]
    counts = tuple(MinuteCount(NOW - 60 * back, 60.0, back % 7) for back in range(80, 0, -1))
    checks = {**web.checks, "errors": replace(web.checks["errors"], counts=counts)}
    known = replace(state, services={**state.services, "web": replace(web, checks=checks)})
    async with visited(state=known) as one:
        told = await one.json("/services/web/series?range=1h")
        text = await one.page("/services/web?range=1h")
        around = await one.json(f"/services/web/series?since={NOW - 900}&until={NOW - 300}")
    (errors,) = told["errors"]
    assert errors["per_minute"] == [one.count for one in counts if one.start >= told["since"]]
    live = [one for one in web.deploys if one.was_live and one.finished_at and told["since"] <= one.finished_at <= NOW]
    assert [mark["id"] for mark in told["deploys"]] == [one.id for one in reversed(live)] != []
    assert 'data-kind="errors"' in text
    assert around["until"] == NOW - 300 and around["span_seconds"] == 60.0 and len(around["signals"][0]["good"]) >= 10


async def test_errors_of_days_are_those_of_the_stored_hours_and_the_newest_minutes(tmp_path: Path) -> None:
    """By hour, over 90 days by six hours; a rate is that of the time that is known."""
    store, _ = await kept(tmp_path)
    hour = NOW - NOW % HOUR
    hours = [FeedHour("web", "errors", hour - back * HOUR, 60.0 * back, HOUR) for back in range(1, 2000)]
    await store.put_feed_hours([*hours, FeedHour("api", "errors", hour - HOUR, 9e9, HOUR)])
    _, state, _ = story()
    counts = (MinuteCount(hour - 60, 60.0, 999.0), MinuteCount(hour, 60.0, 7.0), MinuteCount(hour + 60, 60.0, 8.0))
    web = state.services["web"]
    checks = {**web.checks, "errors": replace(web.checks["errors"], counts=counts)}
    known = replace(state, services={**state.services, "web": replace(web, checks=checks)})
    async with visited(state=known, store=store) as one:
        told = {chosen: (await one.json(f"/services/web/series?range={chosen}"))["errors"][0] for chosen in RANGES}
        text = as_read(await one.page("/services/web?range=6h"))
    fine = told["6h"]
    assert fine["start"] == [*(hour - back * HOUR for back in range(6, 0, -1)), hour, hour + 60]
    assert fine["per_minute"] == [6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 7.0, 8.0] and fine["seconds"] == [HOUR] * 6 + [60.0] * 2
    assert fine["missing"] == [[hour + 120, NOW]] and told["7d"]["missing"] == []
    assert "Errors per minute, in steps of 60 min until 02:00:00 and by minute since." in text
    assert "No data from 02:02 UTC to 02:16 UTC." in " ".join(text.split())
    for chosen in ("24h", "7d"):
        rates = dict(zip(told[chosen]["start"], told[chosen]["per_minute"], strict=True))
        assert (rates[hour], rates[hour - HOUR], rates[hour - 5 * HOUR]) == (7.5, 1.0, 5.0)
        assert 0 <= len(rates) - RANGES[chosen].seconds / HOUR <= 1
    assert len(told["90d"]["start"]) <= POINTS_MAX and {one % (6 * HOUR) for one in told["90d"]["start"]} == {0.0}
    sixth = sorted(told["90d"]["start"])[5]
    mine = [one for one in hours if sixth <= one.start < sixth + 6 * HOUR]
    assert told["90d"]["per_minute"][5] == sum(one.count for one in mine) / (60.0 * len(mine))


async def test_a_time_of_ones_own_is_read_once_for_all_who_ask() -> None:
    """Also one that ends now and so moves; others do not push it out, nor what pages offer."""
    store = Counted(StoryClock())
    _, state, incidents = story()
    await fill(store, state, incidents)
    async with town(store=store) as one:
        past, moving = f"since={NOW - 7200}&until={NOW - 3600}", f"since={NOW - 3600}"
        for _ in range(2):
            for query in (past, moving, "range=1h", f"{moving}&until={NOW - 1}"):
                await one.json(f"/services/web/series?{query}")
        assert store.asked["spans"] == 3
        for number in range(KEPT + 1):
            await one.json(f"/services/web/series?since={NOW - 9000 - 60 * number}&until={NOW - 8000}")
        before = store.asked["spans"]
        await one.json("/services/web/series?range=1h")
        assert store.asked["spans"] == before
        await one.json(f"/services/web/series?{past}")
        assert store.asked["spans"] == before + 1


async def test_a_limit_of_the_latency_stands_beside_its_curve() -> None:
    policy, _, _ = story()
    web = policy.services["web"]
    limited = [replace(one, limits_seconds={"p95": 0.8}) if one.name == "api" else one for one in web.signals]
    now = replace(policy, services={**policy.services, "web": replace(web, signals=tuple(limited))})
    async with town(now) as one:
        told = await one.json("/services/web/series")
        assert (await one.json(f"/services/web/series?since={NOW - 0.5}"))["signals"], "however short the time is"
    limits = {each["signal"]: each["p95_limit_seconds"] for each in told["signals"]}
    assert limits == {"home": None, "api": 0.8, "errors": None}


def test_a_span_is_as_short_as_the_points_allow() -> None:
    """Minutes where they are kept, whole hours where they are rolled up, never more points than the bound."""
    for length in (60.0, HOUR, 6 * HOUR, DAY, 7 * DAY, 90 * DAY, 400 * DAY, 4000 * DAY):
        span = span_of(NOW - length, NOW, NOW)
        assert length / span <= POINTS_MAX and (length <= FINE_SECONDS or span % 3600 == 0)
    assert span_of(NOW - 60 * DAY, NOW - 60 * DAY + HOUR, NOW) == 3600

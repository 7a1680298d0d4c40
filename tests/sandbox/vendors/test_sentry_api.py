"""Sentry's API as a client meets it: tokens, organization, buckets, filters, paging, and what it counts."""

import asyncio

import pytest

from tests.sandbox.world import World, opened
from watchdog.sandbox import clock, keys
from watchdog.sandbox.cloud import Hit
from watchdog.sandbox.vendors.sentry_bodies import project_json
from watchdog.sandbox.vendors.sentry_counts import BACKGROUND_PER_MINUTE_MAX, Counts, Wanted

ORGANIZATION = f"/organizations/{keys.ORGANIZATION}"
SERIES = f"{ORGANIZATION}/events-timeseries/"
ISSUES = f"{ORGANIZATION}/issues/"
WEB = Wanted(("web",))
MINUTES = "dataset=errors&yAxis=count()&interval=1m&statsPeriod=30m&project=web"


async def counts(world: World, query: str) -> list[int]:
    answer = await world.sentry(f"{SERIES}?{query}")
    assert answer.status_code == 200, answer.text
    return [value["value"] for value in answer.json()["timeSeries"][0]["values"]]


def failures(world: World, count: int, seconds_ago: float, commit: str | None = None) -> str:
    """Let web have answered 503 so many times, so long ago; return the commit."""
    live = world.sandbox.cloud.service("web").live
    blamed = commit or (live.commit if live else None) or ""
    at = clock.now() - seconds_ago
    world.sandbox.cloud.hits.extend(Hit(at, "web", blamed, "/", 503) for _ in range(count))
    return blamed


@pytest.mark.parametrize(
    ("headers", "detail"),
    [({}, "Authentication credentials were not provided."), ({"Authorization": "Bearer wrong"}, "Invalid token")],
)
async def test_without_the_right_token_nothing_is_told(world: World, headers: dict[str, str], detail: str) -> None:
    answer = await world.client.get(f"{world.sandbox.urls['sentry']}/api/0{ISSUES}", headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (401, detail)
    assert int(answer.headers["x-sentry-rate-limit-reset"]) > clock.now() - 60


async def test_a_slug_leads_to_its_numeric_id_and_back_and_an_unknown_one_to_404(world: World) -> None:
    """The project answers under both names; the API's region is the sandbox itself."""
    for path in ("/organizations/other/", f"/projects/{keys.ORGANIZATION}/gone/"):
        assert (await world.sentry(path)).status_code == 404
    by_slug = (await world.sentry(f"/projects/{keys.ORGANIZATION}/web/")).json()
    by_id = (await world.sentry(f"/projects/{keys.ORGANIZATION}/{by_slug['id']}/")).json()
    assert by_id["slug"] == "web"
    # In a series a project that the token may not see is no 404: so looks a permission that was taken away.
    answer = await world.sentry(f"{SERIES}?dataset=errors&yAxis=count()&project=gone")
    assert (answer.status_code, answer.json()["timeSeries"]) == (200, [])
    region = (await world.sentry(f"{ORGANIZATION}/")).json()["links"]["regionUrl"]
    assert region == world.sandbox.urls["sentry"]
    assert project_json("web", None, region)["latestRelease"] is None


async def test_buckets_are_minutes_in_milliseconds_and_the_newest_are_incomplete(world: World) -> None:
    series = (await world.sentry(f"{SERIES}?{MINUTES}")).json()["timeSeries"][0]
    assert series["meta"]["interval"] == 60_000
    now = clock.now()
    for value in series["values"]:
        ends_ago = now - (value["timestamp"] / 1000 + 60)
        assert value["timestamp"] % 60_000 == 0
        if abs(ends_ago - 90) > 5:
            assert value["incomplete"] == (ends_ago < 90)
    assert sum(value["incomplete"] for value in series["values"]) >= 2


async def test_the_sites_own_errors_are_counted_once_they_arrive(world: World) -> None:
    before = sum(await counts(world, MINUTES))
    failures(world, 40, seconds_ago=200)
    failures(world, 500, seconds_ago=0)
    gained = sum(await counts(world, MINUTES)) - before
    assert 37 <= gained <= 43  # a new minute may have begun, with its background


@pytest.mark.parametrize(
    ("filters", "seen"),
    [
        ("", True),
        ("&query=release:{commit}", True),
        ('&query=release:"{commit}" !level:warning', True),
        ("&query=release:0000000", False),
        ("&environment=production", True),
        ("&environment=staging", False),
    ],
)
async def test_series_are_filtered(world: World, filters: str, seen: bool) -> None:
    commit = failures(world, 40, seconds_ago=200)
    total = sum(await counts(world, MINUTES + filters.format(commit=commit)))
    assert (total >= 40) == seen


@pytest.mark.parametrize(
    "query",
    [
        "yAxis=count()",
        "dataset=discover",
        "dataset=errors&statsPeriod=soon",
        'dataset=errors&query=release:"x',
        "dataset=errors&yAxis=p95()",
    ],
)
async def test_an_invalid_query_is_400(world: World, query: str) -> None:
    """No dataset, an unknown one, a bad period, an open quote, an unknown function."""
    answer = await world.sentry(f"{SERIES}?{query}")
    assert answer.status_code == 400 and answer.json()["detail"]


async def test_spans_give_both_halves_of_a_ratio(world: World) -> None:
    failures(world, 40, seconds_ago=200)
    at = clock.now() - 200
    world.sandbox.cloud.hits.extend(Hit(at, "web", "abc", "/", 200) for _ in range(60))
    query = "dataset=spans&yAxis=failure_count()&yAxis=count()&interval=1m&project=web&query=release:abc"
    series = (await world.sentry(f"{SERIES}?{query}&statsPeriod=10m")).json()["timeSeries"]
    assert [one["yAxis"] for one in series] == ["failure_count()", "count()"]
    assert [sum(value["value"] for value in one["values"]) for one in series] == [0, 60]


async def test_a_release_has_its_new_issues(world: World) -> None:
    """firstRelease finds what the release brought; `count` is a string, `userCount` a number; the old issue is out."""
    failures(world, 40, seconds_ago=200, commit="c0ffee")
    found = (await world.sentry(f"{ISSUES}?query=is:unresolved firstRelease:c0ffee level:[error,fatal]")).json()
    (issue,) = found
    assert (issue["title"], issue["count"], issue["userCount"]) == ("HTTPException: 503", "40", 0)
    assert issue["substatus"] == "new" and issue["shortId"] == f"WEB-{issue['id']}"
    everything = (await world.sentry(f"{ISSUES}?query=&project=web&sort=freq")).json()
    assert len(everything) == 2


async def test_issues_are_paged_by_link(world: World) -> None:
    """rel=next is always there; `results` says when it leads nowhere."""
    failures(world, 40, seconds_ago=200)
    first = await world.sentry(f"{ISSUES}?limit=1&project=web")
    assert 'rel="next"; results="true"' in first.headers["link"]
    cursor = first.headers["link"].split('rel="next"')[1].split('cursor="')[1].split('"')[0]
    second = await world.sentry(f"{ISSUES}?limit=1&project=web&cursor={cursor}")
    assert 'rel="next"; results="false"' in second.headers["link"]
    assert first.json()[0]["id"] != second.json()[0]["id"]


async def test_too_many_calls_in_a_second_are_refused(world: World) -> None:
    answers = await asyncio.gather(*(world.sentry(f"{ORGANIZATION}/") for _ in range(120)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and "too frequently" in refused[0].json()["detail"]


async def test_the_background_depends_on_the_seed_and_the_minute_only() -> None:
    """Asked twice, the same; never negative, never above its maximum; not always the same."""
    async with opened(seed=3) as world:
        counts, minute = Counts(world.sandbox.cloud), int(clock.now() // 60) - 100
        series = [counts.background_of("web", minute + step) for step in range(60)]
        assert series == [counts.background_of("web", minute + step) for step in range(60)]
        assert set(series) <= set(range(BACKGROUND_PER_MINUTE_MAX + 1)) and len(set(series)) > 1
    async with opened(seed=4) as world:
        other = Counts(world.sandbox.cloud)
        assert series != [other.background_of("web", minute + step) for step in range(60)]


async def test_the_background_belongs_to_the_release_that_was_live(world: World) -> None:
    counts, now = Counts(world.sandbox.cloud), clock.now()
    forty, thirty_nine = (world.sandbox.cloud.service("web").find(f"dep-{number}") for number in (40, 39))
    assert forty is not None and thirty_nine is not None
    for commit, other, days in ((forty.commit, thirty_nine.commit, 1), (thirty_nine.commit, forty.commit, 7)):
        start = now - days * clock.DAY
        everything = counts.between(start, start + 3600, WEB)
        assert everything > 0
        assert counts.between(start, start + 3600, Wanted(("web",), (commit or "",))) == everything
        assert counts.between(start, start + 3600, Wanted(("web",), (other or "",))) == 0

"""The uptime of 24 h, 7 and 30 days: counted as the error budget counts, read in pieces, and never a part for all."""

import time
from dataclasses import replace

import pytest

from tests.cli import examples as x
from tests.console.scene import HOME, NOW, StoryClock, as_read, fill, policy_of, service_policy, service_state, visited
from tests.core.incident_fields import amended
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.console.queries.error_budgets import Budgets
from watchdog.console.queries.uptimes import DAY_HOURS, Uptimes
from watchdog.console.render.rendering import age
from watchdog.console.views.card_models import UptimeView
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.domain.store_records import Minute

HOUR = NOW // 3600 * 3600
POLICY = policy_of(service_policy("web"))
WEB = POLICY.services["web"]


def minutes(hours_back: float, bad: int = 0, signal: str = "home") -> list[Minute]:
    """Return the minutes of one hour, so long ago, each with so many of 6 checks failed."""
    return [
        Minute("web", signal, HOUR - 3600 * hours_back + 60 * number, 6 - bad, bad, 0, 0.1, 0.2, 0.3)
        for number in range(60)
    ]


async def counted(
    *incidents: Incident, policy: Policy = POLICY, budget_seconds: float = 1.0
) -> tuple[Uptimes, Budgets]:
    """Return both counts of a store with a perfect day, and an hour of failures 40 h and 10 days before."""
    store, clock = MemoryStore(StoryClock()), StoryClock()
    await fill(store, State(services={"web": service_state("web")}), incidents, ())
    rows = [row for back in range(1, 24) for row in minutes(back)]
    await store.put_minutes([*rows, *minutes(40, bad=6), *minutes(240, bad=6), *minutes(30, bad=6, signal="api")])
    uptimes = Uptimes(store, clock, budget_seconds)
    await uptimes.refresh(policy)
    return uptimes, Budgets(store, clock)


async def test_a_signal_that_does_not_count_costs_nothing_and_an_hour_of_failures_does() -> None:
    """The day is perfect; of the week, one of its 24 watched hours is lost, of the month two of 25."""
    uptimes, _ = await counted()
    view = uptimes.of(WEB)
    assert view.complete and (view.day, view.week) == (1.0, pytest.approx(23 / 24))
    assert view.month == pytest.approx(23 / 25)
    assert (view.week_watched_seconds, view.month_watched_seconds) == (24 * 3600, 25 * 3600)
    assert not view.week_is_covered and not view.month_is_covered


def test_a_number_of_a_part_is_told_from_one_of_the_period() -> None:
    """A tenth may be missing, and the day that has just begun."""
    watched = [86400.0 * days for days in (1, 6, 26, 27)]
    views = [UptimeView(week_watched_seconds=each, month_watched_seconds=each) for each in watched]
    assert [one.week_is_covered for one in views] == [False, True, True, True]
    assert [one.month_is_covered for one in views] == [False, False, False, True]


@pytest.mark.parametrize("planned", [False, True])
async def test_the_month_is_what_the_error_budget_says(planned: bool) -> None:
    """With an incident in it: an hour lost no more than its outage lasted; planned downtime is left out."""
    incidents = []
    for number, begin in enumerate((HOUR - 40 * 3600 + 600.0, HOUR - 240 * 3600 + 600.0)):
        moments = {"opened_at": begin + 30, "onset_at": begin, "restored_at": begin + 500, "verified_at": begin + 700}
        changed = {**moments, "id": f"web-{number}", "closed_at": begin + 700, "planned": planned}
        incidents.append(amended(x.incident(), **changed))
    uptimes, budgets = await counted(*incidents)
    view = uptimes.of(WEB)
    assert view.month is not None and 0.9 < view.month < 1.0 and view.week != view.month
    assert view.month == pytest.approx((await budgets.of(WEB)).available)


async def test_a_period_that_is_not_read_yet_has_no_number() -> None:
    """A part of it would pass for the whole; page by page it fills up."""
    uptimes, _ = await counted(budget_seconds=0.0)
    pages = 1
    assert uptimes.of(WEB).day is None
    while uptimes.of(WEB).day is None:
        await uptimes.refresh(POLICY)
        pages += 1
    assert 1 < pages <= DAY_HOURS and uptimes.of(WEB).month is None and not uptimes.of(WEB).complete


async def test_a_reload_that_makes_other_signals_count_reads_the_hours_anew() -> None:
    """The hours that were read are those of the old signals."""
    uptimes, _ = await counted()
    api = replace(WEB, signals=(replace(HOME, critical=False), replace(WEB.signals[1], critical=True)))
    policy = policy_of(api)
    await uptimes.refresh(policy)
    assert uptimes.of(api).week == 0.0


async def test_the_overview_shows_it_and_says_what_is_missing() -> None:
    async with visited() as one:
        until = time.monotonic() + PATIENCE_SECONDS
        while "data-soon" in (text := await one.page("/")) and time.monotonic() < until:
            pass
        (web,) = [row for row in (await one.json("/services"))["services"] if row["name"] == "web"]
        (docs,) = [row for row in (await one.json("/services"))["services"] if row["name"] == "docs"]
    assert 0.9 < web["uptime"]["day"] < 1.0 and docs["uptime"]["day"] is None
    assert f'<td class="up">{int(web["uptime"]["day"] * 10000) / 100:.2f} %' in as_read(text)
    # The story's store holds one day: neither 7 nor 30 are covered.
    assert f" ({age(web['uptime']['month_watched_seconds'])})</small>" in as_read(text)

"""The error budget of a service: on its page and in the API, read at most once a minute."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.cli import examples as x
from tests.console.public.scene import ago, calm, hours
from tests.console.scene import NOW, fill, service_policy, visited
from tests.console.stores import watched
from watchdog.console.queries.error_budgets import FRESH_SECONDS, Budgets
from watchdog.console.render.charts import budget_state, budget_words
from watchdog.console.views.view_models import BudgetView
from watchdog.domain.incidents import State

WEB = service_policy("web")


async def test_the_budget_of_thirty_days() -> None:
    """A tenth of one hour is 360 s of 2592; what lies before the 30 days is forgotten, an incident bounds its hour."""
    _, store, budgets = watched(Budgets)
    await store.put_minutes(hours("web", 31, bad={5: 36, 9: 180, 24 * 30 + 2: 360}))
    begin = NOW - NOW % 3600 - 9 * 3600
    outage = x.incident(onset_at=begin + 600, opened_at=begin + 610, restored_at=begin + 690, closed_at=begin + 720)
    await fill(store, State(), (outage,))
    view = await budgets.of(WEB)
    assert view.objective == 0.999 and view.allowed_seconds == pytest.approx(2592.0)
    assert view.watched_seconds == 719 * 3600 + NOW % 3600
    assert view.lost_seconds == pytest.approx(360 + 90) and view.left == pytest.approx(1 - 450 / 2592)
    assert view.available == pytest.approx(1 - 450 / view.watched_seconds)


async def test_what_was_meant_to_be_down_spends_nothing_and_a_flapping_service_no_more_than_it_was_away() -> None:
    """A planned hour is left out altogether; of forty outages each bounds its own hour."""
    _, store, budgets = watched(Budgets)
    begin = NOW - NOW % 3600
    await store.put_minutes(hours("web", 31, bad=dict.fromkeys(range(1, 41), 180) | {50: 360}))
    short = [ago(x.incident(), NOW - begin + 3600 * back - 600, 45, id=f"web-{100 - back}") for back in range(1, 41)]
    planned = replace(ago(x.incident(), NOW - begin + 3600 * 50, 3600, id="web-1"), planned=True)
    await fill(store, State(), (planned, *reversed(short)))
    view = await budgets.of(WEB)
    assert view.lost_seconds == pytest.approx(40 * 45) and view.watched_seconds == 718 * 3600 + NOW % 3600


async def test_who_look_at_once_are_given_one_reading() -> None:
    """Ten at the same moment: the store is asked as for one."""
    _, store, budgets = watched(Budgets)
    await store.put_minutes(hours("web", 2))
    views = await asyncio.gather(*(budgets.of(WEB) for _ in range(10)))
    assert len({id(view) for view in views}) == 1 and store.asked["spans"] == 6


async def test_it_is_read_once_a_minute_and_anew_for_another_objective() -> None:
    clock, store, budgets = watched(Budgets)
    await store.put_minutes(hours("web", 2))
    assert (await budgets.of(WEB)).lost_seconds == 0.0
    await store.put_minutes(hours("web", 1, bad={3: 360}))
    clock.at += FRESH_SECONDS - 1
    assert (await budgets.of(WEB)).lost_seconds == 0.0
    assert (await budgets.of(replace(WEB, objective=0.99))).lost_seconds == 3600.0
    clock.at += 1
    spent = await budgets.of(WEB)
    assert spent.left < 0 and budget_words(spent).startswith(
        "spent: 60 min 0 s lost of the 43 min 12 s that 99.9 % allows"
    )


async def test_the_page_and_the_api_tell_it() -> None:
    (policy, state), (_, store, _) = calm(), watched(Budgets)
    await store.put_minutes(hours("web", 31, bad={5: 36}))
    async with visited(policy, state, store=store) as one:
        page, unwatched = await one.page("/services/web"), await one.page("/services/api")
        told: dict[str, Any] = (await one.client.get("/api/v1/services/web")).json()["budget"]
    assert "86 % left: 6 min 0 s lost of the 43 min 12 s that 99.9 % allows; available 99.98 %" in page
    assert told["lost_seconds"] == pytest.approx(360.0) and told["objective"] == 0.999
    assert "nothing was watched yet" in unwatched


@pytest.mark.parametrize(
    ("left", "state", "begin"),
    [
        (1.0, "good", "100 % left: 0 s"),
        (0.25, "good", "25 %"),
        (0.249, "some", "24 %"),
        (0.0001, "some", "under 1 % left: 43 min 12 s lost of the 43 min 12 s that 99.9 % allows; available 99.70 %"),
        (0.0, "bad", "spent: "),
        (-2.0, "bad", "spent: "),
    ],
)
def test_what_is_left_in_words(left: float, state: str, begin: str) -> None:
    """Rounded down: who has spent it is not told that something is left."""
    lost = (1 - left) * 2592
    view = BudgetView(0.999, 1 - lost / 864000, 864000.0, 2592.0, lost, left)
    assert budget_state(view) == state
    assert budget_words(view).startswith(begin) and budget_words(view).endswith(", watched for 10 d 0 h")

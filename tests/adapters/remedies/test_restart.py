"""A restart of the service over real HTTP: sent once, looked up by the deploy as which Render shows it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.clocks import FakeClock
from tests.support.stores import store_at
from watchdog.adapters.options import Context
from watchdog.adapters.platforms.render import build_render
from watchdog.adapters.remedies.restart import Restart, RestartOptions
from watchdog.daemon.actions.actuator import Actuator
from watchdog.domain import events as e
from watchdog.domain.effects import TryRemedy
from watchdog.domain.errors import Refused
from watchdog.domain.remedies.remedy import Remedy
from watchdog.domain.store_records import ActionRow
from watchdog.ports import Store
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

ID = frozenset({"srv-web"})
NAME = "restart:service"
TRY = TryRemedy("web", "web-1", NAME)


@asynccontextmanager
async def scene(
    writable: frozenset[str] = ID, restartable: frozenset[str] = ID
) -> AsyncIterator[tuple[Sandbox, Actuator, Store, Restart]]:
    """Give a sandbox, an actuator with the restart of its web service, and its store."""
    clock = FakeClock()
    store = store_at("memory://", clock)
    async with Sandbox() as sandbox:
        render = build_render(
            keys.RENDER_API_KEY,
            sandbox.urls["render"],
            clock,
            writable_ids=writable,
            all_ids=ID,
            restartable_ids=restartable,
        )
        context = Context(clock=clock, endpoints={}, secrets={}, platform=render, platform_id="srv-web")
        restart = Restart(RestartOptions(), context)
        await store.open()
        try:
            yield sandbox, Actuator(render, store, clock, remedies={("web", NAME): restart}), store, restart
        finally:
            await restart.close()
            await render.close()
            await store.close()


def restarts(sandbox: Sandbox) -> tuple[int, int]:
    """Return how many restarts Render was asked for, and how many it made."""
    return len(sandbox.events.requests("render", "POST")), len(sandbox.events.of("restart_accepted"))


async def test_it_is_one_request_and_a_deploy_of_the_same_commit() -> None:
    """The answer is believed; a second performance tells the outcome of the row."""
    async with scene() as (sandbox, actuator, store, restart):
        live, newest = sandbox.cloud.services["web"].live, sandbox.cloud.services["web"].deploys[-1]
        for resumed in (False, True):
            outcome: Any = await actuator.perform(TRY, resumed=resumed)
            assert isinstance(outcome, e.RemedyDone) and (outcome.remedy, outcome.why) == (NAME, "")
        made, row = sandbox.cloud.services["web"].deploys[-1], await store.action("web-1", f"remedy {NAME}")
        assert restarts(sandbox) == (1, 1) and live is not None and made.commit == live.commit
        assert row is not None and (row.state, row.baseline) == ("done", newest.id)
        assert await restart.look(newest.id) and await restart.look("") is None


@pytest.mark.parametrize("mode", ["drop", "error_after"])
async def test_a_lost_answer_is_looked_up_in_the_list_of_deploys(mode: str) -> None:
    """The new deploy is there: it was restarted, and it is not sent again."""
    async with scene() as (sandbox, actuator, _, _):
        sandbox.modes.set("restart", mode)
        assert isinstance(await actuator.perform(TRY), e.RemedyDone) and restarts(sandbox) == (1, 1)


async def test_a_restart_that_nothing_shows_is_not_known() -> None:
    """It may come yet, but it is no reason to wait: a rollback replaces it as well."""
    async with scene() as (sandbox, actuator, _, _):
        sandbox.modes.set("restart", "reset_before")
        for resumed in (False, True):
            outcome: Any = await actuator.perform(TRY, resumed=resumed)
            assert isinstance(outcome, e.RemedyLost) and outcome.settled and restarts(sandbox)[1] == 0


@pytest.mark.parametrize(("mode", "why"), [("refuse_429", "429"), ("refuse_403", "services: restart")])
async def test_a_refusal_is_final_and_names_the_permission(mode: str, why: str) -> None:
    async with scene() as (sandbox, actuator, _, _):
        sandbox.modes.set("restart", mode)
        outcome: Any = await actuator.perform(TRY)
        assert isinstance(outcome, e.RemedyRefused) and why in outcome.why and restarts(sandbox) == (1, 0)


@pytest.mark.parametrize("arrived", [True, False])
async def test_after_a_crash_at_the_send_it_is_looked_up_and_not_sent_again(arrived: bool) -> None:
    """The row says that it was sent; the baseline tells a new deploy from the old ones."""
    async with scene() as (sandbox, actuator, store, _):
        web = sandbox.cloud.services["web"]
        baseline = web.deploys[-1].id
        row = ActionRow("web-1", f"remedy {NAME}", "sending", target=NAME, baseline=baseline, service="web", attempts=1)
        assert await store.put_action(row, expect=None)
        if arrived:
            sandbox.cloud.restart(web)
        kind = e.RemedyDone if arrived else e.RemedyLost
        for _ in range(2):
            assert isinstance(await actuator.perform(TRY, resumed=True), kind)
        assert restarts(sandbox)[0] == 0


async def test_a_rollback_of_a_person_to_the_same_code_is_no_restart_of_ours() -> None:
    """It may have been made by who saw that our request came to nothing; that one's outcome is not known by it."""
    async with scene() as (sandbox, _, _, restart):
        web = sandbox.cloud.services["web"]
        baseline, live = web.deploys[-1].id, web.live
        assert live is not None
        sandbox.cloud.rollback(web, live)
        assert await restart.look(baseline) is None
        sandbox.cloud.restart(web)
        assert await restart.look(baseline) is True


@pytest.mark.parametrize(("writable", "restartable"), [(frozenset(), ID), (ID, frozenset())])
async def test_without_the_right_or_the_remedy_nothing_leaves(
    writable: frozenset[str], restartable: frozenset[str]
) -> None:
    """A client that can only read, and one whose service has no such remedy."""
    async with scene(writable, restartable) as (sandbox, actuator, _, restart):
        assert isinstance(await actuator.perform(TRY), e.RemedyRefused) and restarts(sandbox) == (0, 0)
        with pytest.raises(Refused):
            await restart.apply()
        assert writable or await restart.look("dep-40") is None


def test_what_decisions_know_of_it() -> None:
    """There is one restart of a service, which Render needs two minutes for."""
    assert RestartOptions().remedy == Remedy(NAME, 120.0, has_look=True, cooldown_seconds=1800.0)
    assert RestartOptions.model_validate({"prove": "1m"}).remedy.prove_seconds == 60.0

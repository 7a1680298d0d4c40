"""Deploys and rollbacks beside the pages: told once, in the sandbox's PagerDuty, never in the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType

import pytest

from tests.cli import examples as x
from tests.support.clocks import FakeClock, eventually
from watchdog.adapters.notifiers.pagerduty import PagerDuty, PagerDutyOptions
from watchdog.adapters.notifiers.pagerduty import build as build_pagerduty
from watchdog.adapters.options import Context
from watchdog.daemon.integrations.change_events import WAITING_MAX, ChangeEvents
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import ServiceState, State
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

FACTS = ServiceFacts("srv-web", "web", dashboard_url="https://dashboard.example/web")
OLD = Deploy("dep-40", "deactivated", "new_commit", "1b7e0d4c95f2", "Cache the price list", finished_at=x.BEGIN)
NEW = Deploy("dep-41", "live", "new_commit", "5aa0c11d7e4b", "Upgrade the engine\n\nlong", finished_at=x.BEGIN + 60)
BACK = Deploy("dep-42", "live", "rollback", "1b7e0d4c95f2", "Cache the price list", finished_at=x.BEGIN + 120)


def web(*deploys: Deploy, **changes: object) -> ServiceState:
    live = next((one.id for one in deploys if one.is_live), None)
    return replace(ServiceState("web", facts=FACTS, deploys=deploys, live=live), **changes)  # type: ignore[arg-type]


FIRST = web(replace(OLD, status="live"))
SECOND = web(NEW, OLD)


def step(events: ChangeEvents, before: ServiceState | None, after: ServiceState) -> None:
    was = State(services=MappingProxyType({"web": before} if before is not None else {}))
    now = State(services=MappingProxyType({"web": after}))
    events.stepped(was, now, DeploysListed(x.BEGIN + 200, "web", after.deploys, FACTS), ())


@asynccontextmanager
async def telling() -> AsyncIterator[tuple[ChangeEvents, Sandbox, FakeClock]]:
    async with Sandbox() as sandbox:
        clock = FakeClock(auto=False)
        given = Context(clock, sandbox.urls, {"WATCHDOG_PAGERDUTY_ROUTING_KEY": keys.PAGERDUTY_ROUTING_KEY})
        pagerduty = build_pagerduty(PagerDutyOptions(changes=True), given)
        assert isinstance(pagerduty, PagerDuty)
        events = ChangeEvents(pagerduty, clock)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(events.run())
            yield events, sandbox, clock
            task.cancel()
        await pagerduty.close()


async def test_a_deploy_that_serves_now_is_told_with_what_it_brought() -> None:
    """Once; what served when we first looked is no change."""
    async with telling() as (events, sandbox, clock):
        step(events, None, FIRST)
        step(events, web(OLD), FIRST)
        step(events, FIRST, FIRST)
        step(events, FIRST, SECOND)
        step(events, SECOND, SECOND)
        await eventually(lambda: sandbox.pagers.changes)
        await clock.settle()
        (change,) = sandbox.pagers.changes
        assert change["payload"] == {
            "summary": 'web: deploy dep-41 5aa0c11 "Upgrade the engine" is live',
            "source": "web",
            "timestamp": "2026-11-25T02:15:04.000+00:00",
            "custom_details": {
                "commit": "5aa0c11d7e4b",
                "message": "Upgrade the engine",
                "deploy": "dep-41",
                "trigger": "new_commit",
            },
        }
        assert change["links"] == [{"href": "https://dashboard.example/web/deploys/dep-41", "text": "deploy"}]
        assert sandbox.pagers.incidents == []


@pytest.mark.parametrize(
    ("rollback", "expired", "words"),
    [
        ("dep-42", None, "rolled back by the watchdog to dep-40 1b7e0d4 (web-1)"),
        ("dep-42", "dep-40", "commit 1b7e0d4 rebuilt by the watchdog (web-1)"),
        ("dep-9", None, "rolled back on the platform"),
    ],
)
async def test_a_rollback_says_whose_it_is(rollback: str, expired: str | None, words: str) -> None:
    """Ours, with the incident; or somebody's in the dashboard."""
    async with telling() as (events, sandbox, _):
        step(events, SECOND, web(BACK, NEW, OLD, incident=x.incident(deploy=rollback, expired=expired)))
        await eventually(lambda: sandbox.pagers.changes)
        assert words in sandbox.pagers.changes[0]["payload"]["summary"]


async def test_it_is_tried_a_few_times_and_then_lost() -> None:
    """The next change is told all the same."""
    async with telling() as (events, sandbox, clock):
        sandbox.set_mode("pagerduty", "error_500", times=4)
        step(events, FIRST, SECOND)
        for gap in (2.0, 10.0, 60.0):
            await eventually(lambda: clock.sleepers)
            await clock.advance(gap)
        await eventually(lambda: len(sandbox.events.requests("pagerduty")) == 4)
        step(events, SECOND, web(BACK, NEW, OLD))
        await eventually(lambda: len(sandbox.pagers.changes) == 1)
        assert "rolled back" in sandbox.pagers.changes[0]["payload"]["summary"]


async def test_what_waits_is_bounded() -> None:
    async with telling() as (events, _, _):
        for _ in range(WAITING_MAX + 5):
            step(events, FIRST, SECOND)
        assert len(events._waiting) == WAITING_MAX, "none was told meanwhile: nothing else ran"

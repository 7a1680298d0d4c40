"""What is wrong with the daemon, in words: an empty list is healthy."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.support.clocks import eventually
from tests.support.engine_scene import SHUT, Scene, ShakyStore, scene
from tests.support.notification_vendors import tell
from watchdog.daemon.engine.effects_refused import PATIENCE_SECONDS
from watchdog.daemon.engine.timers import SNAPSHOT_SECONDS
from watchdog.daemon.outbox.circuit_breaker import TRIPS_AT
from watchdog.daemon.supervision.health import SILENT_SECONDS, UNREAD_SECONDS, Health
from watchdog.domain import events as e
from watchdog.domain.effects import OUTSIDE
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.integrations import Failing
from watchdog.domain.readings import Good
from watchdog.domain.store_records import PendingEffect, Write


@asynccontextmanager
async def healthy() -> AsyncIterator[tuple[Scene, Health]]:
    """A daemon that has nothing to complain of."""
    async with scene() as s:
        health = Health(s.engine, s.outbox, s.supervisor, s.clock)
        assert health.reasons() == []
        yield s, health


@pytest.mark.parametrize(("silent_seconds", "well"), [(SILENT_SECONDS - 0.5, True), (SILENT_SECONDS + 1, False)])
async def test_silence(silent_seconds: float, well: bool) -> None:
    """No event for a minute and a half: the loop, the probes or the queue stand still.

    An hour by which the clock is set is no silence: durations are on the monotonic clock.
    """
    async with healthy() as (s, health):
        s.clock.freeze(s.engine.last_event_at + silent_seconds - s.clock.now())
        assert health.reasons() == ([] if well else ["no event was handled for 91 s"])
        await s.engine.submit_and_wait(e.TimePassed(s.clock.now()))
        assert health.reasons() == []
        s.clock.start += 3600
        assert health.reasons() == []


async def die() -> None:
    raise KeyError("x")


async def test_a_task_that_died() -> None:
    async with healthy() as (s, health):
        s.supervisor.start("minutes", die, restart=False)
        await eventually(health.reasons)
        assert health.reasons() == ["task minutes: died of KeyError"]


async def test_a_store_that_does_not_answer() -> None:
    """Until it takes a record again."""
    async with healthy() as (s, health):
        s.store.saving = SHUT  # type: ignore[attr-defined]
        await s.engine.submit_and_wait(e.Paused(s.clock.now(), "ann"))
        assert health.reasons() == ["the store does not answer: the store does not answer"]
        s.store.saving = None  # type: ignore[attr-defined]
        await s.engine.submit_and_wait(e.Resumed(s.clock.now(), "ann"))
        assert health.reasons() == []


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"blind_since": 5.0}, "blind: no control target answers"),
        ({"blind_since": 5.0, "unseen": True}, "blind: no probe of any service brings evidence"),
        ({"disarmed": "two rollbacks for web-1"}, "disarmed until `watchdog resume`: two rollbacks for web-1"),
    ],
)
async def test_a_state_in_which_nothing_may_be_done(state: dict[str, Any], reason: str) -> None:
    """Whoever cannot see does not judge; with a broken promise of ours watching goes on, and is not healthy."""
    async with healthy() as (s, health):
        s.engine.state = replace(s.engine.state, **state)
        assert health.reasons() == [reason]


async def test_a_fault_of_our_own() -> None:
    async with healthy() as (s, health):
        s.engine.state = replace(s.engine.state, services={"web": object()})  # type: ignore[dict-item]
        with pytest.raises(Permanent):
            await s.engine.submit_and_wait(e.Observed(s.clock.now(), "web", "home", Good()))
        (reason,) = health.reasons()
        assert "Observed could not be handled" in reason


async def test_a_scheduler_that_stands_still_while_other_events_come() -> None:
    """Readings are what we live on; a daemon that never read anything is not ready, which is another matter."""
    async with healthy() as (s, health):
        for seconds, reasons in ((UNREAD_SECONDS - 1.0, []), (2.0, ["no signal was read for 5 min"])):
            if reasons == []:
                health.sampled("web", "home")
            s.clock.freeze(seconds)
            await s.engine.submit_and_wait(e.TimePassed(s.clock.now()))
            assert health.reasons() == reasons
        health.sampled("web", "home")
        assert health.reasons() == []


def gated(s: Scene) -> asyncio.Event:
    """Let the pager fail once and then hang until the gate opens."""
    s.pager.script = [SHUT]
    gate = asyncio.Event()
    send = s.pager.send

    async def slow(notice: object, reference: str | None) -> str | None:
        if not s.pager.script:
            await gate.wait()
        return await send(notice, reference)  # type: ignore[arg-type]

    s.pager.send = slow  # type: ignore[method-assign]
    return gate


FAILS = "channel pager fails: the store does not answer (notices that wait for it: 1)"
UNTOLD = "notices cannot be delivered: no channel works (undelivered notices: 1)"


@pytest.mark.parametrize(("failures", "reasons"), [(1, [FAILS]), (TRIPS_AT, [FAILS, UNTOLD])])
async def test_a_channel_counts_while_a_notice_waits_for_it(failures: int, reasons: list[str]) -> None:
    """A failing channel with nothing to bring is no reason to page. Where no other works, nobody can be told."""
    async with healthy() as (s, health):
        gate = gated(s)
        s.pager.script *= failures
        s.supervisor.spawn("tell", s.outbox.deliver(None, tell("site is down", "pager", wakes=True)))
        await eventually(lambda: len(health.reasons()) == len(reasons))
        assert health.reasons() == reasons
        gate.set()
        await eventually(lambda: not health.reasons())
        assert s.pages == ["site is down"]


async def test_it_is_ready_when_every_service_was_read_and_until_it_stops() -> None:
    """Before the first reading nothing is judged; a stopping daemon says so."""
    async with healthy() as (s, health):
        assert health.not_ready() == ["1 of 1 services were not read yet"]
        await s.know_deploys()
        assert health.not_ready() == ["1 of 1 services were not read yet"]
        await s.engine.submit_and_wait(e.Observed(s.clock.now(), "web", "home", Good()))
        assert health.not_ready() == []
        health.stopping = True
        assert health.not_ready() == ["stopping"]


async def test_strangers_learn_the_kinds_alone() -> None:
    """No name of a task, a channel or a service, and no text from outside; each kind once."""
    async with healthy() as (s, health):
        for name in ("minutes", "hours"):
            s.supervisor.start(name, die, restart=False)
        s.engine.state = replace(s.engine.state, disarmed="two rollbacks for web-1", blind_since=s.clock.now())
        gate = gated(s)
        s.supervisor.spawn("tell", s.outbox.deliver(None, tell("site is down", "pager", wakes=True)))
        await eventually(lambda: len(health.reasons()) == 5)
        known = ["a task does not run", "disarmed until `watchdog resume`", "blind", "a channel fails"]
        assert health.kinds() == known and "web-1" in " ".join(health.reasons())
        failing = {f"channel/{name}": Failing(0.0, "refused", f"bad key of {name}") for name in ("pager", "chat")}
        s.engine.state = replace(s.engine.state, failing=failing)
        assert health.kinds_degraded() == ["channel: refused"]
        assert [name in " ".join(health.degraded()) for name in ("pager", "chat")] == [True, True]
        gate.set()


class Refusing(ShakyStore):
    """A store that saves all but effects for the outside."""

    refusing = True

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        if self.refusing and any(isinstance(effect, OUTSIDE) for effect in write.effects):
            raise Temporary("no right to write effects")
        return await super().save(write)


async def test_a_store_that_takes_all_but_effects_is_no_health_after_a_minute() -> None:
    """A lock on their table, or a missing right: readings are saved all the while. An effect for no one ends it."""
    async with scene(Refusing) as s:
        health = Health(s.engine, s.outbox, s.supervisor, s.clock)

        async def reasons_after(seconds: float) -> list[str]:
            until = s.clock.now() + seconds
            while s.clock.now() < until:
                await s.engine.submit_and_wait(e.TimePassed(s.clock.now()))
                await s.clock.sleep(1.0)
            return health.reasons()

        s.supervisor.start("time", s.engine.keep_time)
        await s.engine.submit_and_wait(e.InvariantBroken(s.clock.now(), "a promise of ours"))
        s.engine.state = replace(s.engine.state, disarmed="")
        assert await reasons_after(PATIENCE_SECONDS - 10.0) == []
        kind = "the store saves readings, but no decisions: nothing can be changed in production"
        assert await reasons_after(2 * SNAPSHOT_SECONDS) == [f"{kind}: no right to write effects"]
        assert health.kinds() == [kind] and s.store.saved  # type: ignore[attr-defined]
        s.store.refusing = False  # type: ignore[attr-defined]
        assert await reasons_after(2 * SNAPSHOT_SECONDS) == []
        assert await s.store.pending() == () and len(s.pages) == 1, "the trial notified no one, and is finished"

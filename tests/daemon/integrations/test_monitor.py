"""Looking over how all stands: what is worth telling, beside another worker that sees it otherwise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.test_integrations import Relying, relying
from watchdog.adapters.stores.codec import STATES
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.app.compose.reload import end_refusals
from watchdog.domain.errors import Forbidden, Temporary
from watchdog.domain.events import IntegrationJudged
from watchdog.domain.integrations import CONFIGURATION, PATIENCE_SECONDS, Integration, Standing
from watchdog.domain.store_records import LeaseGrant
from watchdog.presentation.status_text import failing_lines


def alerts(world: Relying) -> list[str]:
    """What was told about integrations, by kind of notice."""
    return [notice.kind.value for notice in world.vendors["slack"].notices if "/" in notice.incident]


@asynccontextmanager
async def told_by_another(key: str) -> AsyncIterator[Relying]:
    """Run a worker, where another one just told of something."""
    async with relying() as world:
        now = world.clock.now()
        kind, _, name = key.partition("/")
        world.daemon.integrations.expect(kind, name)
        await world.daemon.engine.submit(IntegrationJudged(now, Integration(kind, name, Standing.FAILING, now - 400.0)))
        await world.go_on(5)
        assert alerts(world) == ["self_alert"]
        yield world


async def test_who_did_not_use_it_since_takes_nothing_back() -> None:
    """Our channel worked an hour ago, or was never used: that says nothing of the other's failure."""
    async with told_by_another("channel/slack") as world:
        world.daemon.integrations.forget("channel", "slack")
        world.daemon.integrations.expect("channel", "slack")
        await world.go_on(300)
        assert alerts(world) == ["self_alert"]


async def test_who_saw_it_work_since_says_so() -> None:
    """Once; and the other one, whose key is older, does not tell the same failure again."""
    async with told_by_another("repository/GitHub") as world:
        world.daemon.integrations.works("repository", "GitHub")
        await world.go_on(60)
        assert alerts(world) == ["self_alert", "resolved"]
        await world.go_on(300)
        assert alerts(world) == ["self_alert", "resolved"]


async def test_a_failure_that_another_worker_took_back_is_not_told_again() -> None:
    """Two that see it otherwise do not talk for ever."""
    async with relying() as world:
        world.cloud.error = Forbidden("refused our key (401)")
        await world.go_on(120)
        assert alerts(world) == ["self_alert"]
        now = world.clock.now()
        await world.daemon.engine.submit(
            IntegrationJudged(now, Integration("platform", "Render", Standing.OK, now - 60.0, now, parts=("web",)))
        )
        await world.go_on(300)
        assert alerts(world) == ["self_alert", "resolved"]


async def test_what_comes_back_for_a_moment_goes_on() -> None:
    """Half a minute well, or it is the same story; a failure that began anew later is told again."""
    async with relying() as world:
        world.cloud.error = Temporary("answered 502")
        await world.go_on(330)
        world.cloud.error = None
        await world.go_on(16)
        world.cloud.error = Temporary("answered 502")
        await world.go_on(330)
        assert alerts(world) == ["self_alert"]
        world.cloud.error = None
        await world.go_on(60)
        world.cloud.error = Temporary("answered 502")
        await world.go_on(330)
        assert alerts(world) == ["self_alert", "resolved", "self_alert"]


async def test_case_54_a_refused_reload_is_told_each_time_and_stays_until_a_configuration_is_taken() -> None:
    """No worker relies on it, and yet it is not over: it is, once a reload or a start takes a configuration."""
    async with relying() as world:
        for second in (1, 2):
            one = Integration(CONFIGURATION, f"12:00:0{second}", Standing.REFUSED, world.clock.now(), why="a typo")
            await world.daemon.engine.submit(IntegrationJudged(world.clock.now(), one))
        await world.go_on(300)
        titles = [one.title for one in world.vendors["slack"].notices if "/" in one.incident]
        assert titles == [f"watchdog: the reload at 12:00:0{second}: refused" for second in (1, 2)]
        taken_at = world.clock.now()
        await world.go_on(5)
        later = Integration(CONFIGURATION, "12:05:05", Standing.REFUSED, world.clock.now(), why="another typo")
        await world.daemon.engine.submit(IntegrationJudged(world.clock.now(), later))
        await world.go_on(5)
        await end_refusals(world.daemon, taken_at)  # type: ignore[arg-type]
        await world.go_on(5)
        assert alerts(world) == ["self_alert"] * 3 + ["resolved"] * 2
        assert list(world.daemon.engine.state.failing) == [later.key], "it came after that configuration was taken"


class Accompanied(MemoryStore):
    """A store that counts another worker, which holds nothing."""

    beside = 1

    async def renew_leases(self, *given: Any, **more: Any) -> LeaseGrant:
        others = ("another-host-7-ab",) * self.beside
        return replace(await super().renew_leases(*given, **more), workers=1 + self.beside, others=others)


@pytest.mark.parametrize("beside", [0, 1])
async def test_what_this_worker_does_not_know_is_not_over(beside: int) -> None:
    """Some register by their first result only, and some are another living worker's own: else it is over."""
    world = Relying()
    world.store = store = Accompanied(world.clock)
    store.beside = beside
    await world.begin()
    now = world.clock.now()
    for key in ("heartbeat/hc", "clock/another-host", "clock/gone", "feed/elsewhere"):
        one = Integration(*key.split("/"), Standing.FAILING, now - 400.0, why="x")
        await world.daemon.engine.submit(IntegrationJudged(now, one))
    await world.go_on(PATIENCE_SECONDS / 2)
    assert alerts(world) == ["self_alert"] * 4
    await world.go_on(PATIENCE_SECONDS)
    left = ["clock/another-host", "feed/elsewhere"] * beside
    assert list(world.daemon.engine.state.failing) == left
    assert alerts(world) == ["self_alert"] * 4 + ["resolved"] * (4 - len(left))
    assert (await world.daemon.supervisor.stop(5.0), world.errors) == ((), [])


async def test_a_failure_of_a_kind_that_only_a_newer_version_knows_is_shown_and_left_to_it() -> None:
    """It is told, survives the store, and is over when that worker says so, or is there no more."""
    world = Relying()
    world.store = store = Accompanied(world.clock)
    await world.begin()
    now = world.clock.now()
    one = Integration("orbit", "{name}/{", Standing.FAILING, now - 400.0, why="x", parts=("web/{",))
    await world.daemon.engine.submit(IntegrationJudged(now, one))
    await world.go_on(60)
    assert alerts(world) == ["self_alert"]
    state = STATES.decode(STATES.encode(world.daemon.engine.state).replace('"standing":"failing"', '"standing":"lost"'))
    (read,) = [kept.integration(key) for key, kept in state.failing.items()]
    assert (read.key, read.standing, read.cure != "") == (one.key, Standing.FAILING, True)
    assert "orbit {name}/{ (failing)" in failing_lines(state)[0]
    assert world.daemon.health.degraded()[0].startswith("orbit {name}/{ (failing): x; features that use it")
    store.beside = 0
    await world.go_on(300)
    assert alerts(world) == ["self_alert", "resolved"]
    assert (await world.daemon.supervisor.stop(5.0), world.errors) == ((), [])

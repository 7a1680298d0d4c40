"""One reader of deploys per service, at a pace that may change at any moment, against the sandbox's Render."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.support.actuator_scene import Scene, scene
from tests.support.clocks import eventually
from watchdog.adapters.platforms.render import Render
from watchdog.daemon.integrations.registry import IntegrationRegistry
from watchdog.daemon.probing.deploy_poller import DeployPoller
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.events import DeploysListed, DeploysUnread, Event
from watchdog.domain.policy import CALM_SECONDS_MIN


@dataclass
class Watched:
    """A watch that runs, and what it told."""

    watch: DeployPoller
    told: list[Event] = field(default_factory=list)

    async def heard(self, number: int) -> None:
        """Wait until so many events were told."""
        await eventually(lambda: len(self.told) >= number)


@asynccontextmanager
async def watching(s: Scene, service_id: str = "srv-web") -> AsyncIterator[Watched]:
    told: list[Event] = []

    async def emit(event: Event) -> None:
        told.append(event)

    made = Watched(DeployPoller("web", service_id, s.platform, s.clock, emit, IntegrationRegistry(s.clock)), told)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made.watch.run())
        yield made
        task.cancel()


@pytest.mark.parametrize("quirks", [False, True])
async def test_it_tells_at_once_what_render_says(quirks: bool) -> None:
    async with scene(quirks=quirks) as s, watching(s) as watched:
        await watched.heard(1)
        event = watched.told[0]
        assert isinstance(event, DeploysListed)
        assert [deploy.id for deploy in event.deploys[:3]] == ["dep-41", "dep-40", "dep-39"]
        assert (event.service, event.facts.id, event.facts.auto_deploy) == ("web", "srv-web", "commit")


async def test_a_list_is_dated_when_its_look_began() -> None:
    """A slow answer tells of the moment it was asked for: a deploy (a switch) that came since is not in it."""

    class Slow(Render):
        async def facts(self, service_id: str) -> ServiceFacts:
            facts = await super().facts(service_id)
            s.clock.freeze(20.0)
            return facts

        async def deploys(self, service_id: str, back_to: str | None = None) -> tuple[Deploy, ...]:
            s.clock.freeze(20.0)
            return tuple(await super().deploys(service_id, back_to))

    async with scene(made=Slow) as s:
        began = s.clock.now()
        async with watching(s) as watched:
            await watched.heard(1)
            assert watched.told[0].at == began


async def test_a_faster_pace_reads_at_once_and_goes_on() -> None:
    """Under suspicion nobody waits for the slow pace to pass; a slower one changes nothing at once."""
    async with scene() as s, watching(s) as watched:
        await watched.heard(1)
        watched.watch.set_pace(CALM_SECONDS_MIN * 2)
        watched.watch.set_pace(CALM_SECONDS_MIN * 4)
        await watched.heard(2)
        assert watched.told[1].at - watched.told[0].at >= CALM_SECONDS_MIN
        watched.watch.set_pace(0.01)
        await watched.heard(5)
        assert all(isinstance(event, DeploysListed) for event in watched.told)


async def test_a_nudge_during_a_read_is_not_lost() -> None:
    """The pace was raised while the answer was on its way: the next read follows at once."""

    class Nudged(Render):
        async def deploys(self, service_id: str, back_to: str | None = None) -> tuple[Deploy, ...]:
            if not watched.told:
                watched.watch.set_pace(CALM_SECONDS_MIN / 2)
            return tuple(await super().deploys(service_id, back_to))

    async with scene(made=Nudged) as s, watching(s) as watched:
        await watched.heard(2)


async def test_what_cannot_be_read_is_told_and_read_again() -> None:
    async with scene() as s:
        s.sandbox.set_mode("render", "error_500")
        async with watching(s) as watched:
            await watched.heard(1)
            assert isinstance(watched.told[0], DeploysUnread) and "500" in watched.told[0].why
            s.sandbox.set_mode("render", "ok")
            watched.watch.set_pace(0.01)
            await eventually(lambda: isinstance(watched.told[-1], DeploysListed))


async def test_a_service_that_is_gone_is_told() -> None:
    async with scene() as s, watching(s, "srv-gone") as watched:
        await watched.heard(1)
        assert isinstance(watched.told[0], DeploysUnread) and "404" in watched.told[0].why

"""Who wrote a deploy in its watch window: asked of the sandbox's GitHub once, told to the core; nobody waits for it."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from types import MappingProxyType

import pytest

from tests.support.clocks import FakeClock, eventually
from tests.support.github_reader import FACTS, Beside, beside
from watchdog.daemon.integrations.deploy_authors import DeployAuthors
from watchdog.daemon.runtime.poller import AGAIN_SECONDS, REFUSED_SECONDS
from watchdog.domain.code_comparison import Comparison
from watchdog.domain.deploys import Deploy
from watchdog.domain.events import AuthorsRead, DeploysListed, Event, Restarted
from watchdog.domain.incidents import DeployWatch, ServiceState, State
from watchdog.sandbox import keys
from watchdog.sandbox.world import COMMITS

GOOD, BEFORE = COMMITS["41"][0], COMMITS["40"][0]
DEPLOYS = (Deploy("dep-41", "live", commit=GOOD), Deploy("dep-40", "deactivated", commit=BEFORE))
WEB = ServiceState("web", facts=FACTS, deploys=DEPLOYS, live="dep-41")
NEW = replace(WEB, trial=DeployWatch("dep-41", 0.0, 1800.0, 0.0))


class Watched(Beside):
    """A reader, and what the core was told."""

    async def hear(self, event: Event) -> None:
        """Be told, and know it from then on, as the core does."""
        assert isinstance(event, AuthorsRead)
        await super().hear(event)
        web = self.state.services["web"]
        if web.trial is not None:
            known = replace(web, trial=replace(web.trial, authors=event.authors))
            self.state = State(services=MappingProxyType({"web": known}))


def reading(token: str = keys.GITHUB_TOKEN) -> AbstractAsyncContextManager[Watched]:
    return beside(lambda it, github: DeployAuthors(github, it.clock, lambda: it.state, it.hear), token, Watched)


async def test_it_is_asked_once_when_a_window_begins() -> None:
    """Of what lies between this deploy and the one before; a calm service costs nothing."""
    async with reading() as it:
        it.know(WEB)
        await it.clock.advance(3600.0)
        assert it.asked == 0
        it.know(NEW)
        await eventually(lambda: it.told)
        assert it.told == [AuthorsRead(it.clock.now(), "web", "dep-41", ("Ann",))]
        it.know(NEW)
        it.know(replace(NEW, phase_since=5.0))
        await it.clock.advance(3600.0)
        assert it.asked == 1


async def test_after_a_restart_it_is_asked_again_if_it_was_not_saved() -> None:
    """Or where the service came from another worker in the middle of the window."""
    async with reading() as it:
        it.know(NEW, event=Restarted(0.0, ("web",)))
        await eventually(lambda: it.told)


@pytest.mark.parametrize(
    "service",
    [
        replace(NEW, facts=None),
        replace(NEW, facts=replace(FACTS, repo=None)),
        replace(NEW, deploys=DEPLOYS[:1]),
        replace(NEW, deploys=(replace(DEPLOYS[0], commit=None, image_sha="sha256:1"), DEPLOYS[1])),
    ],
)
async def test_what_cannot_be_compared_is_not_asked_for(service: ServiceState) -> None:
    """No repository, nothing before it, no commit."""
    async with reading() as it:
        it.know(service)
        await it.clock.advance(3600.0)
        assert it.asked == 0 and it.told == []


@pytest.mark.parametrize(("token", "pause"), [(keys.GITHUB_TOKEN, AGAIN_SECONDS), ("wrong", REFUSED_SECONDS)])
async def test_what_is_not_answered_is_asked_again_later(token: str, pause: float) -> None:
    """And not sooner, whatever else happens; a refusal needs a human first. Another deploy is another question."""
    async with reading(token) as it:
        it.sandbox.set_mode("github", "error_500" if pause == AGAIN_SECONDS else "ok")
        it.know(NEW)
        await eventually(lambda: it.asked and it.clock.sleepers)
        asked = it.asked
        it.know(WEB)
        it.know(NEW)
        await it.clock.advance(pause - 1.0)
        assert it.asked == asked and it.told == []
        it.know(replace(NEW, trial=replace(NEW.trial, deploy="dep-42")))  # type: ignore[type-var]
        await eventually(lambda: it.asked > asked and it.clock.sleepers)
        it.sandbox.set_mode("github", "ok")
        it.know(NEW)
        await it.clock.advance(2.0)
        await eventually(lambda: it.told if pause == AGAIN_SECONDS else it.asked == 3)


class Nobody:
    """A repository that names no author."""

    async def compare(self, repo: str, base: str, head: str) -> Comparison:
        return Comparison(base, head, "ahead", 1)


async def test_that_nobody_is_named_is_an_answer_and_what_is_remembered_has_a_bound() -> None:
    """Deploy after deploy, each is asked for once."""
    state, told = State(), list[Event]()

    async def hear(event: Event) -> None:
        told.append(event)

    authors = DeployAuthors(Nobody(), FakeClock(auto=False), lambda: state, hear)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(authors.run())
        for number in range(30):
            before = state
            trial = DeployWatch(f"dep-{number}", 0.0, 1800.0, 0.0)
            state = State(services={"web": replace(WEB, trial=trial)})
            authors.stepped(before, state, DeploysListed(0.0, "web", DEPLOYS, FACTS), ())
            await eventually(lambda expected=number + 1: len(told) == expected)
        task.cancel()
    assert all(isinstance(one, AuthorsRead) and one.authors == () for one in told) and len(authors._poller._due) == 1

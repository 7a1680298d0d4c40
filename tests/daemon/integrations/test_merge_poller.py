"""Asking the repository, only while auto-deploy is off because of us: the sandbox's GitHub over real HTTP."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from structlog.testing import capture_logs

from tests.support.clocks import FakeClock, eventually
from tests.support.github_reader import FACTS, Beside, beside
from watchdog.adapters.repositories.github import GitHub
from watchdog.daemon.integrations.merge_poller import UNANSWERED_MAX, MergePoller
from watchdog.domain.deploys import Commit
from watchdog.domain.errors import Temporary
from watchdog.domain.events import CommitsSeen, CommitsUnread, DeploysListed, Event, Restarted
from watchdog.domain.incidents import ServiceState, State
from watchdog.sandbox.world import COMMITS

WEB = ServiceState("web", facts=FACTS)


def watching(repository: type[GitHub] = GitHub) -> AbstractAsyncContextManager[Beside]:

    def made(it: Beside, github: GitHub) -> MergePoller:
        ours = repository(github._api, github._clock, github.every_seconds)
        return MergePoller(ours, it.clock, lambda: it.state, it.hear)

    return beside(made)


def off(service: ServiceState = WEB, **facts: Any) -> ServiceState:
    """Return the service with its auto-deploy off because of us."""
    assert service.facts is not None
    return replace(service, auto_deploy_off="commit", facts=replace(service.facts, **facts))


async def test_it_looks_at_once_when_auto_deploy_is_switched_off_then_slowly_and_stops_when_it_is_on() -> None:
    """Nothing is asked before; a merge is seen at the next look. With the next switch it begins anew, at once."""
    async with watching() as it:
        await it.clock.advance(7200.0)
        assert it.asked == 0
        it.know(off())
        await it.heard(1)
        (seen,) = it.told
        assert isinstance(seen, CommitsSeen)
        assert (seen.service, [one.sha for one in seen.commits]) == (
            "web",
            [COMMITS[key][0] for key in ("41", "40", "39")],
        )
        it.sandbox.cloud.services["web"].auto_deploy_trigger = "off"
        it.sandbox.merge(commit="c" * 40, message="Mend it")
        await eventually(lambda: it.sandbox.cloud.services["web"].merged)
        await it.clock.advance(59.0)
        assert it.asked == 1
        await it.clock.advance(2.0)
        await it.heard(2)
        assert isinstance(it.told[1], CommitsSeen)
        assert (it.told[1].commits[0].sha, it.told[1].commits[0].title) == ("c" * 40, "Mend it")
        it.know(WEB)
        await it.clock.advance(7200.0)
        assert it.asked == 2
        it.know(off())
        await it.heard(3)


async def test_what_came_from_another_worker_or_an_earlier_run_is_looked_at_at_once() -> None:
    """Its auto-deploy was off before it was ours."""
    async with watching() as it:
        it.state = replace(State(), services=MappingProxyType({"web": off()}))
        it.know(off(), event=Restarted(0.0, ("web",)))
        await it.heard(1)
        it.know(off(), event=Restarted(0.0, ("web",)))
        await it.clock.advance(5.0)
        assert it.asked == 1


async def test_services_of_one_branch_share_one_look() -> None:
    """A monorepo whose services were all rolled back is read once."""
    api = replace(off(), name="api")
    async with watching() as it:
        it.know(off(), api)
        await it.heard(2)
        assert it.asked == 1
        assert [event.service for event in it.told if isinstance(event, CommitsSeen)] == ["web", "api"]


async def test_a_service_without_a_repository_or_branch_is_passed_over() -> None:
    """An image has no merges; what is not known yet is looked for when it is."""
    async with watching() as it:
        it.know(off(repo=None), replace(off(branch=None), name="api"), replace(off(), name="x", facts=None))
        await it.clock.advance(120.0)
        assert it.asked == 0
        it.know(off())
        await it.heard(1)


async def test_a_refusal_is_told_at_once() -> None:
    """Another host is never asked, and a repository that is not there is told of."""
    async with watching() as it:
        it.know(off(repo="https://gitlab.com/acme/web"), replace(off(repo=FACTS.repo + "x"), name="api"))  # type: ignore[operator]
        await it.heard(2)
        whys = [event.why for event in it.told if isinstance(event, CommitsUnread)]
        assert "not on github.com" in whys[0] and "WATCHDOG_GITHUB_TOKEN" in whys[1] and it.asked == 1


async def test_silence_is_told_after_some_looks_in_a_row() -> None:
    """A hiccup is nobody's business; when GitHub is back, commits are told of again."""
    async with watching() as it:
        it.sandbox.set_mode("github", "error_500")
        it.know(off())
        for look in range(1, UNANSWERED_MAX + 1):
            await eventually(lambda look=look: it.asked == 2 * look)  # type: ignore[misc]
            await eventually(lambda: it.clock.sleepers)
            assert len(it.told) == (look == UNANSWERED_MAX)
            await it.clock.advance(61.0)
        assert isinstance(it.told[0], CommitsUnread)
        it.sandbox.set_mode("github", "ok")
        await it.clock.advance(61.0)
        await eventually(lambda: isinstance(it.told[-1], CommitsSeen))


class Away:
    """A repository that does not answer, and wants to be read rarely; `answers` says from when on it does."""

    every_seconds = 300.0

    def __init__(self) -> None:
        self.answers = False
        self.asked = 0

    async def commits(self, repo: str, branch: str) -> Sequence[Commit]:
        self.asked += 1
        if not self.answers:
            raise Temporary("away")
        return ()


async def test_one_that_is_away_is_read_no_more_often_and_its_log_tells_the_truth() -> None:
    """Also when people were told of it; looks of an earlier switch do not count."""
    clock, told, state, away = FakeClock(auto=False), list[Event](), State(), Away()

    async def hear(event: Event) -> None:
        told.append(event)

    poller = MergePoller(away, clock, lambda: state, hear)
    with capture_logs() as logged:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(poller.run())
            for seconds in (301.0, 400.0, 601.0):  # two looks, none, three looks
                before, off_now = state, not state.services or not state.services["web"].auto_deploy_off
                state = State(services={"web": off() if off_now else replace(WEB, auto_deploy_off="")})
                poller.stepped(before, state, DeploysListed(0.0, "web", (), FACTS), ())
                await clock.advance(seconds)
            assert away.asked == 5 and [type(one) for one in told] == [CommitsUnread]
            away.answers = True
            await clock.advance(300.0)
            task.cancel()
    *failed, over = [one["event"] for one in logged]
    assert failed and set(failed) == {"poll failed"} and over == "poll recovered" and isinstance(told[-1], CommitsSeen)


async def test_commits_are_dated_when_their_look_began() -> None:
    """A slow answer is of that moment: what was merged since, it does not have."""

    class Slow(GitHub):
        async def commits(self, repo: str, branch: str) -> Sequence[Commit]:
            it.clock.freeze(20.0)
            return await super().commits(repo, branch)

    async with watching(Slow) as it:
        began = it.clock.now()
        it.know(off())
        await it.heard(1)
        assert [event.at for event in it.told] == [began]


async def test_a_switch_during_a_look_is_not_lost() -> None:
    """Another service's auto-deploy went off while the answer was on its way."""

    class Switching(GitHub):
        async def commits(self, repo: str, branch: str) -> Sequence[Commit]:
            if it.asked == 0:
                it.know(replace(off(repo="https://github.com/acme/api"), name="api"), off())
            return await super().commits(repo, branch)

    async with watching(Switching) as it:
        it.know(off())
        await it.heard(2)
        assert [event.service for event in it.told if isinstance(event, CommitsSeen)] == ["web", "api"]

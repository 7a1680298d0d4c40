"""Suspect commits, read ahead from the sandbox's GitHub and told with notices; no notice ever waits for them."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from tests.adapters.notifiers.letters import context, notice
from tests.cli import examples as x
from tests.core.incident_fields import amended
from tests.support.clocks import PATIENCE_SECONDS, FakeClock, eventually
from tests.support.github_reader import FACTS, Beside, beside
from watchdog.adapters.notifiers.slack import SlackOptions
from watchdog.adapters.notifiers.slack import build as build_slack
from watchdog.adapters.repositories.github import build_github
from watchdog.daemon.integrations.annotating_notifier import AnnotatingNotifier
from watchdog.daemon.integrations.suspect_commits import SuspectCommits
from watchdog.daemon.runtime.poller import AGAIN_SECONDS, REFUSED_SECONDS
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident, Phase, ServiceState, State
from watchdog.domain.notices import NoticeKind
from watchdog.ports import Notifier
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.world import COMMITS

OLD, GOOD, BAD = (COMMITS[key][0] for key in ("39", "40", "41"))
DEPLOYS = (
    Deploy("dep-41", "live", commit=BAD),
    Deploy("dep-40", "deactivated", commit=GOOD),
    Deploy("dep-39", "deactivated", commit=OLD),
)
WEB = ServiceState("web", facts=FACTS, deploys=DEPLOYS)
SUSPECTED = replace(WEB, phase=Phase.SUSPECT)
ASKED = notice(NoticeKind.ASKED)


def opened(**changes: object) -> Incident:
    """Return an incident that is open, with dep-41 accused and dep-40 as target."""
    found = x.incident(suspect_code=BAD, target_code=GOOD, closed_at=None, verified_at=None)
    return amended(found, **changes)  # type: ignore[arg-type]


PAGED = replace(WEB, phase=Phase.PAGED, incident=opened())


def reading(token: str = keys.GITHUB_TOKEN) -> AbstractAsyncContextManager[Beside]:
    return beside(lambda it, github: SuspectCommits(github, it.clock, lambda: it.state), token)


def slack(sandbox: Sandbox) -> Notifier:
    given = context(sandbox.urls["slack"].removesuffix("/api"), WATCHDOG_SLACK_BOT_TOKEN=keys.SLACK_BOT_TOKEN)
    return build_slack(SlackOptions(channel="#incidents"), given)


async def test_it_is_read_while_there_is_only_a_suspicion_and_once() -> None:
    """Calm services cost nothing; when people are told, the line is there."""
    async with reading() as it:
        it.know(WEB)
        await it.clock.advance(3600.0)
        assert it.paths == []
        it.know(SUSPECTED)
        await eventually(lambda: it.paths == ["compare"])
        it.know(PAGED)
        await eventually(lambda: it.paths == ["compare", "commits"])
        assert it.reader.lines(ASKED) == (
            'Suspect commits: 5aa0c11 "Upgrade the template engine" by Ann; 1 file (app/engine.py)',
        )


@pytest.mark.parametrize("kind", [NoticeKind.OPENED, NoticeKind.UPDATED, NoticeKind.RESOLVED])
async def test_only_what_people_decide_by_carries_it(kind: NoticeKind) -> None:
    async with reading() as it:
        it.know(PAGED)
        await eventually(lambda: it.reader.lines(ASKED))
        assert it.reader.lines(notice(kind)) == () and it.reader.lines(notice(NoticeKind.ASKED, incident="web-2")) == ()
        it.know(replace(PAGED, incident=opened(closed_at=9.0)))
        assert it.reader.lines(ASKED) == ()


async def test_a_fix_that_is_building_or_merged_is_named() -> None:
    """By the platform's own list, and by the branch; a rollback is no fix."""
    async with reading() as it:
        it.sandbox.cloud.services["web"].auto_deploy_trigger = "off"
        it.sandbox.cloud.merge(commit="c" * 40, message="Mend the engine")
        building = Deploy("dep-43", "build_in_progress", commit=COMMITS["43"][0], commit_message="Fix typo\n\nlong")
        back = Deploy("dep-44", "update_in_progress", trigger="rollback", commit="d" * 40)
        it.know(replace(PAGED, deploys=(back, building, *DEPLOYS)))
        await eventually(lambda: len(it.reader.lines(ASKED)) == 3)
        assert it.reader.lines(ASKED)[1:] == (
            'On its way, perhaps a fix: dep-43 7d20e9f "Fix typo", build in progress',
            'Merged since the suspect, not deployed: ccccccc "Mend the engine" by Ann',
        )


async def test_a_branch_without_the_suspect_says_nothing_of_what_was_merged_since() -> None:
    """It was rewritten, or is read too short: each of its commits would count as newer."""
    async with reading() as it:
        it.sandbox.cloud.services["web"].auto_deploy_trigger = "off"
        it.sandbox.cloud.merge(commit="c" * 40, message="Mend the engine")
        it.know(replace(PAGED, incident=opened(suspect_code="e" * 40)))
        await eventually(lambda: "commits" in it.paths and it.clock.sleepers)
        assert not any("Merged since" in line for line in it.reader.lines(ASKED))


async def test_an_old_look_at_the_branch_is_not_told() -> None:
    """What was merged is read again as rarely as the repository wants, while the incident is open."""
    async with reading() as it:
        it.know(PAGED)
        await eventually(lambda: it.paths == ["compare", "commits"])
        await it.clock.advance(61.0)
        await eventually(lambda: it.paths == ["compare", "commits", "commits"])
        it.know(WEB)
        await it.clock.advance(3600.0)
        assert it.paths == ["compare", "commits", "commits"]


@pytest.mark.parametrize(("token", "pause"), [(keys.GITHUB_TOKEN, AGAIN_SECONDS), ("wrong", REFUSED_SECONDS)])
async def test_what_is_not_answered_is_asked_again_later(token: str, pause: float) -> None:
    async with reading(token) as it:
        if token == keys.GITHUB_TOKEN:
            it.sandbox.set_mode("github", "error_500")
        it.know(SUSPECTED)
        await eventually(lambda: it.asked and it.clock.sleepers)
        asked = it.asked
        it.know(replace(SUSPECTED, phase_since=5.0))
        await it.clock.advance(pause - 5.0)
        assert it.asked == asked
        await it.clock.advance(10.0)
        await eventually(lambda: it.asked > asked)


async def test_without_a_target_what_served_before_is_the_base() -> None:
    async with reading() as it:
        it.know(replace(PAGED, incident=opened(target_code=None)))
        await eventually(lambda: it.reader.lines(ASKED))
        assert "5aa0c11" in it.reader.lines(ASKED)[0]


async def test_a_notice_waits_for_nothing_and_takes_what_is_there() -> None:
    """GitHub hangs: the notice leaves at once without it; when it is there, the next one has it, inert."""
    async with reading() as it:
        it.sandbox.set_mode("github", "hang", times=1)
        channel = AnnotatingNotifier(slack(it.sandbox), [it.reader.lines])
        assert channel.name == "slack"
        it.know(PAGED)
        await eventually(lambda: it.asked)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await channel.send(ASKED, None)
        assert "Suspect commits" not in str(it.sandbox.pagers.slack[-1].body)
        await channel.close()


async def test_a_fault_of_ours_keeps_no_notice_back() -> None:
    async with Sandbox() as sandbox:

        def broken() -> State:
            raise RuntimeError("a fault of ours")

        github = build_github("", sandbox.urls["github"], FakeClock())
        channel = AnnotatingNotifier(slack(sandbox), [SuspectCommits(github, FakeClock(), broken).lines])
        await channel.send(ASKED, None)
        assert "HTTP 503" in str(sandbox.pagers.slack[-1].body)
        await channel.close()
        await github.close()


async def test_a_page_may_ask_for_an_incident_that_is_over_once_and_at_the_repositorys_pace() -> None:
    """It waits for nothing; another one is read a minute later at the earliest; a refused one is read once."""
    over, older = opened(closed_at=9.0), opened(closed_at=9.0, suspect_code=GOOD, target_code=OLD)
    async with reading() as it:
        it.know(WEB)
        assert it.reader.authors(over, WEB) == it.reader.authors(older, WEB) == ()
        await eventually(lambda: it.reader.authors(over, WEB) == ("Ann",))
        assert it.reader.authors(older, WEB) == () and it.paths == ["compare"]
        await it.clock.advance(60.0)
        assert it.reader.authors(older, WEB) == ()
        await eventually(lambda: it.reader.authors(older, WEB) != ())
        unknown = opened(suspect_code="f" * 40)
        await it.clock.advance(60.0)
        assert it.reader.authors(unknown, WEB) == it.reader.authors(over, None) == ()
        await eventually(lambda: it.asked == 3)
        await it.clock.advance(7200.0)
        assert it.asked == 3 and it.reader.authors(over, WEB) == ("Ann",)

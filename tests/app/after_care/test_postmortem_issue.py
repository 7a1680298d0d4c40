"""The post-mortem's issue on the sandbox's GitHub and a record in a file: one, whatever was lost or killed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.app.scenes import settings_of
from tests.cli import examples as x
from tests.support.clocks import FakeClock
from tests.support.stores import opened
from watchdog.app.after_care.postmortem_issue import ABSENT, SENDING, STEP, IssueOrder, PostmortemIssue, open_issue
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import ConfigurationError, Permanent, Refused, Temporary
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import ActionRow, Write
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

ADDRESS = "https://github.com/acme/web/issues/1"
OPENED, FOUND = (PostmortemIssue(ADDRESS, found=found) for found in (False, True))
NOTE = f"post-mortem, opened as an issue: {ADDRESS}"
NOW = x.BEGIN + 600


@dataclass
class Scene:
    """The sandbox's repository of web, and a record with an incident that is over."""

    sandbox: Sandbox
    folder: Path
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        token = {"WATCHDOG_GITHUB_TOKEN": keys.GITHUB_TOKEN}
        self.settings = settings_of(self.folder, urls=self.sandbox.urls, environ=token)

    async def record(self, repo: str | None = "https://github.com/acme/web.git", **incident: object) -> "Scene":
        facts = ServiceFacts("srv-web", "web", repo=repo)
        state = ServiceState("web", incident=x.incident(**incident), facts=facts)
        async with opened(self.settings.store_url, SystemClock()) as store:
            await store.save(Write(State(services={"web": state})))
        return self

    async def run(self, repo: str = "", *, public: bool = False) -> PostmortemIssue:
        order = IssueOrder("web-1", "terminal:ann", "Post-mortem of web-1", ("# Draft", "", "text"), repo, public)
        return await open_issue(self.settings, order, self.clock, self.told.append)

    async def left(self, state: str, ago: float = 60.0) -> None:
        """Leave the journal as a run does that was killed, so many seconds ago."""
        async with opened(self.settings.store_url, SystemClock()) as store:
            before = await store.action("web-1", STEP)
            row = ActionRow("web-1", STEP, state, "acme/web", "", None, 1, self.clock.now() - ago, service="web")
            assert await store.put_action_by_hand(row, expect=before.state if before is not None else None)

    async def noted(self) -> list[str]:
        async with opened(self.settings.store_url, SystemClock()) as store:
            return [one.text for one in await store.remarks("web-1")]

    @property
    def issues(self) -> int:
        return len(self.sandbox.issues.all)

    @property
    def posts(self) -> int:
        return sum(one["method"] == "POST" for one in self.sandbox.events.requests("github"))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with Sandbox() as sandbox:
        yield await Scene(sandbox, tmp_path).record()


async def test_it_is_opened_once_and_its_address_noted_once(scene: Scene, tmp_path: Path) -> None:
    """Also where people closed it, and where the record was lost: the mark in it is looked for first."""
    assert [await scene.run(), await scene.run()] == [OPENED, FOUND]
    (issue,) = scene.sandbox.issues.all
    assert issue.body.startswith("<!-- watchdog post-mortem ") and issue.body.endswith("-->\n\n# Draft\n\ntext")
    assert (issue.title, issue.labels) == ("Post-mortem of web-1", ["watchdog", "post-mortem"])
    assert await scene.noted() == [NOTE]
    issue.state = "closed"
    anew = await Scene(scene.sandbox, tmp_path / "anew").record()
    assert await anew.run() == FOUND and await anew.noted() == [NOTE]
    # Another record's incident of that name is another one.
    other = await Scene(scene.sandbox, tmp_path / "other").record(opened_at=x.BEGIN + 5000, closed_at=x.BEGIN + 6000)
    assert (await other.run()).address.endswith("/issues/2") and scene.posts == 2


async def test_a_lost_answer_is_looked_up(scene: Scene) -> None:
    scene.sandbox.set_mode("issue", "drop", 1)
    assert await scene.run() == OPENED and await scene.run() == FOUND
    assert (scene.issues, await scene.noted()) == (1, [NOTE])


@pytest.mark.parametrize("state", [SENDING, ABSENT])
@pytest.mark.parametrize("arrived", [False, True])
async def test_what_a_killed_run_left_is_looked_up_before_another_is_opened(
    scene: Scene, state: str, arrived: bool
) -> None:
    """Killed before the request, or after it and before the record."""
    if arrived:
        await scene.run()
    await scene.left(state)
    assert await scene.run() == (FOUND if arrived else OPENED)
    assert (scene.issues, scene.posts, await scene.noted()) == (1, 1, [NOTE]) and await scene.run() == FOUND


@pytest.mark.parametrize(("ago", "waits"), [(0.0, 30), (20.0, 10), (-9000.0, 30)])
async def test_none_is_opened_while_github_may_not_list_one_yet(scene: Scene, ago: float, waits: float) -> None:
    """Reckoned from the request, by a clock that may be ahead of this one."""
    await scene.left(SENDING, ago)
    assert await scene.run() == OPENED
    assert waits <= scene.clock.now() - NOW <= waits + 3
    assert scene.told[0] == "GitHub may have opened it in acme/web, and does not list it yet: looking again"


async def test_of_two_commands_at_once_one_opens_it(scene: Scene) -> None:
    for state in (None, SENDING, ABSENT):
        scene.sandbox.issues.all.clear()
        if state is not None:
            await scene.left(state)
        done = await asyncio.gather(scene.run(), scene.run(), return_exceptions=True)
        assert all(isinstance(one, Refused) or one in (OPENED, FOUND) for one in done), done
        assert scene.issues == 1 and OPENED in done


async def test_a_refusal_opens_nothing_and_says_what_to_do(scene: Scene) -> None:
    refusals = {"refuse_403": "Issues: read and write", "refuse_404": "check --repo", "limited": "no more requests"}
    for mode, says in refusals.items():
        scene.sandbox.set_mode("issue", mode, 1)
        with pytest.raises((Permanent, Temporary), match=says):
            await scene.run()
    scene.sandbox.set_mode("github", "down")
    with pytest.raises(Temporary):
        await scene.run()
    scene.sandbox.set_mode("github", "ok")
    assert scene.issues == 0 and await scene.noted() == []
    assert await scene.run() == OPENED


async def test_where_it_would_be_read_by_all_or_never_found_again_it_is_not_opened(scene: Scene) -> None:
    scene.sandbox.issues.labels_dropped = True
    with pytest.raises(Permanent, match="GitHub would drop the label"):
        await scene.run()
    scene.sandbox.issues.labels_dropped, scene.sandbox.issues.public = False, True
    with pytest.raises(Refused, match="acme/web is public, so everyone could read it"):
        await scene.run()
    assert scene.posts == 0 and await scene.run("acme/notes", public=True) == replace(
        OPENED, address="https://github.com/acme/notes/issues/1"
    )


async def test_what_is_not_known_has_to_be_said(scene: Scene, tmp_path: Path) -> None:
    for repo in ("web", "acme/..", "acme/web/issues"):
        with pytest.raises(ConfigurationError, match="--repo"):
            await scene.run(repo)
    lasting = await Scene(scene.sandbox, tmp_path / "lasting").record(closed_at=None)
    with pytest.raises(Refused, match="web-1 is still open"):
        await lasting.run()
    elsewhere = await Scene(scene.sandbox, tmp_path / "elsewhere").record(repo="https://gitlab.com/acme/web")
    with pytest.raises(Permanent, match=r"not on github\.com"):
        await elsewhere.run()
    unknown = await Scene(scene.sandbox, tmp_path / "unknown").record(repo=None)
    with pytest.raises(ConfigurationError, match="--repo"):
        await unknown.run()
    async with opened(scene.settings.store_url, SystemClock()) as store:
        assert await store.action("web-1", STEP) is None

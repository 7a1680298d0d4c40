"""The fix branch by GitHub's API, on the sandbox and a record in a file: made once, found again, never moved."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.app.scenes import settings_of
from tests.cli import examples as x
from tests.support.stores import opened
from watchdog.app.after_care.fix_branch import FixBranch, fix_branch
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import Permanent, Refused, Temporary
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.remedies.git_steps import BranchOrder
from watchdog.domain.store_records import Write
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.world import COMMITS

GOOD, HEAD = COMMITS["40"][0], COMMITS["41"][0]
ADDRESS = "https://github.com/acme/web"
NAME = "fix/web-1"
MADE, FOUND = (FixBranch(NAME, GOOD, found=found) for found in (False, True))


@dataclass
class Scene:
    """The sandbox's repository of web, and a record with a rollback to its stable commit."""

    sandbox: Sandbox
    folder: Path
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        token = {"WATCHDOG_GITHUB_WRITE_TOKEN": keys.GITHUB_WRITE_TOKEN}
        self.settings = settings_of(self.folder, urls=self.sandbox.urls, environ=token)

    async def run(self, name: str = NAME, to: str = "") -> FixBranch:
        return await fix_branch(self.settings, BranchOrder("web-1", "terminal:ann", to), name, {}, self.told.append)

    @property
    def made(self) -> list[tuple[str, str]]:
        return [(one["branch"], one["commit"]) for one in self.sandbox.log if one["what"] == "git_branch"]

    async def recorded(self) -> tuple[list[str], list[str]]:
        """Return the notes of people, and the items that are ticked."""
        async with opened(self.settings.store_url, SystemClock()) as store:
            said, ticks = await store.remarks("web-1"), await store.ticks("web-1")
        return [one.text for one in said], [one.item for one in ticks]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    facts = ServiceFacts("srv-web", "web", repo=ADDRESS, branch="main")
    state = ServiceState("web", incident=x.incident(target_code=GOOD), facts=facts)
    async with Sandbox() as sandbox:
        scene = Scene(sandbox, tmp_path)
        async with opened(scene.settings.store_url, SystemClock()) as store:
            await store.save(Write(State(services={"web": state})))
        yield scene


async def test_it_is_made_at_the_stable_commit_once_and_its_item_ticked_once(scene: Scene) -> None:
    assert [await scene.run(), await scene.run()] == [MADE, FOUND] and scene.told == []
    assert scene.made == [(NAME, GOOD)]
    intent = f"fix branch, about to be made: {NAME} of {ADDRESS} at {GOOD}"
    assert await scene.recorded() == ([intent], ["fix-branch"])


@pytest.mark.parametrize("death", ["before the request", "at the answer", "before the tick"])
async def test_what_a_killed_run_left_is_made_up_for(scene: Scene, death: str) -> None:
    if death == "before the request":
        scene.sandbox.set_mode("git_ref", "refuse_400", 1)
        with pytest.raises(Permanent):
            await scene.run()
        assert scene.made == [] and await scene.run() == MADE
    elif death == "at the answer":
        scene.sandbox.set_mode("git_ref", "drop", 1)
        assert await scene.run() == MADE
    else:
        scene.sandbox.git._of(scene.sandbox.cloud.services["web"]).branches[NAME] = GOOD
        assert await scene.run() == FOUND
    assert (await scene.recorded())[1] == ["fix-branch"] and len(scene.made) == (death != "before the tick")


async def test_a_branch_at_another_commit_stays_and_nothing_is_ticked(scene: Scene) -> None:
    """Also the one that is deployed, though it may be at the stable commit; and no intent is recorded."""
    branches = scene.sandbox.git._of(scene.sandbox.cloud.services["web"]).branches
    branches[NAME] = HEAD
    with pytest.raises(Refused, match=f"{NAME} of {ADDRESS} is at {HEAD[:7]}, not at {GOOD[:7]}: it stays as it is"):
        await scene.run()
    with pytest.raises(Refused, match="main is the branch that is deployed"):
        await scene.run("main", HEAD)
    for to, why in ((GOOD[:9], "whole ids"), ("f" * 40, "has no commit")):
        with pytest.raises(Permanent, match=why):
            await scene.run("fix/other", to)
    with pytest.raises(Permanent, match="not the name of a branch"):
        await scene.run("--force")
    assert branches == {NAME: HEAD} and scene.made == [] and await scene.recorded() == ([], [])


async def test_a_github_that_is_away_changes_nothing(scene: Scene) -> None:
    scene.sandbox.set_mode("github", "down")
    with pytest.raises(Temporary):
        await scene.run()
    scene.sandbox.set_mode("github", "ok")
    assert await scene.recorded() == ([], []) and await scene.run() == MADE

"""`incident revert --deploy`: the revert on the branch goes live by one request; refused before the push, or told."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.app.git_steps.deploy_scene import KEY
from tests.app.scenes import settings_of
from tests.cli import examples as x
from tests.support.stores import opened
from watchdog.app.git_steps.git_commands import deploy, plan_deploy, revert
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import ConfigurationError, Refused, Temporary
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.remedies.git_steps import DeployOrder, Reverted, RevertOrder
from watchdog.domain.store_records import Write
from watchdog.presentation.git_steps import revert_text
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.vendors.github_api import branch
from watchdog.sandbox.world import COMMITS

GOOD, HEAD = COMMITS["40"][0], COMMITS["41"][0]
ADDRESS = "https://github.com/acme/web"
ORDER = RevertOrder("web-1", "terminal:ann", deploy=True)


@dataclass
class Story:
    """The record after a rollback, and the sandbox's Render and GitHub; auto-deploy is off."""

    sandbox: Sandbox
    folder: Path
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        environ = {**KEY, "WATCHDOG_GITHUB_WRITE_TOKEN": keys.GITHUB_WRITE_TOKEN}
        self.settings = settings_of(self.folder, urls=self.sandbox.urls, environ=environ)
        self.sandbox.cloud.services["web"].auto_deploy_trigger = "off"

    async def save(self, **shared: Any) -> None:
        facts, incident = ServiceFacts("srv-web", "web", repo=ADDRESS, branch="main"), x.incident(target_code=GOOD)
        services = {"web": ServiceState("web", incident=replace(incident, closed_at=x.BEGIN), facts=facts)}
        async with opened(self.settings.store_url, SystemClock()) as store:
            await store.save(Write(State(services=services, **shared)))

    async def run(self, order: RevertOrder = ORDER) -> Reverted:
        done, _ = await revert(self.settings, order, {}, self.told.append)
        return done

    @property
    def head(self) -> str:
        return branch(self.sandbox.cloud.services["web"])[0].sha

    @property
    def posts(self) -> list[str]:
        asked = self.sandbox.events.requests("render")
        return [f"{one['method']} {one['path'].rpartition('/')[2]}" for one in asked if one["method"] != "GET"]


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    async with Sandbox() as sandbox:
        yield Story(sandbox, tmp_path)


async def test_the_revert_goes_live_by_its_commit_and_a_second_call_finds_both(story: Story) -> None:
    await story.save()
    first = await story.run()
    assert first.deployed is not None and story.posts == ["POST deploys"]
    made = story.sandbox.cloud.services["web"].deploys[-1]
    assert (made.id, made.commit) == (first.deployed.deploy, first.commit) and story.head == first.commit
    again = await story.run()
    assert again.found and again.deployed is not None and again.deployed.found and story.posts == ["POST deploys"]
    assert len(revert_text.outcome(again, "main", "web")) == 2
    async with opened(story.settings.store_url, SystemClock()) as store:
        notes = [one.arguments["text"] for one in await store.asked()]
    assert [note.partition(",")[0].partition(" of ")[0] for note in reversed(notes)] in (
        ["git revert", "git revert", "deploy", "deploy"],
        ["deploy", "deploy", "git revert", "git revert"],
    )


@pytest.mark.parametrize(
    ("shared", "why"), [({"paused_by": "ann"}, "paused by ann"), ({"denied": (GOOD,)}, "on the deny-list")]
)
async def test_what_forbids_the_deploy_refuses_before_the_push(story: Story, shared: dict[str, Any], why: str) -> None:
    await story.save(**shared)
    with pytest.raises(Refused, match=f"nothing is reverted, as it could not be deployed: .*{why}"):
        await story.run()
    assert (story.head, story.posts) == (HEAD, [])


async def test_a_deploy_that_fails_after_the_push_tells_of_the_push(story: Story) -> None:
    """And is made by the next run, which finds the revert."""
    await story.save()
    story.sandbox.set_mode("create_deploy", "refuse_429", 1)
    with pytest.raises(Temporary):
        await story.run()
    assert story.head != HEAD and story.told[-1] == f"main holds the revert {story.head}."
    done = await story.run()
    assert done.found and done.deployed is not None and not done.deployed.found
    assert story.posts == ["POST deploys"] * 2 and story.sandbox.cloud.services["web"].deploys[-1].commit == done.commit


async def test_a_stable_commit_is_built_and_deployed_by_hand_once(story: Story) -> None:
    """Although what is live may hold it and more: to go back is what is ordered. The live one is not built again."""
    await story.save(paused_by="ann")
    older = DeployOrder("web-1", "terminal:ann", COMMITS["39"][0])
    assert "paused by ann" in (await plan_deploy(story.settings, older))[1]
    with pytest.raises(Refused, match="paused by ann"):
        await deploy(story.settings, older, story.told.append)
    async with opened(story.settings.store_url, SystemClock()) as store:
        state = await store.load()
        assert state is not None
        await store.save(Write(replace(state, paused_by="")))
    live = await deploy(story.settings, replace(older, commit=""), story.told.append)
    assert (live.found, live.commit, story.posts) == (True, GOOD, [])
    first, again = [await deploy(story.settings, older, story.told.append) for _ in range(2)]
    assert (first.found, again.found, again.deploy, story.posts) == (False, True, first.deploy, ["POST deploys"])
    made = story.sandbox.cloud.services["web"].deploys[-1]
    assert (made.id, made.commit, made.trigger) == (first.deploy, older.commit, "api")
    with pytest.raises(ConfigurationError, match="not a whole commit id"):
        await deploy(story.settings, replace(older, commit=GOOD[:12]), story.told.append)


async def test_what_is_only_proposed_is_not_deployed_and_what_is_there_already_is(story: Story) -> None:
    await story.save()
    story.sandbox.git.protected.add("web")
    assert (await story.run()).deployed is None and story.posts == []
    assert "not deployed: it is only proposed" in story.told[-1]
    story.sandbox.git.protected.clear()
    assert (await story.run()).pull_request, "it waits for the merge"
    same = await story.run(replace(ORDER, to=HEAD))
    assert (same.commit, story.posts) == ("", ["POST deploys"])
    assert story.sandbox.cloud.services["web"].deploys[-1].commit == HEAD, "as its last build had failed"

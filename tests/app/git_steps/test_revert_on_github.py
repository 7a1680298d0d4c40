"""The same revert by GitHub's API, on the sandbox: without a clone, once, as a pull request where main is closed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.app.git_steps.scene import Journal, Killed, revert_of
from tests.app.scenes import settings_of
from tests.cli import examples as x
from tests.support.clocks import FakeClock
from tests.support.stores import opened
from watchdog.adapters.repositories.github_git import GitHubGit, build_github_git
from watchdog.app.git_steps.git_commands import plan_revert, revert
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.remedies.git_steps import Reverted, RevertOrder
from watchdog.domain.store_records import Write
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox
from watchdog.sandbox.vendors.github_api import branch
from watchdog.sandbox.world import COMMITS

GOOD, HEAD = COMMITS["40"][0], COMMITS["41"][0]
ADDRESS = "https://github.com/acme/web"
TOKEN = {"WATCHDOG_GITHUB_WRITE_TOKEN": keys.GITHUB_WRITE_TOKEN}


@dataclass
class Scene:
    """The sandbox's repository of web, auto-deploy off as after a rollback."""

    sandbox: Sandbox
    clock: FakeClock = field(default_factory=lambda: FakeClock(x.BEGIN + 600))
    told: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Journal(self.clock)
        self.sandbox.cloud.services["web"].auto_deploy_trigger = "off"

    def host(self) -> GitHubGit:
        return build_github_git(ADDRESS, keys.GITHUB_WRITE_TOKEN, self.sandbox.urls["github"], FakeClock())

    async def run(self, **order: bool) -> Reverted:
        host = self.host()
        try:
            return await revert_of(self, host, GOOD, **order).run()
        finally:
            await host.close()

    @property
    def line(self) -> list[str]:
        return [one.sha for one in branch(self.sandbox.cloud.services["web"])]

    @property
    def written(self) -> list[str]:
        asked = self.sandbox.events.requests("github")
        return [f"{one['method']} {one['path'].rpartition('/')[2]}" for one in asked if one["method"] != "GET"]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with Sandbox() as sandbox:
        yield Scene(sandbox)


async def test_one_commit_on_top_by_two_requests(scene: Scene) -> None:
    done = await scene.run()
    assert scene.line[:2] == [done.commit, HEAD]
    assert scene.written == ["POST commits", "POST graphql"]
    made = branch(scene.sandbox.cloud.services["web"])[0].message
    assert f"Watchdog-Undoes: {GOOD}..{HEAD}" in made and "It undoes 1 commit: " in made
    assert (await scene.run()).found and scene.line[:2] == [done.commit, HEAD]


@pytest.mark.parametrize("death", [(1, "before"), (1, "after"), (2, "before"), (2, "after")])
async def test_killed_anywhere_it_is_done_once(scene: Scene, death: tuple[int, str]) -> None:
    scene.store.dies = death
    with pytest.raises(Killed):
        await scene.run()
    landed, scene.store.dies = scene.line[0] != HEAD, None
    done = await scene.run()
    assert done.found is landed and scene.line[:2] == [done.commit, HEAD]


@pytest.mark.parametrize("hidden", [False, True])
async def test_a_lost_answer_is_looked_up_on_the_branch(scene: Scene, hidden: bool) -> None:
    """Where GitHub is away for longer, the next run looks first."""
    scene.sandbox.set_mode("git_ref", "drop", 1)
    if not hidden:
        assert (await scene.run()).commit == scene.line[0]
    else:
        scene.store.dies = (2, "before")
        with pytest.raises(Killed):
            await scene.run()
        scene.store.dies = None
        assert (await scene.run()).found
    assert scene.line[1] == HEAD and scene.written.count("POST graphql") == 1


async def test_a_github_that_is_away_or_refuses_changes_nothing(scene: Scene) -> None:
    scene.sandbox.set_mode("github", "down")
    with pytest.raises(Temporary):
        await scene.run()
    scene.sandbox.set_mode("github", "ok")
    for mode, error in (("refuse_400", Permanent), ("refuse_404", Permanent)):
        scene.sandbox.set_mode("git_ref", mode, 1)
        with pytest.raises(error):
            await scene.run()
    assert scene.line[0] == HEAD
    assert (await scene.run()).commit == scene.line[0]


@pytest.mark.parametrize("ordered", [False, True])
async def test_a_closed_main_gets_a_pull_request(scene: Scene, ordered: bool) -> None:
    if not ordered:
        scene.sandbox.git.protected.add("web")
    for found in (False, True):
        done = await scene.run(pull_request=ordered)
        assert (done.pull_request, done.found) == (f"{ADDRESS}/pull/1", found)
    assert scene.line[0] == HEAD and scene.written.count("POST commits") == 1
    assert scene.noted[-1].endswith(f"for main: {ADDRESS}/pull/1")


async def test_killed_before_the_pull_request_it_is_opened_once(scene: Scene) -> None:
    scene.sandbox.git.protected.add("web")
    scene.store.dies = (2, "before")
    with pytest.raises(Killed):
        await scene.run()
    scene.store.dies = None
    done = await scene.run()
    pulls = [one for one in scene.sandbox.log if one["what"] == "pull_request"]
    assert (done.pull_request, len(pulls)) == (f"{ADDRESS}/pull/1", 1)


@pytest.mark.parametrize(("token", "remote"), [(True, ""), (False, ""), (True, ADDRESS)])
async def test_the_commands_take_repository_and_branch_from_render(
    tmp_path: Path, scene: Scene, token: bool, remote: str
) -> None:
    """With a token that may write by GitHub's API; else, and where the order names the repository, by git."""
    settings = settings_of(tmp_path, urls=scene.sandbox.urls, environ=TOKEN if token else {})
    facts = ServiceFacts("srv-web", "web", repo=ADDRESS, branch="main")
    incident = x.incident(target_code=GOOD)
    async with opened(settings.store_url, SystemClock()) as store:
        await store.save(Write(State(services={"web": ServiceState("web", incident=incident, facts=facts)})))
    order = RevertOrder("web-1", "terminal:ann", remote=remote)
    if not token or remote:
        away = {"https_proxy": "http://127.0.0.1:1", "PATH": "/usr/bin:/bin"}
        with pytest.raises(Temporary, match="git ls-remote"):
            await plan_revert(settings, order, away, scene.told.append)
        return
    plan, found = await plan_revert(settings, order, {}, scene.told.append)
    assert (plan.where, plan.head, plan.stable, found.id) == (ADDRESS, HEAD, GOOD, "web-1")
    older = replace(order, to=COMMITS["39"][0])
    assert (await plan_revert(settings, older, {}, scene.told.append))[0].stable == older.to, "not that of the record"
    done, at = await revert(settings, order, {}, scene.told.append)
    assert (scene.line[0], at) == (done.commit, "main")

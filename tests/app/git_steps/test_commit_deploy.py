"""The deploy of a commit by a person's order: one request, whatever happens around it; refused where it must be."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.git_steps.deploy_scene import COMMIT, STABLE, DeployScene
from tests.app.git_steps.scene import Killed, die
from watchdog.domain.effects import Rollback
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.incidents import Phase
from watchdog.domain.remedies.git_steps import GitStep
from watchdog.domain.store_records import ActionRow
from watchdog.presentation.git_steps import deploy_text
from watchdog.sandbox.server import Sandbox

OTHER = "7a" * 20


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[DeployScene]:
    async with Sandbox() as sandbox:
        yield await DeployScene(sandbox, tmp_path).saved()


async def test_one_request_by_the_commits_id_and_a_second_call_sends_nothing(scene: DeployScene) -> None:
    first = await scene.run()
    assert (scene.posts, scene.brought(), first.found, first.commit) == (1, 1, False, COMMIT)
    about_to, requested = scene.noted
    assert about_to == f"deploy of {COMMIT} on web, about to be requested"
    assert requested == f"deploy of 5e5e5e5, requested: {first.deploy}"
    row = await scene.store.action("web-1", GitStep.DEPLOY)
    assert row is not None and (row.state, row.target, row.deploy, row.attempts) == (
        "accepted",
        COMMIT,
        first.deploy,
        1,
    )
    await scene.saved(shared={"paused_by": "ann"})
    again = await scene.run()
    assert (again.found, again.deploy, scene.posts) == (True, first.deploy, 1), "also where nothing may be sent"
    assert "so nothing was sent now" in deploy_text.outcome(again, "web") and len(scene.noted) == 2
    follow = f"Follow it: watchdog deploy-watch web --commit {COMMIT} --wait"
    assert deploy_text.outcome(first, "web").endswith(follow)


@pytest.mark.parametrize(
    ("write", "around", "deploys", "then"),
    [
        ((1, "before"), "", 0, ["made"]),
        ((1, "after"), "", 0, ["Temporary", "made"]),
        (None, "before", 0, ["Temporary", "made"]),
        (None, "after", 1, ["found"]),
        ((2, "before"), "", 1, ["found"]),
        ((2, "after"), "", 1, ["found"]),
    ],
)
async def test_killed_anywhere_it_is_deployed_once(
    scene: DeployScene, write: tuple[int, str] | None, around: str, deploys: int, then: list[str]
) -> None:
    """What was not sent is told as that, and a new order sends it; what was sent is found by its commit."""
    scene.store.dies = write
    if around:
        setattr(scene, around, die)
    with pytest.raises(Killed):
        await scene.run()
    assert scene.brought() == deploys
    scene.store.dies, scene.before, scene.after = None, lambda: None, lambda: None
    assert [await scene.outcome() for _ in then] == then
    assert (scene.posts, scene.brought(), await scene.state()) == (1, 1, "accepted")
    assert await scene.outcome() == "found" and scene.posts == 1


@pytest.mark.parametrize("mode", ["drop", "error_after"])
async def test_a_lost_answer_is_looked_up_by_the_commit(scene: DeployScene, mode: str) -> None:
    scene.sandbox.set_mode("create_deploy", mode, 1)
    done = await scene.run()
    assert (scene.posts, scene.brought(), done.found) == (1, 1, False)
    assert scene.noted[-1] == f"deploy of 5e5e5e5, found in Render's list: {done.deploy}"
    assert await scene.outcome() == "found" and scene.posts == 1


async def test_an_answer_without_an_id_is_looked_up_and_never_sent_again(tmp_path: Path) -> None:
    """Render answers 202 without a body at times: it has the order, also while its list does not show it."""
    async with Sandbox(quirks=["queued_without_body"]) as sandbox:
        scene = await DeployScene(sandbox, tmp_path).saved()
        deploys = sandbox.cloud.services["web"].deploys
        scene.after = lambda: hidden.append(deploys.pop())
        hidden: list[Any] = []
        for _ in range(2):
            with pytest.raises(OutcomeUnknown, match="lists no such deploy"):
                await scene.run()
        deploys += hidden
        assert await scene.outcome() == "found" and scene.posts == 1


async def test_a_request_that_did_not_arrive_is_told_and_not_repeated(scene: DeployScene) -> None:
    scene.sandbox.set_mode("create_deploy", "reset_before", 1)
    with pytest.raises(Temporary, match="nothing was deployed; to order it anew"):
        await scene.run()
    assert (scene.posts, scene.brought(), await scene.state()) == (1, 0, "failed")
    assert "not made: no trace of it in the deploy list after 30 s" in scene.noted[-1]
    assert scene.clock.elapsed >= 30.0
    assert await scene.outcome() == "made" and (scene.posts, scene.brought()) == (2, 1)


async def test_a_list_that_cannot_be_read_leaves_it_open(scene: DeployScene) -> None:
    """A later run looks first, also one that orders another commit."""
    scene.sandbox.set_mode("create_deploy", "drop", 1)
    scene.before = lambda: scene.sandbox.set_mode("list_deploys", "error_500")
    for commit in (COMMIT, OTHER):
        with pytest.raises(OutcomeUnknown, match="it looks first"):
            await scene.run(commit)
    assert await scene.state() == "sending" and scene.posts == 1
    scene.sandbox.set_mode("list_deploys", "ok")
    assert await scene.outcome() == "found" and (scene.posts, scene.brought()) == (1, 1)


@pytest.mark.parametrize(
    ("mode", "error"), [("refuse_429", Temporary), ("refuse_400", Permanent), ("refuse_403", Permanent)]
)
async def test_what_render_refuses_is_recorded_as_not_made(scene: DeployScene, mode: str, error: type) -> None:
    scene.sandbox.set_mode("create_deploy", mode, 1)
    with pytest.raises(error):
        await scene.run()
    assert (scene.posts, scene.brought(), await scene.state()) == (1, 0, "failed")
    assert ", not made: " in scene.noted[-1]
    assert await scene.outcome() == "made"


ROLLBACK = Rollback("web", "web-1", "srv-web", "dep-41", "dep-40", None, "dep-41")


@pytest.mark.parametrize(
    ("saved", "effects", "why"),
    [
        ({"shared": {"paused_by": "ann"}}, (), "the daemon may change nothing: paused by ann"),
        ({"shared": {"disarmed": "x"}}, (), r"disarmed \(x\)"),
        ({"phase": Phase.PINNING}, (), r"the daemon acts on web at this moment \(pinning\)"),
        ({"phase": Phase.VERIFYING}, (), "the daemon acts on web"),
        ({}, (ROLLBACK,), "an action on web that is not finished"),
        ({"forbidden": "403"}, (), "the key may not change web"),
        ({"shared": {"denied": (COMMIT,)}}, (), "5e5e5e5 is on the deny-list: watchdog commit trust 5e5e5e5"),
        ({"shared": {"denied": (STABLE,)}}, (), "1b1b1b1 is on the deny-list"),
    ],
)
async def test_what_forbids_it_refuses_it_before_and_at_the_last_moment(
    scene: DeployScene, saved: dict[str, Any], effects: tuple[Rollback, ...], why: str
) -> None:
    """What comes while the intent is being recorded counts as well; then the record says that nothing was sent."""
    await scene.saved(*effects, **saved)
    with pytest.raises(Refused, match=why):
        await scene.run()
    assert scene.noted == [] and await scene.state() == "none"
    await scene.saved()
    for one in await scene.store.pending():
        await scene.store.finish(one.id, "done", "web")
    revert = scene.store.put_action_by_hand

    async def meanwhile(row: ActionRow, expect: str | None) -> bool:
        written = await revert(row, expect)
        if row.state == "sending":
            await scene.saved(*effects, **saved)
        return written

    scene.store.put_action_by_hand = meanwhile  # type: ignore[method-assign]
    with pytest.raises(Refused, match=why):
        await scene.run()
    assert (scene.posts, await scene.state()) == (0, "failed") and ", not made: " in scene.noted[-1]


async def test_a_service_that_is_only_observed_or_unknown_is_left_alone(scene: DeployScene) -> None:
    scene.observing()
    with pytest.raises(Refused, match="web is only observed"):
        await scene.run()
    scene.store.__init__(scene.clock)  # type: ignore[misc]
    with pytest.raises(Refused):
        await scene.run()
    assert scene.posts == 0


async def test_a_deploy_on_its_way_is_not_overtaken_and_more_than_this_is_not_replaced(scene: DeployScene) -> None:
    cloud = scene.sandbox.cloud
    other = cloud.deploy("web", commit=OTHER, build_seconds=600.0)
    with pytest.raises(Refused, match=f"{other.id} is on its way"):
        await scene.run()
    cloud.services["web"].deploys.remove(other)
    live = next(one for one in reversed(cloud.services["web"].deploys) if one.status == "live")
    scene.included = live.commit or ""
    with pytest.raises(Refused, match="which has 5e5e5e5 and more"):
        await scene.run()
    assert scene.posts == 0 and await scene.state() == "none"


async def test_auto_deploy_that_is_on_is_given_time_and_its_deploy_is_taken(scene: DeployScene) -> None:
    web = scene.sandbox.cloud.services["web"]
    web.auto_deploy_trigger = "commit"
    scene.tell = lambda _: scene.sandbox.cloud.deploy("web", commit=COMMIT)
    assert await scene.outcome() == "found" and (scene.posts, scene.brought()) == (0, 1)


async def test_of_two_commands_at_once_one_sends(scene: DeployScene) -> None:
    scene.store.rival = ActionRow("web-1", GitStep.DEPLOY, "sending", OTHER, "dep-41")
    with pytest.raises(Refused, match="another command deploys on web"):
        await scene.run()
    assert scene.posts == 0 and scene.noted == []


async def test_a_store_that_goes_away_after_the_request_has_it_looked_up(scene: DeployScene) -> None:
    """The answer is told; the row stays as it was, and the next run finds the deploy."""

    async def away(row: ActionRow, expect: str | None) -> bool:
        raise Temporary("the store is away")

    scene.after = lambda: setattr(scene.store, "put_action_by_hand", away)
    assert await scene.outcome() == "made" and await scene.state() == "sending"
    assert "not recorded (the store is away)" in scene.told[-1]
    del scene.store.put_action_by_hand
    assert await scene.outcome() == "found" and (scene.posts, await scene.state()) == (1, "accepted")


async def test_a_deploy_that_failed_is_told_as_that_and_not_made_again(scene: DeployScene) -> None:
    first = await scene.run()
    next(one for one in scene.sandbox.cloud.services["web"].deploys if one.id == first.deploy).status = "build_failed"
    again = await scene.run()
    assert again.failed and scene.posts == 1
    said = "(build failed), which ended without going live: nothing was sent now. See its log at Render."
    assert deploy_text.outcome(again, "web") == f"5e5e5e5 is brought by {first.deploy} {said}"

"""Auto-deploy that is off because of us: offered back when a new commit is live, given back when a human asks."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.core.world import World
from tests.core.worlds import hear, listed, put, quiet, reach, share, web
from tests.support.effect_readers import kinds, lines, tell_of
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.incidents import Phase


def test_it_is_offered_once_when_a_new_commit_is_live() -> None:
    """Apart from the incident it was switched off for, which is over, and waking nobody."""
    world = quiet()
    assert listed(world) == ()
    world.end(world.begin("ccccccc1", "manual"))
    effects = listed(world)
    (tell,) = [effect for effect in effects if isinstance(effect, fx.Tell)]
    assert (tell.notice.kind.value, tell.notice.incident, tell.notice.wakes) == ("opened", "web-1/auto-deploy", False)
    assert tell.notice.title == "web: auto-deploy can be given back"
    assert tell.notice.lines[1] == "To give auto-deploy back (commit): watchdog service restore-auto-deploy web"
    assert lines(effects, "OFFER") == [" ".join(tell.notice.lines)]
    assert lines(listed(world), "OFFER") == []


def none_live(world: World) -> None:
    """Let the platform name no live deploy."""
    world.deploys = [replace(deploy, status="deactivated") for deploy in world.deploys]


@pytest.mark.parametrize(
    ("live", "trigger", "change"),
    [
        pytest.param("bad00000", "api", None, id="the bad one again"),
        pytest.param("aaaaaaa0", "api", None, id="a rebuild of the old code"),
        pytest.param(None, "api", None, id="unknown code"),
        pytest.param("ccccccc1", "rollback", None, id="somebody's own rollback to code that is not listed any more"),
        pytest.param("ccccccc1", "new_commit", none_live, id="nothing is live"),
        pytest.param("ccccccc1", "new_commit", lambda world: put(world, auto_deploy_off=""), id="not ours"),
        pytest.param("ccccccc1", "new_commit", lambda world: put(world, auto_deploy_off="off"), id="was off before"),
        pytest.param("ccccccc1", "new_commit", lambda world: set_to(world, "checksPass"), id="somebody switched it on"),
    ],
)
def test_when_it_is_not_offered(live: str | None, trigger: str, change: Callable[[World], object] | None) -> None:
    """No reason to let merges ship, or nothing to give back."""
    world = quiet()
    world.end(world.begin(live, trigger))
    if change is not None:
        change(world)
    assert lines(listed(world), "OFFER") == []


def set_to(world: World, value: str) -> None:
    """Let somebody set auto-deploy to that."""
    world.facts = replace(world.facts, auto_deploy=value)


def test_what_is_told_of_it_is_one_alert_until_it_is_on_again() -> None:
    """Even if another incident has it switched off meanwhile: what was opened under one name is closed under it."""
    world = quiet()
    opened = tell_of(hear(world, e.CommitsUnread(world.now, "web", "GitHub answered 404"))).notice
    put(world, pinned_for="web-2")
    world.end(world.begin("ccccccc1"))
    updated = tell_of(listed(world)).notice
    assert [one.kind.value for one in (opened, updated)] == ["opened", "updated"]
    assert opened.incident == updated.incident == "web-1/auto-deploy"


@pytest.mark.parametrize("pinned_for", ["web-1", ""])
def test_a_human_who_asks_gets_it_back(pinned_for: str) -> None:
    """The old value, and then it is no longer ours."""
    world = put(quiet(), pinned_for=pinned_for)
    effects = hear(world, e.RestoreRequested(world.now, "web", "ann"))
    (restore,) = [effect for effect in effects if isinstance(effect, fx.RestoreAutoDeploy)]
    assert restore == fx.RestoreAutoDeploy("web", pinned_for or "web", "srv-web", "commit")
    assert lines(effects, "BY HAND") == ["auto-deploy -> commit, asked for by ann"]
    effects = hear(world, e.AutoDeployRestored(world.now, "web", restore.incident, "commit"))
    assert kinds(effects).count("Tell") == 0, "nobody was told that it is off, but in the incident"
    assert (web(world).auto_deploy_off, web(world).pinned_for, web(world).offered) == ("", "", "")


def switched_on() -> World:
    """Return a world in which somebody switched it on: it is never given back over their heads."""
    world = quiet()
    set_to(world, "checksPass")
    listed(world)
    return world


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (lambda: put(quiet(), auto_deploy_off=""), "not off because of us"),
        (lambda: share(quiet(), paused_by="bob"), "paused by bob"),
        (switched_on, "not off because of us"),
        (lambda: reach(Phase.DEPLOYING), "auto-deploy is not given back now: web is deploying"),
        (lambda: reach(Phase.ROLLING_BACK), "auto-deploy is not given back now: web is rolling back"),
    ],
)
def test_a_human_who_asks_may_be_refused(world: Callable[[], World], words: str) -> None:
    """With the reason, and nothing is changed; first the incident, if something is looked into."""
    asked = world()
    effects = hear(asked, e.RestoreRequested(asked.now, "web", "ann"))
    (refused,) = lines(effects, "REFUSED")
    assert words in refused and kinds(effects).count("RestoreAutoDeploy") == 0

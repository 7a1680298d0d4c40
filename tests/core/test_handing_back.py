"""Auto-deploy that is off because of us: offered back when a new commit is live, given back when a human asks."""

from dataclasses import replace

import pytest

from tests.core.told import kinds, lines
from tests.core.world import World
from tests.core.worlds import bad_world, hear, put, reach, web
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.incidents import Phase


def quiet() -> World:
    """Return a world after a verified rollback, with auto-deploy off because of us."""
    world = bad_world().run(1200.0)
    assert (web(world).phase, web(world).auto_deploy_off, web(world).pinned_for) == (Phase.CALM, "commit", "web-1")
    return world


def listed(world: World) -> tuple[fx.Effect, ...]:
    """Return what the core makes of a fresh deploy list."""
    return hear(world, e.DeploysListed(world.now, "web", tuple(world.deploys), world.facts))


def test_it_is_offered_once_when_a_new_commit_is_live() -> None:
    """Apart from the incident it was switched off for, which is over, and waking nobody."""
    world = quiet()
    assert listed(world) == ()
    world.end(world.begin("ccccccc1", "manual"))
    effects = listed(world)
    (tell,) = [effect for effect in effects if isinstance(effect, fx.Tell)]
    assert (tell.notice.kind.value, tell.notice.incident, tell.notice.wakes) == ("opened", "web-1/auto-deploy", False)
    assert tell.notice.title == "web: auto-deploy can be given back"
    assert tell.notice.lines[1] == "To give auto-deploy back (commit): watchdog restore-auto-deploy web"
    assert lines(effects, "OFFER") == [" ".join(tell.notice.lines)]
    assert lines(listed(world), "OFFER") == []


@pytest.mark.parametrize("live", ["bad00000", "aaaaaaa0", None])
def test_it_is_not_offered_for_bad_or_old_or_unknown_code(live: str | None) -> None:
    """A rebuild of the old code, or the bad one again, is no reason to let merges ship."""
    world = quiet()
    world.end(world.begin(live, "api"))
    assert lines(listed(world), "OFFER") == []


def test_it_is_not_offered_for_what_a_rollback_brought() -> None:
    """Somebody's own rollback to code that is not in the list any more: nothing new."""
    world = quiet()
    world.end(world.begin("ccccccc1", "rollback"))
    assert lines(listed(world), "OFFER") == []


@pytest.mark.parametrize("case", ["nothing live", "not ours", "was off before"])
def test_it_is_not_offered_where_there_is_nothing_to_give_back(case: str) -> None:
    """Nothing is said then."""
    world = quiet()
    world.end(world.begin("ccccccc1"))
    if case == "nothing live":
        world.deploys = [replace(deploy, status="deactivated") for deploy in world.deploys]
    if case in ("not ours", "was off before"):
        put(world, auto_deploy_off="" if case == "not ours" else "off")
    assert lines(listed(world), "OFFER") == []


def test_what_is_told_of_it_is_one_alert_until_it_is_on_again() -> None:
    """Even if another incident has it switched off meanwhile: what was opened under one name is closed under it."""
    world = quiet()
    unread = e.CommitsUnread(world.now, "web", "GitHub answered 404")
    (opened,) = [effect.notice for effect in hear(world, unread) if isinstance(effect, fx.Tell)]
    put(world, pinned_for="web-2")
    world.end(world.begin("ccccccc1"))
    (updated,) = [effect.notice for effect in listed(world) if isinstance(effect, fx.Tell)]
    assert [(one.kind.value, one.incident) for one in (opened, updated)] == [
        ("opened", "web-1/auto-deploy"),
        ("updated", "web-1/auto-deploy"),
    ]


def test_what_somebody_switched_on_is_no_longer_ours() -> None:
    """It is never given back over their heads, nor offered."""
    world = quiet()
    world.facts = replace(world.facts, auto_deploy="checksPass")
    world.end(world.begin("ccccccc1"))
    assert lines(listed(world), "OFFER") == []
    effects = hear(world, e.RestoreRequested(world.now, "web", "ann"))
    assert len(lines(effects, "REFUSED")) == 1


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


@pytest.mark.parametrize(("case", "words"), [("not ours", "not off because of us"), ("paused", "paused by bob")])
def test_a_human_who_asks_may_be_refused(case: str, words: str) -> None:
    """With the reason, and nothing is changed."""
    world = quiet()
    if case == "not ours":
        put(world, auto_deploy_off="")
    else:
        world.state = replace(world.state, paused_by="bob")
    effects = hear(world, e.RestoreRequested(world.now, "web", "ann"))
    assert words in lines(effects, "REFUSED")[0]
    assert kinds(effects).count("RestoreAutoDeploy") == 0


def test_not_while_something_is_looked_into() -> None:
    """First the incident."""
    world = reach(Phase.DEPLOYING)
    effects = hear(world, e.RestoreRequested(world.now, "web", "ann"))
    assert lines(effects, "REFUSED") == ["auto-deploy is not given back now: web is deploying"]
    world = reach(Phase.ROLLING_BACK)
    effects = hear(world, e.RestoreRequested(world.now, "web", "ann"))
    assert lines(effects, "REFUSED") == ["auto-deploy is not given back now: web is rolling back"]

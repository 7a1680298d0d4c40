"""Merges while auto-deploy is off because of us: each is told of, once, by its place on the branch."""

from dataclasses import replace

import pytest

from tests.core.world import World
from tests.core.worlds import hear, listed, put, quiet, reach, web
from tests.support.effect_readers import lines, notices, tell_of
from watchdog.core.phases.blocked_merges import LIST_MAX_SECONDS, REMEMBERED_MAX, SHOWN_MAX
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.deploys import Commit
from watchdog.domain.incidents import Phase
from watchdog.domain.units import show_seconds

OLD = ("bad00000", "aaaaaaa1", "aaaaaaa0")


def branch(world: World, *newer: str, old: tuple[str, ...] = OLD, age_seconds: float = 5.0) -> e.CommitsSeen:
    """Return what a branch of these commits tells (newest first), the newer ones made so long ago."""
    made = world.now - age_seconds
    commits = [Commit(sha, made, f"Change {sha[:2]}", "ann") for sha in newer]
    return e.CommitsSeen(world.now, "web", (*commits, *(Commit(sha, made - 1e5) for sha in old)))


def test_a_merge_is_told_of_once_and_wakes_nobody() -> None:
    """Apart from the incident that auto-deploy is off for, which is over, with the way to ship it."""
    world = quiet()
    effects = hear(world, branch(world, "c1c1c1c1c1"))
    notice = tell_of(effects).notice
    assert (notice.kind.value, notice.incident, notice.wakes) == ("opened", "web-1/auto-deploy", False)
    assert notice.title == "web: 1 merge NOT shipped, auto-deploy is off"
    assert notice.lines[1] == 'Not shipped: c1c1c1c "Change c1" (ann)'
    assert "watchdog service restore-auto-deploy web" in notice.lines[-1]
    (note,) = [effect for effect in effects if isinstance(effect, fx.Note)]
    assert (note.label, note.incident) == ("MERGED", "web-1")
    lasted = show_seconds(world.now - web(world).pinned_at)
    off = f"auto-deploy is off because of us, for {lasted} now"
    assert note.text == f'1 merge NOT shipped; {off}: c1c1c1c "Change c1" (ann)'
    assert notice.lines[0] == f"Merged and NOT shipped; {off}:"
    assert notices(hear(world, branch(world, "c1c1c1c1c1"))) == []


def test_the_next_merge_tells_of_all_that_wait() -> None:
    """Several at once stand in one message; the bad commit and what is older are none, whatever their date."""
    world = quiet()
    assert notices(hear(world, branch(world))) == [] and web(world).merged == ()
    hear(world, branch(world, "c1", age_seconds=1e6))
    effects = hear(world, branch(world, "c2", "c1"))
    assert tell_of(effects).notice.title.startswith("web: 2 merges NOT shipped")
    assert lines(effects, "MERGED")[0].endswith('c2 "Change c2" (ann); c1 "Change c1" (ann)')
    notice = tell_of(hear(world, branch(world, "c3", "c2", "c1"))).notice
    assert (notice.kind.value, notice.incident) == ("updated", "web-1/auto-deploy")
    assert notice.title.startswith("web: 3 merges NOT shipped")
    assert [line.split('"')[1] for line in notice.lines[1:4]] == ["Change c3", "Change c2", "Change c1"]


def test_what_somebody_deployed_is_shipped_with_everything_below_it() -> None:
    """By hand, say; a commit merged after that one is told of alone."""
    world = quiet()
    hear(world, branch(world, "c2", "c1"))
    world.end(world.begin("c2", "manual"))
    listed(world)
    assert notices(hear(world, branch(world, "c2", "c1"))) == []
    assert web(world).merged == ()
    notice = tell_of(hear(world, branch(world, "c3", "c2", "c1"))).notice
    assert notice.title.startswith("web: 1 merge NOT shipped")


@pytest.mark.parametrize("ago", [None, 121.0])
def test_without_a_fresh_deploy_list_nothing_is_judged(ago: float | None) -> None:
    """After a restart, what was shipped by hand meanwhile is not known yet; the next look tells."""
    world = quiet()
    put(world, deploys_at=None if ago is None else world.now - ago)
    assert hear(world, branch(world, "c1")) == ()
    put(world, deploys_at=world.now - LIST_MAX_SECONDS)
    assert len(notices(hear(world, branch(world, "c1")))) == 1


def test_on_a_branch_without_a_deployed_commit_time_tells() -> None:
    """A rewritten history, or more merges than one look shows: what was made since the switch is new."""
    world = quiet()
    rewritten = branch(world, "c1", old=("d1", "d2"))
    notice = tell_of(hear(world, rewritten)).notice
    assert notice.title.startswith("web: 1 merge NOT shipped")
    switched = quiet()
    at_the_switch = Commit("c2", web(switched).pinned_at, "Change c2")
    notice = tell_of(hear(switched, e.CommitsSeen(switched.now, "web", (at_the_switch,)))).notice
    assert notice.lines[1] == 'Not shipped: c2 "Change c2"', "made in that very second, by nobody knows whom"


@pytest.mark.parametrize(
    ("merges", "named", "more"), [(SHOWN_MAX, SHOWN_MAX, 0), (200, SHOWN_MAX, REMEMBERED_MAX - SHOWN_MAX)]
)
def test_many_merges_are_counted_and_few_are_named(merges: int, named: int, more: int) -> None:
    """As many as are named are named, and no rest is counted; what is remembered has a bound, too."""
    world = quiet()
    told = tell_of(hear(world, branch(world, *(f"c{number:03}" for number in range(merges, 0, -1))))).notice.lines
    assert [line for line in told if line.startswith("and ")] == ([f"and {more} more"] if more else [])
    assert len(told) == named + 2 + bool(more) and len(web(world).merged) == min(merges, REMEMBERED_MAX)


@pytest.mark.parametrize("value", ["", "off"])
def test_where_auto_deploy_is_not_off_because_of_us_nothing_is_told(value: str) -> None:
    """Merges ship there, or somebody else wanted them not to."""
    world = put(quiet(), auto_deploy_off=value)
    assert hear(world, branch(world, "c1")) == ()
    assert hear(world, e.CommitsUnread(world.now, "web", "GitHub answered 404")) == ()


def test_that_merges_cannot_be_seen_is_told_once() -> None:
    """And once more only after they were seen in between."""
    world = quiet()
    unread = e.CommitsUnread(world.now, "web", "GitHub answered 404: no such repository")
    effects = hear(world, unread)
    notice = tell_of(effects).notice
    assert (notice.title, notice.wakes) == ("web: merges that do not ship cannot be seen", False)
    assert (notice.kind.value, notice.incident) == ("opened", "web-1/auto-deploy")
    assert notice.lines[0].startswith("AUTO-DEPLOY IS OFF")
    assert "GitHub answered 404" in notice.lines[0]
    assert lines(effects, "MERGED") == ["merges cannot be seen: GitHub answered 404: no such repository"]
    assert hear(world, unread) == ()
    hear(world, branch(world))
    assert len(notices(hear(world, unread))) == 1


def test_a_state_of_an_earlier_version_is_told_of_as_well() -> None:
    """It says neither when the switch was, nor for which incident."""
    world = put(quiet(), pinned_for="", pinned_at=0.0)
    effects = hear(world, branch(world, "c1"))
    notice = tell_of(effects).notice
    assert notice.incident == "web/auto-deploy"
    assert notice.lines[0] == "Merged and NOT shipped; auto-deploy is off because of us:"
    assert [effect.incident for effect in effects if isinstance(effect, fx.Note)] == [None]


@pytest.mark.parametrize("how", ["given back", "switched on by somebody"])
def test_all_is_over_and_forgotten_when_auto_deploy_is_on_again(how: str) -> None:
    """Who was told that it is off hears so, once; the next switch begins anew, with a moment of its own."""
    world = quiet()
    hear(world, branch(world, "c1"))
    hear(world, e.CommitsUnread(world.now, "web", "GitHub answered 404"))
    assert web(world).pinned_at > 0 and web(world).merges_why
    event: e.Event = e.AutoDeployRestored(world.now, "web", "web-1", "commit")
    if how == "switched on by somebody":
        facts = replace(world.facts, auto_deploy="commit")
        event = e.DeploysListed(world.now, "web", tuple(world.deploys), facts)
    notice = tell_of(hear(world, event)).notice
    assert (notice.resolves, notice.incident) == (True, "web-1/auto-deploy")
    assert notice.title == "web: auto-deploy is on again"
    why = "It was given back (commit)" if how == "given back" else "A person switched it on"
    rest = "From now on merges ship, together with those made meanwhile."
    assert notice.lines == (f"{why}. {rest}",)
    assert notices(hear(world, event)) == []
    assert (web(world).auto_deploy_off, web(world).pinned_at, web(world).merged) == ("", 0.0, ())
    assert web(world).merges_why == ""


def test_a_merge_is_told_of_while_the_rollback_is_still_on_its_way() -> None:
    """The switch is what counts, not the phase; the incident goes on as it was."""
    world = reach(Phase.DEPLOYING)
    before = web(world)
    notice = tell_of(hear(world, branch(world, "c1"))).notice
    assert notice.incident == "web-1/auto-deploy"
    assert (web(world).phase, web(world).incident) == (before.phase, before.incident)

"""The way back after a wrong rollback: what is lifted, what is not denied, what is refused, with its reason."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.core.scenes import a_service, an_incident
from tests.core.world import FOREVER, Fault, World, make_policy
from tests.core.worlds import bad_world, hear, incident_of, listed, put, reach, share, web
from tests.support.effect_readers import kinds, lines
from watchdog.core.phases.undo_rollback import asked_for
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.incidents import Act, Phase
from watchdog.domain.policy import Mode
from watchdog.presentation.situation import Situation, situation

BAD, GOOD = "bad00000", "aaaaaaa1"
BLIP = [Fault(64.0, 150.0, code=BAD)]
"""The deploy is blamed for what passes by itself."""


def rolled_back(until: float = 1200.0, **more: object) -> World:
    """Return a world in which bad00000 was rolled back, and dep-901 took its place; by then that is proved."""
    return bad_world(**{"faults": BLIP, **more}).run(until)


def ask(world: World, incident: str = "web-1") -> tuple[fx.Effect, ...]:
    """Let a human ask for an undo; return what the core makes of it, without performing it."""
    return hear(world, asked_for(world.incidents[incident], world.now, "ann"))


def undo(world: World, seconds: float = 300.0, incident: str = "web-1") -> World:
    """Let a human ask for an undo, and the world go on for so long."""
    world.tell(asked_for(world.incidents[incident], world.now, "ann"))
    return world.run(world.time + seconds)


def refusal(world: World, incident: str = "web-1") -> str:
    """Ask, and return why not; nothing may have come of it."""
    before = world.state
    effects = ask(world, incident)
    assert kinds(effects) == ["Note"] and world.state == before and effects[0].incident == incident
    (why,) = lines(effects, "REFUSED")
    return why.removeprefix(f"{incident} is not undone: ")


NOTHING = "it had no rollback that was accepted: there is nothing to take back"


# --- what it does ---


def test_the_suspect_goes_live_again_by_the_protocol_of_a_rollback_by_hand() -> None:
    """Pinned, sent once, proved, told, under a number of its own; each incident had one rollback."""
    world = rolled_back()
    assert world.state.denied == (BAD,) and web(world).incident is None
    undo(world)
    sent = [(incident, one.suspect, one.target, one.approved_by) for incident, one in world.accepted]
    assert sent == [("web-1", "dep-900", "dep-40", None), ("web-2", "dep-901", "dep-900", "ann")]
    back = world.incidents["web-2"]
    assert (back.outcome, back.title) == ("rolled back and verified", "undo of web-1, asked for by ann")
    assert (back.rollback.undoes, back.rollback.undo_of_verified) == ("web-1", True)
    assert world.live().code == BAD and not world.broken
    guards = [(one.name, one.why) for one in back.decision.guards]
    assert ("dependants", "none deployed after the change") in guards, "what it leaves is the rollback's deploy"


def test_it_is_no_incident_in_the_service_s_history() -> None:
    """Nothing failed: a human put back, hours later, what was rolled back."""
    world = rolled_back(9000.0)
    before = web(world).history
    assert undo(world).incidents["web-2"].closed_at is not None
    after = web(world).history
    assert (after.bad_deploys, after.others) == (before.bad_deploys, before.others)


def test_neither_code_is_denied_afterwards() -> None:
    """The suspect's entry is lifted before anything is sent; what is left by a human's wish is found bad by nobody."""
    world = rolled_back()
    assert web(world).bad == ((BAD, "dep-900"),)
    put(world, bad=(*web(world).bad, (BAD, "dep-899")))
    world.tell(asked_for(world.incidents["web-1"], world.now, "ann"))
    assert world.state.denied == () and web(world).bad == ()
    world.run(world.time + 300.0)
    assert world.state.denied == () and web(world).bad == ()


def test_the_answer_says_what_follows_and_both_stories_tell_of_it() -> None:
    """One line each: in the new incident what is lifted and what a failure would mean, in the old one by whom."""
    told = [note for note in ask(rolled_back()) if isinstance(note, fx.Note) and note.label == "UNDO"]
    lifted = "of web-1: bad0000 leaves the deny-list, for every service; if it fails again, people are paged, "
    back = "by ann: dep-900 is put back (web-2); was this right? watchdog incident label web-1 right|wrong"
    texts = [("web-2", f"{lifted}and a rollback needs approval"), ("web-1", back)]
    assert [(note.incident, note.text) for note in told] == texts


def test_what_other_services_were_rolled_back_from_is_named() -> None:
    """The deny-list is one for all: who undoes it for web hears of api, and not of web itself nor of other code."""
    world = rolled_back()
    acts = (*world.state.acts, Act(world.now, "api", BAD), Act(world.now, "docs", "cccccccc"))
    bad = {"shop": ((BAD, "dep-7"),), "docs": (("c", "dep-8"),)}
    others = {name: a_service(name=name, bad=known) for name, known in bad.items()}
    share(world, acts=acts, services={**others, **world.state.services})
    (text, _) = lines(ask(world), "UNDO")
    assert "for every service (rolled back from it, too: api, shop); if" in text
    forgot = share(rolled_back(), acts=())
    assert "for every service; if" in lines(ask(forgot), "UNDO")[0], "after a day the record has no act of web itself"


@pytest.mark.parametrize("why", ["trusted before", "no code"])
def test_without_an_entry_nothing_is_lifted(why: str) -> None:
    """Somebody trusted it meanwhile; or the platform named no code. Other entries stay as they are."""
    world = rolled_back()
    if why == "trusted before":
        hear(world, e.CommitTrusted(world.now, BAD, "bob"))
    else:
        world.incidents["web-1"] = replace(world.incidents["web-1"], suspect_code=None)
        world.deploys = [replace(one, commit=None if one.id == "dep-900" else one.commit) for one in world.deploys]
        listed(world)
    world.state = replace(world.state, denied=("eeeeeeee",))
    effects = ask(world)
    assert lines(effects, "UNDO")[0].startswith("of web-1: no code was deny-listed for it; if")
    assert world.state.denied == ("eeeeeeee",) and web(world).phase is Phase.PINNING


def test_one_that_did_not_help_is_undone_while_it_is_open() -> None:
    """It ends there, with its severity going on; what did not help is no target for anybody afterwards."""
    world = bad_world(faults=[Fault(64.0, FOREVER)]).run(300.0)
    assert web(world).phase is Phase.PAGED and incident_of(world).id == "web-1"
    effects = ask(world)
    assert lines(effects, "CLOSED")[0].startswith("continued by hand: ann undid its rollback")
    back = incident_of(world)
    assert (back.id, back.severity.value, back.rollback.undo_of_verified) == ("web-2", "critical", False)
    hear(world, e.PinConfirmed(world.now, "web", "web-2", "off"))
    hear(world, e.RollbackAccepted(world.now, "web", "web-2", "dep-950"))
    assert web(world).undone == () and world.state.denied == ()


def not_sent() -> World:
    """Return a world in which an undo was asked for and not sent: a human has it, web-2 is open."""
    world = rolled_back()
    ask(world)
    hear(world, e.PinConfirmed(world.now, "web", "web-2", "off"))
    hear(world, e.RollbackPostponed(world.now, "web", "web-2", "it was interrupted before it was sent"))
    assert (web(world).phase, incident_of(world).id, world.state.denied) == (Phase.PAGED, "web-2", ())
    assert incident_of(world).human_needed.endswith("ask again")
    return world


def test_an_undo_can_be_asked_for_again() -> None:
    """Not sent: the same incident goes on, what was lifted stays lifted. Failed: the next try is one of its own."""
    failed = rolled_back()
    failed.rollback_ends = "update_failed"
    assert "ended as update failed" in undo(failed, 60.0).incidents["web-2"].human_needed
    failed.rollback_ends = "live"
    for world, incidents in ((not_sent(), ["web-1", "web-2"]), (failed, ["web-1", "web-2", "web-3"])):
        undo(world)
        assert [incident for incident, _ in world.accepted] == incidents and not world.broken
        assert world.incidents[incidents[-1]].outcome == "rolled back and verified" and world.live().code == BAD


def test_a_rollback_by_hand_ends_the_earlier_reason_to_leave_it_to_people() -> None:
    """Nothing of `the daemon changes nothing more` is read while the rollback that a person asked for is made.

    It goes on with its incident and is no undo any more: what is left then is left for a reason.
    """
    world = not_sent()
    hear(world, e.RollbackRequested(world.now, "web", "bob", "dep-39"))
    assert (incident_of(world).human_needed, situation(incident_of(world))) == ("", Situation.SENDING)
    rollback = incident_of(world).rollback
    assert (incident_of(world).id, rollback.undoes, rollback.undo_of_verified) == ("web-2", "", False)


def test_an_undo_is_undone_like_any_rollback() -> None:
    """Back to the deploy that the first rollback had made; nobody is denied by all that."""
    world = undo(rolled_back())
    undo(world, incident="web-2")
    live = world.live()
    assert live.code == GOOD and [one.target for _, one in world.accepted][2] == "dep-901"
    assert world.state.denied == () and web(world).undone == ("dep-901", "dep-902") and not world.broken


def test_auto_deploy_stays_off_and_the_end_says_so_and_no_more() -> None:
    """The old value is still known; nobody is told to fix the code that was good."""
    world = undo(rolled_back())
    assert web(world).auto_deploy_off == "commit" and world.facts.auto_deploy == "off" and not world.restores
    (notice,) = [tell.notice for tell in world.tells if tell.notice.resolves and tell.notice.incident == "web-2"]
    assert notice.lines[1:3] == (
        'Left to do: Switch auto-deploy of web back on (it was "commit"): until then merges are not deployed.',
        "Switch auto-deploy on: watchdog service restore-auto-deploy web",
    )


# --- and if it fails again ---


def test_what_fails_while_it_is_proved_is_left_to_a_human() -> None:
    """One rollback per incident: nothing more is tried."""
    world = undo(rolled_back(faults=[*BLIP, Fault(1210.0, FOREVER, code=BAD)]))
    assert web(world).phase is Phase.PAGED and "did not help" in incident_of(world).human_needed
    assert len(world.accepted) == 2 and not world.broken


@pytest.mark.parametrize("proved", [True, False])
def test_what_fails_afterwards_is_paged_and_what_was_good_is_still_a_target(proved: bool) -> None:
    """A rollback is live, which the machine never rolls back; by hand the proved one is chosen, not an older one."""
    world = undo(rolled_back())
    if not proved:
        put(world, undone=())
    world.faults.append(Fault(world.time + 3600.0, FOREVER, code=BAD))
    world.run(world.time + 4000.0)
    assert web(world).phase is Phase.PAGED and len(world.accepted) == 2
    effects = hear(world, e.RollbackRequested(world.now, "web", "ann"))
    target = incident_of(world).rollback.target
    assert target == ("dep-901" if proved else "dep-39"), lines(effects, "BY HAND")


# --- what is refused ---


@pytest.mark.parametrize(
    ("world", "why"),
    [
        pytest.param(lambda: reach(Phase.ASKING), NOTHING, id="only asked"),
        pytest.param(lambda: bad_world(outcomes=["refused"]).run(150.0), NOTHING, id="refused by the platform"),
        pytest.param(
            lambda: unlisted("Render answered 503"), "no live deploy is known: Render answered 503", id="unread"
        ),
        pytest.param(lambda: unlisted(""), "no live deploy is known: none in the list", id="none listed"),
        pytest.param(lambda: forgotten(rolled_back()), "dep-900 is not among the last 3 deploys", id="left the list"),
    ],
)
def test_what_cannot_be_taken_back(world: Callable[[], World], why: str) -> None:
    """No rollback was accepted, what is live is not known, or the suspect left the list: nothing is lifted."""
    assert refusal(world()) == why


def unlisted(why: str) -> World:
    """Return a world of whose deploys nothing is known by now."""
    return put(rolled_back(), deploys=(), deploys_why=why)


def forgotten(world: World) -> World:
    """Let the platform tell of no dep-900 any more: it tells of so many deploys only."""
    return put(world, deploys=tuple(one for one in web(world).deploys if one.id != "dep-900"))


def test_a_rollback_that_another_deploy_followed_is_not_undone() -> None:
    """The way is told all the same; with the deny-list entry in the way, and without."""
    world = rolled_back()
    world.ship(1260.0, "cccccccc")
    world.run(1300.0)
    gone = "its rollback dep-901 is not live any more (dep-902 is); by hand: "
    assert refusal(world) == f"{gone}watchdog commit trust bad0000, then watchdog rollback web --to dep-900"
    hear(world, e.CommitTrusted(world.now, BAD, "bob"))
    assert refusal(world) == f"{gone}watchdog rollback web --to dep-900"
    world.incidents["web-1"] = replace(world.incidents["web-1"], suspect_code=None)
    put(world, deploys=tuple(replace(one, commit=None) for one in web(world).deploys))
    assert refusal(world) == f"{gone}watchdog rollback web --to dep-900", "code without a name is no common code"


@pytest.mark.parametrize(("ends", "name"), [("update_failed", "dep-900"), ("live", "dep-902")])
def test_what_is_live_again_already_need_not_be_put_back(ends: str, name: str) -> None:
    """The rollback itself failed; or somebody deployed the commit again. Only the deny-list is left to be lifted."""
    world = bad_world(faults=BLIP, rollback_ends=ends)
    if ends == "live":
        world.ship(1000.0, BAD, trigger="manual")
    said = f"{name} bad0000 is live already; if it is good: watchdog commit trust bad0000"
    assert refusal(world.run(1200.0)) == said


def test_another_open_incident_of_the_service_comes_first() -> None:
    """It is named; and how a human goes back all the same. One that is over is nobody's hindrance."""
    world = rolled_back()
    put(world, phase=Phase.PAGED, incident=an_incident(id="web-2"))
    way = "watchdog commit trust bad0000, then watchdog rollback web --to dep-900"
    assert refusal(world) == f"web-2 is open, and has to be over first; by hand: {way}"
    put(world, phase=Phase.CALM, incident=an_incident(id="web-2", closed_at=world.now - 5.0))
    assert lines(ask(world), "REFUSED") == []


@pytest.mark.parametrize(
    ("deploying", "why"),
    [
        (False, "mode: observe: reports what it would do, changes nothing"),
        (True, "newer deploy: dep-902 is on its way (update in progress)"),
    ],
)
def test_guards_that_are_for_humans_too_hold_it_back_and_nothing_is_lifted(deploying: bool, why: str) -> None:
    """The mode, a deploy on its way; as any rollback by hand."""
    world = rolled_back()
    if deploying:
        world.begin("cccccccc")
        listed(world)
    else:
        world.policy = make_policy(Mode.OBSERVE)
    assert refusal(world) == why and world.state.denied == (BAD,)


# --- at any moment ---


@pytest.mark.parametrize("second", range(63, 363, 7))
def test_no_promise_is_broken_whenever_it_is_asked_for(second: int) -> None:
    """From the first failure to the proof and after it: each incident has one rollback, and no code is lost."""
    world = bad_world(faults=BLIP)
    world.run(float(second))
    if "web-1" in world.incidents:
        undo(world, 600.0)
    world.run(900.0)
    live, incidents = world.live(), [incident for incident, _ in world.accepted]
    assert incidents == ["web-1", "web-2"][: len(incidents)] and not world.broken
    assert (live.code, world.state.denied) == ((BAD, ()) if "UNDO" in world.labels() else (GOOD, (BAD,)))

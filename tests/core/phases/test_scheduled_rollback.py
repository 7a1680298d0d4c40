"""Keeping: what was approved waits for its window, can be stopped, and is decided anew when that begins."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import FACTS
from tests.core.world import DAY, FOREVER, SLOW, START, Fault, World, make_policy, with_row
from tests.core.worlds import decision_of, hear, incident_of, line_of, put, reach, reload, share, unwatch, web
from tests.support.effect_readers import kinds, lines, notices, tell_of, wakes
from watchdog.core.phases.open_incident import YES_HOLDS_SECONDS
from watchdog.core.phases.scheduled_rollback import READ_SECONDS, SAID_ONCE_SECONDS
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Course
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import AnswerTerms, Topic
from watchdog.domain.policy import Action, Mode, Policy, Step, Suppression, Weekly, Window
from watchdog.domain.readings import Bad, Good
from watchdog.domain.severity import Severity

BEGINS = 700.0
"""14:25 UTC, in the world's seconds."""
NIGHTS = Window("nights", Weekly(tuple(range(7)), 14 * 60 + 25, 14 * 60 + 35, "UTC"))
ENDS = BEGINS + 600.0
LATER = Window("later", Weekly(tuple(range(7)), 16 * 60, 17 * 60, "UTC"))
MIGRATES = replace(FACTS, pre_deploy_command="migrate")


def scheduled(mode: Mode = Mode.AUTONOMOUS, window: Window = NIGHTS, **more: Any) -> Policy:
    """Return the policy whose row for high is scheduled."""
    return with_row(make_policy(mode, **more), Severity.HIGH, do=Action.SCHEDULE, window=window)


def asked(policy: Policy | None = None, **more: Any) -> World:
    """Return a world in which people were just asked about a slow deploy."""
    return reach(Phase.ASKING, policy or scheduled(), **{"faults": [SLOW], **more})


def kept(policy: Policy | None = None, **more: Any) -> World:
    """Return a world in which they just said yes."""
    world = asked(policy, **more)
    world.tell(e.Approved(world.now, "web-1", "ann"))
    assert web(world).is_kept
    return world


def at(world: World, seconds: float) -> tuple[fx.Effect, ...]:
    """Let the world go on to that second; return what the core makes of it."""
    world.run(seconds - 0.2)
    return hear(world, e.TimePassed(START + seconds))


# --- a yes ---


def test_a_yes_is_kept_and_told_and_nobody_is_called_meanwhile() -> None:
    """No page: by whom, until when, what happens then, how to stop it. The clocks of the question stand still."""
    policy = scheduled(escalation=(Step("lead", ("lead",), 30.0),), ack_holds_seconds=60.0)
    world = asked(with_row(policy, Severity.HIGH, remind_seconds=60.0, within_seconds=120.0))
    world.tell(e.Acknowledged(world.now, "web-1", "ann"))
    effects = hear(world, e.Approved(world.now, "web-1", "ann"))
    assert incident_of(world).escalation.next_call_at is None
    incident = incident_of(world)
    assert (web(world).phase, web(world).is_kept) == (Phase.ANNOUNCED, True)
    assert (incident.question.approved_by, incident.announced_until) == ("ann", START + BEGINS)
    assert START + BEGINS in wakes(effects)
    assert lines(effects, "DECIDED")[0].startswith("announce: kept for nights (Mon 14:25 UTC); approved; dep-900, P ")
    assert lines(effects, "SCHEDULED") == ["for Mon 14:25 UTC (in 9 min); stop: watchdog incident stop web-1"]
    assert lines(effects, "REFUSED") == [] and "PinAutoDeploy" not in kinds(effects)
    tell = tell_of(effects)
    assert (tell.notice.kind.value, tell.notice.wakes, tell.channels) == ("announced", False, ("pager", "chat"))
    kept_for = AnswerTerms(window="nights", opens="Mon 14:25 UTC", opens_at=START + BEGINS)
    assert (tell.notice.about.topic, tell.notice.about.terms) == (Topic.SCHEDULED, kept_for)
    assert tell.notice.title == "web api is slow: rollback scheduled for Mon 14:25 UTC"
    assert tell.notice.lines[0].startswith("High for ")
    assert line_of(tell.notice, "Rolls back to dep-40 (aaaaaaa) at 14:25 UTC, approved by ann, if web still fails")
    commands = "Stop the rollback: watchdog incident stop web-1 · Do not wait: watchdog incident approve web-1"
    assert commands in tell.notice.lines
    told = len(world.tells)
    world.tell(e.Acknowledged(world.now, "web-1", "bob"))
    world.run(BEGINS - 5.0)
    assert notices(world.tells[told:]) == ["updated"], "only that bob looks after it"
    assert not world.pins and web(world).pace_seconds == world.policy.pace.watch_seconds


def test_within_the_window_a_yes_acts_at_once_and_before_it_the_question_says_that_it_is_kept() -> None:
    """To its last second; until when, and how not to wait. The clock of the world is as these tests say."""
    assert datetime.fromtimestamp(START + BEGINS, UTC).strftime("%H:%M:%S") == "14:25:00"
    kept_for = "An approval is carried out at Mon 14:25 UTC (in 9 min) (policy: high: window: nights)"
    for begins, now in ((14 * 60 + 13, True), (14 * 60 + 25, False)):
        window = Window("nights", Weekly(tuple(range(7)), begins, begins + 10, "UTC"))
        world = asked(scheduled(window=window))
        told = [line for line in world.tells[0].notice.lines if "An approval is carried out at" in line]
        assert [line.startswith(kept_for) for line in told] == ([] if now else [True])
        world.tell(e.Approved(world.now, "web-1", "ann"))
        assert (web(world).phase is Phase.PINNING) is now


def test_a_second_yes_means_now_but_not_the_same_one_said_twice() -> None:
    """Pressed twice: kept; and by another person, who may answer the question that they read, for a minute. After that
    it is done, in the name of who did not want to wait.
    """
    for by, seconds in (("ann", SAID_ONCE_SECONDS), ("bob", READ_SECONDS)):
        world = kept()
        twice = hear(world, e.Approved(world.now + seconds - 1.0, "web-1", by))
        assert lines(twice, "REFUSED") == [
            f"ann approved it {seconds - 1:.0f} s ago, and it is kept for its window; "
            "not to wait for that, approve it again in 1 s"
        ]
        assert web(world).is_kept and incident_of(world).question.approved_by == "ann"
        world.run(world.time + seconds)
        again = hear(world, e.Approved(world.now, "web-1", by))
        assert "PinAutoDeploy" in kinds(again) and lines(again, "REFUSED") == []
        assert lines(again, "APPROVED") == [f"by {by}, not to wait for its window"]
        incident = incident_of(world)
        assert (incident.question.approved_by, incident.question.approved_at) == (by, world.now)
        assert incident.announced_until is None


def test_a_second_yes_that_a_guard_forbids_leaves_it_to_a_human() -> None:
    """With the reason, as any yes. A rollback by hand is refused before, and says which words do what."""
    world = kept().run(400.0)
    never = "watchdog incident stop web-1 not at all"
    assert lines(hear(world, e.RollbackRequested(world.now, "web", "bob")), "REFUSED") == [
        f"web-1 is kept for its window: watchdog incident approve web-1 means now, {never}"
    ]
    world.tell(e.Paused(world.now, "bob"))
    assert lines(hear(world, e.Approved(world.now, "web-1", "ann")), "REFUSED") == ["hold: paused by bob"]
    assert web(world).phase is Phase.PAGED and incident_of(world).question.approved_by is None


@pytest.mark.parametrize(("what", "said"), [(e.Stopped, "stopped"), (e.Rejected, "rejected")])
def test_it_can_be_stopped(what: type, said: str) -> None:
    """By whoever: nothing happens when its time comes, and the yes is forgotten."""
    world = kept()
    world.tell(what(world.now, "web-1", "bob"))
    incident = incident_of(world)
    assert (web(world).phase, incident.human_needed) == (Phase.PAGED, f"{said} by bob")
    assert (incident.question.approved_by, incident.question.approved_at, incident.announced_until) == (
        None,
        None,
        None,
    )
    world.run(ENDS + 100.0)
    assert not world.pins and not world.sent


# --- its time has come ---


def test_when_the_window_begins_it_is_decided_anew_and_done() -> None:
    """Not a second before; with the yes counted, also where the mode asks; and proved like any other.

    A restart changes nothing: the moment is in the record, and is asked for again.
    """
    world = kept(scheduled(Mode.ASSIST))
    effects = hear(world, e.Restarted(world.now + 60.0))
    assert START + BEGINS in wakes(effects) and web(world).is_kept and notices(effects) == []
    assert "PinAutoDeploy" not in kinds(at(world, BEGINS - 0.1))
    effects = at(world, BEGINS)
    assert "PinAutoDeploy" in kinds(effects)
    assert lines(effects, "DECIDED")[0].startswith("rollback: approved; dep-900")
    world = kept(scheduled(Mode.ASSIST)).run(1000.0)
    ((_, rollback),) = world.accepted
    incident = world.incidents["web-1"]
    assert rollback.approved_by == "ann" and incident.rollback.verified_at is not None
    assert incident.rollback.requested_at is not None and incident.rollback.requested_at >= START + BEGINS
    assert not world.broken and world.labels().count("SCHEDULED") == 1


def test_a_window_in_which_no_watchdog_ran_is_followed_by_the_next() -> None:
    """It is told, and not done out of it."""
    world = kept()
    hear(world, e.Restarted(START + ENDS))
    notice = tell_of(hear(world, e.TimePassed(START + ENDS))).notice
    assert web(world).is_kept and incident_of(world).announced_until == START + BEGINS + DAY
    assert (notice.about.topic, notice.about.why) == (Topic.SCHEDULED, "no watchdog ran")
    assert notice.title == "web api is slow: rollback scheduled for Tue 14:25 UTC"
    assert "It was not sent in its last window: no watchdog ran." in notice.lines
    assert line_of(notice, "Rolls back to dep-40 (aaaaaaa) at 22 Sep 14:25 UTC, approved by ann, if web still fails")
    assert incident_of(world).question.approved_by == "ann"


def test_a_recovered_site_is_left_alone() -> None:
    """A minute of good readings, not a moment: the yes outlives a pause of the fault. That holds to the last moment."""
    for end, over in ((330.0, False), (FOREVER, True)):
        faults = [Fault(64.0, 300.0, code="bad00000", slow=True), Fault(min(end, 5000.0), FOREVER, slow=True)]
        world = kept(faults=faults).run(500.0)
        assert (world.incidents["web-1"].outcome == "recovered by itself") is over
        assert web(world).is_kept is not over
    world.run(ENDS)
    assert not world.pins
    world = kept().run(BEGINS - 1.0)
    well = {"last_at": world.now, "seen_at": world.now, "last": Good(), "good_run": 99}
    put(world, checks={one.name: Check(one.name, one.kind, **well) for one in web(world).checks.values()})
    assert "PinAutoDeploy" not in kinds(hear(world, e.TimePassed(START + BEGINS))) and web(world).phase is Phase.CALM


def test_another_deploy_takes_the_yes_with_it() -> None:
    """It was said of the one before: decided anew at once, as if nobody had said it."""
    world = kept(faults=[Fault(64.0, FOREVER, slow=True)])
    world.ship(400.0, "ccccccc1")
    world.run(440.0)
    incident = incident_of(world)
    assert not web(world).is_kept and web(world).phase in (Phase.ASKING, Phase.PAGED)
    assert (incident.question.approved_by, incident.announced_until) == (None, None)
    world.run(ENDS)
    assert not world.pins


@pytest.mark.parametrize(("mode", "phase"), [(Mode.AUTONOMOUS, Phase.PINNING), (Mode.ASSIST, Phase.ASKING)])
def test_what_turns_critical_does_not_wait_and_is_not_what_was_agreed_to(mode: Mode, phase: Phase) -> None:
    """Decided as critical: rolled back, or asked about anew."""
    faults = [Fault(64.0, 300.0, code="bad00000", slow=True), Fault(300.0, FOREVER, code="bad00000")]
    world = kept(scheduled(mode), faults=faults, pin="silent").run(330.0)
    assert web(world).is_kept
    world.run(350.0)
    incident = incident_of(world)
    assert (web(world).phase, incident.severity) == (phase, Severity.CRITICAL)
    assert (incident.question.approved_by, incident.announced_until) == (None, None)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(lambda world: share(world, denied=("aaaaaaa1",)), "the target changed since", id="another target"),
        pytest.param(lambda world: now_is(world, pre_deploy_command="migrate"), "migration: ", id="a guard asks"),
    ],
)
def test_what_nobody_was_asked_about_by_then_is_asked_anew(change: Callable[[World], object], why: str) -> None:
    """The yes answered what was asked, and no more; what was asked then is answered."""
    world = kept().run(400.0)
    change(world)
    effects = at(world, BEGINS)
    assert web(world).phase is Phase.ASKING and "PinAutoDeploy" not in kinds(effects) and not world.pins
    assert lines(effects, "DECIDED")[0].startswith(f"ask: {why}")
    assert (incident_of(world).question.approved_by, incident_of(world).announced_until) == (None, None)
    world = kept(facts=MIGRATES)
    assert "PinAutoDeploy" in kinds(at(world, BEGINS))


def now_is(world: World, **facts: Any) -> None:
    """Let the platform tell this of the service from now on."""
    world.facts = replace(FACTS, **facts)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(
            lambda world: now_is(world, suspended=True, suspenders=("billing",)), "", id="suspended for a bill"
        ),
        pytest.param(lambda world: share(world, denied=("aaaaaaa1", "aaaaaaa0")), "", id="no target is left"),
        pytest.param(lambda world: unwatch(world, "api"), "no longer configured", id="a reload took the signal away"),
    ],
)
def test_what_forbids_it_for_good_is_left_to_a_human(change: Callable[[World], object], why: str) -> None:
    """Paged, with the reason."""
    world = kept().run(BEGINS - 10.0)
    hear(world, e.Observed(world.now, "web", "home", Bad("HTTP 503")))
    change(world)
    effects = hear(world, e.TimePassed(START + BEGINS)) if why else at(world, BEGINS)
    assert web(world).phase is Phase.PAGED and notices(effects) == ["human_needed"]
    assert not why or why in lines(effects, "HUMAN")[0]
    assert why or incident_of(world).announced_until is None


HOLD = Suppression("launch", "web", "bob", "launch", START + 400.0, START + BEGINS + 120.0)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ("paused", "hold: paused by bob"),
        ("held", "action hold: launch of web by bob"),
        ("unreadable", "Render's list of deploys was last read "),
        ("blind", "blind: "),
    ],
)
def test_what_passes_is_waited_for_while_the_window_lasts(trouble: str, why: str) -> None:
    """Said once, nobody is woken; done when it has passed. The yes answered another guard, and not what asks now.

    The note names what it waits for, also where no deploy is likely to blame any more: the yes has settled that.
    """
    world = kept(scheduled(action_holds=(HOLD,) if trouble == "held" else ()), facts=MIGRATES).run(400.0)
    doubtful = replace(world.policy.blame, other_incidents_per_month=1e6)
    world.policy = replace(world.policy, blame=doubtful)
    if trouble == "paused":
        world.tell(e.Paused(world.now, "bob"))
        world.at(BEGINS + 120.0, lambda: world.tell(e.Resumed(world.now, "bob")))
    elif trouble != "held":
        setattr(world, trouble, (BEGINS - 120.0, BEGINS + 120.0))
    world.run(BEGINS + 110.0)
    assert web(world).is_kept and not world.pins
    assert [page.notice.kind.value for page in world.pages() if page.notice.incident == "web-1"] == ["asked"]
    (waits,) = lines(world.notes, "WAIT")
    assert why in waits and waits.endswith("; waiting while nights lasts")
    world.run(BEGINS + 200.0)
    assert len(world.pins) == 1 and len(world.accepted) == 1 and world.accepted[0][1].approved_by == "ann"
    assert world.incidents["web-1"].rollback.blocked_since is None


def test_what_did_not_pass_is_kept_for_the_next_window() -> None:
    """Nobody is woken for it at the end of the night either."""
    world = kept().run(400.0)
    world.tell(e.Paused(world.now, "bob"))
    pages = len(world.pages())
    world.run(ENDS + 10.0)
    assert web(world).is_kept and incident_of(world).announced_until == START + BEGINS + DAY
    assert "It was not sent in its last window: what held it up did not pass." in world.tells[-1].notice.lines
    assert len(world.pages()) == pages and world.labels().count("SCHEDULED") == 2
    assert incident_of(world).rollback.blocked_since is None


def test_it_is_looked_at_again_every_few_seconds_while_something_holds_it_up() -> None:
    """Not with every reading; what was answered with the yes does not count."""
    world = kept(facts=MIGRATES).run(400.0)
    world.tell(e.Paused(world.now, "bob"))
    at(world, BEGINS)
    looked = incident_of(world).reconsidered_at
    hear(world, e.TimePassed(START + BEGINS + 4.0))
    assert incident_of(world).reconsidered_at == looked == START + BEGINS
    hear(world, e.TimePassed(START + BEGINS + 5.0))
    assert incident_of(world).reconsidered_at == START + BEGINS + 5.0


@pytest.mark.parametrize(("later", "holds"), [(YES_HOLDS_SECONDS - 1.0, True), (YES_HOLDS_SECONDS, False)])
def test_a_yes_that_was_kept_holds_for_a_while_from_its_window_on(later: float, holds: bool) -> None:
    """However long ago it was said: a send that is put off then is not asked about anew."""
    world = kept(pin="silent")
    at(world, BEGINS)
    now = START + BEGINS
    hear(world, e.RollbackPostponed(now, "web", "web-1", "rate limit"))
    assert web(world).phase is Phase.SUSPECT
    put(world, incident=amended(incident_of(world), announced_until=now - later, approved_at=now - later - 500.0))
    effects = hear(world, e.Observed(now, "web", "api", Good(), 3.0))
    assert ("PinAutoDeploy" in kinds(effects)) is holds
    assert web(world).phase is (Phase.PINNING if holds else Phase.ASKING)


# --- silences, reloads ---


def test_a_silence_that_hid_it_does_not_move_its_time() -> None:
    """Told when the silence is over; kept for the same moment."""
    world = asked()
    world.tell(e.Silenced(world.now, "bob", world.now + 120.0, "work", "web"))
    world.tell(e.Approved(world.now, "web-1", "ann"))
    assert incident_of(world).muted and web(world).is_kept
    told = len(world.tells)
    world.run(world.time + 200.0)
    (tell,) = [tell for tell in world.tells[told:] if tell.notice.incident == "web-1"]
    assert tell.notice.title == "web api is slow: rollback scheduled for Mon 14:25 UTC"
    assert line_of(tell.notice, "Rolls back to dep-40 (aaaaaaa) at 14:25 UTC, ") and not incident_of(world).muted
    assert incident_of(world).announced_until == START + BEGINS


def test_a_reload_that_takes_the_window_away_takes_nothing_back_that_people_were_told() -> None:
    """Then it is done at that moment; what the policy does not do any more is only told."""
    world = kept().run(400.0)
    put(world, incident=replace(incident_of(world), muted=True))
    reload(world, Severity.HIGH, do=Action.ASK, window=None)
    effects = hear(world, e.TimePassed(world.now))
    assert lines(effects, "SCHEDULED") == ["for 5 min from now; stop: watchdog incident stop web-1"]
    assert "PinAutoDeploy" in kinds(at(world, BEGINS))
    world = kept().run(400.0)
    reload(world, Severity.HIGH, do=Action.TELL, window=None)
    effects = at(world, BEGINS)
    decision = decision_of(world)
    assert decision.course is Course.TELL and "PinAutoDeploy" not in kinds(effects)


def test_another_window_counts_from_now_on() -> None:
    """At the moment of which people were told it is closed: kept for the other one. That of another severity is not
    waited for: what has become less is done when people were told.
    """
    world = kept().run(400.0)
    reload(world, Severity.HIGH, window=LATER)
    at(world, BEGINS)
    assert incident_of(world).announced_until == START + BEGINS + 95 * 60.0 and web(world).is_kept
    faults = [Fault(64.0, 300.0, code="bad00000"), Fault(300.0, FOREVER, code="bad00000", slow=True)]
    policy = with_row(scheduled(window=LATER), Severity.CRITICAL, do=Action.SCHEDULE, window=NIGHTS)
    assert "PinAutoDeploy" in kinds(at(kept(policy, faults=faults), BEGINS))

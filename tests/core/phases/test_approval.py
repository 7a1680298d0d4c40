"""Asking: the clock of an open question: the reminder, the deadline, and what the policy says is done then."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.core.incident_fields import amended
from tests.core.world import SLOW, START, Fault, World, make_policy, with_row
from tests.core.worlds import (
    bad_world,
    decision_of,
    hear,
    incident_of,
    line_of,
    put,
    reach,
    reload,
    share,
    topics,
    unwatch,
    web,
)
from tests.support.effect_readers import kinds, lines, notices, tell_of, wakes
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.decisions import Course
from watchdog.domain.deploys import Deploy
from watchdog.domain.incident_parts import Deadline
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import Topic
from watchdog.domain.policy import Approver, BlameWeights, Mode, Policy, Step, Then
from watchdog.domain.readings import Bad, Good, Reading, Unknown
from watchdog.domain.severity import Severity

UNHEARD = "no channel has delivered the question"


def clocked(mode: Mode = Mode.AUTONOMOUS, severity: Severity = Severity.HIGH, **fields: Any) -> Policy:
    """Return the policy with a row of the matrix changed."""
    return with_row(make_policy(mode), severity, **fields)


def rejected(world: World) -> None:
    """Let somebody say no."""
    hear(world, e.Rejected(world.now, "web-1", "ann"))


def deploying(world: World) -> None:
    """Let somebody deploy."""
    world.deploys.insert(0, Deploy("dep-99", "build_in_progress", commit="fix00000", created_at=world.now))


def asked(
    severity: Severity = Severity.HIGH, mode: Mode = Mode.AUTONOMOUS, *, heard: bool = True, **fields: Any
) -> World:
    """Return a world in which people were just asked: about a slow deploy (high), or a broken one in mode assist."""
    if severity is Severity.HIGH:
        return reach(Phase.ASKING, clocked(mode, **fields), faults=[SLOW], heard=heard)
    return reach(Phase.ASKING, clocked(Mode.ASSIST, severity, **fields), heard=heard)


def after(world: World, seconds: float) -> World:
    """Return the world so many seconds after the question."""
    return world.run(incident_of(world).question.asked_at - START + seconds)


def passes(world: World, seconds: float) -> tuple[fx.Effect, ...]:
    """Let the world go on until so many seconds after the question; return what the core makes of that moment."""
    at = incident_of(world).question.asked_at
    world.run(max(world.time, at - START + seconds - 0.5))
    return hear(world, e.TimePassed(at + seconds))


# --- who alone may say yes ---


def test_an_approver_is_asked_reminded_and_called_again_at_its_own_channels() -> None:
    """Besides the incident's people, who are told of all else; each says who alone may approve. Again where no answer
    came in time, where no one acknowledged, and where who did is not heard of any more.
    """
    lead = Approver("lead", ("terminal:lead",), ("lead-email", "chat"))
    world = asked(approver=lead, remind_seconds=600.0)
    world.policy = replace(world.policy, escalation=(Step("everyone again", (), 60.0),), ack_holds_seconds=60.0)
    after(world, 962.0)
    world.tell(e.Acknowledged(world.now, "web-1", "ann"))
    after(world, 1023.0)
    ours = ("pager", "chat")
    called = [tell for tell in world.tells if tell.notice.wakes]
    assert [tell.channels for tell in called] == [(*ours, "lead-email")] * 5
    for tell in called:
        assert "Only lead may approve (policy: high: approver: lead); others may reject." in tell.notice.lines
    assert "the policy asks lead for this severity" in lines(world.notes, "DECIDED")[0]
    world.tell(e.Approved(world.now, "web-1", "lead"))
    after(world, 1100.0)
    assert world.tells[-1].notice.kind.value == "acted" and world.tells[-1].channels == ours


# --- a repair in place of an answer ---


@pytest.mark.parametrize(("lasts", "asked_again"), [(0.0, False), (90.0, True)])
def test_a_deploy_in_place_of_an_answer_is_judged_by_what_fails_with_it(lasts: float, asked_again: bool) -> None:
    """Nothing is said of failures that it has ended; where they go on, people are asked about a rollback past both.

    In both cases it is what replaced the bad one, and that did not recover by itself.
    """
    world = asked(Severity.CRITICAL)
    world.ship(200.0, "fix00000", seconds=30.0)
    world.faults.append(Fault(200.0, 200.0 + lasts, code="fix00000"))
    world.run(500.0)
    incident = world.incidents["web-1"]
    assert topics(world) == [Topic.ASKED, *[Topic.ASKED] * asked_again, Topic.CLOSED]
    assert incident.to_blame == ("dep-900",) and (incident.suspect == "dep-901") is asked_again
    how = "recovered: dep-901 replaced dep-900, and it recovered before an answer came"
    assert lines(world.notes, "CLOSED")[0].startswith(how)


# --- the reminder ---


@pytest.mark.parametrize(
    ("within", "said"),
    [(900.0, "web: unanswered 10 min, approve by 14:31 UTC?"), (None, "web api is slow: unanswered 10 min, approve?")],
)
def test_a_question_is_repeated_at_its_very_reminder_and_once(within: float | None, said: str) -> None:
    """It says how long ago it was asked, what is asked, and by when to answer, if it ever ends by itself."""
    world = asked(within_seconds=within, remind_seconds=600.0)
    assert notices(passes(world, 599.0)) == []
    notice = tell_of(passes(world, 600.0)).notice
    assert notice.kind.value == "human_needed" and notices(passes(world, 700.0)) == []
    assert notice.about.topic is Topic.REMINDED and notice.wakes
    assert notice.title == said and notice.lines[0].startswith("High for ")
    assert len(after(world, 9000.0).pages()) == (1 if within is None else 2)


def test_the_core_asks_to_be_woken_for_both_and_after_the_deadline_nobody_is_reminded() -> None:
    """After a restart in the middle of it; one that slept through both leads to one page, the later one."""
    world = asked(remind_seconds=600.0)
    asked_at = incident_of(world).question.asked_at
    assert {asked_at + 600.0, asked_at + 900.0} <= set(wakes(hear(world, e.Restarted(asked_at + 60.0))))
    assert asked_at + 1000.0 in wakes(hear(world, e.Restarted(asked_at + 1000.0)))
    notice = tell_of(hear(world, e.TimePassed(asked_at + 950.0))).notice
    assert (notice.about.topic, notice.about.since, notice.about.why) == (Topic.UNANSWERED, asked_at, "")
    assert notice.title == "web api is slow: no answer for 16 min" and notices(passes(world, 951.0)) == []


# --- the deadline ---


def test_then_nothing_is_written_down_and_no_more() -> None:
    """The user said so; the question stays open, and a late yes still counts.

    What no guard asked is not weighed again meanwhile: nothing can clear by itself, and it costs a whole decision.
    """
    world = asked(then=Then.NOTHING)
    assert incident_of(after(world, 60.0)).reconsidered_at == incident_of(world).question.asked_at
    effects = passes(world, 900.0)
    assert lines(effects, "DEADLINE") == ["no answer for 15 min; the policy says: nothing"]
    assert notices(effects) == [] and web(world).phase is Phase.ASKING
    world.run(world.time + 100.0)
    hear(world, e.Approved(world.now, "web-1", "ann"))
    assert web(world).phase is Phase.PINNING


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(rejected, None, id="a no in time"),
        pytest.param(lambda world: hear(world, e.Paused(world.now, "bob")), "hold: paused by bob", id="paused"),
        pytest.param(deploying, "newer deploy: dep-99 is on its way (build in progress)", id="somebody deploys"),
    ],
)
def test_what_forbids_a_default_leaves_it_to_a_human(change: Callable[[World], object], why: str | None) -> None:
    """A block holds against a default as well; nothing is overtaken, and people hear why."""
    world = asked(then=Then.ROLLBACK)
    change(world)
    effects = passes(world, 900.0)
    assert web(world).phase is Phase.PAGED and "PinAutoDeploy" not in kinds(effects)
    assert incident_of(world).question.defaulted_at is None and (why is None or decision_of(world).why == why)
    assert not after(world, 2000.0).pins or why is not None


@pytest.mark.parametrize(
    ("then_read", "came_back", "void"),
    [((), False, True), (("environment",), False, False), ((), True, False)],
    ids=["nothing changed", "the environment changed", "the commit came back, and is trusted since"],
)
def test_a_question_about_changes_that_were_not_read_is_void_once_they_are(
    then_read: tuple[str, ...], came_back: bool, void: bool
) -> None:
    """The decision is made anew with what is known by then; what did change is a question for people still. So is what
    time does not answer: who trusts a commit meanwhile has not asked for its rollback.
    """
    world = bad_world(make_policy())

    def listed_with(changed: tuple[str, ...], *, unread: bool) -> None:
        deploys = (replace(one, changed=changed, changes_unread=unread) for one in world.deploys[:1])
        world.deploys[:1] = deploys

    world.at(61.0, lambda: listed_with(("perhaps",), unread=True))
    if came_back:
        world.at(61.0, lambda: put(share(world, denied=("bad00000",)), bad=(("bad00000", world.deploys[0].id),)))
    world.run(180.0)
    assert web(world).phase is Phase.ASKING and "perhaps changed with" in decision_of(world).why
    hear(world, e.CommitTrusted(world.now, "bad00000", "ann"))
    listed_with(then_read, unread=False)
    world.run(300.0)
    assert len(world.accepted) == void and (web(world).phase is Phase.ASKING) is not void


@pytest.mark.parametrize("severity", [Severity.HIGH, Severity.CRITICAL])
def test_then_rollback_is_made_at_the_deadline_and_proved_like_any_other(severity: Severity) -> None:
    """Asked by the policy, or by mode assist: the declared default is carried out, once, and people were told so."""
    world = asked(severity, then=Then.ROLLBACK)
    assert line_of(world.tells[-1].notice, "Roll back to ").endswith("if nothing forbids it.")
    within = world.policy.matrix[severity].within_seconds
    world.at(world.time + 200.0, lambda: world.tell(e.Restarted(world.now)))
    assert not after(world, within - 1.0).pins
    after(world, within + 600.0)
    assert [(rollback.target, rollback.approved_by) for _, rollback in world.accepted] == [("dep-40", None)]
    incident = world.incidents["web-1"]
    assert incident.outcome == "rolled back and verified" and not world.broken
    assert "no answer came in time, and the policy says rollback" in incident.decision.why


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"within_seconds": 1.1 * 3600.0}, id="in floating point moment and span do not add up"),
        pytest.param(
            {"outcomes": ["postponed"], "within_seconds": 300.0}, id="put off: it holds for a while like a yes"
        ),
    ],
)
def test_a_default_breaks_no_promise(more: dict[str, Any]) -> None:
    """However long it is waited for, and though it could not be sent at once: no second question."""
    within = more["within_seconds"]
    policy = clocked(Mode.ASSIST, Severity.CRITICAL, then=Then.ROLLBACK, within_seconds=within)
    world = bad_world(policy, outcomes=more.get("outcomes", [])).run(within + 1000.0)
    assert len(world.accepted) == 1 and world.labels().count("ASKED") == 1 and not world.broken


def likely() -> World:
    """Return a world that asks about a deploy that is more likely than not to blame, and no more."""
    policy = replace(clocked(then=Then.ROLLBACK), blame=BlameWeights(floor=0.9999))
    return reach(Phase.ASKING, policy, faults=[SLOW])


def migrates() -> World:
    """Return one in which somebody sets a pre-deploy command meanwhile."""
    world = asked(then=Then.ROLLBACK)
    world.facts = replace(world.facts, pre_deploy_command="migrate")
    return world


def declared() -> World:
    """Return one in which a reload declares the default after people were asked."""
    world = asked()
    reload(world, Severity.HIGH, then=Then.ROLLBACK)
    return world


@pytest.mark.parametrize(
    ("world", "why"),
    [
        pytest.param(migrates, "migration: ", id="a pre-deploy command may have migrated a database"),
        pytest.param(likely, "more likely than not, and no more: dep-900", id="the floor is for machines too"),
        pytest.param(lambda: asked(then=Then.ROLLBACK, tell=()), UNHEARD, id="no channel had the question"),
        pytest.param(lambda: asked(then=Then.ROLLBACK, heard=False), UNHEARD, id="no channel could deliver it"),
        pytest.param(declared, None, id="people were told that nothing is changed without them"),
    ],
)
def test_what_is_not_done_by_default(world: Callable[[], World], why: str | None) -> None:
    """Escalated with the reason, and still asked; heard of after the deadline it is a question like any other."""
    world = world()
    effects = passes(world, 900.0)
    assert notices(effects) == (["human_needed"] if world.policy.matrix[Severity.HIGH].tell else [])
    assert web(world).phase is Phase.ASKING and "PinAutoDeploy" not in kinds(effects)
    assert incident_of(world).question.defaulted_at is None
    if why is not None:
        assert lines(effects, "DEADLINE")[0].startswith(f"no answer for 15 min; not rolled back by default: {why}")
        told = [effect.notice for effect in effects if isinstance(effect, fx.Tell)]
        assert all(one.about.topic is Topic.UNANSWERED and one.about.why.startswith(why) for one in told)
        assert all(f"The default (roll back) is not carried out: {one.about.why}." in one.lines for one in told)
    world.tell(e.QuestionDelivered(world.now, "web", "web-1", world.now))
    assert not after(world, 3000.0).pins


@pytest.mark.parametrize(("last", "decided"), [(Good(), True), (Unknown("HTTP 429"), False)])
def test_nothing_is_done_by_default_about_what_cannot_be_read_any_more(last: Reading, decided: bool) -> None:
    """Nothing would be sent without a fresh failure, and auto-deploy would be off for it: people are called instead."""
    world = asked(then=Then.ROLLBACK)
    checks = {name: replace(check, last=last) for name, check in web(world).checks.items()}
    put(world, checks=checks)
    effects = hear(world, e.TimePassed((incident_of(world).question.asked_at or 0.0) + 900.0))
    assert bool(lines(effects, "DECIDED")) is decided
    said = ["no answer for 15 min; not rolled back by default: api cannot be read any more"]
    assert lines(effects, "DEADLINE") == ([] if decided else said)


def test_nothing_is_done_by_default_before_people_have_heard_of_it_for_all_the_time() -> None:
    """Every channel was down at first: the clock of a default begins when one of them had the question.

    A reminder tells the later deadline: nobody reads of less time than there is.
    """
    world = asked(then=Then.ROLLBACK, remind_seconds=1200.0, heard=False)
    assert "until 14:31 UTC" in line_of(world.tells[0].notice, "Roll back to ")
    at = incident_of(world).question.asked_at or 0.0
    after(world, 600.0).tell(e.QuestionDelivered(world.now, "web", "web-1", at))
    assert fx.WakeAt(world.now + 900.0) in hear(
        asked(then=Then.ROLLBACK, heard=False), e.QuestionDelivered(world.now, "web", "web-1", at)
    )
    notice = tell_of(passes(world, 1200.0)).notice
    assert notice.about.topic is Topic.REMINDED and "until 14:41 UTC" in line_of(notice, "Roll back to ")
    after(world, 1499.0)
    assert not world.pins and web(world).phase is Phase.ASKING
    assert len(after(world, 1600.0).accepted) == 1


@pytest.mark.parametrize(("incident", "asked_at"), [("web-7", 0.0), ("web-1", -1.0)])
def test_what_was_heard_of_before_or_of_another_incident_is_not_this_question(incident: str, asked_at: float) -> None:
    """A page that came late says nothing of what is asked now."""
    world = asked(then=Then.ROLLBACK, heard=False)
    before, at = incident_of(world), incident_of(world).question.asked_at
    hear(world, e.QuestionDelivered(at + 10.0, "web", incident, at + asked_at))
    assert incident_of(world) == before


def test_heard_of_twice_is_heard_of_at_first() -> None:
    """The second channel, or the reminder, does not give more time; where nothing is done, the clock is not moved."""
    for then, due in ((Then.ROLLBACK, 910.0), (Then.ESCALATE, 900.0)):
        world = asked(then=then, heard=False)
        at = incident_of(world).question.asked_at or 0.0
        for seconds in (10.0, 400.0):
            hear(world, e.QuestionDelivered(at + seconds, "web", "web-1", at))
        clock = incident_of(world).question.deadline
        assert (clock.delivered_at, clock.due_at) == (at + 10.0, at + due)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"then": Then.ESCALATE}, False),
        ({"then": Then.NOTHING}, False),
        ({"within_seconds": 5000.0}, True),
        ({"within_seconds": None}, True),
    ],
)
def test_a_reload_may_take_a_default_back_and_changes_no_clock_that_people_were_told_of(
    change: dict, kept: bool
) -> None:
    """Asked with a default at 15 minutes: it holds if the policy still wants one."""
    world = asked(then=Then.ROLLBACK)
    reload(world, Severity.HIGH, **change)
    effects = passes(world, 900.0)
    said = "no answer for 15 min; not rolled back by default: the policy does not say so any more"
    assert kept or lines(effects, "DEADLINE") == [said]
    assert ("PinAutoDeploy" in kinds(effects)) is kept


def test_a_default_that_a_reload_takes_back_while_it_is_on_its_way_is_asked_anew() -> None:
    """Auto-deploy was being switched off: nothing is sent any more."""
    world = asked(then=Then.ROLLBACK)
    world.pin = "silent"
    after(world, 901.0)
    assert web(world).phase is Phase.PINNING and incident_of(world).question.defaulted_at is not None
    reload(world, Severity.HIGH, then=Then.ESCALATE)
    world.tell(e.PinConfirmed(world.now, "web", "web-1", "commit"))
    assert "the policy no longer says rollback" in lines(world.notes, "WAIT")[0]
    after(world, 960.0)
    assert web(world).phase is Phase.ASKING and not world.sent and incident_of(world).question.defaulted_at is None


def test_what_is_less_severe_at_the_deadline_than_it_was_when_it_was_asked_is_not_done_by_default() -> None:
    """Asked about what was down; what is slow now has another row of the matrix."""
    policy = clocked(Mode.ASSIST, Severity.CRITICAL, then=Then.ROLLBACK, within_seconds=1500.0)
    down = Fault(64.0, 300.0, code="bad00000")
    world = reach(Phase.ASKING, policy, faults=[down, replace(SLOW, start=300.0)])
    effects = passes(world, 1500.0)
    assert "PinAutoDeploy" not in kinds(effects)
    assert lines(effects, "DEADLINE")[0].endswith("you were asked about what was critical, and it is high now")


def test_a_restart_at_the_deadline_gives_people_time_to_say_it_again() -> None:
    """What was answered while nobody listened was not heard: nothing is done by default in the first two minutes."""
    world = asked(then=Then.ROLLBACK)
    at = incident_of(world).question.asked_at or 0.0
    effects = hear(world, e.Restarted(at + 5000.0))
    assert fx.WakeAt(at + 5120.0) in effects
    assert "PinAutoDeploy" not in kinds(hear(world, e.TimePassed(at + 5119.0)))
    assert web(world).phase is Phase.ASKING
    endless = asked(then=Then.ROLLBACK, within_seconds=None)
    assert wakes(hear(endless, e.Restarted(at + 5000.0))) == [at + 5060.0, at + 5300.0], "for no deadline"
    assert incident_of(endless).question.deadline.due_at is None
    escalating = asked()
    hear(escalating, e.Restarted(at + 5000.0))
    assert notices(hear(escalating, e.TimePassed(at + 5001.0))) == ["human_needed"]


def test_a_question_of_a_version_without_clocks_is_told_again_and_no_more() -> None:
    """An update in the middle of it: what is saved names no clock."""
    world = asked(then=Then.ROLLBACK)
    put(world, incident=amended(incident_of(world), deadline=None))
    at = incident_of(world).question.asked_at or 0.0
    hear(world, e.QuestionDelivered(at + 1.0, "web", "web-1", at))
    hear(world, e.Restarted(at + 30.0))
    assert incident_of(world).question.deadline == Deadline(at, Then.ESCALATE, 900.0, at + 900.0)
    assert notices(passes(world, 900.0)) == ["human_needed"] and not after(world, 3000.0).pins


def test_a_default_for_another_target_than_people_were_told_of_is_asked_anew() -> None:
    """The target was denied meanwhile: silence about dep-40 says nothing of dep-39, nor does a yes typed just then."""
    world = share(asked(then=Then.ROLLBACK), denied=("aaaaaaa1",))
    assert incident_of(world).question.asked_anew_at is None
    assert notices(passes(world, 900.0)) == ["asked"] and incident_of(world).rollback.target == "dep-39"
    assert incident_of(world).question.asked_anew_at == incident_of(world).question.asked_at
    assert decision_of(world).course is Course.ASK
    assert incident_of(world).question.defaulted_at is None and incident_of(world).late_paged is False


def test_a_default_whose_signal_a_reload_took_away_is_left_to_a_human() -> None:
    """What failed can no longer be judged."""
    world = unwatch(asked(then=Then.ROLLBACK), "api")
    put(world, checks={name: check for name, check in web(world).checks.items() if name != "api"})
    effects = hear(world, e.Observed(incident_of(world).question.asked_at + 900.0, "web", "home", Bad("HTTP 503")))
    assert lines(effects, "HUMAN") == ["the signals that failed are no longer configured"]


# --- a default that could not be sent at once ---


@pytest.mark.parametrize("fields", [{"defaulted_at": -301.0}, {"suspect": "dep-7"}])
def test_an_old_default_or_one_for_another_deploy_is_asked_anew(fields: dict[str, Any]) -> None:
    """As a yes would be."""
    world = reach(Phase.SUSPECT, clocked(Mode.ASSIST, Severity.CRITICAL, then=Then.ROLLBACK))
    world.run(104.0)
    base = amended(incident_of(reach(Phase.ASKING)), tried=False)
    if "defaulted_at" in fields:
        fields = {"defaulted_at": world.now + fields["defaulted_at"]}
    incident = amended(base, **{"defaulted_at": world.now, "suspect": web(world).live, **fields})
    put(world, incident=incident)
    world.run(130.0)
    assert web(world).phase is Phase.ASKING and not world.pins and incident_of(world).question.defaulted_at is None

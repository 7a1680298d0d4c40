"""Escalation: a page that nobody takes up climbs on time and in order, until a human has it or it is over."""

from dataclasses import replace
from datetime import date

import pytest

from tests.core.incident_fields import amended
from tests.core.world import FOREVER, SLOW, START, Fault, World, make_policy, with_row
from tests.core.worlds import bad_world, decision_of, hear, incident_of, line_of, listed, put, reach, topics, web, wish
from tests.support.effect_readers import lines, notices, tell_of, wakes
from watchdog.core.phases import escalation
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.decisions import Course
from watchdog.domain.incidents import Escalation, Phase
from watchdog.domain.notices import Topic
from watchdog.domain.policy import Action, Approver, Mode, Policy, Rotation, SignalPolicy, Step, Then, Weekly
from watchdog.domain.readings import Bad
from watchdog.domain.severity import Severity
from watchdog.domain.units import show_seconds

STEPS = (Step("lead", ("mail",), 300.0), Step("devops", ("phone",), 600.0), Step("boss", ("letter",), 60.0))
NOT_PAGED = (Course.TELL, Course.NOTE)
NEVER = Weekly((), 0, 1, "UTC")
DOWN = replace(SLOW, slow=False)


def climbing(*steps: Step, mode: Mode = Mode.OBSERVE, **more: object) -> Policy:
    """Return the policy that calls these one after the other."""
    return make_policy(mode, escalation=steps or STEPS, **more)


def paged(*steps: Step, **more: object) -> World:
    """Return a world in which a critical page just went out, and nobody heard it."""
    return reach(Phase.PAGED, climbing(*steps, **more))


def called(world: World, since: int = 0) -> list[tuple[float, tuple[str, ...], str]]:
    """Return who was called by name: seconds after the page, the channels, what about and whom."""
    at = world.incidents["web-1"].opened_at
    tells = [tell for tell in world.tells if tell.notice.wakes][since:]
    return [(tell.notice.at - at, tell.channels, whom(tell)) for tell in tells]


def next_call(world: World) -> tuple[float | None, str]:
    """Return when the next call is due, and whom it names: empty for everyone again."""
    return incident_of(world).escalation.next_call_at, incident_of(world).escalation.next_call_name


def whom(tell: fx.Tell) -> str:
    """Return `escalated to lead`: what a notice is about, and whom."""
    about = tell.notice.about
    return f"{about.topic} to {about.by}" if about.by else str(about.topic)


# --- climbing ---


def test_a_critical_page_climbs_on_time_and_in_order() -> None:
    """Five minutes after the page, ten after that, one after that; a restart before a step changes nothing of it."""
    world = paged()
    for after in (200.0, 500.0):
        world.at(incident_of(world).opened_at - START + after, lambda: world.tell(e.Restarted(world.now)))
    world.run(1200.0)
    lead, devops = (300.0, ("mail",), "escalated to lead"), (900.0, ("phone",), "escalated to devops")
    assert called(world, 1) == [lead, devops, (960.0, ("letter",), "escalated to boss")]
    notice = world.tells[-1].notice
    assert notice.title == "web is down: not acknowledged for 16 min" and notice.incident == "web-1"
    assert notice.lines[0].startswith("Critical for 17 min, ")
    assert "Escalated to boss: not acknowledged for 16 min." in notice.lines
    assert "Acknowledge (pauses the escalation): watchdog incident ack web-1" in "".join(notice.lines)
    assert not world.broken


def test_each_notice_says_when_the_next_call_is_due() -> None:
    """The record has the moment, so that people read it everywhere; acknowledged, the one at which that ends."""
    world = paged().run(1200.0)
    clocks = [tell.notice.about.incident.escalation for tell in world.pages()]
    assert [one.next_call_at for one in clocks[:-1]] == [tell.notice.at for tell in world.pages()[1:]]
    assert [one.next_call_name for one in clocks] == ["lead", "devops", "boss", "lead"], "and whom it calls"
    hear(world, e.Acknowledged(world.now, "web-1", "ann"))
    assert incident_of(world).escalation.next_call_at == world.now + world.policy.ack_holds_seconds
    shorter = (replace(STEPS[0], after_seconds=10.0),)
    fresh = paged()
    fresh.policy = climbing(*shorter)
    hear(fresh, e.Observed(fresh.now, "web", "home", Bad("HTTP 503")))
    assert incident_of(fresh).escalation.next_call_at == incident_of(fresh).opened_at + 10.0


@pytest.mark.parametrize(
    ("policy", "faults"),
    [
        (make_policy(Mode.OBSERVE), [DOWN]),
        (make_policy(Mode.OBSERVE, escalation=(Step("again", (), 60.0),), pagers=("pager",)), [DOWN]),
        (make_policy(Mode.OBSERVE, escalation=STEPS), [SLOW]),
    ],
)
def test_without_steps_of_ours_and_below_critical_nobody_else_is_called(policy: Policy, faults: list[Fault]) -> None:
    """Nobody said who is next, or the pager climbs; high is paged once, and climbs only where nobody answered."""
    assert len(called(reach(Phase.PAGED, policy, faults=faults).run(3000.0))) == 1


def test_while_we_are_at_it_nobody_else_is_called() -> None:
    """A page that the rollback followed: the clock waits for what comes of that."""
    world = paged()
    hear(world, e.RollbackRequested(world.now, "web", "ann"))
    world.policy = make_policy(escalation=STEPS)
    effects = hear(world, e.RollbackRequested(world.now, "web", "ann"))
    assert lines(effects, "BY HAND") and incident_of(world).escalation.called_at is None


def test_what_was_slept_through_is_called_one_after_the_other() -> None:
    """A restart long after: the first one now, the next in its time, not all at once."""
    world = paged()
    later = world.now + 5000.0
    assert later in wakes(hear(world, e.Restarted(later)))
    for after, told in ((0.0, ["human_needed"]), (1.0, []), (600.0, ["human_needed"])):
        assert notices(hear(world, e.TimePassed(later + after))) == told


def test_it_ends_with_the_incident() -> None:
    """Recovered before the second step."""
    world = paged(*STEPS)
    world.faults = [replace(world.faults[0], end=world.time + 400.0)]
    world.run(3000.0)
    assert [first for *_, first in called(world, 1)] == ["escalated to lead"]
    assert web(world).phase is Phase.CALM


def test_who_is_out_of_hours_is_passed_over_in_favour_of_the_next() -> None:
    """And noted; the one after is called when it is their time by the order, not later."""
    world = paged(replace(STEPS[0], after_seconds=3600.0, hours=NEVER), *STEPS[1:]).run(1000.0)
    assert called(world, 1) == [(600.0, ("phone",), "escalated to devops"), (660.0, ("letter",), "escalated to boss")]
    assert lines(world.notes, "SKIPPED") == ["lead: not in their hours"]


def test_of_a_rotation_it_calls_whose_week_it_is() -> None:
    """Named with the rotation; a member out of hours is passed over like anybody."""
    day = int(START // 86400) + date(1970, 1, 1).toordinal()
    turns = Rotation((STEPS[0], STEPS[1]), day - 7, 0, "UTC")
    world = paged(Step("oncall", (), 300.0, rotation=turns), STEPS[2]).run(600.0)
    devops, boss = (300.0, ("phone",), "escalated to devops (oncall)"), (360.0, ("letter",), "escalated to boss")
    assert called(world, 1) == [devops, boss]
    asleep = replace(turns, of=(STEPS[0], replace(STEPS[1], hours=NEVER)))
    world = paged(Step("oncall", (), 300.0, rotation=asleep), STEPS[2]).run(300.0)
    assert called(world, 1)[0] == (60.0, ("letter",), "escalated to boss")
    assert set(lines(world.notes, "SKIPPED")) == {"devops (oncall): not in their hours"}


def test_where_nobody_is_on_call_those_who_were_told_are_called_again() -> None:
    """Once; and when the hours of one of them begin, that one is called all the same. After that they are again."""
    world = paged(replace(STEPS[1], hours=NEVER), replace(STEPS[2], hours=NEVER)).run(9000.0)
    assert called(world, 1) == [(600.0, ("pager", "chat"), "escalated")] and next_call(world)[1] == ""
    assert lines(world.notes, "SKIPPED") == ["no step of the escalation is in its hours"]
    world.policy = climbing(STEPS[1], replace(STEPS[2], hours=NEVER), mode=Mode.OBSERVE)
    world.run(10_000.0)
    assert next(first for *_, first in called(world, 2)) == "escalated to devops"
    world.policy = climbing(replace(STEPS[1], hours=NEVER), mode=Mode.OBSERVE)
    world.run(20_000.0)
    assert [first for *_, first in called(world, 2) if "devops" not in first] == ["escalated"]
    # An answer brings no second call either.
    world = paged(replace(STEPS[1], hours=NEVER)).run(1000.0)
    acknowledge(world)
    assert len(called(world.run(9000.0), 1)) == 1 and len(lines(world.notes, "UNATTENDED")) >= 1


def test_a_step_without_channels_calls_the_same_again() -> None:
    """As often as any step: four times, then no more."""
    world = paged(Step("everyone again", (), 1800.0))
    world.policy = with_row(world.policy, Severity.CRITICAL, approver=Approver("lead", ("terminal:lead",), ("letter",)))
    world.run(12_000.0)
    assert called(world, 1) == [(1800.0 * nth, ("pager", "chat"), "escalated") for nth in (1, 2, 3, 4)]
    assert {one.notice.about.incident.escalation.next_call_name for one in world.pages()} == {""}, "whom: everyone"
    assert "Sent again: not acknowledged for 2 h 0 min." in world.tells[-1].notice.lines


def test_the_order_is_gone_through_again_and_not_for_ever() -> None:
    """Who was out of hours, or asleep, comes again in the next round; after the last one nobody is woken any more."""
    world = paged(replace(STEPS[0], hours=NEVER), STEPS[2]).run(200.0)
    assert [first for *_, first in called(world, 1)] == ["escalated to boss"]
    world.policy = replace(world.policy, escalation=(STEPS[0], STEPS[2]))
    world.run(9000.0)
    names = [first for *_, first in called(world, 2)]
    assert names[:4] == ["escalated to lead", "escalated to boss"] * 2
    assert len(names) + 1 == 2 * escalation.ROUNDS
    assert next_call(world) == (None, "")


def test_an_acknowledgement_of_an_earlier_call_is_refused() -> None:
    """Told late by a pager: it says nothing of what people were called for since; of the same page it counts late."""
    for world in (paged(), question()):
        notified_at = incident_of(world).escalation.notified_at
        effects = hear(world, e.Acknowledged(notified_at + 60.0, "web-1", "ann", said_at=notified_at - 1.0))
        assert lines(effects, "REFUSED") == ["web-1: people were called for something else since"]
        assert incident_of(world).escalation.acknowledged_by is None
        hear(world, e.Acknowledged(notified_at + 60.0, "web-1", "ann", said_at=notified_at))
        assert incident_of(world).escalation.acknowledged_by == "ann"
        assert hear(world, e.Acknowledged(notified_at + 90.0, "web-1", "ann", said_at=notified_at)) == ()
    overtaken = paged()
    notified_at = incident_of(overtaken).escalation.notified_at
    overtaken.run(notified_at - START + 305.0)
    hear(overtaken, e.Acknowledged(overtaken.now, "web-1", "ann", said_at=notified_at + 295.0))
    assert incident_of(overtaken).escalation.acknowledged_by == "ann", "said before the lead was called, read after it"


# --- a question ---


def question(**fields: object) -> World:
    """Return a world that asks about a slow deploy; fields change its row of the matrix."""
    return reach(Phase.ASKING, with_row(climbing(mode=Mode.AUTONOMOUS), Severity.HIGH, **fields), faults=[SLOW])


def test_a_question_climbs_from_its_deadline_on() -> None:
    """High asks, and escalates at 15 minutes: then those of the list, with the question."""
    world = question().run(2100.0)
    at = incident_of(world).question.asked_at
    again = [(tell.notice.at - at, whom(tell)) for tell in world.pages()[1:]]
    later = [(1200.0, "escalated to lead"), (1800.0, "escalated to devops"), (1860.0, "escalated to boss")]
    assert again == [(900.0, "no answer in time"), *later]
    assert world.pages()[1].notice.title == "web api is slow: no answer for 15 min"
    assert line_of(world.tells[-1].notice, "Roll back to dep-40")


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        pytest.param({}, e.Rejected, id="a no: a human has it"),
        pytest.param({}, e.Stopped, id="a stop"),
        pytest.param({"then": Then.NOTHING}, None, id="the policy says that nothing happens"),
        pytest.param({"then": Then.ROLLBACK}, None, id="or a rollback"),
    ],
)
def test_an_answer_or_another_end_stops_it(fields: dict, answer: type | None) -> None:
    """Nobody of the list is called."""
    world = question(**fields)
    world.run(incident_of(world).question.asked_at - START + (1000.0 if answer is None else 800.0))
    if answer is not None:
        called, now = incident_of(world).escalation.notified_at, world.now
        going = Escalation(called, now, now + 300.0, acknowledged_by="bob", acknowledged_at=now, unwatched_since=now)
        put(world, incident=replace(incident_of(world), muted=True, escalation=going))
        hear(world, answer(now, "web-1", "ann"))
        assert incident_of(world).escalation == Escalation(called) and not incident_of(world).muted
        acknowledge(world)
    world.run(5000.0)
    assert Topic.ASKED in topics(world) and not {Topic.ESCALATED, Topic.STILL_OPEN} & set(topics(world))


# --- acknowledgement ---


def acknowledge(world: World, by: str = "ann") -> tuple[fx.Effect, ...]:
    """Let a human say that they look after it."""
    return hear(world, e.Acknowledged(world.now, "web-1", by))


def test_an_acknowledgement_stops_the_climbing_and_not_the_watching() -> None:
    """Who was told hears who has it; the end is told as ever."""
    world = paged()
    world.run(world.time + 100.0)
    put(world, incident=amended(incident_of(world), muted=True, unwatched_since=world.now - 90.0))
    effects = acknowledge(world)
    assert (incident_of(world).muted, incident_of(world).escalation.unwatched_since) == (False, None), "they know of it"
    assert lines(effects, "ACKNOWLEDGED") == ["by ann: escalation paused for 30 min, unless something changes"]
    notice = tell_of(effects).notice
    assert (notice.about.topic, notice.about.by) == (Topic.ACKNOWLEDGED, "ann") and not notice.wakes
    assert notice.title == "web: acknowledged by ann" and notice.lines[0].startswith("Critical for ")
    world.faults = [replace(world.faults[0], end=world.time + 1000.0)]
    world.run(world.time + 1700.0)
    assert len(called(world)) == 1 and web(world).phase is Phase.CALM
    assert world.incidents["web-1"].outcome == "recovered"


def test_a_second_one_changes_nothing() -> None:
    """Redelivered, or of somebody else: the first one has it, and its time is not begun anew."""
    world = paged()
    acknowledge(world)
    before = web(world)
    world.time += 60.0
    for by in ("ann", "bob"):
        effects = acknowledge(world, by)
        assert lines(effects, "ACKNOWLEDGED") == ["by ann already"] and notices(effects) == []
        assert web(world) == before


def test_an_old_one_calls_everybody_again_from_where_it_stood() -> None:
    """Half an hour, and nothing changed: to the very second, also after a restart; then it may be taken up anew.

    With them the step that was put off; the one after that follows in its time.
    """
    world = paged()
    acknowledge(world)
    at = world.now
    assert at + 1800.0 in wakes(hear(world, e.Restarted(at + 10.0)))
    assert notices(hear(world, e.TimePassed(at + 1799.0))) == []
    effects = hear(world, e.TimePassed(at + 1800.0))
    assert lines(effects, "UNATTENDED") == ["acknowledged by ann 30 min ago, and nothing changed since"]
    tell = tell_of(effects)
    assert (tell.notice.about.topic, tell.notice.about.by) == (Topic.STILL_OPEN, "ann") and tell.notice.wakes
    assert tell.notice.title == "web is down: still open, acknowledged by ann"
    assert "ann acknowledged it 30 min ago, and it is still open." in tell.notice.lines
    assert tell.channels == ("pager", "chat", "mail") and incident_of(world).escalation.acknowledged_by is None
    assert notices(hear(world, e.TimePassed(at + 2399.0))) == []
    tell = tell_of(hear(world, e.TimePassed(at + 2400.0)))
    # As long as ann had it, somebody had.
    assert tell.channels == ("phone",) and tell.notice.title == "web is down: not acknowledged for 10 min"
    assert lines(acknowledge(world, "bob"), "ACKNOWLEDGED")[0].startswith("by bob: escalation paused")


AGAIN = Step("everyone again", (), 60.0)


@pytest.mark.parametrize("every", [180, 1020, 90_000], ids=lambda seconds: f"each {seconds} s")
@pytest.mark.parametrize("steps", [STEPS, (AGAIN,), ()], ids=["by name", "everyone", "no one"])
@pytest.mark.parametrize("makes", ["critical", "high", Then.ESCALATE, Then.NOTHING])
def test_who_acknowledges_is_never_paged_more_than_others(makes: str, steps: tuple[Step, ...], every: int) -> None:
    """However often, and however short it holds: no page comes earlier, and no more of them."""
    runs = []
    for acknowledges in (False, True):
        if isinstance(makes, Then):
            world = question(then=makes, remind_seconds=None, within_seconds=3600.0)
        else:
            world = reach(Phase.PAGED, climbing(), faults=[DOWN if makes == "critical" else SLOW])
        world.policy = replace(world.policy, escalation=steps, ack_holds_seconds=120.0 if every < 1000 else 1800.0)
        at, pages = world.now, []
        for second in range(0, 9000, 60):
            if acknowledges and second % every == 60:
                hear(world, e.Acknowledged(at + second, "web-1", "ann"))
            pages += [second for _ in notices(hear(world, e.TimePassed(at + second)))]
        runs.append(pages)
    unacknowledged, acknowledged = runs
    assert len(acknowledged) <= len(unacknowledged)
    assert all(late >= early for late, early in zip(acknowledged, unacknowledged, strict=False))
    assert bool(acknowledged) is bool(unacknowledged), "what it put off comes in the end"


def test_it_is_of_what_was_known_then() -> None:
    """Slow was called about in vain, then acknowledged; down is called about anew, and climbs from the first step."""
    faults = [Fault(500.0, FOREVER, code="bad00000"), replace(SLOW, end=500.0)]
    world = reach(Phase.PAGED, climbing(), faults=faults)
    put(world, incident=amended(incident_of(world), climbed=2, calls=escalation.ROUNDS * len(STEPS)))
    acknowledge(world)
    world.run(700.0)
    assert incident_of(world).severity is Severity.CRITICAL and incident_of(world).escalation.acknowledged_by is None
    assert incident_of(world).escalation.next_call_name == "lead"


def test_it_answers_no_question_and_spares_the_reminder_and_the_page_at_the_deadline() -> None:
    """Then people are called again when it is old."""
    world = question(remind_seconds=600.0, approver=Approver("lead", ("terminal:lead",), ("letter",)))
    since, still = tell_of(acknowledge(world)).notice.lines
    assert since.startswith("High for ")
    assert still.startswith("Roll back to dep-40 (aaaaaaa)? Waits for an answer until ")
    at = world.now
    world.run(at - START + 1799.0)
    assert lines(world.notes, "DEADLINE") == ["no answer for 15 min; ann has acknowledged"]
    assert len(world.pages()) == 1 and web(world).phase is Phase.ASKING
    world.run(at - START + 1810.0)
    assert world.pages()[-1].notice.about.topic is Topic.STILL_OPEN and len(world.pages()) == 2
    assert world.pages()[-1].channels == ("pager", "chat", "letter"), "also who alone may approve"


def test_it_does_not_stop_what_the_policy_says_for_the_deadline() -> None:
    """No answer is no answer: what silence means is said again, and happens before the acknowledgement calls anyone."""
    world = question(then=Then.ROLLBACK)
    plan = line_of(tell_of(acknowledge(world)).notice, "Roll back to ")
    assert plan.endswith("then rolls back to dep-40 (aaaaaaa), if nothing forbids it.")
    assert len(world.run(1500.0).accepted) == 1
    world = question(then=Then.ROLLBACK, within_seconds=3600.0)
    acknowledge(world)
    assert len(world.run(5000.0).accepted) == 1 and Topic.STILL_OPEN not in topics(world)


def test_what_is_over_cannot_be_acknowledged_and_what_woke_nobody_is_not_called_about() -> None:
    """The closed incident is still remembered; medium was only told, and so was what the policy only notifies of.

    A question is called about, whatever it is; and what a pager climbs with, though no step is ours.
    """
    world = paged()
    put(world, phase=Phase.CALM, incident=replace(incident_of(world), closed_at=world.now, outcome="recovered"))
    assert lines(acknowledge(world), "REFUSED") == ["web-1 is over: recovered"]
    told = decision_of(paged())
    less = ({"severity": Severity.MEDIUM}, *({"decision": replace(told, course=one)} for one in NOT_PAGED))
    for fields, pages in ((less[0], []), (less[1], []), (less[2], []), ({}, ["human_needed"])):
        world = paged(Step("again", (), 60.0), pagers=("pager",))
        put(world, incident=replace(incident_of(world), **fields))
        acknowledge(world)
        assert notices(hear(world, e.TimePassed(world.now + 9000.0))) == pages
    for pagers, pages in (((), []), (("pager",), ["human_needed"])):
        world = paged(Step("lead", ("mail",), 60.0), pagers=pagers)
        put(world, incident=replace(amended(incident_of(world), called_at=None), severity=Severity.HIGH))
        acknowledge(world)
        assert next_call(world) == (world.now + 1800.0 if pages else None, ""), "everyone"
        assert notices(hear(world, e.TimePassed(world.now + 9000.0))) == pages, "also beside a list of contacts"
        assert next_call(world) == ((world.now + 9060.0, "lead") if pages else (None, "")), "who follows from now on"
    for then, pagers in ((Then.ESCALATE, ()), (Then.NOTHING, ("pager",))):
        asking = question(then=then)
        asking.policy = replace(asking.policy, pagers=pagers)
        put(asking, incident=replace(incident_of(asking), severity=Severity.MEDIUM))
        acknowledge(asking)
        assert notices(hear(asking, e.TimePassed(asking.now + 1800.0))) == ["human_needed"]


def test_of_what_nobody_was_told_nobody_hears_who_has_it() -> None:
    """While the rollback is on its way its own page is still to come."""
    world = reach(Phase.PINNING, make_policy(pagers=("pager",)))
    effects = acknowledge(world)
    assert lines(effects, "ACKNOWLEDGED") == ["by ann"] and next_call(world) == (None, ""), "no call to be put off"
    assert notices(effects) == [] and not incident_of(world).paged and not incident_of(world).muted


# --- a gap without a worker ---


def taken_up_after(world: World, seconds: float, then: float = 300.0) -> World:
    """Return the world some time after a worker took it up, which no worker had watched for so long."""
    world.time += seconds
    world.tell(e.Restarted(world.now))
    return world.run(world.time + then)


def test_case_63_after_a_gap_in_which_it_may_have_ended_people_are_called_again_and_once() -> None:
    """A restored copy lacks the all-clear that was sent after it (storm seed 201621), also read by a slow clock.

    In a shorter gap it cannot have ended: nobody is called a second time. A question is asked anew, with its time.
    The next step is called all the same; and a daemon that has such gaps without end calls people so often and no more.
    """
    calm = paged().policy.detection.calm_seconds
    again = [Topic.STILL_OPEN]
    rows = [(calm - 1.0, 0.0, []), (calm, 0.0, again), (-3600.0, 0.0, again), (30.0, 30.0, again), (30.0, 29.0, [])]
    for gap, good, called_again in rows:
        world = paged(Step("lead", ("mail",), 9000.0)).run(400.0)
        acknowledge(world)
        before, seen = len(world.tells), max(check.last_at for check in web(world).checks.values())
        # The other worker's clock may have been far ahead: the record is of tomorrow then.
        checks = {name: replace(check, last_at=seen - min(gap, 0.0)) for name, check in web(world).checks.items()}
        # Readings that were good before it, and the missing ones, may be all that its end needed.
        healed = {"cusum": 0.0, "good_run": 9, "last_bad_at": seen - good} if good else {}
        put(world, checks={**checks, "home": replace(checks["home"], **healed)})
        world.time = seen + max(gap, 1.0) - START
        since = min(seen - min(gap, 0.0), world.now - calm)
        world.tell(e.Restarted(world.now))
        world.run(world.time + 110.0)
        told = [tell.notice for tell in world.tells[before:]]
        assert [(notice.about.topic, notice.about.since) for notice in told] == [(one, since) for one in called_again]
        ago = [f"last seen, {show_seconds(notice.at - since)} ago" for notice in told]
        assert [text.partition("since it was ")[2] for text in lines(world.notes, "UNATTENDED")] == ago
        assert all(notice.wakes and "No worker watched it" in " ".join(notice.lines) for notice in told)
        assert incident_of(world).escalation.acknowledged_by == "ann", "who has it has it still"
    world = paged(Step("lead", ("mail",), 900.0), Step("devops", ("chat",), 900.0)).run(400.0)
    for _ in range(12):
        taken_up_after(world, 70.0)
    again = [first.split(" to ")[-1] for *_, first in called(world, 1)]
    assert again.count("still open") == 2 * escalation.ROUNDS - 2 and {"lead", "devops"} <= set(again)
    world = reach(Phase.PAGED)
    for _ in range(6):
        taken_up_after(world, 70.0)
    assert topics(world).count(Topic.STILL_OPEN) == escalation.ROUNDS
    world = question(then=Then.ROLLBACK).run(400.0)
    asked_at = incident_of(world).question.asked_at
    taken_up_after(world, calm)
    assert topics(world)[-1] is Topic.ASKED and incident_of(world).question.asked_at > asked_at
    assert incident_of(world).question.deadline.due_at > world.now


def test_an_incident_that_is_good_after_the_gap_or_of_which_no_one_knew_calls_no_one() -> None:
    """It closes as ever; one that was only recorded stays so."""
    world = paged()
    world.faults = []
    taken_up_after(world, 600.0)
    assert web(world).phase is Phase.CALM and Topic.STILL_OPEN not in topics(world)
    world = reach(Phase.PAGED)
    put(world, incident=replace(incident_of(world), paged=False))
    taken_up_after(world, 600.0)
    assert Topic.STILL_OPEN not in topics(world)


def test_what_a_feed_showed_before_a_gap_calls_no_one_before_something_is_read() -> None:
    """Its minutes still count as a failure, which may have ended; of a minor one people are told, and not woken."""
    policy = with_row(climbing(), Severity.MEDIUM, do=Action.TELL, tell=("chat",))
    world = bad_world(policy, faults=[], flood=(4260.0, FOREVER))
    wish(world, signals=(*policy.services["web"].signals, SignalPolicy("errors", "sentry"))).run(4600.0)
    checks = web(world).checks
    put(world, checks={**checks, "home": replace(checks["home"], last_at=world.now + 3600.0)})
    world.time += 60.0
    hear(world, e.Restarted(world.now))
    assert notices(listed(world, at=5.0)) == []
    assert topics(world.run(world.time + 60.0))[1:] == [Topic.STILL_OPEN] and not world.tells[-1].notice.wakes


def test_what_is_read_rarely_has_no_gap_at_a_restart() -> None:
    """Its last reading is 80 s old, as ever; a reading after the restart changes nothing."""
    world = paged().run(400.0)
    rare = tuple(replace(signal, every_seconds=120.0) for signal in world.policy.services["web"].signals)
    taken_up_after(wish(world, signals=rare), 80.0, then=100.0)
    assert Topic.STILL_OPEN not in topics(world)
    put(wish(world, signals=()), checks={})
    hear(world, e.Restarted(world.now))
    assert web(world).phase is Phase.PAGED, "a reload took its checks away"
    acting = reach(Phase.DEPLOYING)
    hear(acting, e.Restarted(acting.now + 600.0))
    assert incident_of(acting).escalation.unwatched_since is None, "its next page is still to come"


def test_a_course_that_begins_after_the_gap_tells_as_it_does_and_nothing_follows() -> None:
    """Worse by now, and only told of by the policy: it wakes no one."""
    told = with_row(with_row(climbing(), Severity.HIGH, do=Action.NOTE), Severity.CRITICAL, do=Action.TELL)
    world = reach(Phase.PAGED, told, faults=[replace(SLOW, end=500.0), Fault(500.0, FOREVER, code="bad00000")])
    taken_up_after(world, 600.0 - world.time, then=900.0)
    assert incident_of(world).severity is Severity.CRITICAL and Topic.STILL_OPEN not in topics(world)


def test_an_acknowledgement_that_outlives_a_deadline_takes_its_page_from_no_one() -> None:
    """All steps are out of hours, and everyone was called for that before: the page of the deadline is another."""
    world = question(within_seconds=900.0, remind_seconds=None)
    world.policy = replace(world.policy, escalation=(replace(STEPS[0], hours=NEVER),), ack_holds_seconds=1800.0)
    at = world.now
    put(world, incident=amended(incident_of(world), called_at=at, all_called=True))
    hear(world, e.Acknowledged(at + 360.0, "web-1", "ann"))
    assert notices(hear(world, e.TimePassed(at + 900.0))) == []
    assert notices(hear(world, e.TimePassed(at + 2160.0))) == ["human_needed"]
    world = question(remind_seconds=None).run(1100.0)
    world.policy = replace(world.policy, escalation=())
    acknowledge(world)
    assert topics(world.run(5000.0)) == [Topic.ASKED, Topic.UNANSWERED], "after that page nothing is put off"

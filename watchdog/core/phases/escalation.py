"""Escalation: a page without an acknowledgement climbs, step by step, until a human takes it or the incident ends.

Rule 1: the clock is in the incident (`called_at`, `climbed`), so a restart changes nothing.
Rule 2: only a human acknowledges. That stops this clock, but neither the probes nor the clock of a question. It covers
the call it answers: a later call needs another acknowledgement. It ends after `ack_holds_seconds`; what it put off goes
on then from where it stood, and it never adds a page: people who acknowledge are not called more often than others.
Rule 3: a step outside its hours is skipped at once and comes again in the next round. If every step is outside its
hours, everyone is called again, once.
Rule 4: a step without channels calls everyone again: the settings have one where no one else is named.
Rule 5: a call holds until its end was sent. After a gap without a worker in which the incident may have ended, people
are called again as soon as a failure is confirmed: a restored copy of the store does not know of an all-clear, and
what fails may be another outage.
"""

from collections.abc import Sequence
from itertools import takewhile

from watchdog.core.assess import schedule
from watchdog.core.context import StepContext
from watchdog.core.detect import probes
from watchdog.core.fold import observations
from watchdog.domain.decisions import Course
from watchdog.domain.incident_parts import Escalation
from watchdog.domain.incidents import Incident, Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.policy import Policy, Step, Then
from watchdog.domain.severity import Severity
from watchdog.domain.units import show_seconds

WAITING = (Phase.ASKING, Phase.PAGED)
"""The phases that wait for a human; in the others the daemon itself is acting."""
ROUNDS = 4
"""How many times each step is called; after that the page is beyond escalation and wakes no one any more."""
WAKING = (Severity.CRITICAL, Severity.HIGH)


def call(ctx: StepContext, *, climbs: bool | None = None) -> None:
    """Start the clock of a call, before its notice, which states the next one.

    `climbs` (by default for a critical one): the next step follows.
    """
    if climbs is None:
        climbs = ctx.incident.severity is Severity.CRITICAL
    called_at = ctx.now if climbs else None
    # A fresh record: an acknowledgement of the previous call does not cover this one (rule 2).
    ctx.update_incident(escalation=Escalation(notified_at=ctx.now, called_at=called_at))
    wake(ctx)


def answered(ctx: StepContext) -> None:
    """Stop the escalation: a human decided."""
    ctx.update_escalation(
        called_at=None, next_call_at=None, acknowledged_by=None, acknowledged_at=None, unwatched_since=None
    )
    ctx.update_incident(muted=False)


def taken_up(ctx: StepContext, by: str) -> None:
    """Pause the escalation: a human acknowledged, for `ack_holds_seconds`."""
    ctx.update_escalation(acknowledged_by=by, acknowledged_at=ctx.now, unwatched_since=None)
    ctx.update_incident(muted=False)
    wake(ctx)


def remember_gap(ctx: StepContext) -> None:
    """Record, as the service is taken up, since when no worker watched it, if the incident may have ended since."""
    if ctx.service.incident is None or not _waits(ctx.service.incident, ctx.service.phase):
        return
    limits, seen_at = ctx.policy.detection, ctx.service.last_reading_at(ctx.now)
    calm = limits.calm_seconds
    # What is read every two minutes is not unwatched after one.
    gap = max(calm, min((probes.gap_seconds(one, limits) for one in ctx.service_policy.signals), default=calm))
    # From far ahead of our clock (`abs`) the record does not show how long the gap was. It may end in good readings, of
    # which the missing ones were the rest.
    if abs(ctx.now - seen_at) >= gap or observations.is_healthy(ctx.service, ctx.policy, ctx.now, calm):
        ctx.update_escalation(unwatched_since=min(seen_at, ctx.now - calm))


def was_read_after_gap(ctx: StepContext) -> bool:
    """Return whether a gap is recorded, and a check was read since: what fails then fails now."""
    since = ctx.incident.escalation.unwatched_since
    calm = ctx.policy.detection.calm_seconds
    return since is not None and any(check.last_at > since + calm for check in ctx.service.checks.values())


def wake(ctx: StepContext) -> None:
    """Record the moment of the next step, or when the acknowledgement expires, and ask to be woken then; also after a
    restart."""
    at = _record_due(ctx)
    if at is not None:
        ctx.wake_at(max(at, ctx.now))


def _record_due(ctx: StepContext) -> float | None:
    """Record and return when the next step is due: people read that moment wherever they read of the incident."""
    at = due_at(ctx.incident, ctx.service.phase, ctx.policy, ctx.now)
    name = _next_name(ctx.incident, ctx.policy, ctx.now) if at is not None else ""
    clock = ctx.incident.escalation
    if (clock.next_call_at, clock.next_call_name) != (at, name):
        ctx.update_escalation(next_call_at=at, next_call_name=name)
    return at


def _next_name(incident: Incident, policy: Policy, now: float) -> str:
    """Return the contact whom the next call names, by the rotations of now; empty for everyone again."""
    clock, steps = incident.escalation, policy.steps_of(incident.channels)
    if clock.called_at is None or not steps:
        return ""
    _, step, found = _next(steps, clock.climbed, now)
    return step.name if found and not step.calls_everyone else ""


def keep_the_clock(ctx: StepContext) -> None:
    """Call the next step if it is due, or call again where an acknowledgement expired and the incident is open."""
    # A reload may have changed the next step, and its time.
    at = _record_due(ctx)
    if at is None or ctx.now < at:
        return
    if ctx.incident.escalation.acknowledged_by is None:
        _climb(ctx)
    else:
        _call_again(ctx, ctx.incident.escalation.acknowledged_by)


def due_at(incident: Incident, phase: Phase, policy: Policy, now: float) -> float | None:
    """Return when the next call is due (UTC epoch seconds); None where none is.

    An acknowledgement puts off what would call otherwise: a step, the deadline of a question, the pager's own steps.
    """
    if incident.closed_at is not None or not _waits(incident, phase):
        return None
    step, held = _step_due_at(incident, policy, now), incident.escalation.acknowledged_at
    if held is None:
        return step
    others = (_deadline_call_at(incident, phase), _pager_called_at(incident, phase, policy))
    put_off = [at for at in (step, *others) if at is not None]
    return max(min(put_off), held + policy.ack_holds_seconds) if put_off else None


def _waits(incident: Incident, phase: Phase) -> bool:
    """Return whether it waits for people, also while a remedy is tried of which no rollback follows."""
    return phase in WAITING or (phase is Phase.REMEDYING and incident.tries_without_deploy)


def _step_due_at(incident: Incident, policy: Policy, now: float) -> float | None:
    clock, steps = incident.escalation, policy.steps_of(incident.channels)
    # A bound on pages: a page that four whole rounds left unanswered has the wrong recipients.
    if clock.called_at is None or clock.calls >= ROUNDS * len(steps):
        return None
    # The delay is that of the step to be called, not of the one that was: `after: 10m` waits ten minutes for it.
    return clock.called_at + _next(steps, clock.climbed, now)[1].after_seconds


def _deadline_call_at(incident: Incident, phase: Phase) -> float | None:
    """Return when a question without an answer calls; None where it does not, or did."""
    deadline = incident.question.deadline
    if phase is not Phase.ASKING or deadline is None or deadline.then is Then.NOTHING or deadline.due_at is None:
        return None
    notified_at = incident.escalation.notified_at or deadline.asked_at
    return deadline.due_at if notified_at < deadline.due_at else None


def _pager_called_at(incident: Incident, phase: Phase, policy: Policy) -> float | None:
    """Return from when on a pager may call by its own escalation; None without one, or where it was to wake no one."""
    by_pager = not set(policy.pagers).isdisjoint(incident.channels)
    wakes = _is_worth_waking(incident) or phase is Phase.ASKING
    return incident.opened_at if by_pager and wakes else None


def _is_worth_waking(incident: Incident) -> bool:
    """Return whether people are woken for it: by its severity, unless the policy only notifies of it or records it."""
    decision = incident.decision
    informs_only = decision is not None and decision.course in (Course.TELL, Course.NOTE)
    return incident.severity in WAKING and not informs_only


def _next(order: Sequence[Step], climbed: int, now: float) -> tuple[Sequence[Step], Step, bool]:
    """Return the skipped steps, the next step of the cyclic order, and whether it is within its hours."""
    at = climbed % len(order)
    # Rotations are resolved here, at the moment of the call: a handover may lie between two steps.
    once_round = [schedule.whose(step, now) for step in (*order[at:], *order[:at])]
    passed = tuple(takewhile(lambda step: not _on_call(step, now), once_round))
    # If every step is outside its hours, the next one in order is only the clock of the next attempt.
    found = len(passed) < len(order)
    return passed, once_round[len(passed) if found else 0], found


def _climb(ctx: StepContext) -> None:
    """Call the next step within its hours; if there is none, call everyone again, once."""
    again, step = not ctx.incident.escalation.all_called, _take_step(ctx)
    wake(ctx)
    if step is not None:
        _escalate(ctx, "" if step.calls_everyone else step.name, step.channels)
    elif again:
        ctx.note("SKIPPED", "no step of the escalation is in its hours")
        _escalate(ctx)


def _take_step(ctx: StepContext) -> Step | None:
    """Move on to the next step within its hours, and return it; None where all are outside."""
    passed, step, found = _next(ctx.policy.steps_of(ctx.incident.channels), ctx.incident.escalation.climbed, ctx.now)
    # Also where no step is called: otherwise the clock would be due again at once.
    ctx.update_escalation(called_at=ctx.now, all_called=not found)
    if not found:
        return None
    for one in passed:
        ctx.note("SKIPPED", f"{one.name}: not in their hours")
    so_far = ctx.incident.escalation
    ctx.update_escalation(climbed=so_far.climbed + len(passed) + 1, calls=so_far.calls + 1)
    return step


def _escalate(ctx: StepContext, name: str = "", channels: tuple[str, ...] = ()) -> None:
    """Call a contact by name; without channels of theirs everyone is called again."""
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.ESCALATED, wakes=True, channels=channels or everyone(ctx), by=name)


def everyone(ctx: StepContext) -> tuple[str, ...]:
    """Return the incident's channels, and those of the person who alone may approve, while a question is open."""
    only = ctx.rule.approver if ctx.service.phase is Phase.ASKING else None
    return tuple(dict.fromkeys((*ctx.incident.channels, *(only.channels if only is not None else ()))))


def _on_call(step: Step, now: float) -> bool:
    return step.hours is None or schedule.within(step.hours, now)


def call_after_gap(ctx: StepContext) -> None:
    """Call those again who were called before a gap, about what fails after it. Nothing else changes: who acknowledged
    has it, and the next step stays due."""
    clock, steps = ctx.incident.escalation, ctx.policy.steps_of(ctx.incident.channels)
    if not was_read_after_gap(ctx) or not ctx.incident.paged:
        return
    since = clock.unwatched_since or ctx.now
    ctx.update_escalation(unwatched_since=None, calls=clock.calls + 1)
    # A daemon that crashes again and again has a gap each time: the bound on pages holds for these, too.
    if clock.calls >= ROUNDS * max(len(steps), 1):
        return
    ctx.note(
        "UNATTENDED", f"no worker watched it for a time since it was last seen, {show_seconds(ctx.now - since)} ago"
    )
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.STILL_OPEN, wakes=_is_worth_waking(ctx.incident), since=since)


def _call_again(ctx: StepContext, by: str) -> None:
    """Call everyone, and the step that the acknowledgement put off: it expired, and nothing changed since."""
    holds, clock = show_seconds(ctx.policy.ack_holds_seconds), ctx.incident.escalation
    ctx.note("UNATTENDED", f"acknowledged by {by} {holds} ago, and nothing changed since")
    # Of a question's deadline, or a pager's escalation, no step was put off: those follow from now on.
    climbs = clock.called_at is not None and bool(ctx.policy.steps_of(ctx.incident.channels))
    deadline_at = _deadline_call_at(ctx.incident, ctx.service.phase)
    step = _take_step(ctx) if climbs else None
    ctx.update_escalation(notified_at=ctx.now, called_at=ctx.now, acknowledged_by=None, acknowledged_at=None)
    # Before the notice, so that the incident in it already carries the new call.
    wake(ctx)
    # A question whose deadline passed meanwhile has not paged yet: this page stands for it.
    if climbs and step is None and clock.all_called and deadline_at is None:
        return
    channels = tuple(dict.fromkeys((*everyone(ctx), *(step.channels if step is not None else ()))))
    since = clock.acknowledged_at
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.STILL_OPEN, wakes=True, channels=channels, by=by, since=since)

"""Escalation: a page without an acknowledgement climbs, step by step, until a human takes it or the incident ends.

Rule 1: the clock is in the incident (`called_at`, `climbed`), so a restart changes nothing.
Rule 2: only a human acknowledges. That stops this clock, but neither the probes nor the clock of a question. It covers
the call it answers: a later call needs another acknowledgement.
Rule 3: a step outside its hours is skipped at once and comes again in the next round. If every step is outside its
hours, everyone is called again, once.
Rule 4: a step without channels calls everyone again: the settings have one where no one else is named.
"""

from collections.abc import Sequence
from itertools import takewhile

from watchdog.core.assess import schedule
from watchdog.core.context import StepContext
from watchdog.domain.decisions import Course
from watchdog.domain.incidents import Escalation, Incident, Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.policy import Step
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
    ctx.update_incident(escalation=Escalation(told_at=ctx.now, called_at=called_at))
    wake(ctx)


def answered(ctx: StepContext) -> None:
    """Stop the escalation: a human decided."""
    ctx.update_escalation(called_at=None, next_call_at=None, acknowledged_by=None, acknowledged_at=None)
    ctx.update_incident(muted=False)


def taken_up(ctx: StepContext, by: str) -> None:
    """Pause the escalation: a human acknowledged, for `ack_holds_seconds`."""
    ctx.update_escalation(acknowledged_by=by, acknowledged_at=ctx.now)
    ctx.update_incident(muted=False)
    wake(ctx)


def wake(ctx: StepContext) -> None:
    """Record the moment of the next step, or when the acknowledgement expires, and ask to be woken then; also after a
    restart."""
    at = _record_due(ctx)
    if at is not None:
        ctx.wake_at(max(at, ctx.now))


def _record_due(ctx: StepContext) -> float | None:
    """Record and return when the next step is due: people read that moment wherever they read of the incident."""
    at = _due_at(ctx)
    if ctx.service.incident is not None and ctx.incident.escalation.next_call_at != at:
        ctx.update_escalation(next_call_at=at)
    return at


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


def _due_at(ctx: StepContext) -> float | None:
    incident = ctx.service.incident
    if incident is None or incident.closed_at is not None or ctx.service.phase not in WAITING:
        return None
    # An expired acknowledgement calls again only where the incident is worth waking for, or a question is open.
    if incident.escalation.acknowledged_at is not None:
        wakes = is_worth_waking(incident) or ctx.service.phase is Phase.ASKING
        return incident.escalation.acknowledged_at + ctx.policy.ack_holds_seconds if wakes else None
    steps = ctx.policy.steps_of(incident.channels)
    if incident.escalation.called_at is None or not steps:
        return None
    # A bound on pages: a page that four whole rounds left unanswered has the wrong recipients.
    if incident.escalation.calls >= ROUNDS * len(steps):
        return None
    # The delay is that of the step to be called, not of the one that was: `after: 10m` waits ten minutes for it.
    return incident.escalation.called_at + _next(ctx)[1].after_seconds


def is_worth_waking(incident: Incident) -> bool:
    """Return whether people are woken for it: by its severity, unless the policy only notifies of it or records it."""
    decision = incident.decision
    only_told = decision is not None and decision.course in (Course.TELL, Course.NOTE)
    return incident.severity in WAKING and not only_told


def _next(ctx: StepContext) -> tuple[Sequence[Step], Step, bool]:
    """Return the skipped steps, the next step of the cyclic order, and whether it is within its hours."""
    order = ctx.policy.steps_of(ctx.incident.channels)
    at = ctx.incident.escalation.climbed % len(order)
    # Rotations are resolved here, at the moment of the call: a handover may lie between two steps.
    once_round = [schedule.whose(step, ctx.now) for step in (*order[at:], *order[:at])]
    passed = tuple(takewhile(lambda step: not _on_call(step, ctx.now), once_round))
    # If every step is outside its hours, the next one in order is only the clock of the next attempt.
    found = len(passed) < len(order)
    return passed, once_round[len(passed) if found else 0], found


def _climb(ctx: StepContext) -> None:
    """Call the next step within its hours; if there is none, call everyone again, once."""
    passed, step, found = _next(ctx)
    # Also where no step is called: otherwise the clock would be due again at once.
    ctx.update_escalation(called_at=ctx.now)
    if found:
        for one in passed:
            ctx.note("PASSED", f"{one.name}: not in their hours")
        so_far = ctx.incident.escalation
        ctx.update_escalation(climbed=so_far.climbed + len(passed) + 1, calls=so_far.calls + 1, all_called=False)
        wake(ctx)
        _escalate(ctx, "" if step.calls_everyone else step.name, step.channels)
        return
    again = not ctx.incident.escalation.all_called
    ctx.update_escalation(all_called=True)
    wake(ctx)
    if again:
        ctx.note("PASSED", "no step of the escalation is in its hours")
        _escalate(ctx, "", ())


def _escalate(ctx: StepContext, name: str, channels: tuple[str, ...]) -> None:
    """Call a contact by name; without channels of theirs everyone is called again."""
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.ESCALATED, wakes=True, channels=channels or everyone(ctx), by=name)


def everyone(ctx: StepContext) -> tuple[str, ...]:
    """Return the incident's channels, and those of the person who alone may approve, while a question is open."""
    only = ctx.rule.approver if ctx.service.phase is Phase.ASKING else None
    return tuple(dict.fromkeys((*ctx.incident.channels, *(only.channels if only is not None else ()))))


def _on_call(step: Step, now: float) -> bool:
    return step.hours is None or schedule.within(step.hours, now)


def _call_again(ctx: StepContext, by: str) -> None:
    """Call again: the acknowledgement expired, and the incident has neither ended nor changed since."""
    holds = show_seconds(ctx.policy.ack_holds_seconds)
    ctx.note("UNATTENDED", f"acknowledged by {by} {holds} ago, and nothing changed since")
    since = ctx.incident.escalation.acknowledged_at
    # Before the notice, so that the incident in it already carries the new call.
    call(ctx, climbs=True)
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.STILL_OPEN, wakes=True, channels=everyone(ctx), by=by, since=since)

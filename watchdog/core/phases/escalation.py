"""Escalation: a page that nobody takes up climbs, step by step, until a human has it or it is over.

Rule 1: the clock is in the incident (`called_at`, `climbed`), so a restart changes nothing.
Rule 2: an acknowledgement is a human's; it stops this clock, and neither the watching nor the clock of a question. It
is of what was known then: what is called about afterwards needs another one.
Rule 3: who is out of hours is passed over at once, and comes again in the next round; while it is nobody's time, the
incident's own channels are called again, once.
"""

from collections.abc import Sequence
from itertools import takewhile

from watchdog.core.assess import schedule
from watchdog.core.context import StepContext
from watchdog.domain.incidents import Escalation, Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.policy import Step
from watchdog.domain.severity import Severity
from watchdog.domain.units import show_seconds

WAITING = (Phase.ASKING, Phase.PAGED)
"""The phases in which a human is waited for; in the others we are at it ourselves."""
ROUNDS = 4
"""How often everybody is called; a page that nobody takes up in all that time wakes nobody any more."""
WAKING = (Severity.CRITICAL, Severity.HIGH)


def call(ctx: StepContext, *, climbs: bool | None = None) -> None:
    """Somebody was just called: nobody acknowledged it yet; if it `climbs` (a critical page does), others are next."""
    if climbs is None:
        climbs = ctx.incident.severity is Severity.CRITICAL
    called_at = ctx.now if climbs else None
    ctx.update_incident(escalation=Escalation(told_at=ctx.now, called_at=called_at))
    wake(ctx)


def answered(ctx: StepContext) -> None:
    """A human said what to do: nobody else is called."""
    ctx.update_escalation(called_at=None, acknowledged_by=None, acknowledged_at=None)
    ctx.update_incident(muted=False)


def taken_up(ctx: StepContext, by: str) -> None:
    """A human looks after it: nobody else is called, for a while."""
    ctx.update_escalation(acknowledged_by=by, acknowledged_at=ctx.now)
    ctx.update_incident(muted=False)
    wake(ctx)


def wake(ctx: StepContext) -> None:
    """Ask to be woken at the next step, or when the acknowledgement is old; also after a restart."""
    at = _due_at(ctx)
    if at is not None:
        ctx.wake_at(max(at, ctx.now))


def keep_the_clock(ctx: StepContext) -> None:
    """Do what is due: the next step, or call again where who acknowledged it has not ended it."""
    at = _due_at(ctx)
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
    if incident.escalation.acknowledged_at is not None:
        wakes = incident.severity in WAKING or ctx.service.phase is Phase.ASKING
        return incident.escalation.acknowledged_at + ctx.policy.ack_holds_seconds if wakes else None
    if incident.escalation.called_at is None or not ctx.policy.escalation:
        return None
    if incident.escalation.calls >= ROUNDS * len(ctx.policy.escalation):
        return None
    return incident.escalation.called_at + _next(ctx)[1].after_seconds


def _next(ctx: StepContext) -> tuple[Sequence[Step], Step, bool]:
    """Return who is passed over, who comes next in the order, round and round, and whether it is their time."""
    order, at = ctx.policy.escalation, ctx.incident.escalation.climbed % len(ctx.policy.escalation)
    once_round = [schedule.whose(step, ctx.now) for step in (*order[at:], *order[:at])]
    passed = tuple(takewhile(lambda step: not _on_call(step, ctx.now), once_round))
    found = len(passed) < len(order)
    return passed, once_round[len(passed) if found else 0], found


def _climb(ctx: StepContext) -> None:
    """Call the next one of the order whose hours it is; if it is nobody's, those who were told at first, once."""
    passed, step, found = _next(ctx)
    ctx.update_escalation(called_at=ctx.now)
    if found:
        for one in passed:
            ctx.note("PASSED", f"{one.name}: not in their hours")
        so_far = ctx.incident.escalation
        ctx.update_escalation(climbed=so_far.climbed + len(passed) + 1, calls=so_far.calls + 1, all_called=False)
        _escalate(ctx, step.name, step.channels)
    elif not ctx.incident.escalation.all_called:
        ctx.note("PASSED", "nobody of the escalation is in their hours")
        ctx.update_escalation(all_called=True)
        _escalate(ctx, "everybody again", None)
    wake(ctx)


def _escalate(ctx: StepContext, name: str, channels: tuple[str, ...] | None) -> None:
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.ESCALATED, wakes=True, channels=channels, by=name)


def _on_call(step: Step, now: float) -> bool:
    return step.hours is None or schedule.within(step.hours, now)


def _call_again(ctx: StepContext, by: str) -> None:
    """It was acknowledged, and neither ended nor changed since."""
    holds = show_seconds(ctx.policy.ack_holds_seconds)
    ctx.note("UNATTENDED", f"acknowledged by {by} {holds} ago, and nothing changed since")
    since = ctx.incident.escalation.acknowledged_at
    call(ctx, climbs=True)
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.STILL_OPEN, wakes=True, by=by, since=since)

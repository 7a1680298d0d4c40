"""Escalation: a page that nobody takes up climbs, step by step, until a human has it or it is over.

Rule 1: the clock is in the incident (`called_at`, `climbed`), so a restart changes nothing.
Rule 2: an acknowledgement is a human's; it stops this clock, and neither the watching nor the clock of a question. It
is of what was known then: what is called about afterwards needs another one.
Rule 3: who is out of hours is passed over at once, and comes again in the next round; while it is nobody's time, the
incident's own channels are called again, once.
"""

from collections.abc import Sequence
from itertools import takewhile

from watchdog.core import notice_text
from watchdog.core.assess import schedule
from watchdog.core.context import Turn
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Severity, Step
from watchdog.domain.units import show_seconds

WAITING = (Phase.ASKING, Phase.PAGED)
"""The phases in which a human is waited for; in the others we are at it ourselves."""
ROUNDS = 4
"""How often everybody is called; a page that nobody takes up in all that time wakes nobody any more."""
WAKING = (Severity.CRITICAL, Severity.HIGH)


def call(turn: Turn, *, climbs: bool | None = None) -> None:
    """Somebody was just called: nobody acknowledged it yet; if it `climbs` (a critical page does), others are next."""
    if climbs is None:
        climbs = turn.incident.severity is Severity.CRITICAL
    called_at = turn.now if climbs else None
    turn.amend(told_at=turn.now, called_at=called_at, climbed=0, calls=0, all_called=False)
    turn.amend(acknowledged_by=None, acknowledged_at=None)
    wake(turn)


def answered(turn: Turn) -> None:
    """A human said what to do: nobody else is called."""
    turn.amend(called_at=None, acknowledged_by=None, acknowledged_at=None, muted=False)


def taken_up(turn: Turn, by: str) -> None:
    """A human looks after it: nobody else is called, for a while."""
    turn.amend(acknowledged_by=by, acknowledged_at=turn.now, muted=False)
    wake(turn)


def wake(turn: Turn) -> None:
    """Ask to be woken at the next step, or when the acknowledgement is old; also after a restart."""
    at = _due_at(turn)
    if at is not None:
        turn.wake_at(max(at, turn.now))


def keep_the_clock(turn: Turn) -> None:
    """Do what is due: the next step, or call again where who acknowledged it has not ended it."""
    at = _due_at(turn)
    if at is None or turn.now < at:
        return
    if turn.incident.acknowledged_by is None:
        _climb(turn)
    else:
        _call_again(turn, turn.incident.acknowledged_by)


def _due_at(turn: Turn) -> float | None:
    incident = turn.service.incident
    if incident is None or incident.closed_at is not None or turn.service.phase not in WAITING:
        return None
    if incident.acknowledged_at is not None:
        wakes = incident.severity in WAKING or turn.service.phase is Phase.ASKING
        return incident.acknowledged_at + turn.policy.ack_holds_seconds if wakes else None
    if incident.called_at is None or not turn.policy.escalation:
        return None
    if incident.calls >= ROUNDS * len(turn.policy.escalation):
        return None
    return incident.called_at + _next(turn)[1].after_seconds


def _next(turn: Turn) -> tuple[Sequence[Step], Step, bool]:
    """Return who is passed over, who comes next in the order, round and round, and whether it is their time."""
    order, at = turn.policy.escalation, turn.incident.climbed % len(turn.policy.escalation)
    once_round = [schedule.whose(step, turn.now) for step in (*order[at:], *order[:at])]
    passed = tuple(takewhile(lambda step: not _on_call(step, turn.now), once_round))
    found = len(passed) < len(order)
    return passed, once_round[len(passed) if found else 0], found


def _climb(turn: Turn) -> None:
    """Call the next one of the order whose hours it is; if it is nobody's, those who were told at first, once."""
    passed, step, found = _next(turn)
    turn.amend(called_at=turn.now)
    if found:
        for one in passed:
            turn.note("PASSED", f"{one.name}: not in their hours")
        incident = turn.incident
        turn.amend(climbed=incident.climbed + len(passed) + 1, calls=incident.calls + 1, all_called=False)
        _escalate(turn, step.name, step.channels)
    elif not turn.incident.all_called:
        turn.note("PASSED", "nobody of the escalation is in their hours")
        turn.amend(all_called=True)
        _escalate(turn, "everybody again", None)
    wake(turn)


def _escalate(turn: Turn, name: str, channels: tuple[str, ...] | None) -> None:
    lasted = show_seconds(turn.now - turn.incident.opened_at)
    title = f"ESCALATED to {name}, open for {lasted}: {_title(turn)}"
    turn.tell(NoticeKind.HUMAN_NEEDED, title, _lines(turn), wakes=True, channels=channels)


def _on_call(step: Step, now: float) -> bool:
    return step.hours is None or schedule.within(step.hours, now)


def _call_again(turn: Turn, by: str) -> None:
    """It was acknowledged, and neither ended nor changed since."""
    holds = show_seconds(turn.policy.ack_holds_seconds)
    turn.note("UNATTENDED", f"acknowledged by {by} {holds} ago, and nothing changed since")
    call(turn, climbs=True)
    title = f"STILL OPEN, acknowledged by {by} {holds} ago: {_title(turn)}"
    turn.tell(NoticeKind.HUMAN_NEEDED, title, _lines(turn), wakes=True)


def _title(turn: Turn) -> str:
    return notice_text.alarm_title(turn.incident, turn.service.auto_deploy_off)


def _lines(turn: Turn) -> tuple[str, ...]:
    incident = turn.incident
    asking = turn.service.phase is Phase.ASKING
    asked = notice_text.asking_lines(incident, turn.rule, turn.now) if asking else notice_text.decision_lines(incident)
    return (f"To take it up, so that nobody else is called: watchdog acknowledge {incident.id}", *asked)

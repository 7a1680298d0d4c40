"""A rollback that was decided and is not on its way: after a minute people hear of it, and it is still tried.

Usually it is sent within a second, and what people hear first is that it was. But a platform that loses answers, or a
database that is away, can keep it up for minutes, and nobody else would look meanwhile.
"""

from watchdog.core.context import StepContext
from watchdog.core.fold import observations
from watchdog.core.guards import guards
from watchdog.domain.decisions import Course
from watchdog.domain.incidents import Incident
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.units import show_seconds

UNTOLD_SECONDS = 60.0
"""So long after it became critical (or a human asked), an outage that is still to be rolled back is told."""


def page_if_overdue(ctx: StepContext) -> None:
    """Page once, unless people were told of this incident before or it is seen failing no longer.

    Whom it was asked, and who did not answer, waits for a question that is void.
    """
    incident = ctx.service.incident
    if incident is None or incident.closed_at is not None or not _to_be_rolled_back(incident):
        return
    if incident.late_paged or (incident.paged and not _was_overtaken(incident)):
        return
    if guards.global_stop_reason(ctx.state):  # it will not be sent, and who hears of that is told so
        return
    waited = ctx.now - _since(ctx, incident)
    if waited < UNTOLD_SECONDS or not _still_needed(ctx, incident):
        return
    due = f"For {show_seconds(waited)} a rollback to {incident.rollback.target} is due"
    line = f"{due} and not known to be on its way; it is still being tried."
    ctx.note("LATE", line)
    ctx.update_incident(late_paged=True)
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.OVERDUE, wakes=True, since=_since(ctx, incident))


def wake(ctx: StepContext) -> None:
    """Ask to be woken when it is time to say so."""
    if not _to_be_rolled_back(ctx.incident):
        return
    ctx.wake_at(max(ctx.now, _since(ctx, ctx.incident) + UNTOLD_SECONDS))


def _since(ctx: StepContext, incident: Incident) -> float:
    """Return since when it waits: an order, and what overtook a question, are as old as themselves.

    An incident may have been harmless for long.
    """
    assert incident.decision is not None, "it is to be rolled back"
    trouble = ctx.state.troubles.get(ctx.name)
    if incident.by_hand or _was_overtaken(incident) or trouble is None:
        return incident.decision.at
    return min(trouble.at, ctx.now)


def _to_be_rolled_back(incident: Incident) -> bool:
    return incident.decision is not None and incident.decision.course is Course.ROLLBACK


def _was_overtaken(incident: Incident) -> bool:
    """Tell whether people were asked before it was decided without them."""
    asked, decision = incident.question.asked_at, incident.decision
    return asked is not None and decision is not None and asked < decision.at and incident.question.approved_by is None


def _still_needed(ctx: StepContext, incident: Incident) -> bool:
    return incident.by_hand or observations.failing_now(ctx.service, incident.findings, ctx.policy, ctx.now)

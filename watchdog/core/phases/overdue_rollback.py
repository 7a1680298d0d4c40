"""A rollback that was decided and is not sent within a minute: people are paged, and the daemon keeps trying.

Usually a rollback is sent within a second, and the first page says so. A platform that loses answers, or a database
outage, can delay it for minutes, in which no human would look at the outage.
"""

from dataclasses import replace

from watchdog.core import note_text
from watchdog.core.context import StepContext
from watchdog.core.fold import observations
from watchdog.domain.decisions import Course
from watchdog.domain.incidents import Incident
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.units import show_seconds

UNTOLD_SECONDS = 60.0
"""The delay (since it became critical, or since a human asked) after which a due rollback is paged."""


def page_if_overdue(ctx: StepContext) -> None:
    """Page once, unless people know of this incident already or its failure has ended.

    An earlier question counts as no page: it is void, and its recipients wait for a decision that fell without them.
    """
    incident = ctx.service.incident
    if incident is None or incident.closed_at is not None or not _to_be_rolled_back(incident):
        return
    # One page is enough: it also covers a late rollback. A notice that a remedy is done is no page.
    paged = incident.paged and not any(one.told_first for one in incident.remedies)
    if incident.late_paged or (paged and not _was_overtaken(incident)):
        return
    # A global stop keeps the rollback from being sent; the attempt to send it notifies people with that reason.
    if ctx.state.stop_reason:
        return
    waited = ctx.now - _since(ctx, incident)
    if waited < UNTOLD_SECONDS or not _still_needed(ctx, incident):
        return
    way = note_text.way_back(incident, incident.rollback.target or "")
    due = f"For {show_seconds(waited)} a {way.noun} is due"
    line = f"{due} and not known to be on its way; it is still being tried."
    ctx.note("LATE", line)
    remedies = tuple(replace(one, told_first=False) for one in incident.remedies)
    ctx.update_incident(late_paged=True, remedies=remedies)
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.OVERDUE, wakes=True, since=_since(ctx, incident))


def wake(ctx: StepContext) -> None:
    """Ask to be woken at the moment when the delay is paged."""
    if not _to_be_rolled_back(ctx.incident):
        return
    ctx.wake_at(max(ctx.now, _since(ctx, ctx.incident) + UNTOLD_SECONDS))


def _since(ctx: StepContext, incident: Incident) -> float:
    """Return since when the rollback is due (UTC epoch seconds).

    A request by hand, and a decision that overtook a question, count from their own time. Otherwise the time is that
    of the service becoming critical, as an incident may have been harmless for long; after a remedy that did not help,
    that of its end.
    """
    assert incident.decision is not None, "it is to be rolled back"
    trouble = ctx.state.troubles.get(ctx.name)
    if incident.by_hand or _was_overtaken(incident) or trouble is None:
        return incident.decision.at
    tried_until = incident.remedies[-1].ended_at if incident.remedies else None
    # A worker with a fast clock may have registered it in our future: counted from there, nothing is ever overdue.
    critical_at = trouble.at if trouble.at <= ctx.now else incident.opened_at
    return min(max(critical_at, tried_until or 0.0), ctx.now)


def _to_be_rolled_back(incident: Incident) -> bool:
    return incident.decision is not None and incident.decision.course is Course.ROLLBACK


def _was_overtaken(incident: Incident) -> bool:
    """Return whether a decision without people replaced their open question."""
    asked, decision = incident.question.asked_at, incident.decision
    return asked is not None and decision is not None and asked < decision.at and incident.question.approved_by is None


def _still_needed(ctx: StepContext, incident: Incident) -> bool:
    return incident.by_hand or observations.failing_now(ctx.service, incident.findings, ctx.policy, ctx.now)

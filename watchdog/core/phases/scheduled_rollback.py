"""Scheduling: an approved rollback that the policy keeps for a window (`do: schedule`).

Rule 1: it can be stopped until the window begins; a second approval means now. No one is called meanwhile.
Rule 2: when the window begins everything is decided anew, with the approval counted. A passing obstacle is waited for
while the window lasts; after a missed window the rollback waits for the next one.
Rule 3: an approval is for its question. For another deploy, or a higher severity, the decision ignores it.
"""

from watchdog.core.assess import schedule
from watchdog.core.context import StepContext
from watchdog.core.fold import observations
from watchdog.core.guards import guards
from watchdog.core.phases import approval, close_incident, open_incident, paged, rollback_outcome, rollback_request
from watchdog.domain.decisions import Course, Decision, Finding, Verdict
from watchdog.domain.incidents import Outcome
from watchdog.domain.policy import Window
from watchdog.domain.units import show_seconds

SAID_ONCE_SECONDS = 10.0
"""A second approval of a person this soon after the first is the same one: a double click."""
READ_SECONDS = 60.0
"""Another person's approval this soon after the first answers the question: its author may not know that it is kept."""
HELD_UP = (Course.PAGE, Course.ASK)


def wait(ctx: StepContext) -> None:
    """Handle an announced rollback: one in a veto window (rollback_outcome), or one that waits for its window."""
    # In this order: a recovery or a void approval prevents the rollback even when its window begins in this event.
    if not ctx.service.is_kept:
        rollback_outcome.await_veto(ctx)
    elif observations.is_healthy(ctx.service, ctx.policy, ctx.now, ctx.policy.detection.calm_seconds):
        close_incident.close(ctx, Outcome.BY_ITSELF, "it recovered before the window for which the rollback was kept")
    elif findings := _of_another_matter(ctx):
        forget(ctx)
        open_incident.open_incident(ctx, findings)
    # A silence muted the announcement, so no reader could stop it.
    elif ctx.incident.muted and ctx.silenced_by() is None:
        rollback_request.announce_schedule(ctx)
    elif ctx.now >= (ctx.incident.announced_until or ctx.now):
        _begin(ctx)


def _of_another_matter(ctx: StepContext) -> tuple[Finding, ...]:
    """Return the present findings, if they are not what was approved."""
    findings = observations.findings(ctx.service, ctx.policy, ctx.now)
    return findings if findings and (approval.another_fails(ctx, findings) or approval.worse(ctx, findings)) else ()


def forget(ctx: StepContext) -> None:
    """Drop the approval."""
    ctx.update_question(approved_by=None, approved_at=None)
    ctx.update_incident(announced_until=None)


def _begin(ctx: StepContext) -> None:
    """Begin in the window; wait for the next window if this one has passed, or for a passing obstacle."""
    window, held_up = ctx.rule.window, ctx.incident.rollback.blocked_since is not None
    if window is not None and not schedule.within(window.hours, ctx.now):
        rollback_request.schedule_rollback(ctx, "what held it up did not pass" if held_up else "no watchdog ran")
    elif window is None or not _is_held_up(ctx, window):
        ctx.update_rollback(blocked_since=None)
        rollback_outcome.decide_and_act(ctx, ctx.incident.question.approved_by, in_window=True)


def _is_held_up(ctx: StepContext, window: Window) -> bool:
    """Return whether every obstacle may clear by itself while the window lasts; weighed again every few seconds."""
    since = ctx.incident.rollback.blocked_since
    if since is not None and ctx.now - ctx.incident.reconsidered_at < open_incident.RECONSIDER_SECONDS:
        return True
    findings = rollback_outcome.known_findings(ctx)
    if not findings:
        # known_findings left the incident to a human.
        return True
    decision = open_incident.make_decision(ctx, findings, approved=True)
    if not _passes(ctx, decision):
        return False
    if since is None:
        ctx.note("WAIT", f"{decision.why}; waiting while {window.name} lasts")
        ctx.update_rollback(blocked_since=ctx.now)
    ctx.update_incident(reconsidered_at=ctx.now)
    return True


def _passes(ctx: StepContext, decision: Decision) -> bool:
    """Return whether time alone may lift everything that is against the rollback."""
    answered = guards.guards_that_ask(ctx.incident)
    against = [
        one.passing
        for one in decision.guards
        if one.verdict is Verdict.BLOCK or (one.verdict is Verdict.ASK and one.name not in answered)
    ]
    vetoes = [name in paged.PASSING_VETOES for name in paged.vetoes(decision)]
    return decision.course in HELD_UP and bool(against or vetoes) and all((*against, *vetoes))


def confirm_immediate(ctx: StepContext, again_by: str) -> str:
    """Return why a second approval does not mean now, or ""."""
    by, at = ctx.incident.question.approved_by, ctx.incident.question.approved_at or 0.0
    counts_at = at + (SAID_ONCE_SECONDS if again_by == by else READ_SECONDS)
    if ctx.now >= counts_at:
        return ""
    return (
        f"{by} approved it {show_seconds(ctx.now - at)} ago, and it is kept for its window; not to wait for that,"
        f" approve it again in {show_seconds(counts_at - ctx.now)}"
    )

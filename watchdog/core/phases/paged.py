"""A human has it: keep watching, say when it worsens, when it is over, and when what forbade acting is gone."""

from dataclasses import replace

from watchdog.core.context import StepContext
from watchdog.core.fold import observations
from watchdog.core.guards import guards
from watchdog.core.phases import close_incident, escalation, manual_silences, open_incident, suspicion
from watchdog.domain.decisions import Course, Decision, Finding, Verdict
from watchdog.domain.incidents import Incident, Outcome

PASSING_VETOES = frozenset({"deploy list", "control targets", "served version"})
ACTING = (Course.ROLLBACK, Course.ANNOUNCE, Course.ASK)


def keep_watching(ctx: StepContext) -> None:
    """Close when it is over; decide anew when it worsens or when a passing obstacle is gone."""
    if ctx.state.blind_since is not None:
        return
    if observations.is_healthy(ctx.service, ctx.policy, ctx.now, ctx.policy.detection.calm_seconds):
        close_incident.close(ctx, _outcome(ctx), "every check has been good for a minute")
        return
    if manual_silences.notify_after_silence(ctx):
        return
    escalation.keep_the_clock(ctx)  # a reload may have changed who is next, and when
    if ctx.now - ctx.incident.reconsidered_at < open_incident.RECONSIDER_SECONDS:
        return
    ctx.update_incident(reconsidered_at=ctx.now)
    findings = observations.findings(ctx.service, ctx.policy, ctx.now)
    if findings:
        _reconsider(ctx, findings)


def keep_the_clock(ctx: StepContext) -> None:
    """Tell of what a silence kept from people, once it is over; call the next one when it is time."""
    if not manual_silences.notify_after_silence(ctx):
        escalation.keep_the_clock(ctx)


def resume(ctx: StepContext) -> None:
    """After a restart: who is called next, and when, still holds."""
    suspicion.resume(ctx)
    escalation.wake(ctx)


def _outcome(ctx: StepContext) -> Outcome:
    return Outcome.WITH_A_HUMAN if ctx.incident.human_needed else Outcome.RECOVERED


def _reconsider(ctx: StepContext, findings: tuple[Finding, ...]) -> None:
    incident = ctx.incident
    decision = open_incident.make_decision(ctx, findings)
    worse = decision.severity.rank > incident.severity.rank
    free = not incident.human_needed and obstacle_may_pass(incident.decision) and decision.course in ACTING
    late = not (free or worse) and decision.course in ACTING and _may_ask_now(incident, decision)
    if worse and incident.human_needed and decision.course in ACTING:
        decision = replace(decision, course=Course.PAGE, why=f"{incident.human_needed}; {decision.why}")
    elif late:
        decision = replace(decision, course=Course.ASK, why=f"weighed again: {decision.why}")
    if worse or free or late:
        open_incident.begin_course(ctx, findings, decision)


def _may_ask_now(incident: Incident, decision: Decision) -> bool:
    """Tell whether a human was paged and nothing else was done about it, and what kept us from more may be gone.

    A cooldown, a spent budget, too little evidence: it still fails, and a human has it by now, so it is asked about,
    not done. None of these are what acquitted the deploy for good (a veto), that it was meant to be down (nobody knows
    what failed by that) and another mode. Who looks after it is not asked again; nor is what a guard that may let go
    by itself would answer.
    """
    before = incident.decision
    return (
        before is not None
        and before.course is Course.PAGE
        and before.mode == decision.mode
        and not (before.blame is not None and before.blame.vetoed)
        and not guards.was_down(incident)
        and not incident.muted
        and not incident.human_needed
        and not incident.rollback.tried
        and incident.question.asked_at is None
        and incident.escalation.acknowledged_by is None
        and not any(one.passing for one in decision.guards if one.verdict is Verdict.ASK)
    )


def obstacle_may_pass(decision: Decision | None) -> bool:
    """Tell whether what forbade acting was something that time alone may lift."""
    if decision is None:
        return False
    blocks = [answer for answer in decision.guards if answer.verdict is Verdict.BLOCK]
    blame = decision.blame
    unread = blame is not None and (blame.suspect is None or any(veto.name in PASSING_VETOES for veto in blame.vetoed))
    return unread or (bool(blocks) and all(answer.passing for answer in blocks))

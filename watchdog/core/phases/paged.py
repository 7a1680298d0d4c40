"""A paged incident: keep probing, notify when it worsens or ends, and decide anew when the blocking guard clears.

Theory. A page is no end: a person has the incident, and the daemon still reads. It decides anew, at most once in
RECONSIDER_SECONDS, where time can change the answer: a guard that clears by itself, a veto for lack of data, a higher
severity. It never takes up again what a person has rejected or stopped.
"""

from dataclasses import replace

from watchdog.core import detect
from watchdog.core.context import StepContext
from watchdog.core.fold import observations, unread
from watchdog.core.guards import active_criticals, downtime
from watchdog.core.phases import (
    close_incident,
    escalation,
    lasting_errors,
    manual_silences,
    open_incident,
    remedies,
    suspicion,
)
from watchdog.domain.decisions import Course, Decision, Finding, Verdict
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.units import show_seconds

# Vetoes that time may lift: for lack of data, or while old instances drain. Every other veto is lasting evidence.
PASSING_VETOES = frozenset({"deploy list", "control targets", "served version"})
# An outage of the platform explains the failure while it lasts. What still fails afterwards may be the deploy's fault:
# then a human is asked. The daemon never acts by itself on what began in an outage.
PLATFORM_VETO = "platform status"
ACTING = (Course.ROLLBACK, Course.ANNOUNCE, Course.ASK)


def keep_watching(ctx: StepContext) -> None:
    """Close the incident when it has recovered; decide anew when it worsens or a passing obstacle clears."""
    if ctx.state.blind_since is not None:
        return
    if observations.is_healthy(ctx.service, ctx.policy, ctx.now, ctx.policy.detection.calm_seconds):
        close_incident.close(ctx, _outcome(ctx), "every check has been good for a minute")
        return
    if lasting_errors.closed(ctx) or _closed_unseen(ctx) or manual_silences.notify_after_silence(ctx):
        return
    # Also with each reading: a reload may have changed the next step, and its time.
    escalation.keep_the_clock(ctx)
    if ctx.now - ctx.incident.reconsidered_at < open_incident.RECONSIDER_SECONDS:
        return
    ctx.update_incident(reconsidered_at=ctx.now)
    findings = observations.findings(ctx.service, ctx.policy, ctx.now)
    if findings:
        _reconsider(ctx, findings)
        # Last: a new course knows of no gap, as it calls people itself where they are to be called.
        escalation.call_after_gap(ctx)


def _closed_unseen(ctx: StepContext) -> bool:
    """Close an incident of minor severity that only checks hold open which are not read any more; return whether.

    No one is called for it, so it could stay open for ever. Meanwhile no good deploy would get a healthy record, and a
    rollback would go past all of them. If the check is read again and still fails, that is another incident.
    """
    if ctx.incident.severity in escalation.WAKING or ctx.incident.human_needed:
        return False
    lost = unread.unseen(ctx.service, ctx.policy, ctx.now)
    # After a restart it is read anew: the time before says nothing about the feed.
    seconds = min((ctx.now - max(detect.seen_at(one), one.interrupted_at) for one in lost), default=0.0)
    if seconds < suspicion.PATIENCE_SECONDS:
        return False
    if not observations.is_healthy(ctx.service, ctx.policy, ctx.now, ctx.policy.detection.calm_seconds, seen=False):
        return False
    names = ", ".join(one.name for one in lost)
    why = f"no reading of {names} for {show_seconds(seconds)}, and nothing else fails"
    close_incident.close(ctx, Outcome.UNSEEN, why)
    return True


def keep_the_clock(ctx: StepContext) -> None:
    """Notify of a muted incident once its silence is over; otherwise call the next escalation step when it is due."""
    if not manual_silences.notify_after_silence(ctx):
        escalation.keep_the_clock(ctx)


def resume(ctx: StepContext) -> None:
    """Resume after a restart: the next escalation step and its time still hold."""
    suspicion.resume(ctx)
    escalation.wake(ctx)


def _outcome(ctx: StepContext) -> Outcome:
    return Outcome.WITH_A_HUMAN if ctx.incident.human_needed else Outcome.RECOVERED


def _reconsider(ctx: StepContext, findings: tuple[Finding, ...]) -> None:
    """Decide anew, and begin the new course where it worsened, an obstacle cleared, or a question makes sense now.

    Each of these may happen many times in an incident; a rollback happens once, by the guard `tried`.
    """
    incident = ctx.incident
    decision = open_incident.make_decision(ctx, findings)
    # Failures of other workers' services may still acquit the deploy; it is weighed again soon.
    if decision.course is Course.ROLLBACK and ctx.now < active_criticals.known_from(ctx, findings):
        return
    worse = decision.severity.rank > incident.severity.rank
    hindered = obstacle_may_pass(incident.decision) and not incident.unhindered
    free = hindered and not incident.human_needed and decision.course in ACTING
    late = not (free or worse) and decision.course in ACTING and _may_ask_now(incident, decision)
    # The platform's page may be green again by now, but the failure began in its outage: a human decides that, too.
    after_outage = worse and decision.course in ACTING and vetoed_by_platform(incident.decision)
    # A human has it for a reason that a worse severity does not remove: page again, without an action.
    if worse and incident.human_needed and decision.course in ACTING:
        decision = replace(decision, course=Course.PAGE, why=f"{incident.human_needed}; {decision.why}")
    # Asked and not done, even if the guards allow more: the human who was paged may be repairing it by now.
    # The severity does not fall with the question: right after a restart only some checks are confirmed again, and the
    # next one would count as worse and carry out what was only asked.
    elif late or after_outage:
        level = decision.severity if worse else incident.severity
        by_now = "" if decision.severity is incident.severity else f", {decision.severity.value} by now"
        why = f"weighed again{by_now}: {decision.why}"
        decision = replace(decision, course=Course.ASK, severity=level, why=why)
    if worse or free or late:
        open_incident.begin_course(ctx, findings, decision)
    elif decision.without_deploy and may_try_remedy(incident):
        ctx.update_incident(decision=decision)
        remedies.try_without_deploy(ctx)
    # It was not the obstacle that kept the daemon from acting: evidence that comes later is asked about, as any is.
    elif hindered and not obstacle_may_pass(decision):
        ctx.update_incident(unhindered=True)


def _may_ask_now(incident: Incident, decision: Decision) -> bool:
    """Return whether the incident was only paged, and the obstacle to a question may be gone.

    A cooldown, a spent budget, too little evidence, an outage of the platform: the service still fails, and a human has
    the incident by now, so the daemon asks instead of acting. Excluded are other vetoes (they acquit for good), a
    downtime (its failures convict no deploy) and another mode. A person who acknowledged is not asked again, nor is a
    question that passing guards alone would soon answer.
    """
    before = incident.decision
    return may_ask_later(incident) and before is not None and before.mode == decision.mode and not decision.asks_for_now


def may_ask_later(incident: Incident) -> bool:
    """Return whether the daemon asks about a rollback once the decision allows one, by the record of the incident."""
    before = incident.decision
    return (
        before is not None
        and before.course is Course.PAGE
        and not _acquitted_for_good(before)
        and not downtime.was_down(incident)
        and not incident.muted
        and not incident.human_needed
        and not incident.rollback.tried
        and incident.question.asked_at is None
        and incident.escalation.acknowledged_by is None
    )


def may_try_remedy(incident: Incident) -> bool:
    """Return whether it was left to people as one without a suspect, and a remedy may still come in that place."""
    before = incident.decision
    return before is not None and before.course is Course.PAGE and before.severity is incident.severity


def follow_remedy(ctx: StepContext) -> None:
    """Follow the remedy that is under way; without a suspected deploy people are called meanwhile as ever."""
    if ctx.incident.tries_without_deploy:
        if manual_silences.notify_after_silence(ctx):
            return
        escalation.keep_the_clock(ctx)
        if observations.findings(ctx.service, ctx.policy, ctx.now):
            escalation.call_after_gap(ctx)
    remedies.follow(ctx)


def vetoed_by_platform(decision: Decision | None) -> bool:
    """Return whether the platform's status page vetoed the blame of the deploy."""
    return decision is not None and PLATFORM_VETO in vetoes(decision)


def vetoes(decision: Decision) -> set[str]:
    """Return the names of the vetoes that acquit its suspect."""
    return {veto.name for veto in decision.blame.vetoed} if decision.blame is not None else set()


def _acquitted_for_good(decision: Decision) -> bool:
    return not vetoes(decision) <= {PLATFORM_VETO, *PASSING_VETOES}


def obstacle_may_pass(decision: Decision | None) -> bool:
    """Return whether time alone may lift everything that forbade an action."""
    if decision is None or vetoed_by_platform(decision):
        return False
    blocks = [answer for answer in decision.guards if answer.verdict is Verdict.BLOCK]
    blame = decision.blame
    unread = blame is not None and (blame.suspect is None or bool(vetoes(decision) & PASSING_VETOES))
    return unread or (bool(blocks) and all(answer.passing for answer in blocks))

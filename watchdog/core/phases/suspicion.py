"""Calm and suspicion: from the first bad reading to a confirmed anomaly, or back to calm.

Theory. Suspicion costs nothing but probes: it raises the probe rate and reads the deploy list, and people are notified
only if it is confirmed. An incident whose rollback could not be sent comes back here, and is decided again.
"""

from watchdog.core.context import StepContext
from watchdog.core.detect import intermittent
from watchdog.core.fold import lessons, observations, unread
from watchdog.core.guards import active_criticals
from watchdog.core.guards.decision import decide
from watchdog.core.phases import close_incident, overdue_rollback, rollback_request
from watchdog.core.phases.open_incident import open_incident
from watchdog.domain.decisions import Course, Finding
from watchdog.domain.effects import SetPace
from watchdog.domain.incidents import Outcome, Phase
from watchdog.domain.remedies.kinds import words
from watchdog.domain.remedies.remedy import RemedyAttempt, RemedyResult
from watchdog.domain.units import show_seconds

PATIENCE_SECONDS = 600.0
"""How long an open incident may stay undecided under suspicion before it is left to a human."""


def enter_suspect(ctx: StepContext) -> None:
    """Enter suspicion after one bad reading, in calm; let go of a closed incident."""
    # The step that closed the incident has saved its end; the next reading lets it go.
    if ctx.service.incident is not None:
        ctx.update_service(incident=None)
    why = observations.suspicion(ctx.service, ctx.policy, ctx.now)
    if why and ctx.state.blind_since is None:
        # Before the note, which states the interval; and confirm() at once, as a single reading may confirm a feed.
        ctx.enter_phase(Phase.SUSPECT)
        ctx.update_probe_interval()
        ctx.note("SUSPECT", f"{why}; probe every {ctx.service.pace_seconds:g} s")
        confirm(ctx)


def confirm(ctx: StepContext) -> None:
    """Open an incident once the suspicion is confirmed; return to calm once the checks are no longer failing.

    With an open incident they must have been good for `calm_seconds`. One whose rollback could not be sent is decided
    anew only while its failure is fresh. After PATIENCE_SECONDS it is left to a human.
    """
    if ctx.state.blind_since is not None:
        return
    findings = observations.findings(ctx.service, ctx.policy, ctx.now)
    lasted = ctx.now - ctx.service.phase_since
    # After a gap in what is seen the sums begin anew, and two good probes alone would end the incident.
    calm = ctx.policy.detection.calm_seconds if ctx.service.incident is not None else 0.0
    if findings and _may_decide(ctx, findings):
        open_incident(ctx, findings)
    elif not findings and observations.is_healthy(ctx.service, ctx.policy, ctx.now, calm):
        _calm_down(ctx)
    # Only an open incident has a limit: a suspicion alone may last, as it costs probes and nothing else. Nor is one
    # left to people that has been good for less than those seconds.
    elif (
        ctx.service.incident is not None
        and lasted >= PATIENCE_SECONDS
        and not observations.is_healthy(ctx.service, ctx.policy, ctx.now)
    ):
        rollback_request.escalate_to_human(
            ctx, f"for {show_seconds(lasted)} it neither failed for sure nor recovered", restore=True
        )
    else:
        overdue_rollback.page_if_overdue(ctx)


def _may_decide(ctx: StepContext, findings: tuple[Finding, ...]) -> bool:
    # The lesser of two findings would ask a question that the critical one voids a moment later.
    if observations.critical_check_pending(ctx.service, ctx.policy, findings, ctx.now):
        return False
    return not _seen_before_only(ctx, findings) and not _is_early(ctx, findings)


def _seen_before_only(ctx: StepContext, findings: tuple[Finding, ...]) -> bool:
    """Return whether an open incident's failure was last seen too long ago, or before the deploy that is live now.

    After a stall the deploys may be read before the next probe: people would be asked about a site that has recovered.
    """
    if ctx.service.incident is None:
        return False
    fresh = observations.failing_now(ctx.service, findings, ctx.policy, ctx.now)
    return not fresh or bool(rollback_request.not_seen_yet(ctx, findings))


def _is_early(ctx: StepContext, findings: tuple[Finding, ...]) -> bool:
    """Return whether it would be rolled back before a failure of other workers' services could acquit the deploy."""
    if ctx.now >= active_criticals.known_from(ctx, findings):
        return False
    incident = ctx.service.incident
    decision = decide(ctx.state, ctx.policy, ctx.service, findings, now=ctx.now, incident=incident)
    return decision.course is Course.ROLLBACK


def _calm_down(ctx: StepContext) -> None:
    if ctx.service.incident is not None:
        # Its notice of a remedy may be overtaken by that of the end, so the end names what was done.
        tried = [_came_of(one) for one in ctx.incident.remedies if one.may_be_done]
        close_incident.close(ctx, Outcome.BY_ITSELF, "; ".join(["it recovered before a rollback was sent", *tried]))
        return
    if _may_return(ctx):
        return
    lasted = ctx.now - ctx.service.phase_since
    lost = ", ".join(unread.unread_suspects(ctx.service, ctx.policy, ctx.now))
    normal = f"{lost} cannot be read, and nothing else fails" if lost else "every check is back to normal"
    ctx.note("CALM", f"no longer failing after {show_seconds(lasted)}: {normal}")
    ctx.set_service(lessons.after_suspicion(ctx.service, ctx.policy, ctx.now))
    ctx.enter_phase(Phase.CALM)


def _came_of(remedy: RemedyAttempt) -> str:
    kind = words(remedy.name)
    if remedy.done_at is None:
        return f"{kind.whether} is not known"
    return kind.no_help if remedy.result is RemedyResult.NO_HELP else kind.done


def _may_return(ctx: StepContext) -> bool:
    """Return whether slow probes would come too early: another short outage is to be expected, or a sum is above zero.

    They could miss that outage, and would take minutes to bring the sum down. A deploy's failure in these minutes would
    be dated to the blip before it (detect/probes). The sum of a check that is not read stays as it is, at any pace.
    """
    checks = unread.seen(ctx.service, ctx.policy, ctx.now)
    return any(one.cusum > 0 or intermittent.may_return(one, ctx.now) for one in checks)


def resume(ctx: StepContext) -> None:
    """Resume after a restart in the saved phase.

    In suspicion the begin and end of each run were saved, so a run continues across a few seconds without readings. In
    calm, good readings may not have been saved, so every run begins anew.
    """
    if ctx.service.phase is Phase.SUSPECT:
        ctx.set_service(observations.carry_on(ctx.service, ctx.policy, ctx.now))
    else:
        ctx.set_service(observations.end_failure_runs(ctx.service, ctx.now))
    ctx.enter_phase(ctx.service.phase)
    if ctx.service.pace_seconds:
        ctx.emit(SetPace(ctx.name, ctx.service.pace_seconds))

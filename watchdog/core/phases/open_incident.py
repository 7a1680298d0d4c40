"""Openings: an incident is opened (or continued), decided, written down, and its course begun.

Theory. The same function serves the first decision of an incident and each later one, when it worsens or an obstacle
clears. A decision is made from the state alone. What people agreed to before (an approval, a veto window without a
stop, a default without an answer) is held against it afterwards: it counts only while the same deploy is live and the
target is the same; else people are asked, or notified, anew.
"""

from collections.abc import Mapping
from dataclasses import replace

from watchdog.core import note_text
from watchdog.core.assess import maintenance, schedule, severity, suspect_deploy
from watchdog.core.context import StepContext
from watchdog.core.fold import unread
from watchdog.core.guards import active_criticals, flapping
from watchdog.core.guards.decision import decide
from watchdog.core.phases import close_incident, remedies, rollback_request
from watchdog.domain.decisions import Blame, Course, Decision, Finding
from watchdog.domain.incident_notes import NoteLabel
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import Then
from watchdog.domain.readings import Unknown
from watchdog.domain.severity import Severity

RECONSIDER_SECONDS = 5.0
"""How often the decision about a paged incident is weighed again."""
YES_HOLDS_SECONDS = 300.0
"""How long a yes (or a default, or an expired veto window) holds when the rollback could not be sent at once."""


def open_incident(ctx: StepContext, findings: tuple[Finding, ...]) -> None:
    """Open (or continue) the incident, decide, and begin the decided course."""
    # The old default, the yes and the flapping count are settled first: the decision reads all three.
    _forget_an_old_default(ctx, findings)
    incident = ctx.service.incident
    approved_by = _still_approved(ctx, incident, findings)
    planned = maintenance.in_force(ctx.service, ctx.now) is not None
    flaps = incident is None and not planned and flapping.count(ctx)
    decision = make_decision(ctx, findings, approved=approved_by is not None)
    if incident is None:
        _create(ctx, findings)
    elif _was_agreed(ctx, incident, decision, approved_by):
        # The people agreed already: no second announcement of the same rollback, only a check that it is the same.
        agreed = approved_by is not None or incident.question.defaulted_at is not None
        decision = honour_announcement(ctx, decision, agreed=agreed)
    begin_course(ctx, findings, decision, approved_by=approved_by)
    # Last: the notice about flapping follows the incident's own page.
    if flaps:
        flapping.say(ctx)


def make_decision(ctx: StepContext, findings: tuple[Finding, ...], *, approved: bool = False) -> Decision:
    """Register a critical service with all workers, then decide.

    In that order: two workers whose services break at once conflict on the shared state, so the later one reloads it
    and decides with knowledge of both (guards/active_criticals).
    """
    active_criticals.register(ctx, findings)
    return decide(
        ctx.state,
        ctx.policy,
        ctx.service,
        findings,
        now=ctx.now,
        incident=ctx.service.incident,
        approved=approved,
    )


def is_another_question(ctx: StepContext, findings: tuple[Finding, ...]) -> bool:
    """Return whether a yes is no answer to what is asked now: another deploy is live, which may be a repair, or the
    present severity needs another approver than the person who approved.
    """
    if ctx.service.suspect_replaced:
        return True
    level = severity.judge(findings, ctx.service_policy, ctx.policy.detection)[0]
    return ctx.policy.matrix[level].approver not in (None, ctx.rule.approver)


def _still_approved(ctx: StepContext, incident: Incident | None, findings: tuple[Finding, ...]) -> str | None:
    """Return who approved a moment ago, when only the sending was delayed; an approval is for that deploy alone."""
    if incident is None or incident.question.approved_at is None or is_another_question(ctx, findings):
        return None
    # An approval that waited for its window counts from the begin of the window.
    until = incident.announced_until
    since = max(incident.question.approved_at, until if until is not None and until <= ctx.now else 0.0)
    return incident.question.approved_by if ctx.now - since < YES_HOLDS_SECONDS else None


def _was_agreed(ctx: StepContext, incident: Incident, decision: Decision, by: str | None) -> bool:
    """Return whether people approved the rollback, or did not stop it, and only the sending was delayed."""
    if decision.course is Course.ROLLBACK:
        return by is not None or incident.question.defaulted_at is not None
    return decision.course is Course.ANNOUNCE and _window_is_over(ctx, incident)


def honour_announcement(ctx: StepContext, decision: Decision, *, agreed: bool) -> Decision:
    """Return the decision to do as people were notified; to notify them anew where the target is another one now.

    `agreed`: a person approved it, or the policy did; else no one stopped it in its veto window.
    """
    incident = ctx.incident
    place = decision.target.deploy if decision.target is not None else None
    now_meant = place.id if place is not None else None
    # No one agreed to this target. A person who approved is asked again; a veto window begins again.
    if now_meant != incident.rollback.target:
        course = Course.ASK if agreed else Course.ANNOUNCE
        why = f"the target changed since you were notified ({incident.rollback.target} -> {now_meant}); {decision.why}"
        return replace(decision, course=course, why=why)
    why = decision.why if agreed else f"no stop came; {decision.why}"
    return replace(decision, course=Course.ROLLBACK, why=why)


def in_its_window(ctx: StepContext, decision: Decision) -> Decision:
    """Return the decision; an approved rollback outside the policy's window becomes one that waits for it."""
    window = ctx.policy.matrix[decision.severity].window
    if decision.course is not Course.ROLLBACK or window is None or schedule.within(window.hours, ctx.now):
        return decision
    begins = schedule.show(window.hours, schedule.next_beginning(window.hours, ctx.now))
    return replace(decision, course=Course.ANNOUNCE, why=f"kept for {window.name} ({begins}); {decision.why}")


def _forget_an_old_default(ctx: StepContext, findings: tuple[Finding, ...]) -> None:
    """Drop a default that is older than an approval may be, or whose question is void (deploy or severity changed)."""
    incident = ctx.service.incident
    if incident is None or incident.question.defaulted_at is None:
        return
    old = ctx.now - incident.question.defaulted_at >= YES_HOLDS_SECONDS or ctx.service.suspect_replaced
    if old or why_no_default(ctx, findings):
        ctx.update_question(defaulted_at=None)


def why_no_default(ctx: StepContext, findings: tuple[Finding, ...]) -> str:
    """Return why the default of an unanswered question may not be carried out, or "".

    A default holds as its question announced it: at that severity, delivered by a channel, and still in the policy. It
    needs evidence, too: no failure would be fresh enough to send the rollback, and auto-deploy would be off for it.
    """
    deadline, asked = ctx.incident.question.deadline, ctx.incident.severity
    if deadline is None or deadline.delivered_at is None:
        return "no channel has delivered the question"
    if ctx.rule.then is not Then.ROLLBACK:
        return "the policy does not say so any more"
    lost = {one.name for one in unread.unseen(ctx.service, ctx.policy, ctx.now) if isinstance(one.last, Unknown)}
    if lost.issuperset(one.signal for one in findings):
        return f"{', '.join(sorted(lost))} cannot be read any more"
    level = severity.judge(findings, ctx.service_policy, ctx.policy.detection)[0]
    return "" if level is asked else f"you were asked about what was {asked}, and it is {level} now"


def _window_is_over(ctx: StepContext, incident: Incident) -> bool:
    """Return whether this rollback was announced before, and its veto window ended a moment ago."""
    until = incident.announced_until
    recent = until is not None and 0 <= ctx.now - until < YES_HOLDS_SECONDS
    return recent and not ctx.service.suspect_replaced


def _create(ctx: StepContext, findings: tuple[Finding, ...]) -> None:
    """Create the incident, dated to its first sign."""
    level = severity.judge(findings, ctx.service_policy, ctx.policy.detection)[0]
    ctx.update_service(
        incident=Incident(
            id=ctx.new_incident_id(),
            service=ctx.name,
            severity=level,
            opened_at=ctx.now,
            onset_at=severity.first_sign(findings, None, ctx.service_policy, ctx.policy.detection),
            severity_since=severity.as_severe_since(findings, None, ctx.service_policy, ctx.policy.detection),
            title=findings[0].text,
        )
    )


def begin_course(
    ctx: StepContext, findings: tuple[Finding, ...], decision: Decision, *, approved_by: str | None = None
) -> None:
    """Write down the decision and its approver, and begin the course; a new question starts without an approval."""
    ours = decision.course in (Course.ROLLBACK, Course.ANNOUNCE)
    approved_by = approved_by if ours else None
    # The main finding first: title, notices and blame are about it.
    main = severity.judge(findings, ctx.service_policy, ctx.policy.detection)[2]
    target = decision.target.deploy if decision.target else None
    suspect = decision.blame.suspect if decision.blame else None
    ctx.update_question(
        approved_by=approved_by,
        approved_at=(ctx.incident.question.approved_at or ctx.now) if approved_by is not None else None,
        defaulted_at=ctx.incident.question.defaulted_at if decision.course is Course.ROLLBACK else None,
    )
    ctx.update_incident(
        severity=decision.severity,
        severity_since=severity.as_severe_since(findings, ctx.incident, ctx.service_policy, ctx.policy.detection),
        findings=(main, *(finding for finding in findings if finding is not main)),
        title=main.text,
        decision=decision,
        announced_until=ctx.incident.announced_until if ours else None,
        suspect=suspect.id if suspect else None,
        suspect_code=suspect.code if suspect else None,
        to_blame=_to_blame(ctx, decision.blame),
        # Channels only accumulate: a channel that was notified at a lower severity also gets the end.
        channels=tuple(dict.fromkeys((*ctx.incident.channels, *ctx.policy.matrix[decision.severity].tell))),
        reconsidered_at=ctx.now,
        unhindered=False,
    )
    ctx.update_rollback(target=target.id if target else None, target_code=target.code if target else None)
    ctx.update_escalation(unwatched_since=None)
    # Before the course: its own notes and notices follow the decision in the story.
    _note_decision(ctx, decision)
    begin = {
        Course.ROLLBACK: remedies.begin_rollback,
        Course.ANNOUNCE: rollback_request.announce if approved_by is None else rollback_request.schedule_rollback,
        Course.ASK: rollback_request.ask,
        Course.PAGE: remedies.page,
        Course.TELL: close_incident.tell,
        Course.NOTE: close_incident.record_only,
    }[decision.course]
    begin(ctx)


def _to_blame(ctx: StepContext, blame: Blame | None) -> tuple[str, ...]:
    """Return the ids of the deploys that were likelier than not to blame, the newest first.

    A later weighing of the same deploy may acquit it. That people shipped another one meanwhile does not.
    """
    known = ctx.incident.to_blame
    if blame is None or blame.suspect is None or blame.change is None:
        return known
    if not blame.likelier_than_not:
        return () if blame.suspect.id in known else known
    run = [one.id for one in suspect_deploy.same_code_run(ctx.service.deploys, blame.suspect)]
    # Blamed below a deploy that went live on top of it, it is alone: nothing is known of the one above.
    return tuple(run[: run.index(blame.change.id) + 1]) if blame.change.id in run else (blame.change.id,)


DECIDED_AS: Mapping[Severity, NoteLabel] = {
    Severity.CRITICAL: "CRITICAL",
    Severity.HIGH: "HIGH",
    Severity.MEDIUM: "MEDIUM",
    Severity.LOW: "LOW",
}
"""The note label of a decision, by severity."""


def _note_decision(ctx: StepContext, decision: Decision) -> None:
    ctx.note(DECIDED_AS[decision.severity], ctx.incident.title)
    ctx.note("BLAME", note_text.blame_line(decision))
    ctx.note("GUARDS", note_text.guards_line(decision.guards))
    ctx.note("TARGET", note_text.target_line(decision))
    if decision.would:
        ctx.note("WOULD", decision.would)
    ctx.note("DECIDED", f"{decision.course.value}: {decision.why}")

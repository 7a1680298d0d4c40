"""Remedies before a rollback: one is tried, as a feature flag off, and the recovery is proved or the rollback goes on.

Theory. The decision is the same as without remedies: a rollback that every guard allows, or a person approved. Just
before it begins, the next remedy that this incident has not tried takes its place. It proves itself by the readings
that prove a rollback (recovery_proof.py). A service that goes on failing is decided anew, guards and all.

Rule 1: a remedy is tried once in an incident, and never two at a time; it spends no budget of rollbacks.
Rule 2: nothing is sent without a fresh bad reading of the live deploy, as with a rollback.
Rule 3: what a remedy changed stays so, whether it helped or not: people read so, and undo it themselves.
Rule 4: a request whose outcome nothing tells ends with a human, or, once it cannot arrive any more, is told of.
Rule 5: a later incident of the service does not request it again in its cooldown (`ServiceState.remedied`).

Without a suspected deploy (guards/without_deploy.py) the page comes first, and neither a silence's end nor the
escalation waits for the remedy; what did not help leads back to PAGED, where the next one may follow.
"""

from collections.abc import Mapping
from dataclasses import replace

from watchdog.core.assess import maintenance
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.core.detect import turned_away
from watchdog.core.fold import lessons, observations
from watchdog.core.guards import active_criticals
from watchdog.core.phases import close_incident, escalation, overdue_rollback, recovery_proof, rollback_request
from watchdog.domain import events as e
from watchdog.domain.decisions import failure_types
from watchdog.domain.effects import SetPace, TryRemedy
from watchdog.domain.incidents import Outcome, Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.remedies.kinds import SHOWN_AS_DEPLOY, RemedyKind, before, parts, words
from watchdog.domain.remedies.remedy import Remedy, RemedyAttempt, RemedyResult, untried
from watchdog.domain.units import show_seconds

ANSWER_PATIENCE_SECONDS = 120.0
"""The longest wait for the outcome of the request; longer than the shell looks for a lost answer."""

WITHOUT_DEPLOY = "though no deploy is suspected, as the policy says (without_deploy)"
REMEDIED_KEPT = 20

RemedyOutcome = e.RemedyDone | e.RemedyRefused | e.RemedyPostponed | e.RemedyLost
"""The possible outcomes of a remedy."""


def begin_rollback(ctx: StepContext) -> None:
    """Try the next remedy in the place of the decided rollback; without one left, begin the rollback."""
    failing, requested = failure_types(ctx.incident.findings), ctx.service.remedied
    left = untried(ctx.service_policy.remedies, ctx.incident.remedies, failing, requested, ctx.now)
    if not left:
        rollback_request.disable_auto_deploy(ctx)
        return
    why_wait = rollback_request.why_wait(ctx)
    if why_wait:
        rollback_request.retry_later(ctx, why_wait)
        return
    _begin(ctx, left[0], f"before a rollback to {ctx.incident.rollback.target}")


def _begin(ctx: StepContext, remedy: Remedy, why: str, *, without_deploy: bool = False) -> None:
    incident = ctx.incident
    attempt = RemedyAttempt(remedy.name, ctx.now, remedy.prove_seconds, without_deploy=without_deploy)
    # In the same saved step as the effect: a crash after it cannot lead to a second one.
    ctx.update_incident(remedies=(*incident.remedies, attempt))
    others = [one for one in ctx.service.remedied if one[0] != remedy.name]
    ctx.update_service(remedied=(*others, (remedy.name, ctx.now))[-REMEDIED_KEPT:])
    ctx.enter_phase(Phase.REMEDYING)
    ctx.wake_at(ctx.now + ANSWER_PATIENCE_SECONDS)
    ctx.note("INTENT", f"{words(remedy.name).intent}, {why}")
    ctx.emit(TryRemedy(ctx.name, incident.id, remedy.name, incident.question.approved_by))


def page(ctx: StepContext) -> None:
    """Leave the incident to people, and try a remedy where the policy has one for an outage without a suspect."""
    close_incident.page(ctx)
    try_without_deploy(ctx)


def try_without_deploy(ctx: StepContext) -> None:
    """Try the next remedy that the last decision allows though no deploy is suspected, if one may be sent now."""
    decision, incident = ctx.incident.decision, ctx.incident
    names = decision.without_deploy if decision is not None else ()
    suitable = [one for one in ctx.service_policy.remedies if one.name in names]
    suitable = [one for one in suitable if one.suits(failure_types(incident.findings))]
    # A person who acknowledged it may be repairing it.
    if not suitable or incident.human_needed or incident.escalation.acknowledged_by is not None:
        return
    # Failures of other workers' services may still show another cause; it is weighed again soon.
    early = ctx.now < active_criticals.known_from(ctx, incident.findings)
    since = incident.rollback.blocked_since
    put_off = since is not None and ctx.now - since >= rollback_request.PUT_OFF_SECONDS
    if early or put_off or not observations.failing_now(ctx.service, incident.findings, ctx.policy, ctx.now):
        return
    _begin(ctx, suitable[0], WITHOUT_DEPLOY, without_deploy=True)


def _forget_request(ctx: StepContext, name: str) -> None:
    """Forget that it was requested: nothing was sent, so no cooldown begins."""
    ctx.update_service(remedied=tuple(one for one in ctx.service.remedied if one[0] != name))


def done(ctx: StepContext) -> None:
    """Begin to prove the recovery: the remedy is done. Earlier readings are dropped."""
    event, attempt = ctx.event, ctx.incident.remedy
    assert isinstance(event, e.RemedyDone)
    # A restart delivers the outcome again.
    if attempt is None or attempt.name != event.remedy or attempt.done_at is not None:
        return
    _update(ctx, done_at=ctx.now, why=event.why, was=event.was, told_first=not ctx.incident.paged)
    done = f"{words(event.remedy).done}{before(event.remedy, event.was)}"
    ctx.note("ACT", f"{done}: {event.why}" if event.why else done)
    ctx.set_service(
        # The latency of the outage must not become usual: the remedy may have ended it.
        observations.reset_detectors(lessons.without_usual_latency_since(ctx.service, ctx.incident.onset_at), ctx.now)
    )
    _wake(ctx, ctx.now, attempt)
    ctx.notify(NoticeKind.ACTED, _topic(event.remedy))


def _is_flag(name: str) -> bool:
    return parts(name)[0] is RemedyKind.FLAG_OFF


def _topic(name: str) -> Topic:
    return Topic.FLAG_OFF if _is_flag(name) else Topic.REMEDY_DONE


def _wake(ctx: StepContext, done_at: float, attempt: RemedyAttempt) -> None:
    """Ask to be woken where readings may not come: at the earliest proof, and as the wait for it ends."""
    proved_at = done_at + recovery_proof.proof_seconds(ctx)
    for at in (done_at + attempt.prove_seconds, proved_at, _overdue_at(ctx, attempt, done_at)):
        ctx.wake_at(max(ctx.now, at))


def refused(ctx: StepContext) -> None:
    """Go on with the rollback: nothing was changed."""
    event = ctx.event
    assert isinstance(event, e.RemedyRefused)
    if _awaits(ctx, event):
        _forget_request(ctx, event.remedy)
        _go_on(ctx, *_as_it_was(event))


def _as_it_was(event: e.RemedyRefused | e.RemedyPostponed) -> tuple[RemedyResult, str]:
    if isinstance(event, e.RemedyRefused) and event.already:
        return RemedyResult.DONE_ALREADY, words(event.remedy).already
    return RemedyResult.REFUSED, f"{words(event.remedy).undone}: {event.why}"


def postponed(ctx: StepContext) -> None:
    """Decide anew, and try the same remedy again if that is still wanted: nothing was sent."""
    event = ctx.event
    assert isinstance(event, e.RemedyPostponed)
    if _awaits(ctx, event):
        attempt = ctx.incident.remedies[-1]
        ctx.update_incident(remedies=ctx.incident.remedies[:-1])
        _forget_request(ctx, event.remedy)
        if attempt.without_deploy:
            since = ctx.incident.rollback.blocked_since
            ctx.update_rollback(blocked_since=ctx.now if since is None else since)
            _back_to_people(ctx, f"nothing was sent: {event.why}; looking again")
        else:
            rollback_request.retry_later(ctx, event.why)


def lost(ctx: StepContext) -> None:
    """Leave the incident to a human: the request was sent, and nothing tells whether it is done.

    Once nothing that was sent can still arrive, the rollback is decided anew; the notices say what is not known.
    """
    event = ctx.event
    assert isinstance(event, e.RemedyLost)
    if not _awaits(ctx, event):
        return
    _update(ctx, was=event.was)
    if event.settled:
        _go_on(ctx, *_not_known(event))
    else:
        _leave_unknown(ctx, event.why)


def _not_known(event: e.RemedyLost) -> tuple[RemedyResult, str]:
    return RemedyResult.UNKNOWN, f"{words(event.remedy).whether} is not known: {event.why}"


def _awaits(ctx: StepContext, event: RemedyOutcome) -> bool:
    """Return whether this outcome is awaited; a restart delivers one again."""
    attempt = ctx.incident.remedy
    return attempt is not None and attempt.name == event.remedy and attempt.done_at is None


def _leave_unknown(ctx: StepContext, why: str) -> None:
    attempt = ctx.incident.remedies[-1]
    _end(ctx, RemedyResult.UNKNOWN, why)
    unknown = f"{words(attempt.name).to_be}, and the outcome is unknown: {why}"
    if not attempt.without_deploy:
        rollback_request.escalate_to_human(ctx, unknown)
        return
    # People were paged for this outage already: their call, and the next step of the escalation, stay as they are.
    ctx.update_incident(human_needed=unknown)
    ctx.note("HUMAN", unknown)
    ctx.enter_phase(Phase.PAGED)
    escalation.wake(ctx)
    ctx.notify(NoticeKind.UPDATED, Topic.STOPPED_SHORT, why=unknown)


def follow(ctx: StepContext) -> None:
    """Wait for the outcome of the request; once it is done, prove the recovery or go on with the rollback."""
    attempt = ctx.incident.remedy
    assert attempt is not None, "the phase has a remedy that is under way"
    if attempt.done_at is not None:
        _prove(ctx, attempt, attempt.done_at)
    # From the phase, which a restart begins anew: the shell looks the request up again, and that takes its time.
    elif ctx.now - ctx.service.phase_since >= ANSWER_PATIENCE_SECONDS:
        _leave_unknown(ctx, f"no answer came in {show_seconds(ctx.now - ctx.service.phase_since)}")


def _prove(ctx: StepContext, attempt: RemedyAttempt, done_at: float) -> None:
    # Another deploy went live: from then on no reading tells what the remedy did.
    noun = words(attempt.name).noun
    _know_own_deploy(ctx, attempt)
    if ctx.service.suspect_replaced:
        _go_on(ctx, RemedyResult.ENDED, f"{ctx.service.live} is live now, so nothing is known of {noun}")
        return
    if ctx.state.blind_since is not None:
        return
    # A downtime proves nothing either way: the good stretch begins anew after it.
    if maintenance.hides(ctx.service, ctx.now):
        ctx.set_service(observations.reset_detectors(ctx.service, ctx.now))
        return
    until = recovery_proof.judged_since(ctx, done_at) + attempt.prove_seconds
    overdue, unknown = ctx.now >= _overdue_at(ctx, attempt, done_at), recovery_proof.NONE
    # A feed may be read in hours only: that is no reason to take it for one that did not help.
    if overdue and recovery_proof.is_proved_by_probes(ctx):
        unknown = recovery_proof.unknown_since(ctx, done_at)
    missing = recovery_proof.unproved(ctx, done_at, unknown)
    good_for = ctx.now - recovery_proof.good_since(ctx, done_at)
    fails = _fails(ctx, until)
    if not fails and not missing and good_for >= recovery_proof.proof_seconds(ctx):
        _helped(ctx, attempt, done_at, unknown)
    elif ctx.now >= until and fails:
        _go_on(ctx, RemedyResult.NO_HELP, f"{words(attempt.name).no_help}: {fails}")
    elif overdue:
        why, brief = missing or "no unbroken good stretch", words(attempt.name).brief
        _go_on(ctx, RemedyResult.NO_HELP, f"{brief}, and the recovery is not proved: {why}")


def _know_own_deploy(ctx: StepContext, attempt: RemedyAttempt) -> None:
    """Take the deploy as which the platform shows a remedy for the suspect: it is the same code, by our own request."""
    live = live_deploy(ctx.service.deploys)
    ours = parts(attempt.name)[0] in SHOWN_AS_DEPLOY and live is not None and live.code is not None
    if ours and live is not None and live.code == ctx.incident.suspect_code and live.id != ctx.incident.suspect:
        ctx.note("ACT", f"{words(attempt.name).noun} is {live.id}, of the same code")
        ctx.update_incident(suspect=live.id)


def _fails(ctx: StepContext, until: float) -> str:
    """Return what fails, confirmed, or broke its good stretch after the remedy had its time; else "".

    Rate-limited probes say nothing about the site, so they are no sign that it did not help.
    """
    found = observations.findings(ctx.service, ctx.policy, ctx.now)
    confirmed = next((one.text for one in found if one.method != turned_away.METHOD), "")
    broken = (one.name for one in recovery_proof.watched(ctx) if recovery_proof.broken_at(ctx, one) >= until)
    return confirmed or next((f"{name} fails still" for name in broken), "")


def _overdue_at(ctx: StepContext, attempt: RemedyAttempt, done_at: float) -> float:
    """Return when the absence of a proof ends the wait for it (UTC epoch seconds)."""
    return recovery_proof.overdue_at(ctx, done_at) + attempt.prove_seconds


def _helped(ctx: StepContext, attempt: RemedyAttempt, done_at: float, unknown: Mapping[str, str]) -> None:
    proof, _ = recovery_proof.words(ctx, done_at, unknown, words(attempt.name).proved_since)
    _end(ctx, RemedyResult.HELPED, proof)
    ctx.note("VERIFIED", proof)
    close_incident.close(ctx, Outcome.REMEDIED if _is_flag(attempt.name) else Outcome.CURED, proof)


def _go_on(ctx: StepContext, result: RemedyResult, why: str) -> None:
    """End the remedy; the next fresh bad reading decides anew: the next remedy, the rollback, or neither."""
    without_deploy = ctx.incident.remedies[-1].without_deploy
    _end(ctx, result, why)
    if without_deploy:
        ctx.update_rollback(blocked_since=None)
        _back_to_people(ctx, f"{why}; people have it")
        return
    # The rollback is due from now on, and its own patience begins.
    ctx.update_rollback(blocked_since=ctx.now)
    ctx.note("WAIT", f"{why}; the rollback is decided anew")
    ctx.enter_phase(Phase.SUSPECT)
    overdue_rollback.wake(ctx)


def _back_to_people(ctx: StepContext, why: str) -> None:
    """Go on as a paged incident, which weighs the next remedy with its next decision; people were called already."""
    ctx.note("WAIT", why)
    ctx.enter_phase(Phase.PAGED)
    escalation.wake(ctx)


def _end(ctx: StepContext, result: RemedyResult, why: str) -> None:
    _update(ctx, result=result, ended_at=ctx.now, why=why)


def _update(ctx: StepContext, **fields: object) -> None:
    *before, last = ctx.incident.remedies
    ctx.update_incident(remedies=(*before, replace(last, **fields)))  # type: ignore[arg-type]


def end_stopped(ctx: StepContext, by: str) -> None:
    """End the remedy that is under way, if any: a person stopped the rollback that it comes before."""
    if ctx.incident.remedy is not None:
        _end(ctx, RemedyResult.ENDED, f"stopped by {by}")


def end_unread(ctx: StepContext, why: str) -> None:
    """End the remedy that is under way, if any, as one whose outcome no phase waits for any more."""
    attempt = ctx.incident.remedy
    if attempt is not None:
        _end(ctx, RemedyResult.UNKNOWN if attempt.done_at is None else RemedyResult.ENDED, why)


def settled_late(ctx: StepContext) -> None:
    """Record an outcome that no phase waits for: nothing was changed, or nothing tells whether it is done.

    People read until then that it is not known, so it is no news.
    """
    event, incident = ctx.event, ctx.service.incident
    assert isinstance(event, e.RemedyRefused | e.RemedyPostponed | e.RemedyLost)
    if incident is None or incident.id != event.incident or incident.closed_at is not None:
        return
    result, why = _not_known(event) if isinstance(event, e.RemedyLost) else _as_it_was(event)
    was = event.was if isinstance(event, e.RemedyLost) else ""
    unknown = [one for one in incident.remedies if one.name == event.remedy and one.unknown]
    known = [one for one in unknown if one.result is not result or one.was != was]
    if not known:
        return
    if not isinstance(event, e.RemedyLost):
        _forget_request(ctx, event.remedy)
    attempts = [replace(one, result=result, why=why, was=was) if one in known else one for one in incident.remedies]
    ctx.update_incident(remedies=tuple(attempts))
    ctx.note("ACT", why)


def came_late(ctx: StepContext) -> None:
    """Handle an outcome that no phase waits for: what is done after all is reported to people."""
    event, incident = ctx.event, ctx.service.incident
    assert isinstance(event, e.RemedyDone)
    if incident is None or incident.id != event.incident or incident.closed_at is not None:
        title = f"{ctx.name}: {words(event.remedy).done}"
        was = before(event.remedy, event.was)
        lines = tuple(line.format(incident=event.incident, was=was) for line in words(event.remedy).late)
        ctx.notify_service(NoticeKind.UPDATED, f"{event.incident}/flag", title, lines)
        return
    known = [one for one in incident.remedies if one.name == event.remedy and one.done_at is None]
    if not known:
        return
    attempts = [
        replace(one, done_at=ctx.now, why=event.why, was=event.was) if one in known else one
        for one in incident.remedies
    ]
    ctx.update_incident(remedies=tuple(attempts))
    ctx.note("ACT", f"{words(event.remedy).done}{before(event.remedy, event.was)} after all")
    ctx.notify(NoticeKind.UPDATED, _topic(event.remedy))


def resume(ctx: StepContext) -> None:
    """Resume after a restart: the shell looks the request up; the wait for its outcome begins anew, no proof does."""
    ctx.enter_phase(ctx.service.phase)
    ctx.emit(SetPace(ctx.name, ctx.service.pace_seconds))
    attempt = ctx.incident.remedy
    assert attempt is not None, "the phase has a remedy that is under way"
    escalation.wake(ctx)
    if attempt.done_at is not None:
        _wake(ctx, attempt.done_at, attempt)
        return
    ctx.update_service(phase_since=ctx.now)
    ctx.wake_at(ctx.now + ANSWER_PATIENCE_SECONDS)

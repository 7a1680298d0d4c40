"""Verification: follow the rollback until it is live, then prove by fresh readings that the site recovered.

Rule 1: verification begins when the rollback is live; no earlier reading counts.
Rule 2: a rollback that did not help pages a human, and the daemon does nothing more.
The proof itself: recovery_proof.py.
"""

from collections.abc import Mapping, Sequence

from watchdog.core import note_text
from watchdog.core.assess import maintenance
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.core.detect import turned_away
from watchdog.core.fold import deploy_lists, lessons, observations, served_versions
from watchdog.core.phases import bad_commit_recurrence, close_incident, recovery_proof, rollback_request
from watchdog.domain.decisions import Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import SetPace
from watchdog.domain.incidents import Outcome, Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.units import show_seconds

DRAINED_SECONDS = 60.0
"""For this long no answer may have named the code that the rollback left: its instances drain meanwhile."""


def follow(ctx: StepContext) -> None:
    """Follow the rollback's deploy until it is live, has failed, or takes too long."""
    deploy = _rollback(ctx)
    if deploy is not None and deploy.is_live:
        _restored(ctx, deploy)
        return
    # The list does not name the request behind a rollback: the one taken for ours may be a person's, and this one ours.
    if deploy is not None and (other := _in_its_place(ctx, deploy)) is not None:
        ctx.update_rollback(deploy=other.id)
        ctx.note("ACT", f"{other.id}, a rollback to the same code, took the place of {deploy.id}: it is followed")
        follow(ctx)
        return
    # A deploy that never was live changed nothing, so auto-deploy can be restored. After a second pin it stays off:
    # the bad commit had come back by it once. So it does where another took its place and rolls back elsewhere.
    if deploy is not None and not deploy.in_progress:
        why = f"the rollback {deploy.id} ended as {deploy.status_words}; nothing more is tried"
        kept = deploy.was_live or ctx.incident.pin.again or _was_rolled_back_since(ctx, deploy)
        rollback_request.escalate_to_human(ctx, why, restore=not kept)
        return
    waited = ctx.now - (ctx.incident.rollback.requested_at or ctx.now)
    limits = ctx.policy.verification
    # Also with each list: a reload may have changed the limits.
    rollback_request.expect_live(ctx)
    if waited >= limits.give_up_seconds:
        rollback_request.escalate_to_human(
            ctx, f"the rollback is not live after {show_seconds(waited)}; nothing more is tried"
        )
    # Once: a slow rollback is news, and the same again each minute would only hide what follows.
    elif waited >= limits.late_seconds and not ctx.incident.late_paged:
        ctx.update_incident(late_paged=True)
        rollback_request.expect_live(ctx)
        status = f" ({deploy.status_words})" if deploy is not None else ""
        line = f"The rollback {ctx.incident.rollback.deploy} is not live after {show_seconds(waited)}{status}."
        ctx.note("LATE", line)
        why = deploy.status_words if deploy is not None else ""
        ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.NOT_LIVE_YET, wakes=True, why=why)


def _in_its_place(ctx: StepContext, deploy: Deploy) -> Deploy | None:
    """Return the newest rollback to the same code that was made after this one, if this one never was live."""
    if deploy.in_progress or deploy.was_live or deploy.code is None:
        return None
    equal = (one for one in _newer(ctx, deploy) if one.is_rollback and one.code == deploy.code)
    return next((one for one in equal if one.in_progress or one.was_live), None)


def _was_rolled_back_since(ctx: StepContext, deploy: Deploy) -> bool:
    """Return whether the service left the suspect by another deploy since: auto-deploy would bring it back."""
    back = (one for one in _newer(ctx, deploy) if one.is_rollback or one.code == deploy.code)
    return any(one.in_progress or one.was_live for one in back)


def _newer(ctx: StepContext, deploy: Deploy) -> Sequence[Deploy]:
    return ctx.service.deploys[: ctx.service.deploys.index(deploy)]


def _rollback(ctx: StepContext) -> Deploy | None:
    wanted = ctx.incident.rollback.deploy
    return next((deploy for deploy in ctx.service.deploys if deploy.id == wanted), None)


def _restored(ctx: StepContext, deploy: Deploy) -> None:
    """Begin to verify: the rollback is live. Earlier readings are dropped; a recovery before it is noted."""
    # Computed first: it needs the readings that reset_detectors drops below.
    healed_at = lessons.healed_before(ctx.service, ctx.incident, deploy, ctx.policy)
    ctx.update_rollback(restored_at=ctx.now, healed_at=healed_at)
    if healed_at is not None:
        ctx.note("HEALED", note_text.healed_line(ctx.incident))
    ctx.set_service(
        # The latency of the outage must not become usual: a rollback may have ended it.
        observations.reset_detectors(lessons.without_usual_latency_since(ctx.service, ctx.incident.onset_at), ctx.now)
    )
    ctx.enter_phase(Phase.VERIFYING)
    seconds, overdue_at = recovery_proof.proof_seconds(ctx), recovery_proof.overdue_at(ctx, ctx.now)
    ctx.update_rollback(expected_at=ctx.now + seconds, overdue_at=overdue_at)
    # Two wakes: the earliest proof, and the moment at which its absence is left to a human. Readings may not come.
    ctx.wake_at(ctx.now + seconds)
    ctx.wake_at(overdue_at)
    ctx.note("RESTORED", f"{deploy.id} live; verifying for {show_seconds(seconds)}")


def _found(ctx: StepContext) -> tuple[Finding, ...]:
    return observations.findings(ctx.service, ctx.policy, ctx.now)


def verify(ctx: StepContext) -> None:
    """Close as verified, leave the incident to a human, or keep waiting.

    A human has it where the failure went on, another deploy is live, or the proof is overdue.
    """
    live = live_deploy(ctx.service.deploys)
    # Another deploy went live: from then on no reading is about our rollback.
    if live is not None and live.id != ctx.incident.rollback.deploy:
        what = bad_commit_recurrence.describe(live) if live.code in ctx.state.denied else f"{live.id} is live"
        _left_to_human(ctx, f"{what} instead of our rollback {ctx.incident.rollback.deploy}")
        return
    _check_pin(ctx)
    if ctx.state.blind_since is not None:
        return
    # A downtime proves nothing either way: the good stretch begins anew after it.
    if maintenance.hides(ctx.service, ctx.now):
        ctx.set_service(observations.reset_detectors(ctx.service, ctx.now))
        return
    restored = ctx.incident.rollback.restored_at
    assert restored is not None
    # Rate-limited probes say nothing about the site, so they are no proof that the rollback failed.
    findings = [one for one in _found(ctx) if one.method != turned_away.METHOD]
    waited = ctx.now - restored
    overdue_at, unknown = recovery_proof.overdue_at(ctx, restored), recovery_proof.NONE
    rollback_request.expect_by(ctx, overdue_at)
    # Its errors may be read in hours only: that is no reason to take the rollback for one that did not help.
    if ctx.now >= overdue_at and recovery_proof.is_proved_by_probes(ctx):
        unknown = recovery_proof.unknown_since(ctx, restored)
    why = recovery_proof.unproved(ctx, restored, unknown, _answers_still(ctx, restored))
    if findings:
        _left_to_human(ctx, f"the rollback did not help: {findings[0].text}; nothing more is tried")
    elif ctx.now - recovery_proof.good_since(ctx, restored) >= recovery_proof.proof_seconds(ctx) and not why:
        _verified(ctx, restored, unknown)
    elif ctx.now >= overdue_at:
        why = why or "no unbroken good stretch"
        _left_to_human(ctx, f"not proved to be good {show_seconds(waited)} after the rollback was live: {why}")


def _left_to_human(ctx: StepContext, why: str) -> None:
    """Leave the incident to a human; without a verified rollback, an earlier recovery did not last either."""
    ctx.update_rollback(healed_at=None)
    rollback_request.escalate_to_human(ctx, why)


def _check_pin(ctx: StepContext) -> None:
    """Notify once that auto-deploy was switched on again during the verification, as a Blueprint sync does."""
    facts = ctx.service.facts
    if ctx.incident.pin.off and facts is not None and deploy_lists.auto_deploy_is_on(ctx.service):
        line = f"Auto-deploy is {facts.auto_deploy} again (a Blueprint sync or a colleague): a merge may undo this."
        ctx.update_pin(off=False, note=f"switched back to {facts.auto_deploy} by another person or program")
        ctx.note("HUMAN", line)
        ctx.notify(NoticeKind.UPDATED, Topic.AUTO_DEPLOY_ON_AGAIN, wakes=True, why=facts.auto_deploy)


def _answers_still(ctx: StepContext, restored: float) -> str:
    """Return that the code which the rollback left still answers, where answers name their version; else ""."""
    suspect = next((one for one in ctx.service.deploys if one.id == ctx.incident.suspect), None)
    if suspect is None or suspect.code == ctx.incident.rollback.target_code:
        return ""
    since = max(restored, ctx.now - DRAINED_SECONDS)
    named = [one.name for one in ctx.service.checks.values() if served_versions.named_since(one, suspect, since)]
    return f"{', '.join(named)}: {suspect.id} answers still" if named else ""


def _verified(ctx: StepContext, restored: float, unknown: Mapping[str, str]) -> None:
    proof, without = recovery_proof.words(ctx, restored, unknown, "it was live")
    ctx.update_rollback(verified_at=ctx.now, verification=proof, unproved=without)
    ctx.note("VERIFIED", proof)
    close_incident.close(ctx, Outcome.VERIFIED, proof)


def resume(ctx: StepContext) -> None:
    """Resume after a restart: follow or verify as before."""
    ctx.enter_phase(ctx.service.phase)
    ctx.emit(SetPace(ctx.name, ctx.service.pace_seconds))
    limits = ctx.policy.verification
    restored = ctx.incident.rollback.restored_at
    if restored is not None:
        ctx.wake_at(max(ctx.now, restored + recovery_proof.proof_seconds(ctx)))
        ctx.wake_at(max(ctx.now, recovery_proof.overdue_at(ctx, restored)))
    else:
        requested = ctx.incident.rollback.requested_at or ctx.now
        ctx.wake_at(max(ctx.now, requested + limits.late_seconds))
        ctx.wake_at(max(ctx.now, requested + limits.give_up_seconds))

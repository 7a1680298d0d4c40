"""Proving: follow the rollback until it is live, then prove by fresh readings that the site recovered.

Rule 1: verification begins when the rollback is live; nothing read before counts.
Rule 2: when it did not help, a human is paged and nothing more is tried.
Rule 3: a good stretch is not broken by one failed probe (one in a thousand fails by itself), but by two close together.
"""

from watchdog.core import note_text
from watchdog.core.assess import maintenance
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.core.detect import intermittent, turned_away
from watchdog.core.fold import lessons, observations, served_versions
from watchdog.core.phases import bad_commit_recurrence, close_incident, rollback_request
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import SetPace
from watchdog.domain.incidents import Outcome, Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.policy import PROBES
from watchdog.domain.units import show_seconds

PROBES_MIN = 5
DRAINED_SECONDS = 60.0
"""For so long no answer may have named the code that was rolled back from."""
PATIENCE_SECONDS = 120.0
"""How much longer than the verification itself we wait for an unbroken good stretch."""


def follow(ctx: StepContext) -> None:
    """Deploying: until the rollback is live, has failed, or takes too long."""
    deploy = _rollback(ctx)
    if deploy is not None and deploy.is_live:
        _restored(ctx, deploy)
        return
    if deploy is not None and not deploy.in_progress:
        why = f"the rollback {deploy.id} ended as {deploy.status}; nothing more is tried"
        rollback_request.escalate_to_human(ctx, why, restore=not deploy.was_live and not ctx.incident.pin.again)
        return
    waited = ctx.now - (ctx.incident.rollback.requested_at or ctx.now)
    limits = ctx.policy.verification
    if waited >= limits.give_up_seconds:
        rollback_request.escalate_to_human(
            ctx, f"the rollback is not live after {show_seconds(waited)}; nothing more is tried"
        )
    elif waited >= limits.late_seconds and not ctx.incident.late_paged:
        ctx.update_incident(late_paged=True)
        status = f" ({deploy.status})" if deploy is not None else ""
        line = f"The rollback {ctx.incident.rollback.deploy} is not live after {show_seconds(waited)}{status}."
        ctx.note("LATE", line)
        why = deploy.status if deploy is not None else ""
        ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.NOT_LIVE_YET, wakes=True, why=why)


def _rollback(ctx: StepContext) -> Deploy | None:
    wanted = ctx.incident.rollback.deploy
    return next((deploy for deploy in ctx.service.deploys if deploy.id == wanted), None)


def _restored(ctx: StepContext, deploy: Deploy) -> None:
    """The rollback is live: clear what was seen before, and begin to verify; what had healed by then is noted."""
    healed_at = lessons.healed_before(ctx.service, ctx.incident, deploy, ctx.policy)
    ctx.update_rollback(restored_at=ctx.now, healed_at=healed_at)
    if healed_at is not None:
        ctx.note("HEALED", note_text.healed_line(ctx.incident))
    ctx.set_service(
        observations.reset_detectors(lessons.without_usual_since(ctx.service, ctx.incident.onset_at), ctx.now)
    )
    ctx.enter_phase(Phase.VERIFYING)
    seconds = proof_seconds(ctx)
    ctx.wake_at(ctx.now + seconds)
    ctx.wake_at(ctx.now + seconds + PATIENCE_SECONDS)
    ctx.note("RESTORED", f"{deploy.id} live; verifying for {show_seconds(seconds)}")


def proof_seconds(ctx: StepContext) -> float:
    """Return how long it must be good: what came and went may be in one of its pauses, what is slow not seen yet."""
    waits = [max(intermittent.PAUSES * one.pause_seconds, one.unseen_seconds) for one in ctx.incident.findings]
    longest = min(max(waits, default=0.0), intermittent.PAUSE_MAX_SECONDS)
    return max(ctx.policy.verification.seconds, longest)


def _found(ctx: StepContext) -> tuple[Finding, ...]:
    return observations.findings(ctx.service, ctx.policy, ctx.now)


def verify(ctx: StepContext) -> None:
    """Verifying: proved, disproved, overtaken by somebody else, or not yet."""
    live = live_deploy(ctx.service.deploys)
    if live is not None and live.id != ctx.incident.rollback.deploy:
        what = bad_commit_recurrence.describe(live) if live.code in ctx.state.denied else f"{live.id} is live"
        _left_to_human(ctx, f"{what} instead of our rollback {ctx.incident.rollback.deploy}")
        return
    _check_pin(ctx)
    if ctx.state.blind_since is not None:
        return
    if maintenance.hides(ctx.service, ctx.now):  # neither proof nor disproof: all its time begins anew afterwards
        ctx.set_service(observations.reset_detectors(ctx.service, ctx.now))
        return
    restored = ctx.incident.rollback.restored_at
    assert restored is not None
    findings = [one for one in _found(ctx) if one.method != turned_away.METHOD]  # that says nothing of it
    waited = ctx.now - restored
    seconds = proof_seconds(ctx)
    if findings:
        _left_to_human(ctx, f"the rollback did not help: {findings[0].text}; nothing more is tried")
    elif ctx.now - _good_since(ctx, restored) >= seconds and not _unproved(ctx, restored):
        _verified(ctx, restored)
    elif ctx.now - _judged_since(ctx, restored) >= seconds + PATIENCE_SECONDS:
        why = _unproved(ctx, restored) or "no unbroken good stretch"
        _left_to_human(ctx, f"not proved to be good {show_seconds(waited)} after the rollback was live: {why}")


def _left_to_human(ctx: StepContext, why: str) -> None:
    """It is not proved, and what had healed before the rollback was not over by that."""
    ctx.update_rollback(healed_at=None)
    rollback_request.escalate_to_human(ctx, why)


def _check_pin(ctx: StepContext) -> None:
    """A Blueprint sync switches auto-deploy on again behind our back."""
    facts = ctx.service.facts
    if ctx.incident.pin.off and facts is not None and observations.auto_deploy_is_on(ctx.service):
        line = f"Auto-deploy is {facts.auto_deploy} again (a Blueprint sync or a colleague): a merge may undo this."
        ctx.update_pin(off=False, note=f"switched back to {facts.auto_deploy} by somebody else")
        ctx.note("HUMAN", line)
        ctx.notify(NoticeKind.UPDATED, Topic.AUTO_DEPLOY_ON_AGAIN, wakes=True, why=facts.auto_deploy)


def _watched(ctx: StepContext) -> list[Check]:
    """Return the checks that must be good: those that failed, and the critical ones; all, if there are none."""
    failed = {finding.signal for finding in ctx.incident.findings}
    signals = [signal for signal in ctx.service_policy.signals if signal.critical or signal.name in failed]
    checks = ctx.service.checks
    return [checks.get(item.name, Check(item.name, item.kind)) for item in signals or ctx.service_policy.signals]


def _good_since(ctx: StepContext, restored: float) -> float:
    return max([_judged_since(ctx, restored), *(_broken_at(check) for check in _watched(ctx))])


def _broken_at(check: Check) -> float:
    """Return when a good stretch of this check was last broken (0: never)."""
    return check.stumbled_at if check.kind in PROBES else check.last_bad_at or 0.0


def _judged_since(ctx: StepContext, restored: float) -> float:
    """Return since when readings count: since it was live, or since we were blind, or it was meant to be down."""
    return max([restored, *(check.counts_from for check in _watched(ctx))])


def _unproved(ctx: StepContext, restored: float) -> str:
    """Return what is missing for a proof, or nothing. No evidence at all is no proof."""
    missing = [_why_unproved(ctx, check, restored) for check in _watched(ctx)]
    if not missing:
        return "no signal could prove it"
    still = _answers_still(ctx, restored)
    if still:
        return still
    if any(missing):
        return next(why for why in missing if why)
    return "" if observations.is_healthy(ctx.service, ctx.policy, ctx.now) else "not every check is back to normal"


def _answers_still(ctx: StepContext, restored: float) -> str:
    """Return that the code which was rolled back from answers still, where answers name their version, or nothing."""
    suspect = next((one for one in ctx.service.deploys if one.id == ctx.incident.suspect), None)
    if suspect is None or suspect.code == ctx.incident.rollback.target_code:
        return ""
    since = max(restored, ctx.now - DRAINED_SECONDS)
    named = [one.name for one in ctx.service.checks.values() if served_versions.named_since(one, suspect, since)]
    return f"{', '.join(named)}: {suspect.id} answers still" if named else ""


def _why_unproved(ctx: StepContext, check: Check, restored: float) -> str:
    """Return why this check does not speak for recovery yet: not read since, stale, or too few good readings."""
    signal = ctx.service_policy.signal(check.name)
    assert signal is not None, "a watched check belongs to a signal"
    if check.last_at < restored:
        return f"{check.name} was not read since"
    if ctx.now - check.last_at > 2 * signal.every_seconds + signal.timeout_seconds:
        return f"{check.name} was last read {show_seconds(ctx.now - check.last_at)} ago"
    if check.kind == "sentry" and not any(count.start >= restored for count in check.counts):
        return f"{check.name}: no full minute since"
    good = sum(at >= restored and not failed for at, failed in check.recent)
    if check.kind in PROBES and good < PROBES_MIN:
        return f"{check.name}: only {good} good probes since"
    return ""


def _verified(ctx: StepContext, restored: float) -> None:
    silent = _silent_feeds(ctx, restored)
    unknown = [f"{name} still unknown: no full minute since" for name in silent]
    proof = "; ".join([*(_proof(check, restored) for check in _watched(ctx)), *unknown])
    ctx.update_rollback(verified_at=ctx.now, verification=proof, unproved=silent)
    ctx.note("VERIFIED", proof)
    close_incident.close(ctx, Outcome.VERIFIED, proof)


def _proof(check: Check, restored: float) -> str:
    outcomes = [failed for at, failed in check.recent if at >= restored]
    if check.kind not in PROBES:
        return f"{check.name}: nothing bad since"
    good = len(outcomes) - sum(outcomes)
    return f"{check.name}: {good} of {len(outcomes)} probes good since it was live"


def _silent_feeds(ctx: StepContext, restored: float) -> tuple[str, ...]:
    feeds = [check for check in ctx.service.checks.values() if check.kind == "sentry"]
    return tuple(check.name for check in feeds if not any(count.start >= restored for count in check.counts))


def resume(ctx: StepContext) -> None:
    """After a restart: follow or verify as before."""
    ctx.enter_phase(ctx.service.phase)
    ctx.emit(SetPace(ctx.name, ctx.service.pace_seconds))
    limits = ctx.policy.verification
    restored = ctx.incident.rollback.restored_at
    if restored is not None:
        ctx.wake_at(max(ctx.now, restored + proof_seconds(ctx)))
        ctx.wake_at(max(ctx.now, restored + proof_seconds(ctx) + PATIENCE_SECONDS))
    else:
        requested = ctx.incident.rollback.requested_at or ctx.now
        ctx.wake_at(max(ctx.now, requested + limits.late_seconds))
        ctx.wake_at(max(ctx.now, requested + limits.give_up_seconds))

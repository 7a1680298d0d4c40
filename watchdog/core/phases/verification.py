"""Verification: follow the rollback until it is live, then prove by fresh readings that the site recovered.

Rule 1: verification begins when the rollback is live; no earlier reading counts.
Rule 2: a rollback that did not help pages a human, and the daemon does nothing more.
Rule 3: one failed probe does not break a good stretch (one in a thousand fails by itself); two close together do.
Rule 4: only readings prove. A gap in the probes begins the stretch anew. A feed or list of events that cannot be read
proves nothing: where probes had failed, and are good again, they prove it, and the proof names what is unknown.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from watchdog.core import detect, note_text
from watchdog.core.assess import maintenance
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.core.detect import error_counts, intermittent, turned_away
from watchdog.core.fold import deploy_lists, lessons, observations, served_versions
from watchdog.core.phases import bad_commit_recurrence, close_incident, rollback_request
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import SetPace
from watchdog.domain.incidents import Outcome, Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.policy import PROBES, SignalPolicy
from watchdog.domain.readings import Unknown
from watchdog.domain.units import show_seconds

# Fewer good probes than this are no evidence, however long the stretch: a slow probe interval reads only a few.
PROBES_MIN = 5
DRAINED_SECONDS = 60.0
"""For this long no answer may have named the code that the rollback left: its instances drain meanwhile."""
PATIENCE_SECONDS = 120.0
"""How long, beyond the verification itself, the daemon waits for an unbroken good stretch."""
FEED = "sentry"
NONE: Mapping[str, str] = MappingProxyType({})


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
    seconds, overdue_at = proof_seconds(ctx), _overdue_at(ctx, ctx.now)
    ctx.update_rollback(expected_at=ctx.now + seconds, overdue_at=overdue_at)
    # Two wakes: the earliest proof, and the moment at which its absence is left to a human. Readings may not come.
    ctx.wake_at(ctx.now + seconds)
    ctx.wake_at(overdue_at)
    ctx.note("RESTORED", f"{deploy.id} live; verifying for {show_seconds(seconds)}")


def proof_seconds(ctx: StepContext) -> float:
    """Return the seconds of good readings that prove recovery.

    An intermittent outage may be in one of its pauses, and slowness takes its own time to show again: the stretch
    covers both, up to PAUSE_MAX_SECONDS.
    """
    waits = [max(intermittent.PAUSES * one.pause_seconds, one.unseen_seconds) for one in ctx.incident.findings]
    longest = min(max(waits, default=0.0), intermittent.PAUSE_MAX_SECONDS)
    return max(ctx.policy.verification.seconds, longest)


def _overdue_at(ctx: StepContext, restored: float) -> float:
    """Return when the absence of a proof is left to a human (UTC epoch seconds).

    Time spent blind or in a downtime does not use up the patience. A gap in the probes begins the stretch anew, but
    only within the first patience: probes that come and go would be waited for without end.
    """
    late = error_counts.LATE_SECONDS if _waits_for_feeds(ctx, restored) else 0.0
    patience, judged = proof_seconds(ctx) + PATIENCE_SECONDS + late, _judged_since(ctx, restored)
    return min(_unbroken_since(ctx, restored), judged + patience) + patience


def _waits_for_feeds(ctx: StepContext, restored: float) -> bool:
    """Return whether only a feed can prove it, which reports late: feeds alone failed, or one had a bad minute since.

    Instances of the old code that drain bring such a minute after a good rollback, too.
    """
    alone = {one.kind for one in ctx.incident.findings} == {FEED}
    return alone or any(check.kind == FEED and _broken_at(ctx, check) > restored for check in _watched(ctx))


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
    overdue_at, unknown = _overdue_at(ctx, restored), NONE
    rollback_request.expect_by(ctx, overdue_at)
    # Its errors may be read in hours only: that is no reason to take the rollback for one that did not help.
    if ctx.now >= overdue_at and _is_proved_by_probes(ctx):
        unknown = _unknown(ctx, restored)
    why = _unproved(ctx, restored, unknown)
    if findings:
        _left_to_human(ctx, f"the rollback did not help: {findings[0].text}; nothing more is tried")
    elif ctx.now - _good_since(ctx, restored) >= proof_seconds(ctx) and not why:
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


def _watched(ctx: StepContext) -> list[Check]:
    """Return the checks that must be good: the failed and the critical ones, or all if there are none."""
    failed = {finding.signal for finding in ctx.incident.findings}
    signals = [signal for signal in ctx.service_policy.signals if signal.critical or signal.name in failed]
    checks = ctx.service.checks
    return [checks.get(item.name, Check(item.name, item.kind)) for item in signals or ctx.service_policy.signals]


def _good_since(ctx: StepContext, restored: float) -> float:
    return max([_unbroken_since(ctx, restored), *(_broken_at(ctx, check) for check in _watched(ctx))])


def _broken_at(ctx: StepContext, check: Check) -> float:
    """Return when a failure last broke this check's good stretch (UTC epoch seconds; 0: never)."""
    # A feed is never bad as a whole: its minutes are.
    if check.kind == FEED:
        return error_counts.last_bad_at(check, _signal(ctx, check), ctx.policy.detection)
    # Probes have their own rule (rule 3); each crash report counts.
    return check.stumbled_at if check.kind in PROBES else check.last_bad_at or 0.0


def _unbroken_since(ctx: StepContext, restored: float) -> float:
    """Return since when readings count and the probes were read without a gap (UTC epoch seconds)."""
    return max([_judged_since(ctx, restored), *(check.interrupted_at for check in _watched(ctx))])


def _judged_since(ctx: StepContext, restored: float) -> float:
    """Return since when readings count: the rollback live, connectivity back, and a downtime over."""
    return max([restored, *(check.counts_from for check in _watched(ctx))])


def _is_proved_by_probes(ctx: StepContext) -> bool:
    """Return whether good probes show the recovery: some had failed, or no finding names what had."""
    return any(one.kind in PROBES for one in ctx.incident.findings or _watched(ctx))


def _unknown(ctx: StepContext, restored: float) -> Mapping[str, str]:
    """Return the feeds and lists of events that showed nothing bad since, and too little good: name and reason."""
    others = [check for check in _watched(ctx) if check.kind not in PROBES and _broken_at(ctx, check) <= restored]
    missing = {check.name: _why_unproved(ctx, check, restored) for check in others}
    return {name: why for name, why in missing.items() if why}


def _unproved(ctx: StepContext, restored: float, unknown: Mapping[str, str]) -> str:
    """Return the missing part of the proof, or "". No evidence at all is no proof; `unknown`: what it does without."""
    watched = [check for check in _watched(ctx) if check.name not in unknown]
    missing = {check.name: _why_unproved(ctx, check, restored) for check in watched}
    if not missing:
        return "no signal could prove it"
    still = _answers_still(ctx, restored)
    if still:
        return still
    if any(missing.values()):
        return next(f"{name}: {why}" for name, why in missing.items() if why)
    calm = observations.is_healthy(ctx.service, ctx.policy, ctx.now, seen=False)
    return "" if calm else "not every check is back to normal"


def _answers_still(ctx: StepContext, restored: float) -> str:
    """Return that the code which the rollback left still answers, where answers name their version; else ""."""
    suspect = next((one for one in ctx.service.deploys if one.id == ctx.incident.suspect), None)
    if suspect is None or suspect.code == ctx.incident.rollback.target_code:
        return ""
    since = max(restored, ctx.now - DRAINED_SECONDS)
    named = [one.name for one in ctx.service.checks.values() if served_versions.named_since(one, suspect, since)]
    return f"{', '.join(named)}: {suspect.id} answers still" if named else ""


def _signal(ctx: StepContext, check: Check) -> SignalPolicy:
    signal = ctx.service_policy.signal(check.name)
    assert signal is not None, "a watched check belongs to a signal"
    return signal


def _why_unproved(ctx: StepContext, check: Check, restored: float) -> str:
    """Return why this check proves no recovery yet (not read since, stale, too few good readings), or ""."""
    why = _feed_unproved(ctx, check, restored) if check.kind == FEED else _reads_unproved(ctx, check, restored)
    return f"{why} ({check.last.why})" if why and isinstance(check.last, Unknown) else why


def _feed_unproved(ctx: StepContext, check: Check, restored: float) -> str:
    # Whole minutes: that in which the rollback went live still has errors of the old code. As many as confirm a flood.
    broken_at, needed = _broken_at(ctx, check), max(ctx.policy.detection.feed_minutes, 1)
    minutes = sum(count.start >= max(restored, broken_at) for count in check.counts)
    if minutes < needed and broken_at > restored:
        return f"too many errors until {show_seconds(ctx.now - broken_at)} ago"
    if minutes < needed:
        return f"only {minutes} full minute{'s' if minutes > 1 else ''} since" if minutes else "no full minute since"
    return _too_old(ctx, check)


def _reads_unproved(ctx: StepContext, check: Check, restored: float) -> str:
    # An unknown reading is no evidence, however new it is.
    if check.seen_at < restored:
        return "not read since"
    good = sum(at >= restored and not failed for at, failed in check.recent)
    few = check.kind in PROBES and good < PROBES_MIN
    return _too_old(ctx, check) or (f"only {good} good probes since" if few else "")


def _too_old(ctx: StepContext, check: Check) -> str:
    """Return how old its evidence is, if it may be from before a new failure; else ""."""
    given = observations.conditions(ctx.service, check.name, ctx.policy, ctx.now)
    return "" if detect.is_seen(check, given) else f"last read {show_seconds(ctx.now - detect.seen_at(check))} ago"


def _verified(ctx: StepContext, restored: float, unknown: Mapping[str, str]) -> None:
    # A quiet feed does not delay the proof, but the proof must not claim it as good.
    unknown = {**dict.fromkeys(_silent_feeds(ctx, restored), "no full minute since"), **unknown}
    proved = [_proof(ctx, check, restored) for check in _watched(ctx) if check.name not in unknown]
    proof = "; ".join([*proved, *(f"{name} still unknown: {why}" for name, why in unknown.items())])
    ctx.update_rollback(verified_at=ctx.now, verification=proof, unproved=tuple(unknown))
    ctx.note("VERIFIED", proof)
    close_incident.close(ctx, Outcome.VERIFIED, proof)


def _proof(ctx: StepContext, check: Check, restored: float) -> str:
    outcomes = [failed for at, failed in check.recent if at >= restored]
    if check.kind not in PROBES:
        broken_at = _broken_at(ctx, check)
        when = "since" if broken_at <= restored else f"for {show_seconds(ctx.now - broken_at)}"
        return f"{check.name}: nothing bad {when}"
    good = len(outcomes) - sum(outcomes)
    return f"{check.name}: {good} of {len(outcomes)} probes good since it was live"


def _silent_feeds(ctx: StepContext, restored: float) -> tuple[str, ...]:
    feeds = [check for check in ctx.service.checks.values() if check.kind == "sentry"]
    return tuple(check.name for check in feeds if not any(count.start >= restored for count in check.counts))


def resume(ctx: StepContext) -> None:
    """Resume after a restart: follow or verify as before."""
    ctx.enter_phase(ctx.service.phase)
    ctx.emit(SetPace(ctx.name, ctx.service.pace_seconds))
    limits = ctx.policy.verification
    restored = ctx.incident.rollback.restored_at
    if restored is not None:
        ctx.wake_at(max(ctx.now, restored + proof_seconds(ctx)))
        ctx.wake_at(max(ctx.now, _overdue_at(ctx, restored)))
    else:
        requested = ctx.incident.rollback.requested_at or ctx.now
        ctx.wake_at(max(ctx.now, requested + limits.late_seconds))
        ctx.wake_at(max(ctx.now, requested + limits.give_up_seconds))

"""Proving: follow the rollback until it is live, then prove by fresh readings that the site recovered.

Rule 1: verification begins when the rollback is live; nothing read before counts.
Rule 2: when it did not help, a human is paged and nothing more is tried.
Rule 3: a good stretch is not broken by one failed probe (one in a thousand fails by itself), but by two close together.
"""

from watchdog.core.assess import maintenance
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import Turn
from watchdog.core.detect import intermittent, turned_away
from watchdog.core.fold import observations
from watchdog.core.phases import bad_commit_recurrence, close_incident, rollback_request
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import SetPace
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import PROBES
from watchdog.domain.units import show_seconds

PROBES_MIN = 5
PATIENCE_SECONDS = 120.0
"""How much longer than the verification itself we wait for an unbroken good stretch."""


def follow(turn: Turn) -> None:
    """Deploying: until the rollback is live, has failed, or takes too long."""
    deploy = _rollback(turn)
    if deploy is not None and deploy.is_live:
        _restored(turn, deploy)
        return
    if deploy is not None and not deploy.in_progress:
        why = f"the rollback {deploy.id} ended as {deploy.status}; nothing more is tried"
        rollback_request.hand_over(turn, why, restore=not deploy.was_live and not turn.incident.repinned)
        return
    waited = turn.now - (turn.incident.requested_at or turn.now)
    limits = turn.policy.verification
    if waited >= limits.give_up_seconds:
        rollback_request.hand_over(
            turn, f"the rollback is not live after {show_seconds(waited)}; nothing more is tried"
        )
    elif waited >= limits.late_seconds and not turn.incident.late_paged:
        turn.amend(late_paged=True)
        status = f" ({deploy.status})" if deploy is not None else ""
        line = f"The rollback {turn.incident.rollback_deploy} is not live after {show_seconds(waited)}{status}."
        turn.note("LATE", line)
        turn.tell(NoticeKind.HUMAN_NEEDED, close_incident.alarm_title(turn), (line,), wakes=True)


def _rollback(turn: Turn) -> Deploy | None:
    wanted = turn.incident.rollback_deploy
    return next((deploy for deploy in turn.service.deploys if deploy.id == wanted), None)


def _restored(turn: Turn, deploy: Deploy) -> None:
    """The rollback is live: clear what was seen before, and begin to verify."""
    turn.amend(restored_at=turn.now)
    turn.put(observations.forget(turn.service, turn.now))
    turn.enter(Phase.VERIFYING)
    seconds = proof_seconds(turn)
    turn.wake_at(turn.now + seconds)
    turn.wake_at(turn.now + seconds + PATIENCE_SECONDS)
    turn.note("RESTORED", f"{deploy.id} live; verifying for {show_seconds(seconds)}")


def proof_seconds(turn: Turn) -> float:
    """Return how long it must be good: what came and went may be in one of its pauses."""
    pause = max([finding.pause_seconds for finding in turn.incident.findings], default=0.0)
    longest = min(intermittent.PAUSES * pause, intermittent.PAUSE_MAX_SECONDS)
    return max(turn.policy.verification.seconds, longest)


def _found(turn: Turn) -> tuple[Finding, ...]:
    return observations.findings(turn.service, turn.policy, turn.now)


def verify(turn: Turn) -> None:
    """Verifying: proved, disproved, overtaken by somebody else, or not yet."""
    live = live_deploy(turn.service.deploys)
    if live is not None and live.id != turn.incident.rollback_deploy:
        what = bad_commit_recurrence.describe(live) if live.code in turn.state.denied else f"{live.id} is live"
        rollback_request.hand_over(turn, f"{what} instead of our rollback {turn.incident.rollback_deploy}")
        return
    _check_pin(turn)
    if turn.state.blind_since is not None:
        return
    if maintenance.hides(turn.service, turn.now):  # neither proof nor disproof: all its time begins anew afterwards
        turn.put(observations.forget(turn.service, turn.now))
        return
    restored = turn.incident.restored_at
    assert restored is not None
    findings = [one for one in _found(turn) if one.method != turned_away.METHOD]  # that says nothing of it
    waited = turn.now - restored
    seconds = proof_seconds(turn)
    if findings:
        rollback_request.hand_over(turn, f"the rollback did not help: {findings[0].text}; nothing more is tried")
    elif turn.now - _good_since(turn, restored) >= seconds and not _unproved(turn, restored):
        _verified(turn, restored)
    elif turn.now - _judged_since(turn, restored) >= seconds + PATIENCE_SECONDS:
        why = _unproved(turn, restored) or "no unbroken good stretch"
        rollback_request.hand_over(
            turn, f"not proved to be good {show_seconds(waited)} after the rollback was live: {why}"
        )


def _check_pin(turn: Turn) -> None:
    """A Blueprint sync switches auto-deploy on again behind our back."""
    facts = turn.service.facts
    if turn.incident.pinned and facts is not None and observations.auto_deploy_is_on(turn.service):
        line = f"Auto-deploy is {facts.auto_deploy} again (a Blueprint sync or a colleague): a merge may undo this."
        turn.amend(pinned=False, pin_note=f"switched back to {facts.auto_deploy} by somebody else")
        turn.note("HUMAN", line)
        turn.tell(NoticeKind.UPDATED, close_incident.alarm_title(turn), (line,), wakes=True)


def _watched(turn: Turn) -> list[Check]:
    """Return the checks that must be good: those that failed, and the critical ones; all, if there are none."""
    failed = {finding.signal for finding in turn.incident.findings}
    signals = [signal for signal in turn.wishes.signals if signal.critical or signal.name in failed]
    checks = turn.service.checks
    return [checks.get(item.name, Check(item.name, item.kind)) for item in signals or turn.wishes.signals]


def _good_since(turn: Turn, restored: float) -> float:
    return max([_judged_since(turn, restored), *(_broken_at(check) for check in _watched(turn))])


def _broken_at(check: Check) -> float:
    """Return when a good stretch of this check was last broken (0: never)."""
    return check.stumbled_at if check.kind in PROBES else check.last_bad_at or 0.0


def _judged_since(turn: Turn, restored: float) -> float:
    """Return since when readings count: since it was live, or since we were blind, or it was meant to be down."""
    return max([restored, *(check.counts_from for check in _watched(turn))])


def _unproved(turn: Turn, restored: float) -> str:
    """Return what is missing for a proof, or nothing. No evidence at all is no proof."""
    missing = [_why_unproved(turn, check, restored) for check in _watched(turn)]
    if not missing:
        return "no signal could prove it"
    if any(missing):
        return next(why for why in missing if why)
    return "" if observations.calm(turn.service, turn.policy, turn.now) else "not every check is back to normal"


def _why_unproved(turn: Turn, check: Check, restored: float) -> str:
    """Return why this check does not speak for recovery yet: not read since, stale, or too few good readings."""
    signal = turn.wishes.signal(check.name)
    assert signal is not None, "a watched check belongs to a signal"
    if check.last_at < restored:
        return f"{check.name} was not read since"
    if turn.now - check.last_at > 2 * signal.every_seconds + signal.timeout_seconds:
        return f"{check.name} was last read {show_seconds(turn.now - check.last_at)} ago"
    if check.kind == "sentry" and not any(count.start >= restored for count in check.counts):
        return f"{check.name}: no full minute since"
    good = sum(at >= restored and not failed for at, failed in check.recent)
    if check.kind in PROBES and good < PROBES_MIN:
        return f"{check.name}: only {good} good probes since"
    return ""


def _verified(turn: Turn, restored: float) -> None:
    proof = "; ".join([*(_proof(check, restored) for check in _watched(turn)), *_silent_feeds(turn, restored)])
    turn.amend(verified_at=turn.now, verification=proof)
    turn.note("VERIFIED", proof)
    close_incident.close(turn, "rolled back and verified", proof)


def _proof(check: Check, restored: float) -> str:
    outcomes = [failed for at, failed in check.recent if at >= restored]
    if check.kind not in PROBES:
        return f"{check.name}: nothing bad since"
    good = len(outcomes) - sum(outcomes)
    return f"{check.name}: {good} of {len(outcomes)} probes good since it was live"


def _silent_feeds(turn: Turn, restored: float) -> list[str]:
    feeds = [check for check in turn.service.checks.values() if check.kind == "sentry"]
    silent = [check.name for check in feeds if not any(count.start >= restored for count in check.counts)]
    return [f"{name} still unknown: no full minute since" for name in silent]


def resume(turn: Turn) -> None:
    """After a restart: follow or verify as before."""
    turn.enter(turn.service.phase)
    turn.emit(SetPace(turn.name, turn.service.pace_seconds))
    limits = turn.policy.verification
    restored = turn.incident.restored_at
    if restored is not None:
        turn.wake_at(max(turn.now, restored + proof_seconds(turn)))
        turn.wake_at(max(turn.now, restored + proof_seconds(turn) + PATIENCE_SECONDS))
    else:
        requested = turn.incident.requested_at or turn.now
        turn.wake_at(max(turn.now, requested + limits.late_seconds))
        turn.wake_at(max(turn.now, requested + limits.give_up_seconds))

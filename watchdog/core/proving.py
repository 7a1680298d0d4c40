"""Proving: follow the rollback until it is live, then prove by fresh readings that the site recovered.

Rule 1: verification begins when the rollback is live; nothing read before counts.
Rule 2: when it did not help, a human is paged and nothing more is tried.
"""

from dataclasses import replace

from watchdog.core import ending, perceive, sending
from watchdog.core.blame import live_deploy
from watchdog.core.turn import Turn
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import SetPace
from watchdog.domain.incidents import Check, Phase
from watchdog.domain.notices import NoticeKind
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
        sending.hand_over(turn, f"the rollback {deploy.id} ended as {deploy.status}; nothing more is tried")
        return
    waited = turn.now - (turn.incident.requested_at or turn.now)
    limits = turn.policy.verification
    if waited >= limits.give_up_seconds:
        sending.hand_over(turn, f"the rollback is not live after {show_seconds(waited)}; nothing more is tried")
    elif waited >= limits.late_seconds and not turn.incident.late_paged:
        turn.amend(late_paged=True)
        status = f" ({deploy.status})" if deploy is not None else ""
        line = f"The rollback {turn.incident.rollback_deploy} is not live after {show_seconds(waited)}{status}."
        turn.note("LATE", line)
        turn.tell(NoticeKind.HUMAN_NEEDED, ending.alarm_title(turn), (line,), wakes=True)


def _rollback(turn: Turn) -> Deploy | None:
    wanted = turn.incident.rollback_deploy
    return next((deploy for deploy in turn.service.deploys if deploy.id == wanted), None)


def _restored(turn: Turn, deploy: Deploy) -> None:
    """The rollback is live: clear what was seen before, and begin to verify."""
    turn.amend(restored_at=turn.now)
    turn.put(perceive.forget(turn.service))
    checks = {name: _only_after(check, turn.now) for name, check in turn.service.checks.items()}
    turn.change(checks=checks)
    turn.enter(Phase.VERIFYING)
    seconds = turn.policy.verification.seconds
    turn.wake_at(turn.now + seconds)
    turn.wake_at(turn.now + seconds + PATIENCE_SECONDS)
    turn.note("RESTORED", f"{deploy.id} live; verifying for {show_seconds(seconds)}")


def _only_after(check: Check, at: float) -> Check:
    """Keep a feed's history, but nothing that it may say of the time around the outage."""
    return replace(check, counts=tuple(count for count in check.counts if count.start + count.seconds <= at))


def verify(turn: Turn) -> None:
    """Verifying: proved, disproved, overtaken by somebody else, or not yet."""
    live = live_deploy(turn.service.deploys)
    if live is not None and live.id != turn.incident.rollback_deploy:
        sending.hand_over(turn, f"{live.id} is live instead of our rollback {turn.incident.rollback_deploy}")
        return
    _check_pin(turn)
    if turn.state.blind_since is not None:
        return
    restored = turn.incident.restored_at
    assert restored is not None
    findings = perceive.findings(turn.service, turn.policy, turn.now)
    waited = turn.now - restored
    seconds = turn.policy.verification.seconds
    if findings:
        sending.hand_over(turn, f"the rollback did not help: {findings[0].text}; nothing more is tried")
    elif turn.now - _good_since(turn, restored) >= seconds and _probed(turn, restored):
        _verified(turn, restored)
    elif waited >= seconds + PATIENCE_SECONDS:
        sending.hand_over(turn, f"not proved to be good {show_seconds(waited)} after the rollback was live")


def _check_pin(turn: Turn) -> None:
    """A Blueprint sync switches auto-deploy on again behind our back."""
    facts = turn.service.facts
    if turn.incident.pinned and facts is not None and facts.auto_deploy != "off":
        line = f"Auto-deploy is {facts.auto_deploy} again (a Blueprint sync or a colleague): a merge may undo this."
        turn.amend(pinned=False, pin_note=f"switched back to {facts.auto_deploy} by somebody else")
        turn.note("HUMAN", line)
        turn.tell(NoticeKind.UPDATED, ending.alarm_title(turn), (line,), wakes=True)


def _watched(turn: Turn) -> list[Check]:
    """Return the checks that must be good: those that failed, and the critical ones."""
    failed = {finding.signal for finding in turn.incident.findings}
    names = [signal.name for signal in turn.wishes.signals if signal.critical or signal.name in failed]
    return [turn.service.checks[name] for name in names if name in turn.service.checks]


def _good_since(turn: Turn, restored: float) -> float:
    bad = [check.last_bad_at for check in _watched(turn) if check.last_bad_at is not None]
    return max([restored, *bad])


def _probed(turn: Turn, restored: float) -> bool:
    """Tell whether every watched probe has been good often enough since then; feeds may still be silent."""
    probes = [check for check in _watched(turn) if check.kind in ("http", "latency")]
    enough = all(sum(at >= restored and not failed for at, failed in check.recent) >= PROBES_MIN for check in probes)
    return enough and perceive.calm(turn.service, turn.policy, turn.now)


def _verified(turn: Turn, restored: float) -> None:
    proof = "; ".join([*(_proof(check, restored) for check in _watched(turn)), *_silent_feeds(turn, restored)])
    turn.amend(verified_at=turn.now, verification=proof)
    turn.note("VERIFIED", proof)
    ending.close(turn, "rolled back and verified", proof)


def _proof(check: Check, restored: float) -> str:
    outcomes = [failed for at, failed in check.recent if at >= restored]
    if check.kind not in ("http", "latency"):
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
    requested, restored = turn.incident.requested_at, turn.incident.restored_at
    if restored is not None:
        turn.wake_at(max(turn.now, restored + limits.seconds))
        turn.wake_at(max(turn.now, restored + limits.seconds + PATIENCE_SECONDS))
    elif requested is not None:
        turn.wake_at(max(turn.now, requested + limits.late_seconds))
        turn.wake_at(max(turn.now, requested + limits.give_up_seconds))

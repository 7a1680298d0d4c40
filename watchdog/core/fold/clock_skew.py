"""Clock skew: clamp timestamps from a worker with a fast clock, when another worker takes its services up.

Rule: a recorded past moment cannot lie in the future. Left there, it would stop every wait that counts from it for as
long as the clocks differ. Future moments by design (a deadline, the end of a watch window) are left alone. When we
last changed production is left too, by a day at most: the clock that is slow may be the one that clamps, and a cooldown
that began an hour too early would be over too early; one that lasts an hour longer leaves it to people.
"""

from dataclasses import replace
from typing import Any, TypeVar

from watchdog.core import detect
from watchdog.core.fold import deploy_lists
from watchdog.domain.checks import Check, UsualErrors, UsualLatency
from watchdog.domain.deploys import Deploy, Downtime
from watchdog.domain.incident_parts import Escalation, Question, RollbackAttempt
from watchdog.domain.incidents import DeployWatch, Incident, ServiceState
from watchdog.domain.remedies.maintenance_mode import OwnMaintenance
from watchdog.domain.remedies.remedy import RemedyAttempt

OF_SERVICE = (
    "phase_since",
    "watching_since",
    "deploys_at",
    "record_lacked_at",
    "healthy_at",
    "closed_at",
    "flapping_since",
)
OF_INCIDENT = (
    "opened_at",
    "onset_at",
    "severity_since",
    "reconsidered_at",
    "closed_at",
)
OF_QUESTION = ("asked_at", "asked_anew_at", "approved_at")
"""Without `defaulted_at`: it is compared with the deadline, which stays and comes from the same clock."""
OF_ROLLBACK = ("requested_at", "refused_at", "blocked_since", "restored_at", "healed_at", "verified_at")
OF_REMEDY = ("requested_at", "done_at", "ended_at")
OF_ESCALATION = ("notified_at", "called_at", "acknowledged_at")
OF_RUN_DATED = ("run_started_at", "failing_since", "troubled_since", "last_bad_at")
OF_RUN = (*OF_RUN_DATED, "run_probes", "unseen_seconds", "last_why", "last_kind")
OF_DOWNTIME = ("since", "after", "ended_at")
AHEAD_SECONDS_MAX = 86_400.0
"""How far ahead a moment of ours may lie that begins a cooldown: a clock is an hour or a time zone off, not more."""
SLIGHT_SECONDS = 5.0
"""A run of failures goes on where the clock that dated it is fast by no more; else nothing of it can be placed."""
T = TypeVar(
    "T",
    Check,
    ServiceState,
    Incident,
    Question,
    RollbackAttempt,
    RemedyAttempt,
    Escalation,
    Deploy,
    DeployWatch,
    Downtime,
    UsualLatency,
    UsualErrors,
    OwnMaintenance,
)


def clamp_future_times(service: ServiceState, now: float) -> ServiceState:
    """Return the service with no remembered moment after `now` (UTC epoch seconds)."""
    service = _past(service, OF_SERVICE, now)
    incident = service.incident
    return replace(
        service,
        checks={name: _check(check, now) for name, check in service.checks.items()},
        # The other times of a deploy come from the platform's clock, not from the fast worker's.
        deploys=tuple(_past(deploy, ("update_seen_at",), now) for deploy in service.deploys),
        acted_at=tuple(min(at, now + AHEAD_SECONDS_MAX) for at in service.acted_at),
        remedied=tuple((name, min(at, now + AHEAD_SECONDS_MAX)) for name, at in service.remedied),
        opened_at=tuple(min(at, now) for at in service.opened_at),
        failed_from=tuple((signal, min(at, now)) for signal, at in service.failed_from),
        record_gap_notices=tuple((about, min(since, now)) for about, since in service.record_gap_notices),
        switch_visible_at=_settled_at(service, now),
        incident=None if incident is None else _incident(incident, now),
        trial=None if service.trial is None else _past(service.trial, ("live_at", "seen_at"), now),
        downtime=None if service.downtime is None else _past(service.downtime, OF_DOWNTIME, now),
        own_maintenance=None if service.own_maintenance is None else _maintenance(service.own_maintenance, now),
    )


def _maintenance(own: OwnMaintenance, now: float) -> OwnMaintenance:
    """Return it with no time ahead, and not on for longer than it was ordered for."""
    own = replace(own, until=own.until - max(0.0, own.asked_at - now))
    return _past(own, ("asked_at", "on_at", "off_asked_at", "off_at"), now)


def _settled_at(service: ServiceState, now: float) -> float:
    """Return from when on a list shows our last switch of auto-deploy: in the future by design, but no further than so.

    One that may still land is waited for anew: by another worker's clock its time may seem to be over already.
    """
    latest = now + deploy_lists.PIN_LANDS_SECONDS
    return latest if service.auto_deploy_off else min(service.switch_visible_at, latest)


def _incident(incident: Incident, now: float) -> Incident:
    decision = incident.decision
    if decision is not None and decision.at > now:
        incident = replace(incident, decision=replace(decision, at=now))
    return replace(
        _past(incident, OF_INCIDENT, now),
        question=_past(incident.question, OF_QUESTION, now),
        rollback=_past(incident.rollback, OF_ROLLBACK, now),
        remedies=tuple(_past(attempt, OF_REMEDY, now) for attempt in incident.remedies),
        escalation=_past(incident.escalation, OF_ESCALATION, now),
    )


def _check(check: Check, now: float) -> Check:
    """Return the check with clamped times; if it was read in the future, its statistics cannot be placed and go.

    A run of failures that was dated by a slightly fast clock goes on: by this clock it looks shorter, never longer.
    """
    if max(check.last_at, check.counts_from, check.usual.stepped_at, check.interrupted_at) <= now:
        return check
    dated = ("last_at", "seen_at", "healed_at", "restart_at", "outage_at", "slow_healed_at", "watched_from")
    # Versions out of their order could acquit the wrong deploy, so they are dropped.
    past = replace(check, served=(), **{name: min(getattr(check, name), now) for name in dated})
    past = replace(
        past,
        usual=_past(past.usual, ("stepped_at",), now),
        usual_errors=_past(past.usual_errors, ("learns_from",), now),
    )
    cleared = detect.forget(past, now)
    if check.run_started_at is None or check.last_at > now + SLIGHT_SECONDS:
        return cleared
    return replace(
        _past(replace(cleared, **{name: getattr(check, name) for name in OF_RUN}), OF_RUN_DATED, now),
        recent=tuple((min(at, now), failed) for at, failed in check.recent),
        not_curable=tuple((min(at, now), kind) for at, kind in check.not_curable),
        counts_from=min(check.counts_from, now),
    )


def _past(what: T, names: tuple[str, ...], now: float) -> T:
    late: dict[str, Any] = {name: now for name in names if (getattr(what, name) or 0.0) > now}
    return replace(what, **late) if late else what

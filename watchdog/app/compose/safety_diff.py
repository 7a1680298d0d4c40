"""Which changes of a configuration loosen safety: more could be done to production, sooner, on less or other evidence,
or a site that fails could go unseen.

Rule 1: every figure has a safe direction, one line in SAFE; a change the other way needs a restart, which a human does
on purpose, and a reload by mistake does not.
Rule 2: what has no line may neither change nor go while we run, and nothing may come but what stands in SAFE_WHEN_NEW:
what is not known to hold back more is taken to hold back less.
Rule 3: a service that we only observe cannot be loosened, unless one that we may change relies on it. Who relies on
whom concerns them all: it makes groups of failures, which the brakes count.
"""

import math
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from watchdog.app.compose.config_diff import ABSENT, Change, differences, line
from watchdog.domain.policy import Action, Mode, Policy, Severity, Then
from watchdog.settings import Settings
from watchdog.settings.rules.severity_policy import ASKS

ORDERS: tuple[tuple[object, ...], ...] = (
    (Mode.OBSERVE, Mode.ASSIST, Mode.AUTONOMOUS),
    (Action.NOTE, (Action.TICKET, Action.TELL), Action.SCHEDULE, Action.ASK, Action.ROLLBACK),
    (Then.ESCALATE, Then.NOTHING, Then.ROLLBACK),
    (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL),
)
"""Words in the order of what they let us do; those in one tuple let us do the same.

To schedule lets us do less than to ask: it takes the same yes, and what it allows comes later, on newer evidence.
"""


class May(Enum):
    """How a value may change while we run."""

    GROW = auto()
    SHRINK = auto()
    CHANGE = auto()


SAFE: Mapping[str, May] = {
    "services.*.platform_id": May.CHANGE,  # reload.py judges it
    "services.*.mode": May.SHRINK,
    "services.*.veto_seconds": May.GROW,
    "services.*.rollback_safe": May.SHRINK,
    "services.*.signals.*.critical": May.SHRINK,
    "services.*.signals.*.every_seconds": May.SHRINK,
    "services.*.signals.*.timeout_seconds": May.GROW,
    "services.*.signals.*.max_latency": May.GROW,
    "services.*.signals.*.limits_seconds.*": May.GROW,
    "services.*.signals.*.times_baseline": May.GROW,
    "services.*.signals.*.window_seconds": May.GROW,
    "services.*.signals.*.limit_per_minute": May.GROW,
    "matrix.*.do": May.SHRINK,
    "matrix.*.within_seconds": May.CHANGE,  # unless it is acted on then: see _allowed
    "matrix.*.remind_seconds": May.CHANGE,
    "matrix.*.then": May.SHRINK,
    "matrix.*.approver.answers_as.*": May.CHANGE,  # it may go, and may not come
    "escalation.*.after_seconds": May.SHRINK,
    "ack_holds_seconds": May.SHRINK,
    "services.*.title": May.CHANGE,
    "services.*.objective": May.CHANGE,  # it is shown, and decides nothing
    "stakeholders.*.name": May.CHANGE,  # who reads in plain words decides nothing, and wakes nobody
    "stakeholders.*.channels.*": May.CHANGE,
    "stakeholders.*.services.*": May.CHANGE,
    "stakeholders.*.severity": May.CHANGE,
    "stakeholders.*.zone": May.CHANGE,
    "good_news.*": May.CHANGE,  # news ask nothing of anybody
    "digest": May.CHANGE,
    "digest.every.day": May.CHANGE,
    "digest.every.minute": May.CHANGE,
    "digest.every.zone": May.CHANGE,
    "digest.channels.*": May.CHANGE,
    "budget.per_service_per_day": May.SHRINK,
    "budget.per_fleet_per_10m": May.SHRINK,
    "budget.cooldown_seconds": May.GROW,
    "pace.idle_seconds": May.SHRINK,
    "pace.watch_seconds": May.SHRINK,
    "pace.suspect_seconds": May.SHRINK,
    "pace.suspect_in_watch_seconds": May.SHRINK,
    "pace.watch_window_seconds": May.SHRINK,
    "detection.run_seconds": May.GROW,
    "detection.run_seconds_in_watch": May.GROW,
    "detection.run_seconds_corroborated": May.GROW,
    "detection.run_probes_min": May.GROW,
    "detection.cusum_limit": May.GROW,
    "detection.cusum_limit_in_watch": May.GROW,
    "detection.critical_share": May.GROW,
    "detection.latency_hold_seconds": May.GROW,
    "detection.latency_samples_min": May.GROW,
    "detection.feed_events_min": May.GROW,
    "detection.feed_ratio": May.GROW,
    "detection.feed_minutes": May.GROW,
    "detection.feed_alpha": May.SHRINK,
    "detection.crashes_min": May.GROW,
    "detection.crashes_window_seconds": May.SHRINK,
    "detection.fresh_seconds": May.SHRINK,
    "detection.control_seconds": May.SHRINK,
    "blame.bad_deploy_share": May.SHRINK,
    "blame.other_incidents_per_month": May.GROW,
    "blame.upstream_failing": May.SHRINK,
    "blame.peers_failing": May.SHRINK,
    "blame.new_errors_in_release": May.SHRINK,
    "blame.platform_reports_crash": May.SHRINK,
    "blame.same_fault_before": May.SHRINK,
    "blame.floor": May.GROW,
    "blame.ask_floor": May.GROW,
    "blame.cost_false_rollback_minutes": May.GROW,
    "blame.human_minutes": May.SHRINK,
    "blame.rollback_minutes": May.GROW,
    "verification.seconds": May.GROW,
    "verification.good_live_seconds": May.GROW,
    "verification.good_record_seconds": May.GROW,
}
"""Path in the policy, or of a signal's option (`*`: any name), to how it may change."""

SAFE_WHEN_NEW = (
    "matrix.*.tell.",
    "matrix.*.approver.channels.",
    "alerts.",
    "escalation.",
    "stakeholders.",
    "action_holds.",
    "good_news.",
    "digest",
    "vendors.",
    "vendor_status.",
    "dependencies.",
)
"""More people are told; a status page, or what a service depends on, can only explain an incident or hold back."""


def changes(old: Settings, new: Settings) -> tuple[str, ...]:
    """Return every difference as `path: old -> new`."""
    return tuple(line(change) for _, change in differences(old, new))


def loosened(old: Settings, new: Settings) -> tuple[str, ...]:
    """Return the differences that loosen safety, or may, as `path: old -> new`."""
    policies = (old.policy, new.policy)
    return tuple(line(change) for pattern, change in differences(old, new) if _loosens(pattern, change, policies))


def _loosens(pattern: str, change: Change, policies: tuple[Policy, Policy]) -> bool:
    path, was, now = change
    if not _matters(pattern, path, policies):
        return False
    if was is ABSENT:
        return not pattern.startswith(SAFE_WHEN_NEW)
    allowed = _allowed(pattern, path, policies[1])
    if allowed is None or now is ABSENT:
        return allowed is None
    if allowed is May.CHANGE or (pattern == "services.*.signals.*.every_seconds" and now == policies[1].calm_seconds):
        return False  # a service more stretches the pace of all calm reads: see settings.read_calmly
    grown = _rank(now) > _rank(was)
    return grown if allowed is May.SHRINK else not grown


def _allowed(pattern: str, path: str, policy: Policy) -> May | None:
    """Return how a value may change; a deadline at which it is rolled back may only come later."""
    if pattern == "matrix.*.within_seconds" and policy.matrix[Severity(path.split(".")[1])].then is Then.ROLLBACK:
        return May.GROW
    return SAFE.get(pattern)


def _matters(pattern: str, path: str, policies: tuple[Policy, Policy]) -> bool:
    """Tell whether anything that we may change hangs on it; a veto counts where nobody else is asked."""
    if pattern.startswith(("matrix.*.approver", "matrix.*.window")):
        return _holds_back_still(pattern, path, policies)
    if not pattern.startswith("services.*."):
        return True
    trusted = [one for policy in policies for one in policy.services.values() if one.mode is not Mode.OBSERVE]
    if pattern.startswith("services.*.depends_on."):
        return bool(trusted)
    name = path.split(".")[1]
    if pattern == "services.*.veto_seconds":
        return any(one.name == name and one.mode is Mode.AUTONOMOUS for one in policies[1].services.values())
    return any(name == one.name or name in one.depends_on for one in trusted)


def _holds_back_still(pattern: str, path: str, policies: tuple[Policy, Policy]) -> bool:
    """Tell whether there was an approver before of what is asked still, or a window of what is scheduled still.

    Else a new one only holds back, and what becomes of an old one shows in `do`. That there is none is not compared:
    what there is, or was, has a name.
    """
    before, after = (policy.matrix[Severity(path.split(".")[1])] for policy in policies)
    if pattern in ("matrix.*.approver", "matrix.*.window"):
        return False
    if pattern.startswith("matrix.*.approver."):
        return before.approver is not None and after.do in ASKS
    return before.window is not None and after.window is not None


def _rank(value: Any) -> float:
    """Order words by their order, figures by size; None is a limit that is never reached."""
    if isinstance(value, (int, float)):
        return float(value)
    ranks = (
        float(rank)
        for order in ORDERS
        for rank, words in enumerate(order)
        if value in (words if isinstance(words, tuple) else (words,))
    )
    return next(ranks, math.inf)

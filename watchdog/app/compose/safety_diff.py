"""Changes of a configuration that loosen safety: more actions, sooner, on less or other evidence, or failures unseen.

Rule 1: every figure has a safe direction, one line in SAFE. A change in the other direction needs a restart, since a
person restarts on purpose, while a reload may be a mistake.
Rule 2: a value without a line may neither change nor go at run time, and only those in SAFE_WHEN_NEW may come. A value
not known to be safer counts as less safe.
Rule 3: a service in mode observe cannot be loosened, unless a service that we may change depends on it. Dependencies
concern all services: they group failures, which the budgets count.
"""

import math
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from watchdog.app.compose.config_diff import ABSENT, Change, differences, line
from watchdog.domain.policy import Action, Mode, Policy, Then
from watchdog.domain.severity import Severity
from watchdog.settings import Settings
from watchdog.settings.rules.severity_policy import ASKS

ORDERS: tuple[tuple[object, ...], ...] = (
    (Mode.OBSERVE, Mode.ASSIST, Mode.AUTONOMOUS),
    (Action.NOTE, (Action.TICKET, Action.TELL), Action.SCHEDULE, Action.ASK, Action.ROLLBACK),
    (Then.ESCALATE, Then.NOTHING, Then.ROLLBACK),
    (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL),
)
"""Words ordered by the actions they permit, least first; those in one tuple permit the same.

Scheduling permits less than asking: it needs the same approval, and the rollback comes later, on newer evidence.
"""


class AllowedChange(Enum):
    """The safe direction of a value at run time."""

    GROW = auto()
    SHRINK = auto()
    CHANGE = auto()


SAFE: Mapping[str, AllowedChange] = {
    # reload.py compares it: another id is another service.
    "services.*.platform_id": AllowedChange.CHANGE,
    "services.*.mode": AllowedChange.SHRINK,
    "services.*.veto_seconds": AllowedChange.GROW,
    "services.*.rollback_safe": AllowedChange.SHRINK,
    "services.*.redeploy_commit": AllowedChange.SHRINK,
    "services.*.signals.*.critical": AllowedChange.SHRINK,
    "services.*.signals.*.every_seconds": AllowedChange.SHRINK,
    "services.*.signals.*.timeout_seconds": AllowedChange.GROW,
    "services.*.signals.*.max_latency": AllowedChange.GROW,
    "services.*.signals.*.limits_seconds.*": AllowedChange.GROW,
    "services.*.signals.*.times_baseline": AllowedChange.GROW,
    "services.*.signals.*.window_seconds": AllowedChange.GROW,
    "services.*.signals.*.limit_per_minute": AllowedChange.GROW,
    "matrix.*.do": AllowedChange.SHRINK,
    # Allowed, unless the deadline ends in a rollback: see `_allowed`.
    "matrix.*.within_seconds": AllowedChange.CHANGE,
    "matrix.*.remind_seconds": AllowedChange.CHANGE,
    "matrix.*.then": AllowedChange.SHRINK,
    # An identity may be removed, and none may be added.
    "matrix.*.approver.answers_as.*": AllowedChange.CHANGE,
    "escalation.*.after_seconds": AllowedChange.SHRINK,
    "ack_holds_seconds": AllowedChange.SHRINK,
    "services.*.title": AllowedChange.CHANGE,
    # The objective and the tags are only shown; no decision reads them.
    "services.*.objective": AllowedChange.CHANGE,
    "services.*.tags.*": AllowedChange.CHANGE,
    # Only linked; which page is read is judged by its own address.
    "vendors.*.page": AllowedChange.CHANGE,
    # Stakeholders take no decisions, and their channels do not page.
    "stakeholders.*.name": AllowedChange.CHANGE,
    "stakeholders.*.channels.*": AllowedChange.CHANGE,
    "stakeholders.*.services.*": AllowedChange.CHANGE,
    "stakeholders.*.severity": AllowedChange.CHANGE,
    "stakeholders.*.zone": AllowedChange.CHANGE,
    # Informational notices only.
    "good_news.*": AllowedChange.CHANGE,
    "announcements.*": AllowedChange.CHANGE,
    "console_url": AllowedChange.CHANGE,
    "digest": AllowedChange.CHANGE,
    "digest.every.day": AllowedChange.CHANGE,
    "digest.every.minute": AllowedChange.CHANGE,
    "digest.every.zone": AllowedChange.CHANGE,
    "digest.channels.*": AllowedChange.CHANGE,
    "budget.per_service_per_day": AllowedChange.SHRINK,
    "budget.per_fleet_per_10m": AllowedChange.SHRINK,
    "budget.cooldown_seconds": AllowedChange.GROW,
    "pace.idle_seconds": AllowedChange.SHRINK,
    "pace.watch_seconds": AllowedChange.SHRINK,
    "pace.suspect_seconds": AllowedChange.SHRINK,
    "pace.suspect_in_watch_seconds": AllowedChange.SHRINK,
    "pace.watch_window_seconds": AllowedChange.SHRINK,
    "detection.run_seconds": AllowedChange.GROW,
    "detection.run_seconds_in_watch": AllowedChange.GROW,
    "detection.run_seconds_restart_max": AllowedChange.GROW,
    "detection.run_seconds_corroborated": AllowedChange.GROW,
    "detection.run_probes_min": AllowedChange.GROW,
    "detection.cusum_limit": AllowedChange.GROW,
    "detection.cusum_limit_in_watch": AllowedChange.GROW,
    "detection.critical_share": AllowedChange.GROW,
    "detection.latency_hold_seconds": AllowedChange.GROW,
    "detection.latency_samples_min": AllowedChange.GROW,
    "detection.feed_events_min": AllowedChange.GROW,
    "detection.feed_ratio": AllowedChange.GROW,
    "detection.feed_minutes": AllowedChange.GROW,
    # A significance level: a smaller one asks for more evidence.
    "detection.feed_alpha": AllowedChange.SHRINK,
    "detection.crashes_min": AllowedChange.GROW,
    # Crashes must come within this time: a shorter one asks for a denser series.
    "detection.crashes_window_seconds": AllowedChange.SHRINK,
    "detection.fresh_seconds": AllowedChange.SHRINK,
    "detection.control_seconds": AllowedChange.SHRINK,
    "blame.bad_deploy_share": AllowedChange.SHRINK,
    "blame.other_incidents_per_month": AllowedChange.GROW,
    "blame.upstream_failing": AllowedChange.SHRINK,
    "blame.peers_failing": AllowedChange.SHRINK,
    "blame.new_errors_in_release": AllowedChange.SHRINK,
    "blame.platform_reports_crash": AllowedChange.SHRINK,
    "blame.same_fault_before": AllowedChange.SHRINK,
    "blame.floor": AllowedChange.GROW,
    "blame.ask_floor": AllowedChange.GROW,
    "blame.cost_false_rollback_minutes": AllowedChange.GROW,
    "blame.cost_false_question_minutes": AllowedChange.GROW,
    "blame.answer_minutes": AllowedChange.GROW,
    # The cost of waiting for a person: the smaller it is, the surer an action must be to pay off.
    "blame.human_minutes": AllowedChange.SHRINK,
    "blame.rollback_minutes": AllowedChange.GROW,
    "verification.seconds": AllowedChange.GROW,
    "verification.good_live_seconds": AllowedChange.GROW,
    "verification.good_record_seconds": AllowedChange.GROW,
}
"""Path in the policy, or of a signal's option (`*`: any name), to its safe direction."""

SAFE_WHEN_NEW = (
    "matrix.*.tell.",
    "matrix.*.approver.channels.",
    "alerts.",
    "escalation.",
    "pagers.",
    "stakeholders.",
    "action_holds.",
    "good_news.",
    "announcements.",
    "digest",
    "vendors.",
    "vendor_status.",
    "dependencies.",
    "services.*.tags.",
    "services.*.migrations.paths.",
)
"""More people are notified; a status page, or a dependency, can only explain an incident or hold an action back; a tag
is only shown; with a further pattern of migrations more is asked about."""


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
    # Judged by the new policy: a deadline matters only if it leads to a rollback from now on.
    allowed = _allowed(pattern, path, policies[1])
    if allowed is None or now is ABSENT:
        return allowed is None
    if allowed is AllowedChange.CHANGE or (
        pattern == "services.*.signals.*.every_seconds" and now == policies[1].calm_seconds
    ):
        # One more service slows the calm reads of all: see settings.read_calmly.
        return False
    grown = _rank(now) > _rank(was)
    return grown if allowed is AllowedChange.SHRINK else not grown


def _allowed(pattern: str, path: str, policy: Policy) -> AllowedChange | None:
    """Return how a value may change; a deadline that ends in a rollback may only come later."""
    if pattern == "matrix.*.within_seconds" and policy.matrix[Severity(path.split(".")[1])].then is Then.ROLLBACK:
        return AllowedChange.GROW
    return SAFE.get(pattern)


def _matters(pattern: str, path: str, policies: tuple[Policy, Policy]) -> bool:
    """Return whether the value affects a service that we may change; a veto counts only in mode autonomous."""
    if pattern.startswith(("matrix.*.approver", "matrix.*.window")):
        return _holds_back_still(pattern, path, policies)
    if pattern.startswith("escalation."):
        return not _first_named(policies)
    if not pattern.startswith("services.*."):
        return True
    trusted = [one for policy in policies for one in policy.services.values() if one.mode is not Mode.OBSERVE]
    if pattern.startswith("services.*.depends_on."):
        return bool(trusted)
    name = path.split(".")[1]
    if pattern == "services.*.veto_seconds":
        return any(one.name == name and one.mode is Mode.AUTONOMOUS for one in policies[1].services.values())
    # A dependency's signals count as well: they explain, and so hold back, an action on the service above it.
    return any(name == one.name or name in one.depends_on for one in trusted)


def _first_named(policies: tuple[Policy, Policy]) -> bool:
    """Return whether contacts are named where those who were paged were only paged again, and are called as soon."""
    before, after = (policy.escalation for policy in policies)
    # That step is the only one, and unwritten.
    again = bool(before) and before[0].calls_everyone
    return again and bool(after) and after[0].after_seconds <= before[0].after_seconds


def _holds_back_still(pattern: str, path: str, policies: tuple[Policy, Policy]) -> bool:
    """Return whether an approver, or a window, existed before and still applies.

    If none existed, a new one only holds back; if it no longer applies, the change of `do` shows it. The entry itself
    is not compared: its name is.
    """
    before, after = (policy.matrix[Severity(path.split(".")[1])] for policy in policies)
    if pattern in ("matrix.*.approver", "matrix.*.window"):
        return False
    if pattern.startswith("matrix.*.approver."):
        return before.approver is not None and after.do in ASKS
    return before.window is not None and after.window is not None


def _rank(value: Any) -> float:
    """Return the rank of a word in its order, or a figure itself; None is a limit that is never reached."""
    if isinstance(value, (int, float)):
        return float(value)
    ranks = (
        float(rank)
        for order in ORDERS
        for rank, words in enumerate(order)
        if value in (words if isinstance(words, tuple) else (words,))
    )
    return next(ranks, math.inf)

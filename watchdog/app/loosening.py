"""Which changes of a policy loosen safety: more could be done to production, sooner, or on less evidence.

Rule 1: every figure has a safe direction, one line in SAFE; a change the other way needs a restart, which a human does
on purpose, and a reload by mistake does not.
Rule 2: what has no line may not change at all while we run; what is new loosens nothing.
Rule 3: a service that we only observe cannot be loosened.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import Any

from watchdog.domain.policy import Action, Mode, Policy, Severity

ORDERS: tuple[tuple[object, ...], ...] = (
    (Mode.OBSERVE, Mode.ASSIST, Mode.AUTONOMOUS),
    (Action.NOTE, Action.TELL, Action.ASK, Action.ROLLBACK),
    (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL),
)


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
    "services.*.signals.*.limits_seconds.*": May.GROW,
    "services.*.signals.*.times_baseline": May.GROW,
    "services.*.signals.*.window_seconds": May.GROW,
    "services.*.signals.*.limit_per_minute": May.GROW,
    "matrix.*.do": May.SHRINK,
    "matrix.*.within_seconds": May.CHANGE,
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
    "blame.cost_false_rollback_minutes": May.GROW,
    "blame.human_minutes": May.SHRINK,
    "blame.rollback_minutes": May.GROW,
    "verification.seconds": May.GROW,
    "verification.good_live_seconds": May.GROW,
    "verification.good_record_seconds": May.GROW,
}
"""Path in the policy (`*`: any name) to how it may change."""

_ABSENT = object()
_Change = tuple[str, Any, Any]


def changes(old: Policy, new: Policy) -> tuple[str, ...]:
    """Return every difference as `path: old -> new`."""
    return tuple(_line(change) for _, change in _changes(old, new))


def loosened(old: Policy, new: Policy) -> tuple[str, ...]:
    """Return the differences that loosen safety, as `path: old -> new`."""
    return tuple(_line(change) for pattern, change in _changes(old, new) if _loosens(pattern, change, new))


def _loosens(pattern: str, change: _Change, new: Policy) -> bool:
    path, was, now = change
    if was is _ABSENT or not _matters(pattern, path, new):
        return False
    allowed = SAFE.get(pattern)
    if allowed is None or now is _ABSENT:
        return allowed is None
    if allowed is May.CHANGE:
        return False
    grown = _rank(now) > _rank(was)
    return grown if allowed is May.SHRINK else not grown


def _matters(pattern: str, path: str, new: Policy) -> bool:
    """A service that is gone or only observed has nothing to loosen; a veto counts where nobody else is asked."""
    if not pattern.startswith("services.*."):
        return True
    service = new.services.get(path.split(".")[1])
    if service is None or service.mode is Mode.OBSERVE:
        return False
    return pattern != "services.*.veto_seconds" or service.mode is Mode.AUTONOMOUS


def _rank(value: Any) -> float:
    """Order words by their order, figures by size; None is a limit that is never reached."""
    if isinstance(value, (int, float)):
        return float(value)
    return next((float(order.index(value)) for order in ORDERS if value in order), math.inf)


def _changes(old: Policy, new: Policy) -> Iterator[tuple[str, _Change]]:
    before, after = dict(_leaves(old)), dict(_leaves(new))
    for (pattern, path), value in before.items():
        now = after.get((pattern, path), _ABSENT)
        if now is _ABSENT or now != value:
            yield pattern, (path, value, now)
    for (pattern, path), value in after.items():
        if (pattern, path) not in before:
            yield pattern, (path, _ABSENT, value)


def _leaves(value: Any, pattern: str = "", path: str = "") -> Iterator[tuple[tuple[str, str], Any]]:
    """Yield every figure and word of a policy with its pattern and its path; what is in a list is listed by name.

    An address is named without its query, which may hold a key.
    """
    if dataclasses.is_dataclass(value):
        inner = [(field.name, field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    elif isinstance(value, Mapping):
        inner = [("*", str(key), each) for key, each in value.items()]
    elif isinstance(value, tuple):
        inner = [_listed(each) for each in value]
    else:
        yield (pattern, path), value
        return
    for name, key, each in inner:
        yield from _leaves(each, f"{pattern}.{name}".lstrip("."), f"{path}.{key}".lstrip("."))


def _listed(item: Any) -> tuple[str, str, Any]:
    name = getattr(item, "name", None)
    return ("*", str(item).partition("?")[0], "listed") if name is None else ("*", name, item)


def _line(change: _Change) -> str:
    path, was, now = change
    return f"{path}: {_word(was)} -> {_word(now)}"


def _word(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    return f"{value:g}" if isinstance(value, float) else str(value)

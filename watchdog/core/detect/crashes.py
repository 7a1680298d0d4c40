"""Crash reports of the platform itself: crashes, out-of-memory kills, failed health checks, failed runs.

Theory. A single crash is part of life, and the platform restarts what crashed; so the check fails only after
`crashes_min` reports within a window. Reports come late and count by the time that they state. It is the only signal of
a service without a URL; for the others it is a second witness of a probe's suspicion.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.readings import Bad
from watchdog.domain.units import show_seconds

if TYPE_CHECKING:
    from watchdog.core.detect import Conditions

CRASHES_MAX = 50
SETTLED_SECONDS = 60.0
"""This long without a report, the check is calm again unless a loop goes on."""


def observe(check: Check, event: Observed, signal: SignalPolicy, limits: Detection) -> dict[str, Any]:
    """Return the changed field after a reading: the reported failures of the window."""
    if not check.crashes and not isinstance(event.reading, Bad):
        return {}
    at = event.happened_at if event.happened_at is not None else event.at
    kept = tuple(item for item in check.crashes if item[0] > event.at - limits.crashes_window_seconds)
    # Render reports events late: one from before the statistics were cleared must not count after all.
    if isinstance(event.reading, Bad) and at >= check.counts_from:
        kept = (*kept, (at, event.reading.why))[-CRASHES_MAX:]
    return {"crashes": kept}


def _recent(check: Check, given: "Conditions") -> list[tuple[float, str]]:
    return [item for item in check.crashes if item[0] > given.now - given.limits.crashes_window_seconds]


def find(check: Check, given: "Conditions") -> Finding | None:
    """Return a crash loop: enough failures within the window."""
    recent = _recent(check, given)
    if len(recent) < given.limits.crashes_min:
        return None
    window = show_seconds(given.limits.crashes_window_seconds)
    text = f"{len(recent)} failures in {window} (limit {given.limits.crashes_min}): {recent[-1][1]}"
    # A crash loop has no share of requests (0): blame then goes by its floor alone.
    return Finding(
        check.name,
        check.kind,
        "crashes",
        _began(sorted(at for at, _ in recent), given.limits.crashes_min),
        0.0,
        text,
        "crash",
        symptom=f"{len(recent)} in {window}",
    )


def _began(reports: Sequence[float], enough: int) -> float:
    """Return the onset of a loop: its oldest report, unless that one stands alone.

    It does where a pause follows in which the check was calm, and which is longer than those between the next reports,
    as many as make a loop: the crash of a quieter time does not date the loop. The platform restarts what crashes
    later each time, so pauses after these say nothing. Blame weighs it all the same (assess/other_causes.py).
    """
    pauses = [later - earlier for earlier, later in pairwise(reports[: enough + 1])]
    alone = len(pauses) > 1 and pauses[0] > max(SETTLED_SECONDS, *pauses[1:])
    return reports[1] if alone else reports[0]


def reported_since(checks: Iterable[Check], since: float) -> list[tuple[float, str]]:
    """Return the reports of failures since a moment, as from the first traffic of a deploy: of earlier ones the code
    before it is the cause.
    """
    reporting = [check for check in checks if check.kind == "render_events"]
    return [(at, text) for check in reporting for at, text in check.crashes if at >= since]


def suspicious(check: Check, given: "Conditions") -> bool:
    """Return whether a failure was reported in the last minute."""
    return any(at > given.now - SETTLED_SECONDS for at, _ in check.crashes)


def calm(check: Check, given: "Conditions") -> bool:
    """Return whether no failure was reported in the last minute, and no crash loop goes on."""
    return not suspicious(check, given) and find(check, given) is None

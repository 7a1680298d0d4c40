"""The signals of staging since it carries the commit: each good now, and hardly ever failing. Pure.

A signal counts by the share of its watched time that failed. Some blips are usual on every site, so a small share is
allowed (`gate.failing`); a longer failure is an incident, which refuses by itself.
"""

from collections.abc import Sequence

from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad
from watchdog.domain.store_records import Minute
from watchdog.domain.units import show_seconds
from watchdog.presentation.gate.gate_case import (
    GateCase,
    evidence_at,
    not_known,
    passed,
    reading_stale_seconds,
    refused,
    staged_since,
)
from watchdog.presentation.gate.gate_rules import GateReason, GateVerdict
from watchdog.presentation.text import percent

NAME = "staging signals"
SEEN_MIN = 0.9
"""The share of the time in which a signal must have been judged: less is no proof of health."""
MINUTE_SECONDS = 60.0
NEWEST_SECONDS = 150.0
"""The newest minutes are not in the store yet."""


def staging_signals(case: GateCase) -> GateReason:
    """Every signal of staging is good now, and was good all the time that staging carries the commit."""
    since, known, service = staged_since(case), case.staging, case.staging_policy
    if since is None or known is None or service is None:
        return not_known(NAME, "it is not known since when staging carries the commit")
    if not service.signals:
        return not_known(NAME, f"{service.name} has no signal")
    since = max(since, known.watching_since)
    found = [_of(signal, case, since) for signal in service.signals]
    # What fails says more than what could not be read.
    wrong = sorted(filter(None, found), key=lambda one: one.verdict is not GateVerdict.REFUSED)
    if wrong:
        return wrong[0]
    return passed(NAME, f"{', '.join(signal.name for signal in service.signals)}: good now, and all that time")


def _of(signal: SignalPolicy, case: GateCase, since: float) -> GateReason | None:
    """Return what is wrong with one signal, or None."""
    check = case.staging.checks.get(signal.name) if case.staging is not None else None
    if check is not None and isinstance(check.last, Bad):
        return refused(NAME, f"{signal.name} fails: {check.last.why}")
    if check is None or case.now - evidence_at(check) > reading_stale_seconds(signal):
        return not_known(NAME, f"{signal.name} was not read lately")
    rows = [row for row in case.minutes if row.signal == signal.name]
    lost, watched = failed(rows)
    if watched > 0 and lost / watched > case.rules.failing_share:
        share = f"{percent(lost / watched)} of {show_seconds(watched)}"
        return refused(NAME, f"{signal.name} failed for {share} (limit {percent(case.rules.failing_share)})")
    # A signal that is read once an hour has evidence in one minute of sixty.
    expected = (case.now - since - NEWEST_SECONDS) * min(1.0, MINUTE_SECONDS / signal.every_seconds)
    if expected > 0 and watched < SEEN_MIN * expected:
        seen = percent(min(watched / expected, 1.0), 0)
        return not_known(NAME, f"{signal.name} could be judged for {seen} of the time (needs {percent(SEEN_MIN, 0)})")
    return None


def failed(rows: Sequence[Minute]) -> tuple[float, float]:
    """Return the seconds that failed, and the seconds with evidence, of one signal's rows."""
    lost = watched = 0.0
    for row in rows:
        seen = row.good + row.bad
        # A row of an older version has counts alone; a minute stands for it, as no longer row of it is left.
        length = row.watched_seconds if row.watched_seconds is not None else MINUTE_SECONDS * (seen > 0)
        watched += length
        lost += row.lost_seconds if row.lost_seconds is not None else length * row.bad / max(seen, 1)
    return lost, watched

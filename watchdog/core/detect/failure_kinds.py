"""The kind of an outage's failures: of the majority of them, as the last one alone says little.

Theory. No code causes a failure of name resolution or of a certificate, so these acquit a deploy (core/assess/blame).
But one such probe in a run of errors 503 is a blip of its own, and one timeout in an outage of DNS acquits no less. So
the times of such failures are remembered beside `Check.recent`, for as long, and those since the onset are counted.
"""

from watchdog.domain.checks import Check
from watchdog.domain.readings import NOT_CURABLE, FailureKind

MAJORITY = 0.5
"""The share (0 to 1) from which on they acquit: half is as good as more, as no rollback is better than a wrong one."""
MIXED = 0.1
"""The share (0 to 1) from which on they count beside others: fewer, of the forty to sixty that confirm, are a blip."""
Kinds = tuple[tuple[float, str], ...]


def after_failure(check: Check, at: float, kind: FailureKind, oldest: float) -> Kinds:
    """Return the check's failures that no code causes, after one more failure; those before `oldest` are forgotten."""
    known = check.not_curable
    # An older worker stored the kind of the last failure only, and judged the whole run by it.
    if not known and check.run_probes and check.last_kind in NOT_CURABLE:
        known = tuple((time, check.last_kind) for time, failed in check.recent if failed)
    kept = tuple([one for one in known if one[0] >= oldest])
    return (*kept, (at, kind.value)) if kind in NOT_CURABLE else kept


def kind_since(check: Check, since: float) -> str:
    """Return the kind of the failures since then: that of at least half of them if no code causes it, or the last one.

    Empty, if the last failure is one that no code causes, and most others are not: it does not speak for them.
    """
    share = not_curable_share(check, since)
    if share >= MAJORITY:
        found = _since(check, since)
        return max(dict.fromkeys(found), key=found.count)
    return "" if share and check.last_kind in NOT_CURABLE else check.last_kind


def not_curable_share(check: Check, since: float) -> float:
    """Return the share (0 to 1) of the failures since then that no code causes."""
    found, failures = len(_since(check, since)), sum(failed for at, failed in check.recent if at >= since)
    return found / max(found, failures) if found else 0.0


def _since(check: Check, since: float) -> list[str]:
    """Return the kinds of the failures since then that no code causes, as far back as outcomes are remembered."""
    # Good probes push outcomes out of the record; only the next failure takes the kinds out of theirs.
    oldest = check.recent[0][0] if check.recent else since
    return [kind for at, kind in check.not_curable if at >= max(since, oldest)]

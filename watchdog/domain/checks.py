"""What we know of one signal: its newest reading, its statistics, and what they have taught.

`Check` has no slots (see fast_replace).
"""

from dataclasses import dataclass

from watchdog.domain.prose import Prose
from watchdog.domain.readings import MinuteCount, Reading


@dataclass(frozen=True, slots=True)
class Spells:
    """Short outages that may be one that comes and goes: from the first one's begin to the last one's end (UTC epoch
    seconds), how many, how many whole ones they make, what they left in the bucket at the end (for both see
    core/detect/intermittent), how long it was down in all of them, and the longest pause between two.
    """

    began_at: float = 0.0
    ended_at: float = 0.0
    count: int = 0
    whole: float = 0.0
    level_seconds: float = 0.0
    down_seconds: float = 0.0
    pause_seconds: float = 0.0


@dataclass(frozen=True)
class Check:
    """The statistics of one signal. All times are UTC epoch seconds.

    `run_*` describe the unbroken run of failures, `cusum*` the cumulative sum (`cusum_zero_at`: when it last
    left zero, which back-dates an onset), `recent` the outcomes of the last minutes (at, failed), `samples` the
    latencies (at, seconds), `counts` a feed's minutes (those that begin before `counts_from` are history only),
    `crashes` when the platform reported failures, `interrupted_at` when readings were missing last (a restart, another
    worker): it cannot be called calm since before then. Two onsets outlast missing readings: `failing_since` its first
    failure with nothing good since, `troubled_since` that of a sum or a slowness which an interruption cut short, until
    it has been calm for a while. `stumbled_at` is when it last failed soon after it had failed. `healed_seconds` is the
    longest run of failures that ended by itself (at `healed_at`), `slow_healed_seconds` the longest time over a latency
    limit that did, `strays` its failures that came to nothing (when, how many) since `watched_from`, `spells` its runs
    of failures that ended, as far as they may be one story. `turned_since` a
    deploy its probes are turned away, `turned_probes` of them.
    """

    name: str
    kind: str
    last_at: float = 0.0
    last: Reading | None = None
    last_bad_at: float | None = None
    last_why: Prose = ""
    last_kind: str = ""
    run_started_at: float | None = None
    run_probes: int = 0
    good_run: int = 0
    cusum: float = 0.0
    cusum_zero_at: float | None = None
    recent: tuple[tuple[float, bool], ...] = ()
    samples: tuple[tuple[float, float], ...] = ()
    baseline_p50_seconds: float | None = None
    baseline_p95_seconds: float | None = None
    baseline_minutes: int = 0
    baseline_at: float = 0.0
    over_since: float | None = None
    last_slow_at: float = 0.0
    counts: tuple[MinuteCount, ...] = ()
    counts_from: float = 0.0
    interrupted_at: float = 0.0
    failing_since: float | None = None
    troubled_since: float | None = None
    stumbled_at: float = 0.0
    healed_seconds: float = 0.0
    healed_at: float = 0.0
    watched_from: float = 0.0
    strays: tuple[tuple[float, int], ...] = ()
    spells: Spells = Spells()
    turned_since: float | None = None
    turned_probes: int = 0
    slow_healed_seconds: float = 0.0
    slow_healed_at: float = 0.0
    new_issues: tuple[str, ...] = ()
    crashes: tuple[tuple[float, str], ...] = ()

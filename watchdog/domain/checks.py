"""The state of one signal: its newest reading, its statistics, and the learned baselines.

`Check` has no slots (see fast_replace).
"""

from dataclasses import dataclass

from watchdog.domain.readings import MinuteCount, Reading
from watchdog.domain.texts.prose import Prose


@dataclass(frozen=True)
class SlowAnswers:
    """The sum for one limit of a latency: do more answers exceed it than may? (see core/detect/slow_answers)."""

    limit: str  # which: a percentile with an objective, or "tail"
    level: float  # cumulative sum of log-likelihood ratios, above 0
    since: float  # first slow answer in it (UTC epoch seconds)
    seconds: float  # the limit itself, when that one was slow
    answers: int = 1  # answers since then
    slow: int = 1  # slow ones among them
    quick: int = 0  # answers since the last slow one
    in_a_row: int = 1  # slow answers, with none between them, up to now
    confirmed: bool = False  # more than chance, and not over since then
    recent: tuple[tuple[float, int], ...] = ()  # the last slow ones: when, and which of the answers since then


@dataclass(frozen=True)
class UsualByHour:
    """A usual level by hour of the week, in whole units (see core/detect/usual_by_hour)."""

    hour: int = 0  # the present hour, counted since 1970 (UTC)
    medians: tuple[int, ...] = ()  # medians of the hours before, up to two weeks, newest last; 0: not known
    highs: tuple[int, ...] = ()  # of the same hours: the median of their highest ten minutes, if far above that
    days: int = 0  # days on which this hour of the day is known
    around: tuple[float, float, float] = (0.0, 0.0, 0.0)  # usual in the hour before, in this one and in the next one
    high: float = 0.0  # level of ten minutes on some days, in this hour or in the one before
    high_later: float = 0.0  # the same, or in the one after: of the second half of the hour
    between_days: float = 0.0  # how far days are from each other at this hour, in logarithms


@dataclass(frozen=True)
class UsualLatency(UsualByHour):
    """The usual latency of a route, by hour of the week, and its present excess over that.

    Latencies are whole tenths of a millisecond (see core/detect/usual_latency); times are UTC epoch seconds.
    """

    stepped_at: float = 0.0  # when the last step was made: about once a minute
    average: float = 0.0  # slow average of the medians of the steps
    steps: int = 0  # steps that it was made from
    now: float = 0.0  # usual latency at the last step
    spread: float = 0.0  # usual distance of a step from its expectation, in logarithms
    tail_share: float = 0.02  # share of answers that are far slower than usual (0 to 1)
    minutes: tuple[int, ...] = ()  # medians of the steps of this hour
    excess: float = 0.0  # cumulative sum of the steps' excess over the usual latency, in logarithms
    excess_since: float | None = None  # since when that sum is above zero
    confirmed: bool = False  # slower than usual, and not over since then
    ease: float = 0.0  # cumulative sum that says it is over, in logarithms


@dataclass(frozen=True)
class UsualErrors(UsualByHour):
    """The usual errors of a feed, by hour of the week: hundredths of a minute's errors and one more (usual_errors)."""

    phi: float = 1.0  # over-dispersion of minutes: variance / mean
    learns_from: float = 0.0  # earlier minutes teach nothing: they are of a fault that was ended


@dataclass(frozen=True, slots=True)
class Spells:
    """Short outages that may be one intermittent outage (see core/detect/intermittent). Times are UTC epoch seconds."""

    began_at: float = 0.0  # begin of the first outage
    ended_at: float = 0.0  # end of the last one
    count: int = 0  # how many
    whole: float = 0.0  # how many whole ones they make: one of less than 10 s counts as a part
    level_seconds: float = 0.0  # content of the leaky bucket at `ended_at`
    down_seconds: float = 0.0  # time down in all of them
    pause_seconds: float = 0.0  # the longest pause between two of them


@dataclass(frozen=True)
class Served:
    """One version of the code that answered probes of a check. Times are UTC epoch seconds."""

    version: str  # as the answers name it, in lower case; empty: failing answers that named none
    first_at: float  # first answer of it that is remembered
    last_at: float  # last answer of it
    failed_at: tuple[float, ...] = ()  # the last failing ones


@dataclass(frozen=True)
class Check:
    """The statistics of one signal. All times are UTC epoch seconds.

    Two onsets outlast missing readings, `failing_since` and `troubled_since`: an outage does not begin anew with a
    restart or another worker.
    """

    name: str  # the signal's name
    kind: str  # the signal's kind, a key of SIGNALS
    last_at: float = 0.0  # when it was last read, with any result
    last: Reading | None = None  # the newest reading; None: not read yet
    last_bad_at: float | None = None  # the last bad reading; None: none yet
    last_why: Prose = ""  # why that reading was bad
    last_kind: str = ""  # its FailureKind, as a word
    own_error_at: float = 0.0  # the last failure in which the application itself answered; 0: never
    seen_at: float = 0.0  # the last reading that was evidence, good or bad; 0: none yet
    # A restart of ours is a gap in the evidence, so it must not lengthen a run of failures.
    unseen_seconds: float = 0.0  # of that run, in which no probe ran (a restart of ours): they are not counted
    run_started_at: float | None = None  # first failure of the unbroken run of failures; None: not failing
    run_probes: int = 0  # failed probes in that run
    good_run: int = 0  # good probes since the last failure
    cusum: float = 0.0  # cumulative sum of log-likelihood ratios; 0: nothing suspicious
    cusum_zero_at: float | None = None  # when that sum last left zero, which back-dates an onset; None: it is zero
    recent: tuple[tuple[float, bool], ...] = ()  # probes of the last 3 minutes: when, and whether it failed
    not_curable: tuple[tuple[float, str], ...] = ()  # failures among these that no code causes: when, and FailureKind
    samples: tuple[tuple[float, float], ...] = ()  # latencies of answers in the window: when, seconds
    usual: UsualLatency = UsualLatency()  # the usual latency, hour by hour
    slow: tuple[SlowAnswers, ...] = ()  # limits that more answers exceed than may; empty: none
    objective_since: float | None = None  # since when a percentile is over its objective; None: none is
    over_since: float | None = None  # since when it is slower than its limits or than usual; None: it is not
    last_slow_at: float = 0.0  # the last answer while it was; 0: never
    counts: tuple[MinuteCount, ...] = ()  # minutes of a feed, oldest first
    counts_before: tuple[MinuteCount, ...] = ()  # those before the flood in `counts`; empty: there is none
    usual_errors: UsualErrors = UsualErrors()  # the usual errors of a feed, hour by hour
    counts_from: float = 0.0  # statistics were cleared then: earlier readings no longer count
    interrupted_at: float = 0.0  # when readings were last missing (restart, gap): not known to be calm before
    failing_since: float | None = None  # first failure with nothing good since, kept over missing readings
    troubled_since: float | None = None  # onset of a sum or slowness cut short by missing readings, until calm again
    stumbled_at: float = 0.0  # last failure with another one within 20 probes; 0: never
    healed_seconds: float = 0.0  # longest run of failures that ended by itself
    healed_at: float = 0.0  # when that run ended
    # Kept apart from `healed_seconds`: a deploy's restart is waited for only as the next deploy takes traffic.
    restart_seconds: float = 0.0  # longest run of failures that was a deploy's own restart
    restart_at: float = 0.0  # when that was learnt
    outage_seconds: float = 0.0  # longest short outage that ended by itself (see core/fold/lessons)
    outage_at: float = 0.0  # when that was learnt
    watched_from: float = 0.0  # first reading, from which `strays` are counted
    strays: tuple[tuple[float, int], ...] = ()  # unconfirmed runs of failures: begin, failures that count
    spells: Spells = Spells()  # ended runs of failures that may be one intermittent outage
    turned_since: float | None = None  # since when probes are turned away, if since a deploy; None: not
    turned_probes: int = 0  # probes turned away since then
    slow_healed_seconds: float = 0.0  # longest time over a latency limit that ended by itself
    slow_healed_at: float = 0.0  # when that time ended
    new_issues: tuple[str, ...] = ()  # errors first seen in the live release, in words
    # In the order of the answers, so that the version not seen for longest is dropped first.
    served: tuple[Served, ...] = ()  # versions of the code that answered, the newest answer last
    crashes: tuple[tuple[float, str], ...] = ()  # failures that the platform reported: time and text

"""How long records are kept, and how minutes become hours. Pure; shared by every store.

An hour's counts are the sums of its minutes. Its percentiles are the *largest* of its minutes' values: percentiles
cannot be averaged, and the largest never hides a slow minute.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from watchdog.domain.commands.announcements import ENDS, Announcement
from watchdog.domain.store_records import FeedHour, Minute

MINUTE_SECONDS, HOUR_SECONDS = 60.0, 3600.0
MINUTES_KEPT_SECONDS = 48 * HOUR_SECONDS
KEPT_SECONDS = 400 * 24 * HOUR_SECONDS
"""Hours, events, notes and finished rows are kept for a year, plus the month to compare it with."""

BATCH = 5_000
"""Rows rolled up or deleted at once, so that no transaction is long."""

COMMANDS_WAITING_MAX = 100
"""Commands that may wait for the daemon; more means that no daemon answers them."""

Key = tuple[str, str, float]


def key(row: Minute | FeedHour) -> Key:
    """Return the key of a row: service, signal and start."""
    return (row.service, row.signal, row.start)


def is_fuller(row: FeedHour, known: FeedHour | None) -> bool:
    """Return whether as much of the hour is known as before: a worker that just began knows the end of it alone."""
    return known is None or row.seconds >= known.seconds


def hour_of(at: float) -> float:
    """Return the begin of the hour (UTC epoch seconds)."""
    return at - at % HOUR_SECONDS


def measured(row: Minute, seconds: float) -> Minute:
    """Return a row with its seconds watched and lost; derived from its counts where they are not known.

    `seconds` is the length of the row.
    """
    seen = row.good + row.bad
    # A worker of an earlier version adds to the counts and not to the timed checks;
    # unequal numbers mean that the times are too low.
    if row.timed_checks == seen:
        return row
    lost = seconds * row.bad / seen if seen else 0.0
    return replace(row, watched_seconds=seconds if seen else 0.0, lost_seconds=lost, timed_checks=seen)


def has_expired(one: Announcement, before: float) -> bool:
    """Return whether an announcement was over, and had its last update, before that moment."""
    last, ends_at = one.updates[-1], one.about.ends_at
    return last.at < before and (ends_at < before if ends_at is not None else last.stage in ENDS)


def unexpired(known: Mapping[int, Announcement], before: float) -> dict[int, Announcement]:
    """Return the announcements that are kept, by number."""
    return {number: one for number, one in known.items() if not has_expired(one, before)}


def roll_up(minutes: Iterable[Minute], hours: Iterable[Minute]) -> tuple[Minute, ...]:
    """Return the hours that the minutes change: the known rows with the minutes added."""
    known = {key(hour): hour for hour in hours}
    changed: dict[Key, Minute] = {}
    for minute in minutes:
        part = replace(measured(minute, MINUTE_SECONDS), start=hour_of(minute.start))
        # Twice or more minutes of one hour in a batch: each one is added to
        # the sum so far, not to the stored row again.
        before = changed.get(key(part), known.get(key(part)))
        changed[key(part)] = part if before is None else _add(before, part)
    return tuple(changed.values())


def spans(rows: Iterable[Minute], seconds: int) -> tuple[Minute, ...]:
    """Return measured rows rolled up into spans of `seconds`, oldest first, without their reasons."""
    found: dict[Key, Minute] = {}
    for row in rows:
        start = row.start - row.start % seconds
        # The database has summed most rows already: a copy of each one would hold the loop for too long.
        part = replace(row, start=start, why="") if row.why or row.start != start else row
        name = key(part)
        before = found.get(name)
        found[name] = part if before is None else _add(before, part)
    return tuple(sorted(found.values(), key=lambda row: (row.start, row.service, row.signal)))


def _add(one: Minute, other: Minute) -> Minute:
    return replace(
        one,
        good=one.good + other.good,
        bad=one.bad + other.bad,
        unknown=one.unknown + other.unknown,
        p50_seconds=_largest(one.p50_seconds, other.p50_seconds),
        p95_seconds=_largest(one.p95_seconds, other.p95_seconds),
        p99_seconds=_largest(one.p99_seconds, other.p99_seconds),
        why=other.why or one.why,
        watched_seconds=(one.watched_seconds or 0.0) + (other.watched_seconds or 0.0),
        lost_seconds=(one.lost_seconds or 0.0) + (other.lost_seconds or 0.0),
        timed_checks=(one.timed_checks or 0) + (other.timed_checks or 0),  # too few, if one of them is not timed
    )


def _largest(*values: float | None) -> float | None:
    return max((value for value in values if value is not None), default=None)

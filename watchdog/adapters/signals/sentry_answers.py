"""The meaning of Sentry's answers. Pure.

Rule: an answer is believed only if it has the requested form: one series, buckets of one minute, whole, and fresh.

Timestamps of events-timeseries are milliseconds; buckets whose end lies within Sentry's ingestion delay (about 90 s)
are marked `incomplete` and dropped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeGuard

from watchdog.adapters.http_exchange import plain
from watchdog.domain.readings import MinuteCount

BUCKET_SECONDS = 60.0
STALE_SECONDS = 300.0
BUCKETS_MAX = 1500
ISSUE_TEXTS_MAX = 10


class Unreadable(Exception):
    """The answer cannot be believed, with the reason; the reading is then `Unknown`."""


def buckets(answer: object, now: float, *, only_sure: bool = False) -> tuple[MinuteCount, ...]:
    """Return the complete minutes, oldest first. `only_sure` drops buckets extrapolated from too few samples.

    Raises Unreadable.
    """
    series = _only_series(answer)
    _check_meta(answer, series)
    found = sorted(_complete(series.get("values"), only_sure), key=lambda bucket: bucket.start)
    if not found:
        raise Unreadable("Sentry has no complete minute to show: silence, not zero")
    age = now - (found[-1].start + BUCKET_SECONDS)
    if age > STALE_SECONDS:
        raise Unreadable(f"Sentry's newest full minute is {age / 60:.0f} min old (limit {STALE_SECONDS / 60:.0f} min)")
    return tuple(found)


def with_totals(counts: Iterable[MinuteCount], totals: Iterable[MinuteCount]) -> tuple[MinuteCount, ...]:
    """Return the counts with the requests of the same minute as their denominator, where one is known."""
    # A minute with errors and no requests is sampling, not a rate of infinity: its total stays unknown.
    requests = {bucket.start: bucket.count for bucket in totals if bucket.count > 0}
    return tuple(replace(bucket, total=requests.get(bucket.start)) for bucket in counts)


def issue_texts(answer: object) -> tuple[str, ...]:
    """Return a line for each issue, the most frequent first, at most 10. Raises Unreadable."""
    if not isinstance(answer, list):
        raise Unreadable("Sentry's list of issues is not a list")
    issues = [issue for issue in answer[:100] if isinstance(issue, dict) and not _put_aside(issue)]
    return tuple(_issue_text(issue) for issue in issues[:ISSUE_TEXTS_MAX])


def _only_series(answer: object) -> Mapping[str, Any]:
    series = answer.get("timeSeries") if isinstance(answer, dict) else None
    if not isinstance(series, list):
        raise Unreadable("Sentry's answer is not a time series")
    if not series:
        raise Unreadable("Sentry shows no series: the token may have lost its access to the project")
    if len(series) > 1 or not isinstance(series[0], dict):
        raise Unreadable("Sentry's answer is not one time series")
    return series[0]


def _check_meta(answer: Any, series: Mapping[str, Any]) -> None:
    meta = series.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    interval = meta.get("interval")
    # Counts of a wider bucket would pass as those of one minute, and look like a flood.
    if interval != BUCKET_SECONDS * 1000:
        shown = f"{interval:g} ms" if _is_number(interval) else "of unknown size"
        raise Unreadable(f"Sentry's buckets are {shown}, not the minute that was asked for")
    if meta.get("dataScanned") == "partial":
        raise Unreadable("Sentry looked at a part of its data only: the counts are too low")
    overall = answer.get("meta")
    if isinstance(overall, dict) and overall.get("status") == "stalled":
        raise Unreadable("Sentry says that its ingestion is stalled")


def _complete(values: object, only_sure: bool) -> Iterable[MinuteCount]:
    if not isinstance(values, list) or len(values) > BUCKETS_MAX:
        raise Unreadable("Sentry's series has no readable values")
    for value in values:
        # `incomplete` must be present and false: a server that does not mark its
        # buckets would show the newest minute too low.
        if not isinstance(value, dict) or value.get("incomplete") is not False:
            continue
        start, count = value.get("timestamp"), value.get("value")
        if not _is_number(start) or not _is_number(count) or count < 0:
            raise Unreadable("Sentry's series holds something that is no count")
        if not (only_sure and value.get("confidence") == "low"):
            yield MinuteCount(start=start / 1000, seconds=BUCKET_SECONDS, count=float(count))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e15


def _put_aside(issue: Mapping[str, Any]) -> bool:
    """Return whether a user has put the issue aside: ignored (archived) or resolved."""
    archived = str(issue.get("substatus") or "").startswith("archived")
    return archived or issue.get("status") in ("ignored", "resolved")


def _issue_text(issue: Mapping[str, Any]) -> str:
    """Return `WEB-12 TypeError: x is undefined (31 events)`; `count` is a string in Sentry's answer."""
    name = plain(str(issue.get("shortId") or issue.get("id") or "?"), 40)
    title = plain(str(issue.get("title") or "untitled"), 120)
    return f"{name} {title} ({plain(str(issue.get('count') or '?'), 12)} events)"

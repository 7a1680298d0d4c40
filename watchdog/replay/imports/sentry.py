"""`sentry`: counts of errors as Sentry answers them: events-timeseries, events-stats, or stats_v2 (what it accepted).

    {"timeSeries": [{"values": [{"timestamp": ms, "value": n, "incomplete": false}], "meta": {"interval": ms}}]}
    {"data": [[seconds, [{"count": n}]], …]}
    {"intervals": ["2026-11-25T03:00:00Z", …], "groups": [{"by": …, "series": {"sum(quantity)": [n, …]}}]}
Each bucket is delivered 90 s after its end, the usual delay of Sentry; incomplete buckets are left out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from watchdog.domain.events import Observed
from watchdog.domain.readings import Good, MinuteCount
from watchdog.replay.imports.history import (
    ImportedHistory,
    Wanted,
    check_kind,
    history,
    json_of,
    moment,
    pace_of,
    refuse,
)

LATE_SECONDS = 90.0
MINUTE = 60.0
INSTEAD = "save the whole answer of events-timeseries, events-stats or stats_v2, one series of it"
LATE = "each bucket was readable 90 s after its end, as late as Sentry really is"
Bucket = tuple[float, float]
"""The begin (UTC epoch seconds) and the count."""


def read(files: Sequence[Path], wanted: Wanted) -> ImportedHistory:
    """Return the counts of the files. Raises ConfigurationError."""
    check_kind(wanted, "sentry", "sentry")
    # By start: files whose ranges overlap hold the same bucket twice.
    buckets = dict(bucket for file in files for bucket in _buckets(file))
    seconds = pace_of(buckets) or MINUTE
    notes = [LATE]
    if seconds > MINUTE:
        notes.append(
            f"a bucket is {seconds:.0f} s long: the watchdog reads minutes, and its limits of so many minutes are of "
            "so many of these buckets here"
        )
    readings = (
        Observed(
            start + seconds + LATE_SECONDS,
            wanted.service,
            wanted.signal.name,
            Good(f"{count:g} errors"),
            counts=(MinuteCount(start, seconds, count),),
        )
        for start, count in buckets.items()
    )
    return history(readings, notes, files[0])


def _buckets(file: Path) -> Iterator[Bucket]:
    answer = json_of(file)
    for key, meant in SHAPES.items():
        if isinstance(answer, dict) and key in answer:
            try:
                yield from meant(answer)
            except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError):
                refuse(file.name, f"not one series of counts under {key!r}", INSTEAD)
            return
    refuse(file.name, "not an answer of Sentry with counts", INSTEAD)


def _timeseries(answer: Mapping[str, Any]) -> Iterator[Bucket]:
    (series,) = answer["timeSeries"]
    for value in series["values"]:
        if not value.get("incomplete"):
            yield moment(value["timestamp"] / 1000), _count(value["value"])


def _stats(answer: Mapping[str, Any]) -> Iterator[Bucket]:
    for at, cells in answer["data"]:
        yield moment(at), sum(_count(cell["count"]) for cell in cells)


def _stats_v2(answer: Mapping[str, Any]) -> Iterator[Bucket]:
    """Yield the accepted events if the answer is grouped by outcome, otherwise its only group."""
    groups = answer["groups"]
    accepted = [group for group in groups if group.get("by", {}).get("outcome") == "accepted"] or groups
    (group,) = accepted
    ((_, counts),) = group["series"].items()
    for at, count in zip(answer["intervals"], counts, strict=True):
        yield moment(at), _count(count)


def _count(value: Any) -> float:
    # JSON's true is a number to Python, but no count.
    if isinstance(value, bool) or not 0 <= float(value) < 1e12:
        raise ValueError("not a count")
    return float(value)


SHAPES: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Bucket]]] = {
    "timeSeries": _timeseries,
    "data": _stats,
    "intervals": _stats_v2,
}

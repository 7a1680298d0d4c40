"""Sentry's query parameters: periods, intervals, and the supported part of its search language."""

import re
from dataclasses import dataclass, field

from starlette.datastructures import QueryParams

from watchdog.sandbox import clock

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
MAX_PERIOD_SECONDS = 90 * 86_400
MAX_BUCKETS = 10_000
DEFAULT_INTERVAL_SECONDS = 300
# A term `key:value`, whose value may be quoted or a [list], or a bare word (which may be quoted).
_TERM = re.compile(r'(!?[A-Za-z_.\[\]]+):("(?:[^"\\]|\\.)*"|\[[^\]]*\]|\S*)|("(?:[^"\\]|\\.)*"|\S+)')


class InvalidQuery(Exception):
    """The query is invalid; the answer is 400."""


@dataclass(frozen=True, slots=True)
class Search:
    """A parsed search: values by key (`!` kept in the key); bare words are ignored."""

    terms: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def values(self, key: str) -> tuple[str, ...]:
        """Return the values of a key, empty if the search does not name it."""
        return self.terms.get(key, ())


def parse_search(text: str) -> Search:
    """Return the terms of a search. Raises InvalidQuery on an open quote or bracket."""
    # Sentry answers 400 to a search it cannot parse, instead of ignoring a part of it.
    if text.count('"') % 2 or text.count("[") != text.count("]"):
        raise InvalidQuery("Parse error in the search: a quote or a bracket is open")
    terms: dict[str, tuple[str, ...]] = {}
    for key, value, _ in _TERM.findall(text):
        if key:
            inner = value[1:-1].split(",") if value.startswith("[") else [value]
            terms[key] = terms.get(key, ()) + tuple(part.strip().strip('"') for part in inner)
    return Search(terms)


def parse_period(text: str) -> float:
    """Return the seconds of `15m`, `1h`. Raises InvalidQuery."""
    match = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    if match is None or not 0 < (seconds := int(match[1]) * UNITS[match[2]]) <= MAX_PERIOD_SECONDS:
        raise InvalidQuery(f"Invalid statsPeriod: {text!r}")
    return float(seconds)


def interval_of(query: QueryParams, period: float) -> int:
    """Return the bucket width in seconds; like Sentry, replace an invalid one by the default without an error."""
    text = query.get("interval", "")
    match = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    seconds = int(match[1]) * UNITS[match[2]] if match else int(text) if text.isdigit() else 0
    if seconds < 60 or seconds > period or period / seconds > MAX_BUCKETS:
        return DEFAULT_INTERVAL_SECONDS
    return seconds


def range_of(query: QueryParams) -> tuple[float, float]:
    """Return the requested start and end: `statsPeriod` outranks both; a day without any. Raises InvalidQuery."""
    now = clock.now()
    if (period := query.get("statsPeriod")) is not None:
        return now - parse_period(period), now
    if (start := query.get("start")) is None or (end := query.get("end")) is None:
        return now - 86_400, now
    try:
        begin, finish = clock.parse_iso(start), clock.parse_iso(end)
    except ValueError as problem:
        raise InvalidQuery("start and end must be ISO 8601") from problem
    if not begin < finish or finish - begin > MAX_PERIOD_SECONDS:
        raise InvalidQuery("start must be before end")
    return begin, finish

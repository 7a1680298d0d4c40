"""The part of Sentry's query language that the sandbox understands, as tables."""

from collections.abc import Callable

import pytest
from starlette.datastructures import QueryParams

from watchdog.sandbox.vendors.sentry_query import InvalidQuery, interval_of, parse_period, parse_search, range_of


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", {}),
        ("is:unresolved", {"is": ("unresolved",)}),
        ('release:"backend@1.2.3" !level:warning', {"release": ("backend@1.2.3",), "!level": ("warning",)}),
        ("level:[error,fatal] timeout", {"level": ("error", "fatal")}),
        ("is:unresolved is:unhandled", {"is": ("unresolved", "unhandled")}),
    ],
)
def test_a_search_is_read(text: str, terms: dict[str, tuple[str, ...]]) -> None:
    """Keys with their values; quotes and brackets fall away; bare words are ignored."""
    assert parse_search(text).terms == terms


def between(start: str, end: str) -> dict[str, str]:
    return {"start": start, "end": end}


@pytest.mark.parametrize(
    ("read", "written"),
    [
        *((parse_search, text) for text in ('release:"x', "level:[error")),
        *((parse_period, text) for text in ("", "15", "m", "0m", "91d", "1y", "-5m")),
        (range_of, QueryParams(between("2026-01-02T00:00:00", "2026-01-01T00:00:00"))),
        (range_of, QueryParams(between("yesterday", "today"))),
    ],
)
def test_what_makes_no_sense_is_refused(read: Callable[[object], object], written: object) -> None:
    """An open quote or bracket; no unit, no number, nothing, too long; backwards, or not a time."""
    with pytest.raises(InvalidQuery):
        read(written)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("1h", 3600), ("2d", 172_800), ("1w", 604_800)]
)
def test_a_period_is_read(text: str, seconds: float) -> None:
    assert parse_period(text) == seconds


@pytest.mark.parametrize(
    ("written", "seconds"), [("1m", 60), ("5m", 300), ("60", 60), ("", 300), ("soon", 300), ("1s", 300), ("9h", 300)]
)
def test_an_interval_that_makes_no_sense_is_silently_replaced(written: str, seconds: int) -> None:
    """As Sentry does: the answer's meta tells what was used."""
    assert interval_of(QueryParams({"interval": written}), 3600) == seconds


def test_the_period_wins_over_start_and_end() -> None:
    days = between("2026-01-01T00:00:00", "2026-01-02T00:00:00")
    start, end = range_of(QueryParams({"statsPeriod": "1h", **days}))
    assert end - start == 3600

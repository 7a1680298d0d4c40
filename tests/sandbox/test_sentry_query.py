"""The part of Sentry's query language that the sandbox understands, as tables."""

import pytest
from starlette.datastructures import QueryParams

from watchdog.sandbox.sentry_query import InvalidQuery, interval_of, parse_period, parse_search, range_of


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


@pytest.mark.parametrize("text", ['release:"x', "level:[error"])
def test_an_open_quote_or_bracket_is_refused(text: str) -> None:
    """Sentry calls it an invalid query."""
    with pytest.raises(InvalidQuery):
        parse_search(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("1h", 3600), ("2d", 172_800), ("1w", 604_800)]
)
def test_a_period_is_read(text: str, seconds: float) -> None:
    """Number and unit."""
    assert parse_period(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "0m", "91d", "1y", "-5m"])
def test_a_period_that_makes_no_sense_is_refused(text: str) -> None:
    """No unit, no number, nothing, too long."""
    with pytest.raises(InvalidQuery):
        parse_period(text)


@pytest.mark.parametrize(
    ("written", "seconds"), [("1m", 60), ("5m", 300), ("60", 60), ("", 300), ("soon", 300), ("1s", 300), ("9h", 300)]
)
def test_an_interval_that_makes_no_sense_is_silently_replaced(written: str, seconds: int) -> None:
    """As Sentry does: the answer's meta tells what was used."""
    assert interval_of(QueryParams({"interval": written}), 3600) == seconds


@pytest.mark.parametrize(
    "query",
    [
        {"start": "2026-01-02T00:00:00", "end": "2026-01-01T00:00:00"},
        {"start": "yesterday", "end": "today"},
    ],
)
def test_a_range_that_makes_no_sense_is_refused(query: dict[str, str]) -> None:
    """Backwards, or not a time."""
    with pytest.raises(InvalidQuery):
        range_of(QueryParams(query))


def test_the_period_wins_over_start_and_end() -> None:
    """As documented."""
    query = QueryParams({"statsPeriod": "1h", "start": "2026-01-01T00:00:00", "end": "2026-01-02T00:00:00"})
    start, end = range_of(query)
    assert end - start == 3600

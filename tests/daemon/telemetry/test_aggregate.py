"""Minutes for the charts: pure arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.daemon.telemetry import aggregate
from watchdog.daemon.telemetry.aggregate import MinuteAggregator, Sketch
from watchdog.domain.readings import Bad, FailureKind, Good, Unknown
from watchdog.domain.store_records import Minute
from watchdog.ports import Sample

NOON = 1_750_000_020.0
"""A full minute."""


@given(st.lists(st.floats(0.0002, 3000), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_is_right_within_one_percent(values: list[float], share: float) -> None:
    """Against the exact nearest-rank quantile of the sorted values."""
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    rank = max(1, -int(-share * len(values) // 1))
    assert sketch.quantile(share) == pytest.approx(sorted(values)[rank - 1], rel=0.0101)


def test_a_sketch_is_bounded_and_empty_is_none() -> None:
    """Absurd latencies fall into the outermost buckets; any number of values needs under a thousand."""
    sketch = Sketch()
    assert sketch.quantile(0.5) is None
    for number in range(100_000):
        sketch.add(number * 0.37 % 5000 - 10)
    assert len(sketch._buckets) < 1000 and sketch.quantile(0.999) == pytest.approx(3600, rel=0.011)


def test_a_minute_is_handed_out_once_after_it_ended_and_a_little_more() -> None:
    minutes = MinuteAggregator()
    minutes.add("api", "health", Sample(Good(), latency_seconds=0.1), NOON)
    minutes.add("api", "health", Sample(Bad("slow", FailureKind.SLOW), latency_seconds=0.3), NOON + 9)
    minutes.add("api", "health", Sample(Bad("HTTP 503"), latency_seconds=0.001), NOON + 10)
    minutes.add("api", "health", Sample(Unknown("no answer")), NOON + 59.9)
    minutes.add("api", "health", Sample(Good()), NOON + 60)
    minutes.add("api", "sentry", Sample(Unknown("no answer")), NOON + 1)
    assert minutes.complete(NOON + 59) == [] and minutes.complete(NOON + 64) == []
    first, second = minutes.complete(NOON + 65)
    assert (first.signal, first.start, first.good, first.bad, first.unknown) == ("health", NOON, 1, 2, 1)
    assert first.why == "HTTP 503" and first.p50_seconds == pytest.approx(0.1, rel=0.011)
    assert first.p99_seconds == pytest.approx(0.3, rel=0.011)
    assert (first.watched_seconds, first.lost_seconds) == (60.0, 40.0) and first.timed_checks == 3
    assert second == Minute("api", "sentry", NOON, 0, 0, 1, None, None, None, "no answer", 0.0, 0.0, 0)
    assert minutes.complete(NOON + 65) == [] and [row.start for row in minutes.complete(NOON + 130)] == [NOON + 60]


def test_a_clock_set_back_loses_nothing_and_blocks_nothing() -> None:
    """The minute that now lies in the future is handed out at once."""
    minutes = MinuteAggregator()
    minutes.add("api", "health", Sample(Good()), NOON)
    minutes.add("api", "health", Sample(Good()), NOON - 3600)
    assert [row.start for row in minutes.complete(NOON - 3590)] == [NOON]
    assert [row.start for row in minutes.complete(NOON - 3500)] == [NOON - 3600]


def test_stopping_hands_the_unfinished_minute_out() -> None:
    minutes = MinuteAggregator()
    minutes.add("api", "health", Sample(Good()), NOON)
    assert [row.good for row in minutes.flush()] == [1] and minutes.flush() == []


def test_rows_that_nobody_takes_are_bounded() -> None:
    minutes = MinuteAggregator()
    for number in range(aggregate.OPEN_MAX + 5):
        minutes.add("api", "health", Sample(Bad("x" * 10_000)), NOON + 60 * number)
    rows = minutes.flush()
    assert len(rows) == aggregate.OPEN_MAX and rows[0].start == NOON + 60 * 5
    assert len(rows[0].why) == aggregate.WHY_MAX_CHARACTERS

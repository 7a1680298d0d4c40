"""The last 24 h of all services: read newest first, in pieces, and again when they may have grown."""

import pytest

from tests.console.scene import NOW, StoryClock
from tests.console.stores import watched
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.console.queries.day_history import SPAN_SECONDS, SPANS, DayHistory, state_of
from watchdog.console.queries.span_cache import SpanCache, Spans
from watchdog.domain.errors import Temporary
from watchdog.domain.store_records import Minute


def minute(start: float, good: int = 6, bad: int = 0, unknown: int = 0, p50: float | None = 0.1) -> Minute:
    return Minute("web", "home", start, good, bad, unknown, p50, 0.2, 0.3)


async def test_it_reads_the_newest_first_and_the_rest_with_the_next_pages() -> None:
    """Each page reads for its budget, and one piece at least; then only what may have grown is read again."""
    clock, store, days = watched(DayHistory, takes=1.0, budget_seconds=3.0)
    await days.refresh()
    first = store.times()
    assert first[0][1] == (NOW // SPAN_SECONDS + 1) * SPAN_SECONDS
    assert len(first) >= 2 and not days.of("web", ["home"]).complete
    pages = 1
    while not days.of("web", ["home"]).complete:
        await days.refresh()
        pages += 1
    assert 1 < pages < SPANS
    read = sorted(first + store.times())
    assert read[0][0] == (NOW // SPAN_SECONDS - SPANS + 1) * SPAN_SECONDS
    assert sum(until - start for start, until in read) == 86400.0, "each span once"
    await days.refresh()
    assert store.times() == []
    clock.at += 31.0
    await days.refresh()
    assert sum(until - start for start, until in store.times()) == SPAN_SECONDS, "only the span that grows"
    _, slow, days = watched(DayHistory, takes=31.0)
    await days.refresh()
    await days.refresh()
    assert slow.times() == [first[0]] * 2, "what was written during a slow read is read with the next page"


async def test_a_new_half_hour_pushes_the_oldest_out() -> None:
    """And the one before is read on until late minutes have come."""
    clock, store, days = watched(DayHistory)
    first = NOW // SPAN_SECONDS * SPAN_SECONDS
    await store.put_minutes([minute(first), minute(first + 60, good=0, bad=6)])
    await days.refresh()
    assert days.of("web", ["home"]).states[-1] == "bad"
    clock.at = first + SPAN_SECONDS + 20
    await store.put_minutes([minute(first + 1740, bad=2), minute(first + SPAN_SECONDS, good=3)])
    await days.refresh()
    day = days.of("web", ["home"])
    assert day.states[-2:] == ("bad", "good") and day.complete and len(day.states) == SPANS
    assert day.since == first - (SPANS - 2) * SPAN_SECONDS
    clock.at += 31.0
    await days.refresh()
    assert days.of("web", ["home"]) is day, "nothing new was read: nothing is made"
    await store.put_minutes([minute(first + SPAN_SECONDS + 60, good=0, bad=3), minute(first + 1700, p50=0.4)])
    clock.at += 31.0
    await days.refresh()
    assert days.of("web", ["home"]).latency_seconds[-2] == 0.4, "late, and read with the next page"
    assert days.of("web", ["home"]).states[-1] == "bad" and days.of("api", ["home"]).states[-1] == "none"


async def test_a_store_that_fails_is_asked_again() -> None:
    _, store, days = watched(DayHistory)
    store.away = True
    with pytest.raises(Temporary):
        await days.refresh()
    store.away = False
    await days.refresh()
    assert days.of("web", ["home"]).complete


def test_the_state_of_a_span() -> None:
    """The worst signal counts; what could not be judged is no evidence."""
    assert state_of([]) == "none" and state_of([minute(0, good=0, unknown=3)]) == "unknown"
    assert state_of([minute(0), minute(0, good=0, unknown=3)]) == "good"
    assert state_of([minute(0, good=100, bad=1)]) == "some"
    assert state_of([minute(0, good=9, bad=1), minute(0, good=1000)]) == "bad"


async def test_the_latency_is_that_of_the_first_signal_that_has_any() -> None:
    _, store, days = watched(DayHistory)
    start = NOW // SPAN_SECONDS * SPAN_SECONDS
    other = Minute("web", "api", start, 1, 0, 0, 0.7, 0.8, 0.9)
    await store.put_minutes([minute(start, p50=None), other])
    await days.refresh()
    assert days.of("web", ["home", "api"]).latency_seconds[-1] == 0.7
    assert days.of("none", ["home"]).latency_seconds[-1] is None


async def test_a_change_is_counted_once_it_can_be_read() -> None:
    """A page that is made in a thread meanwhile would keep the old values as those of the newest change."""
    found: list[int | None] = []

    class Counting(SpanCache[int]):
        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            if name == "changes" and value:
                found.append(self.of(self.starts()[-1], "web"))

    clock = StoryClock()
    store = MemoryStore(clock)
    await store.put_minutes([minute(NOW - NOW % SPAN_SECONDS)])
    kept = Spans(SPAN_SECONDS, 1, lambda _, rows: len(rows), 1, 60.0, 1.0)
    await Counting(store, clock, kept).refresh()
    assert found == [1]

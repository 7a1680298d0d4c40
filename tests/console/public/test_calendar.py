"""The last 90 days, hour by hour: few queries, whoever looks."""

from tests.console.public.scene import DAY, hours
from tests.console.scene import NOW
from tests.console.stores import watched
from watchdog.console.public.calendar import DAYS, FRESH_SECONDS, LATE_SECONDS, TOGETHER, Calendar
from watchdog.domain.store_records import Minute
from watchdog.presentation.availability import Hour

HOME = {"web": ("home",)}
TODAY = int(NOW // DAY * DAY)


async def test_today_is_one_query_and_the_past_is_read_once() -> None:
    """Newest first; a minute later today alone; nothing at all before that."""
    clock, store, calendar = watched(Calendar)
    await store.put_minutes(hours("web", 3, bad={0: 36, 20: 90}))
    await calendar.refresh(HOME)
    assert all(rest == [3600, ["web"]] for _, _, *rest in store.spans_asked)
    times = store.times()
    assert calendar.complete and times[0] == (TODAY, TODAY + DAY)
    assert len(times) == 1 + -(-(DAYS - 1) // TOGETHER)
    assert sum(until - since for since, until in times) == DAYS * DAY
    assert calendar.hours("web", TODAY)[int((NOW - TODAY) // 3600)] == Hour(0.1)
    assert Hour(0.25) in calendar.hours("web", TODAY - int(DAY))
    assert calendar.hours("web", TODAY - 5 * int(DAY)) == (None,) * 24 and calendar.hours("api", TODAY)[0] is None
    await calendar.refresh(HOME)
    assert store.times() == []
    clock.at += FRESH_SECONDS
    await calendar.refresh(HOME)
    assert store.times() == [(TODAY, TODAY + DAY)]


async def test_a_long_past_is_read_a_little_at_a_time() -> None:
    _, store, calendar = watched(Calendar, takes=1.0, budget_seconds=3.0)
    await calendar.refresh(HOME)
    assert 1 < len(store.times()) < 5 and not calendar.complete
    pages = 1
    while not calendar.complete:
        await calendar.refresh(HOME)
        pages += 1
    assert pages > 3
    _, slow, calendar = watched(Calendar, takes=FRESH_SECONDS)
    await calendar.refresh(HOME)
    await calendar.refresh(HOME)
    assert slow.times() == [(TODAY, TODAY + DAY)] * 2, "what was written during a slow read is read with the next page"


async def test_a_day_is_read_anew_when_it_is_over_and_once_more_when_all_has_come() -> None:
    """Also where nobody looked for hours; what is too old is forgotten."""
    clock, store, calendar = watched(Calendar)
    await calendar.refresh(HOME)
    for later, read in ((DAY + 60, 2), (DAY + 120, 2), (DAY + LATE_SECONDS, 2), (DAY + LATE_SECONDS + 60, 1)):
        store.times()
        clock.at = TODAY + later
        await calendar.refresh(HOME)
        wanted = [(TODAY + DAY, TODAY + 2 * DAY), (TODAY, TODAY + DAY)][:read]
        assert store.times() == (wanted if later != DAY + 120 else wanted[:1]), later
    assert calendar.complete and len(calendar._days) == DAYS


async def test_the_worst_of_the_signals_that_count_is_taken_and_others_are_not() -> None:
    """A service is available if all that matters is; a reading that is unknown says nothing."""
    _, store, calendar = watched(Calendar)
    rows = [
        Minute("web", "home", NOW - 60, 5, 5, 0),
        Minute("web", "pay", NOW - 60, 9, 1, 0),
        Minute("web", "home", NOW - 3660, 9, 1, 0),
        Minute("web", "pay", NOW - 3660, 6, 4, 0),
        Minute("web", "errors", NOW - 60, 0, 9, 0),
        Minute("web", "home", NOW - 7200, 0, 0, 60),
        Minute("api", "home", NOW - 60, 0, 9, 0),
    ]
    await store.put_minutes(rows)
    await calendar.refresh({"web": ("home", "pay")})
    found = [share for share in calendar.hours("web", TODAY) if share is not None]
    assert found == [Hour(0.4), Hour(0.5)], "neither the first one nor the last one that is read"

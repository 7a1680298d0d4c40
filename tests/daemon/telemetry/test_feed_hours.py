"""Hours of feeds: summed from the state once each is complete, of this worker's services alone."""

from dataclasses import replace

from tests.support.clocks import FakeClock
from tests.support.intercepted_calls import Overheard
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.feed_hours import SETTLED_SECONDS, FeedHours
from watchdog.domain.checks import Check
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.readings import MinuteCount
from watchdog.domain.store_records import FeedHour

HOUR, BEGIN = 3600.0, 1_790_002_800.0 - 1_790_002_800.0 % 3600.0


class Shut(Overheard, calls="put_feed_hours"):
    """A store that may be shut."""

    shut, writes = False, 0

    async def heard(self, call: str, *given: object) -> None:
        self.writes += 1
        if self.shut:
            raise Temporary("the store does not answer")


async def test_an_hour_is_written_once_when_it_is_complete_and_again_by_a_worker_that_knows_more() -> None:
    """Late buckets count; a store that is away gets it later; a service of another worker is not ours to sum."""
    clock = FakeClock(BEGIN + HOUR, auto=False)
    store, errors = Shut(clock), list[str]()
    buckets = tuple(MinuteCount(BEGIN + 60 * number, 60.0, number % 5) for number in range(-30, 60))
    feed = Check("errors", "sentry", counts=buckets)
    api = ServiceState("api", checks={"errors": feed, "home": Check("home", "http")})
    state = State(services={"api": api, "web": replace(api, name="web")})
    supervisor = Supervisor(clock, lambda name, error: errors.append(name))
    supervisor.start("hours", FeedHours(store, clock, lambda: state, lambda: ("api", "gone")).run)
    store.shut = True
    await clock.advance(SETTLED_SECONDS + 60.0)
    store.shut = False
    await clock.advance(600.0)
    found = await store.feed_hours("api", BEGIN, BEGIN + HOUR)
    assert found == (FeedHour("api", "errors", BEGIN, 120.0, HOUR),) and await store.feed_hours("web", 0.0, 1e12) == ()
    before = store.writes
    await clock.advance(600.0)
    assert store.writes == before and await supervisor.stop(5.0) == () and errors == []


async def test_minutes_that_a_tracker_tells_of_late_complete_the_hour() -> None:
    """It did not answer at the end of the hour; that the state forgets minutes again takes nothing away. The next hour
    has less.
    """
    clock = FakeClock(BEGIN + HOUR + SETTLED_SECONDS, auto=False)
    buckets = tuple(MinuteCount(BEGIN + 60 * number, 60.0, 1.0) for number in range(60))
    store, known = MemoryStore(clock), list(buckets[:30])

    def state() -> State:
        checks = {"errors": Check("errors", "sentry", counts=tuple(known))}
        return State(services={"api": ServiceState("api", checks=checks)})

    hours, supervisor = FeedHours(store, clock, state, lambda: ("api",)), Supervisor(clock, lambda name, error: None)
    supervisor.start("hours", hours.run)
    for shown, count in ((buckets[:30], 30.0), (buckets, 60.0), (buckets[20:], 60.0)):
        known[:] = shown
        await clock.advance(60.0)
        assert await store.feed_hours("api", BEGIN, BEGIN + HOUR) == (
            FeedHour("api", "errors", BEGIN, count, 60 * count),
        )
    known[:] = (replace(one, start=one.start + HOUR) for one in buckets[:20])
    await clock.advance(HOUR)
    assert await store.feed_hours("api", BEGIN + HOUR, BEGIN + 2 * HOUR) == (
        FeedHour("api", "errors", BEGIN + HOUR, 20.0, 1200.0),
    )
    assert list(hours.due()) == [] and await supervisor.stop(5.0) == ()

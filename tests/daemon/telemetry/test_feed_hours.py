"""Hours of feeds: summed from the state once each is complete, of this worker's services alone."""

from dataclasses import replace

from tests.support.clocks import FakeClock
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.feed_hours import SETTLED_SECONDS, FeedHours
from watchdog.domain.checks import Check
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.readings import MinuteCount
from watchdog.domain.store_records import FeedHour

HOUR, BEGIN = 3600.0, 1_790_002_800.0 - 1_790_002_800.0 % 3600.0


class Shut(MemoryStore):
    """A store that may be shut."""

    shut, writes = False, 0

    async def put_feed_hours(self, rows: list[FeedHour]) -> None:  # type: ignore[override]
        """Fail while it is shut."""
        self.writes += 1
        if self.shut:
            raise Temporary("the store does not answer")
        await super().put_feed_hours(rows)


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

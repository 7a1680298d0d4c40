"""What the daemon writes down for its own sake, on a store that takes nothing."""

from collections.abc import Sequence

from structlog.testing import capture_logs

from tests.support.clocks import FakeClock
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.supervision.housekeeping import keep_minutes
from watchdog.daemon.telemetry.aggregate import MinuteAggregator
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain.errors import Permanent
from watchdog.domain.readings import Good
from watchdog.domain.store_records import Minute
from watchdog.ports import Sample


class Damaged(MemoryStore):
    """A store that takes no minutes until it is repaired."""

    damaged = True

    async def put_minutes(self, rows: Sequence[Minute]) -> None:
        if self.damaged:
            raise Permanent("the store's file is damaged")
        await super().put_minutes(rows)


async def test_minutes_that_a_damaged_store_does_not_take_end_no_task_and_fill_no_log() -> None:
    clock, minutes = FakeClock(auto=False), MinuteAggregator()
    store = Damaged(clock)
    errors: list[str] = []
    supervisor = Supervisor(clock, lambda name, error: errors.append(name))
    with capture_logs() as logs:
        supervisor.start("minutes", lambda: keep_minutes(minutes, store, clock, Metrics("9.9")))
        for store.damaged in (True, False, True):
            for _ in range(8):
                minutes.add("web", "home", Sample(Good()), clock.now())
                await clock.advance(60.0)
    assert await supervisor.stop(5.0) == () and errors == []
    away, back = "minute summaries not saved", "minute summaries saved again"
    assert [one["event"] for one in logs] == [away, back, away]

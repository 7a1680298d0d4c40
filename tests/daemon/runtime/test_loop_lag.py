"""The loop's lag, in simulated time: `freeze` is a blocked loop."""

import time

from tests.support.clocks import FakeClock, eventually
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.daemon.runtime.loop_lag import STALL_SECONDS, LoopLagMonitor
from watchdog.daemon.runtime.supervisor import Supervisor


async def test_case_07_a_stall_is_seen_by_spans_that_touch_it_and_no_others() -> None:
    """0.7 s of standing still between two quiet stretches."""
    clock, lags = FakeClock(auto=False), []
    detector = LoopLagMonitor(clock, lags.append)
    supervisor = Supervisor(clock, lambda name, error: None)
    supervisor.start("stall", detector.run)
    await clock.advance(1)
    assert max(lags) < 0.001
    before = clock.monotonic()
    clock.freeze(0.7)
    frozen = clock.monotonic()
    assert detector.lag_between(before, frozen) > STALL_SECONDS, "seen before the ticker was woken"
    assert detector.stalled_since(before) == "the event loop stalled for 0.7 s since the last look"
    await clock.advance(1)
    assert max(lags) > STALL_SECONDS and detector.lag_between(before, frozen) > STALL_SECONDS
    assert detector.lag_between(before - 1, before) == 0
    assert detector.lag_between(frozen + 0.1, clock.monotonic()) == 0 and detector.lag_seconds < 0.001
    assert detector.stalled_since(frozen + 0.1) == ""
    await supervisor.stop(1)


async def test_case_07_a_task_that_blocks_the_loop_is_a_stall() -> None:
    """Nothing simulated: 0.6 s of blocking in some task of this very process."""
    clock, lags = SystemClock(), list[float]()
    detector = LoopLagMonitor(clock, lags.append)
    supervisor = Supervisor(clock, lambda name, error: None)
    supervisor.start("stall", detector.run)
    await eventually(lambda: lags)
    before = clock.monotonic()
    time.sleep(0.6)
    assert detector.lag_between(before, clock.monotonic()) > STALL_SECONDS
    await supervisor.stop(1)


async def test_without_a_ticker_nothing_is_claimed() -> None:
    clock = FakeClock(auto=False)
    clock.freeze(100)
    assert LoopLagMonitor(clock).lag_between(0, clock.monotonic()) == 0

"""The real clock, and the steady one that the core's durations are measured by."""

import time

import pytest
from structlog.testing import capture_logs

from tests.support.clocks import FakeClock
from watchdog.daemon.runtime.clock import SLEW, SteadyClock, SystemClock
from watchdog.ports import Clock


async def test_it_is_a_clock_and_sleeping_moves_it() -> None:
    """Monotonic time does not go back, wall time is UTC epoch seconds, zero and less return at once."""
    clock: Clock = SystemClock()
    before, wall = clock.monotonic(), time.time()
    await clock.sleep(0.01)
    await clock.sleep(-5)
    assert clock.monotonic() - before >= 0.009 and clock.now() >= wall - 1


@pytest.mark.parametrize("step", [3600.0, -3600.0, 30.0, -30.0])
def test_case_26_a_clock_that_is_set_is_followed_slowly(step: float) -> None:
    """An hour forwards or back, a leap or an NTP step: never a jump, never backwards, and right again one day."""
    host = FakeClock(start=1_000_000.0)
    steady: Clock = SteadyClock(host)
    before = steady.now()
    host.start += step
    with capture_logs() as told:
        assert steady.now() == before
        while abs(steady.now() - host.now()) > 1e-6:
            began = steady.now()
            host.freeze(45.0)
            passed = steady.now() - began
            assert 45.0 * (1 - SLEW) - 1e-6 <= passed <= 45.0 * (1 + SLEW) + 1e-6
            assert host.elapsed <= abs(step) / SLEW + 45.0, "it is made up in ten times its size"
    assert [line["by_seconds"] for line in told] == [step], "said once"


def test_a_clock_that_drifts_is_followed_without_a_word() -> None:
    """NTP holds a host's clock by slewing it by less than a thousandth; that is no step."""
    host = FakeClock(start=1_000_000.0)
    steady = SteadyClock(host)
    with capture_logs() as told:
        for _ in range(10_000):
            host.freeze(1.0)
            host.start += 0.0005
            assert abs(steady.now() - host.now()) < 0.001
    assert told == []

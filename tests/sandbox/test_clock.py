"""The sandbox's clock: times as the vendors write them, and timers that die with their world."""

import asyncio

import pytest

from tests.support.clocks import eventually
from watchdog.sandbox.clock import Timers, iso, monotonic, now, parse_iso


def test_times_are_written_as_render_writes_them() -> None:
    """UTC, microseconds, Z; read back to the same moment."""
    assert iso(1_700_000_000.25) == "2023-11-14T22:13:20.250000Z"
    assert parse_iso(iso(1_700_000_000.25)) == 1_700_000_000.25


@pytest.mark.parametrize(
    "text", ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20", "2023-11-14T23:13:20+01:00", "2023-11-14T22:13:20.000Z"]
)
def test_times_are_read_in_every_usual_form(text: str) -> None:
    assert parse_iso(text) == 1_700_000_000.0


async def test_timers_happen_in_order_and_end_with_the_world() -> None:
    """Twenty times faster than life; what was not due when the world ended never happens."""
    timers, done = Timers(speed=20.0), list[int]()
    began, ticked = now(), monotonic()
    for number, seconds in ((3, 1.0), (1, 0.0), (2, 0.5)):
        timers.after(seconds, lambda number=number: done.append(number))
    await eventually(lambda: len(done) == 3)
    assert done == [1, 2, 3] and now() > began and monotonic() > ticked
    timers.after(0.0, lambda: done.append(4))
    timers.close()
    await asyncio.sleep(0.01)
    assert done == [1, 2, 3]

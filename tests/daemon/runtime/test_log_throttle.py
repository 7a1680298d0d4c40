"""Equal lines of the log, left out and counted."""

import pytest

from watchdog.daemon.runtime.log_throttle import LogThrottle


@pytest.mark.parametrize("again", [600.0, 5.0])
def test_of_equal_lines_the_first_is_written_and_then_how_many_were_left_out(again: float) -> None:
    """Each kind by itself; when it goes well again that is told once."""
    throttle = LogThrottle(again)
    assert [throttle.take("a", 10.0), throttle.take("a", 10.1), throttle.take("b", 10.1)] == [0, None, 0]
    assert throttle.take("a", 9.9 + again) is None and throttle.take("a", 10.0 + again) == 2
    assert not throttle.end(69.0 + again), "it may fail every other time"
    assert throttle.end(70.0 + again) and not throttle.end(70.0 + again) and throttle.take("a", 70.1 + again) == 0


def test_a_line_that_was_left_out_tells_of_a_failure_too() -> None:
    """It goes well again a minute after the last one, written or not."""
    throttle = LogThrottle()
    assert throttle.take("a", 10.0) == 0 and throttle.take("a", 60.0) is None
    assert not throttle.end(119.9) and throttle.end(120.0)

"""A fault of ours that costs a page only a part of it: logged and reported once a kind, however often it is met."""

from structlog.testing import capture_logs

from tests.support.clocks import FakeClock
from watchdog.daemon.runtime.fault_log import FaultLog, fault_kind
from watchdog.daemon.runtime.log_throttle import AGAIN_SECONDS


def raised(kind: type[Exception], text: str = "") -> Exception:
    """Return an exception as it was caught."""
    try:
        raise kind(text)
    except kind as error:
        return error


def test_a_kind_is_type_and_place_and_no_text() -> None:
    """The text may come from a client."""
    kind = fault_kind(raised(KeyError, "a stranger's"))
    assert kind.startswith("KeyError /") and "test_fault_log.py:" in kind and "stranger" not in kind


async def test_the_first_of_a_kind_has_its_traceback_and_the_others_are_counted() -> None:
    """Again after ten minutes, with the number of those left out; another kind is another line."""
    clock = FakeClock()
    faults = FaultLog(clock)
    with capture_logs() as logs:
        for _ in range(50):
            faults(raised(KeyError, "x"))
            faults(raised(ValueError))
        await clock.sleep(AGAIN_SECONDS)
        faults(raised(KeyError, "y"))
    kinds = [(one["kind"].split()[0], one["left_out"], one["exc_info"] is not None) for one in logs]
    assert kinds == [("KeyError", 0, True), ("ValueError", 0, True), ("KeyError", 49, False)]
    assert {one["event"] for one in logs} == {"part of a page or reply left out, internal error"}
    assert {one["log_level"] for one in logs} == {"error"}

"""The host's clock is set in the middle of an incident: nothing happens sooner, later or twice because of it."""

import sys
from pathlib import Path

import pytest

from tests.faults.test_kill import assert_one_rollback_and_a_closed_incident
from tests.support.daemon_processes import Daemon, guarding, together

pytestmark = pytest.mark.long

RUNNER = Path(__file__).with_name("clock_step_daemon.py")


def set_twice(folder: Path, seconds: float, quirks: bool) -> None:
    """A clock that is set when the suspicion begins, and set back while recovery is being proved."""
    with guarding(folder, quirks=quirks) as (cloud, daemon):
        cloud.write()
        clock = folder / "clock"

        def step(to: float) -> None:
            (folder / "next").write_text(f"{to}")
            (folder / "next").replace(clock)

        step(0.0)
        daemon.start(sys.executable, str(RUNNER), str(cloud.config), str(clock)).until_watching()
        cloud.bad_deploy()
        daemon.until_story("SUSPECT")
        step(seconds)
        daemon.until_story("RESTORED")
        assert told(daemon) == [round(seconds)]
        step(0.0)
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        assert told(daemon) == [round(seconds), -round(seconds)] and len(cloud.requests("render", "POST")) == 1
        ((opened, closed),) = daemon.rows("SELECT opened_at, closed_at FROM incidents")
        assert 0.0 < closed - opened < 200.0, "an hour by which a clock was set is not an hour of outage"
        daemon.stop()


def told(daemon: Daemon) -> list[int]:
    """Return by how many seconds the log says that the clock was set."""
    return [round(line["by_seconds"]) for line in daemon.said("host clock changed, slewing")]


def test_case_26_a_clock_that_is_set_in_an_incident(tmp_path: Path) -> None:
    """An hour forwards, or back: confirmed, rolled back once, proved, with true durations in the record."""
    together(
        lambda: set_twice(tmp_path / "forwards", 3600.0, quirks=False),
        lambda: set_twice(tmp_path / "back", -3600.0, quirks=True),
    )

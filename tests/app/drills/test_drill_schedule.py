"""The handbook's crontab line, as it is written there: it holds a drill, and its exit code says how that went."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.drills.staging_scene import BAD, GOOD, STAGING, live, staging
from tests.support.clocks import PATIENCE_SECONDS
from tests.support.daemon_processes import environment
from watchdog.docs.page_table import page

LINE = re.compile(r"^((?:\S+ ){4}\S+)  (cd /srv/watchdog && watchdog drill .*)$", re.MULTILINE)


def scheduled() -> tuple[str, str]:
    """Return the time and the command of the one line of the handbook."""
    handbook = page("on-call")
    assert handbook is not None
    [(when, command)] = LINE.findall(handbook.text)
    return when, command


def typed_by_cron(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run the line as cron does, by `sh` and with few variables, in the folder of the scene."""
    command = scheduled()[1].replace("/srv/watchdog", str(folder))
    path = os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", "/bin"))
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env={**environment(), "PATH": path},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_the_line_has_a_time_in_working_hours_and_names_a_staging_service() -> None:
    when, command = scheduled()
    minute, hour, *_, weekday = when.split()
    assert minute == "0" and 9 <= int(hour) <= 16 and 1 <= int(weekday) <= 5
    assert command.endswith(f"watchdog drill {STAGING}")


@pytest.mark.long
def test_the_line_holds_a_drill_and_a_refused_one_changes_nothing(tmp_path: Path) -> None:
    """Refused in a pause (3), passed after it (0); the scoreboard is what cron mails."""
    with staging(tmp_path) as (cloud, daemon):
        assert daemon.cli("pause").returncode == 0
        refused = typed_by_cron(cloud.folder)
        assert (refused.returncode, live(cloud)) == (3, []) and "paused by" in refused.stderr
        assert daemon.cli("resume").returncode == 0
        held = typed_by_cron(cloud.folder)
        assert held.returncode == 0, held.stdout + held.stderr
        assert "PASSED" in held.stdout and live(cloud) == [BAD, GOOD]

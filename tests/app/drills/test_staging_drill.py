"""Drills of a staging service by the command line: held, refused for production, killed and cleaned up."""

import json
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.app.drills.staging_scene import BAD, GOOD, STAGING, changes, drilled, live, staging
from tests.support import warm_processes
from tests.support.clocks import PATIENCE_SECONDS
from tests.support.daemon_processes import environment, until

BY_THE_DAEMON = [("POST", "/deploys"), ("PATCH", ""), ("POST", "/rollback"), ("PATCH", "")]


@pytest.mark.long
def test_a_drill_is_held_and_production_is_refused(tmp_path: Path) -> None:
    """By the daemon alone; the history has it, and a reminder comes when it is overdue.

    The second one takes the commit off the deny-list, and it is denied again afterwards.
    """
    with staging(tmp_path) as (cloud, daemon):
        assert "no drill yet (due every 30 days)" in daemon.cli("status").stdout
        for service, why in (("web", "web is no staging service"), ("shop", "shop is no staging service")):
            done = daemon.cli("drill", service)
            assert (done.returncode, done.stdout) == (3, "") and why in done.stderr
        assert cloud.untouched()
        first = drilled(daemon)
        assert (first["result"], first["rolled_back_to"], first["commit"]) == ("passed", "dep-32", BAD)
        assert changes(cloud) == BY_THE_DAEMON and live(cloud) == [BAD, GOOD]
        assert "DRILL" not in daemon.cli("status").stdout + daemon.cli("check").stdout
        rows = json.loads(daemon.cli("drill", "--history", "--json").stdout)
        assert [(one["number"], one["result"], one["sandbox"]) for one in rows] == [(1, "passed", False)]
        markdown = daemon.cli("drill", "--history", "--format", "markdown").stdout.splitlines()
        assert len(markdown) == 3 and markdown[-1].endswith("| passed |")
        report = json.loads(daemon.cli("drill", "--report", "--json").stdout)
        assert report["missed"] == [] and {one["drills"] for one in report["scoreboard"]} == {1}
        file = daemon.cloud.folder / "watchdog.db"
        with closing(sqlite3.connect(file)) as raw, raw:
            raw.execute("UPDATE drills SET json = replace(json, '\"at\": 1', '\"at\": -1')")
        told = daemon.cli("check").stdout + daemon.cli("status").stdout
        assert told.count(f"(due every 30 days): watchdog drill {STAGING}") == 2
        second = drilled(daemon)
        assert (second["result"], second["left"]) == ("passed", []) and live(cloud) == [BAD, GOOD] * 2


@pytest.mark.long
def test_a_drill_that_was_killed_names_what_is_left_and_is_cleaned_up(tmp_path: Path) -> None:
    """The daemon is gone as well: the cleanup rolls back by itself, once, and says when there is nothing left."""
    with staging(tmp_path) as (cloud, daemon):
        place = {"env": environment(), "cwd": cloud.folder, "out": tmp_path / "o", "err": tmp_path / "e"}
        drill = warm_processes.start(daemon.command("drill", STAGING), **place)
        until(lambda: live(cloud) == [BAD], (tmp_path / "e").read_text)
        daemon.kill()
        drill.send_signal(signal.SIGKILL)
        drill.wait(timeout=PATIENCE_SECONDS)
        done = daemon.cli("drill", STAGING)
        assert done.returncode == 3 and "no daemon runs" in done.stderr
        assert f"clean up: watchdog drill {STAGING} --clean" in daemon.cli("status").stdout
        early = daemon.cli("drill", STAGING, "--clean")
        assert early.returncode == 3 and "may still run" in early.stderr and live(cloud) == [BAD]
        cleaned = daemon.cli("drill", STAGING, "--clean", "--force", "--json")
        assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
        found = json.loads(cleaned.stdout)
        assert (found["result"], found["left"], live(cloud)) == ("failed", [], [BAD, GOOD])
        assert [path for _, path in changes(cloud)].count("/rollback") == 1
        assert [one["to"] for one in cloud.log("auto_deploy_changed")][-1:] in ([], ["commit"])
        again = daemon.cli("drill", STAGING, "--clean")
        assert again.returncode == 0 and "Nothing to clean up" in again.stdout


@pytest.mark.long
def test_a_commit_that_breaks_nothing_fails_the_drill_and_is_rolled_back(tmp_path: Path) -> None:
    """No incident comes within the time: the drill says so, and takes the commit back by hand."""
    with staging(tmp_path) as (cloud, daemon):
        cloud.post("commits", commit=BAD, behaviour="good")
        found = drilled(daemon, "--within", "12s", code=1)
        assert found["problems"] == ["no incident was opened within 12 s"] and found["left"] == []
        assert live(cloud) == [BAD, GOOD] and [path for _, path in changes(cloud)].count("/rollback") == 1


@pytest.mark.long
def test_what_would_keep_the_daemon_from_rolling_back_refuses_the_drill(tmp_path: Path) -> None:
    """Before anything is changed: a pause, an unfinished deploy, the mode, a name at Render without staging in it."""
    with staging(tmp_path) as (cloud, daemon):

        def refused(why: str) -> None:
            done = daemon.cli("drill", STAGING)
            assert done.returncode == 3 and why in done.stderr, done.stdout + done.stderr

        assert daemon.cli("pause").returncode == 0
        refused("paused by")
        assert daemon.cli("resume").returncode == 0
        assert daemon.cli("service", "hold", STAGING, "--for", "1h", "--reason", "x").returncode == 0
        refused("automatic rollbacks are held (hold-1)")
        assert daemon.cli("service", "unsilence", "hold-1").returncode == 0
        cloud.post("deploys", service=STAGING, commit=GOOD, build_seconds=30.0)
        refused("is on its way")
        assert cloud.untouched() and daemon.rows("SELECT number FROM drills") == []

"""The way back after a wrong rollback, over real processes: one rollback each, whoever dies in between."""

import json
import sys
from pathlib import Path

import pytest

from tests.faults.test_no_help import fail_after_a_good_deploy
from tests.support.daemon_processes import Cloud, Daemon, together, watching

RUNNER = Path(__file__).with_name("signalled_daemon.py")
WRONGED = "b" * 40
"""The commit that is blamed for what the world did."""
POSTED = 1
"""Rollbacks that were posted before the undo."""


def roll_back_wrongly(cloud: Cloud, daemon: Daemon) -> None:
    """A good version goes live, the world breaks the site, the deploy is blamed; then the world is well again."""
    fail_after_a_good_deploy(cloud, daemon, commit=WRONGED)
    daemon.until(lambda: cloud.log("rollback_accepted"))
    cloud.post("faults", target="web", kind="good")
    assert daemon.until_story("CLOSED").startswith("rolled back and verified")


def assert_put_back(cloud: Cloud, daemon: Daemon) -> None:
    """Rolled back once and put back once, proved and closed; auto-deploy off since the first, neither code denied."""
    daemon.until(lambda: len(cloud.log("rollback_accepted")) == 2)
    daemon.until(lambda: daemon.rows("SELECT count(*) FROM incidents WHERE closed_at IS NULL") == [(0,)])
    first, back = cloud.log("rollback_accepted")
    assert (first["target"], back["target"]) == ("dep-40", "dep-42")
    assert len(cloud.requests("render", "POST")) == POSTED + 1
    live = cloud.log("deploy_live")[-1]
    assert (live["deploy"], live["commit"]) == (back["deploy"], WRONGED)
    assert [(one["from"], one["to"]) for one in cloud.log("auto_deploy_changed")] == [("commit", "off")]
    newest, oldest = daemon.history()
    assert oldest["incident"] == "web-1" and not oldest["approved_by"]
    assert (newest["suspect"], newest["rollback_deploy"], newest["verified"]) == (first["deploy"], back["deploy"], True)
    assert newest["approved_by"]
    ((shared,),) = daemon.rows("SELECT json FROM shared")
    assert json.loads(shared)["denied"] == []
    daemon.until(lambda: daemon.rows("SELECT count(*) FROM effects WHERE status = 'pending'") == [(0,)])
    assert "Traceback" not in daemon.words() and "task failed" not in daemon.words()


@pytest.mark.long
def test_a_wrong_rollback_is_undone_beside_a_running_daemon(tmp_path: Path) -> None:
    """A judgement, a dry run that changes nothing, the undo; a second one, and one of nothing, are refused in words."""
    with watching(tmp_path, quirks=True) as (cloud, daemon):
        roll_back_wrongly(cloud, daemon)
        assert daemon.cli("label", "web-1", "wrong").returncode == 0
        assert "watchdog incident undo web-1 --dry-run" in daemon.cli("explain", "web-1").stdout
        before = len(cloud.requests("render", "PATCH"))
        plan = daemon.cli("undo", "web-1", "--dry-run")
        assert plan.returncode == 0 and "TARGET       dep-42  bbbbbbb" in plan.stdout, plan.stdout + plan.stderr
        assert "bbbbbbb leaves the deny-list" in " ".join(plan.stdout.split())
        assert "Nothing was changed. To do it: watchdog incident undo web-1" in plan.stdout
        assert len(cloud.requests("render", "POST")) == POSTED and len(cloud.requests("render", "PATCH")) == before
        done = daemon.cli("undo", "web-1")
        assert done.returncode == 0 and "UNDO of web-1: bbbbbbb leaves the deny-list" in done.stdout, done.stderr
        assert_put_back(cloud, daemon)
        again, nothing = daemon.cli("undo", "web-1"), daemon.cli("undo", "web-9")
        assert again.returncode == 3 and "dep-44 bbbbbbb is live already" in again.stderr
        assert nothing.returncode == 1 and "no such incident: web-9" in nothing.stderr
        assert daemon.cli("undo", "web-9", "--dry-run").returncode == 2
        explained = " ".join(daemon.cli("explain", "web-1").stdout.split())
        assert "dep-42 is put back (web-2)" in explained and len(cloud.log("rollback_accepted")) == 2


@pytest.mark.nightly
def test_a_wrong_rollback_is_undone_without_a_daemon(tmp_path: Path) -> None:
    """The command takes the role, follows to the proof, and says what came of it."""
    with watching(tmp_path, quirks=False) as (cloud, daemon):
        roll_back_wrongly(cloud, daemon)
        daemon.until(lambda: daemon.rows("SELECT count(*) FROM incidents WHERE closed_at IS NULL") == [(0,)])
        daemon.kill()
        done = daemon.cli("undo", "web-1")
        assert done.returncode == 0 and "probes good since it was live" in done.stdout, done.stdout + done.stderr
        assert len(cloud.log("rollback_accepted")) == 2
        daemon.start().until_watching()
        assert_put_back(cloud, daemon)


def killed_at(folder: Path, point: str, sent: int) -> None:
    """It dies at a point of the undo; the next one finds it done, or says that nothing was sent, and is asked again."""
    with watching(folder / point, quirks=False) as (cloud, daemon):
        roll_back_wrongly(cloud, daemon)
        daemon.until(lambda: daemon.rows("SELECT count(*) FROM incidents WHERE closed_at IS NULL") == [(0,)])
        daemon.kill()
        daemon.start(sys.executable, str(RUNNER), point, str(cloud.config)).until_watching()
        daemon.cli("undo", "web-1")
        assert daemon.until_ended() == -9 and len(cloud.log("rollback_accepted")) == 1 + sent
        daemon.start().until_watching()
        if not sent:
            assert "ask again" in daemon.until_story("HUMAN") and len(cloud.log("rollback_accepted")) == 1
            assert daemon.cli("undo", "web-1").returncode == 0
        assert_put_back(cloud, daemon)


@pytest.mark.nightly
def test_case_02_03_killed_while_a_rollback_is_undone(tmp_path: Path) -> None:
    """Taken by Render, with its answer lost: it is found, and nothing is sent again."""
    killed_at(tmp_path, "after_answer", 1)


@pytest.mark.nightly
def test_killed_before_the_undo_is_sent(tmp_path: Path) -> None:
    """Planned, or about to be sent: nothing was, people hear that they must ask again, and then it is sent once."""
    together(lambda: killed_at(tmp_path, "after_intent", 0), lambda: killed_at(tmp_path, "before_send", 0))

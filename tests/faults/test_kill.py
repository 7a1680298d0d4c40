"""kill -9 at the worst moments, and lost answers: one rollback in total, each time, and the incident is closed."""

import sys
from pathlib import Path

import pytest

from tests.faults.processes import Cloud, Daemon, guarding

RUNNER = Path(__file__).with_name("killed.py")


def assert_one_rollback_and_a_closed_incident(cloud: Cloud, daemon: Daemon) -> None:
    """The sandbox counts one rollback, to the right deploy, after the pin; the record has one row, verified."""
    closed = daemon.until_story("CLOSED", 90.0)
    assert closed.startswith("rolled back and verified")
    accepted = cloud.log("rollback_accepted")
    assert [entry["target"] for entry in accepted] == ["dep-40"]
    assert [(entry["from"], entry["to"]) for entry in cloud.log("auto_deploy_changed")] == [("commit", "off")]
    assert cloud.log("auto_deploy_changed")[0]["at"] < accepted[0]["at"]
    (row,) = daemon.history()
    assert (row["target"], row["rollback_deploy"], row["verified"]) == ("dep-40", accepted[0]["deploy"], True)
    daemon.until(lambda: cloud.log("pagerduty_resolve"))
    assert daemon.rows("SELECT count(*) FROM incidents WHERE closed_at IS NULL") == [(0,)]
    daemon.until(lambda: daemon.rows("SELECT count(*) FROM effects WHERE status = 'pending'") == [(0,)])
    assert "Traceback" not in daemon.words() and "a task failed" not in daemon.words()


@pytest.mark.parametrize(
    ("point", "sent", "quirks"), [("after_intent", 0, True), ("before_send", 0, False), ("after_answer", 1, True)]
)
def test_killed_by_itself_at_a_marked_point(tmp_path: Path, point: str, sent: int, quirks: bool) -> None:
    """The intent is saved, the call is marked as sent, or it is answered: the next start finishes the work once."""
    with guarding(tmp_path, quirks=quirks) as (cloud, daemon):
        cloud.write()
        daemon.start(sys.executable, str(RUNNER), point, str(cloud.config)).until_watching()
        cloud.bad_deploy()
        assert daemon.until_ended(60.0) == -9
        assert len(cloud.log("rollback_accepted")) == sent
        state = {"after_intent": "planned"}.get(point, "sending")
        assert daemon.rows("SELECT state, deploy FROM actions WHERE step = 'rollback'") == [(state, None)]
        daemon.start()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)


@pytest.mark.parametrize(("mode", "quirks"), [("slow", False), ("drop", True)])
def test_killed_after_it_was_accepted_and_before_the_answer_is_saved(
    tmp_path: Path, mode: str, quirks: bool
) -> None:
    """Render has it, we do not know: the next start finds it in the deploy list and sends nothing."""
    with guarding(tmp_path, quirks=quirks) as (cloud, daemon):
        cloud.write()
        cloud.post("modes", name="rollback", mode=mode, times=1)
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until(lambda: cloud.log("rollback_accepted"))
        daemon.kill()
        daemon.start()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        assert len(cloud.requests("render", "POST")) == 1


@pytest.mark.parametrize("quirks", [True, False])
def test_killed_after_the_answer_is_saved(tmp_path: Path, quirks: bool) -> None:
    """The journal says accepted: the next start follows that deploy."""
    with guarding(tmp_path, quirks=quirks, rollback_seconds=4.0) as (cloud, daemon):
        cloud.write()
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until(lambda: daemon.rows("SELECT 1 FROM actions WHERE step = 'rollback' AND state = 'accepted'"))
        daemon.kill()
        daemon.start()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        assert len(cloud.requests("render", "POST")) == 1


def test_killed_while_auto_deploy_is_being_switched_off(tmp_path: Path) -> None:
    """The value to give back one day is the one from before the first attempt, not our own `off`."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        cloud.write()
        cloud.post("modes", name="patch", mode="slow", times=1)
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until(lambda: cloud.log("auto_deploy_changed"))
        daemon.kill()
        daemon.start()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        assert 'it was "commit"' in daemon.cli("status").stdout


@pytest.mark.parametrize(
    ("mode", "posts", "quirks"), [("reset_before", 2, True), ("error_after", 1, False), ("refuse_429", 2, False)]
)
def test_an_answer_that_tells_nothing_or_no(tmp_path: Path, mode: str, posts: int, quirks: bool) -> None:
    """Reset before it was taken, an error after it was taken, refused for its rate: one rollback in the end."""
    with guarding(tmp_path, quirks=quirks) as (cloud, daemon):
        cloud.write()
        cloud.post("modes", name="rollback", mode=mode, times=1)
        daemon.start().until_watching()
        cloud.bad_deploy()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        assert len(cloud.requests("render", "POST")) == posts


def test_killed_while_it_proves_recovery(tmp_path: Path) -> None:
    """Killed twice after the rollback is live: verified in the end, nothing sent again, one page opened and closed."""
    with guarding(tmp_path, quirks=True) as (cloud, daemon):
        cloud.write()
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until_story("RESTORED")
        daemon.kill()
        daemon.start()
        daemon.until(lambda: daemon.said("watching"))
        daemon.kill()
        daemon.start()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        assert len(cloud.requests("render", "POST")) == 1
        assert {entry["dedup_key"] for entry in cloud.log("pagerduty_trigger")} == {
            entry["dedup_key"] for entry in cloud.log("pagerduty_resolve")
        }

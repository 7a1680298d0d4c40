"""kill -9 at the worst moments, and lost answers: one rollback in total, each time, and the incident is closed."""

import signal
import sys
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.daemon_processes import Cloud, Daemon, guarding, together, watching
from watchdog.daemon.actions.timings import SHIPPED

RUNNER = Path(__file__).with_name("signalled_daemon.py")


def assert_one_rollback_and_a_closed_incident(cloud: Cloud, daemon: Daemon) -> None:
    """The sandbox counts one rollback, to the right deploy, after the pin; the record has one row, verified."""
    closed = daemon.until_story("CLOSED")
    assert closed.startswith("rolled back and verified")
    accepted = cloud.log("rollback_accepted")
    assert [entry["target"] for entry in accepted] == ["dep-40"]
    assert [(entry["from"], entry["to"]) for entry in cloud.log("auto_deploy_changed")] == [("commit", "off")]
    assert cloud.log("auto_deploy_changed")[0]["at"] < accepted[0]["at"]
    # The story goes on although the store did not take a record in time; the next snapshot makes up for it.
    daemon.until(lambda: daemon.rows("SELECT count(*) FROM incidents WHERE closed_at IS NULL") == [(0,)])
    (row,) = daemon.history()
    assert (row["target"], row["rollback_deploy"], row["verified"]) == ("dep-40", accepted[0]["deploy"], True)
    daemon.until(lambda: cloud.log("pagerduty_resolve"))
    opened, resolved = (
        {one["dedup_key"] for one in cloud.log(f"pagerduty_{it}") if one["dedup_key"].startswith("watchdog/web/")}
        for it in ("trigger", "resolve")
    )
    assert opened == resolved and len(opened) == 1
    daemon.until(lambda: daemon.rows("SELECT count(*) FROM effects WHERE status = 'pending'") == [(0,)])
    assert "Traceback" not in daemon.words() and "task failed" not in daemon.words()


def killed_by_itself(folder: Path, point: str, sent: int, quirks: bool) -> None:
    """A daemon that dies at a marked point, and one that goes on."""
    with guarding(folder / point, quirks=quirks) as (cloud, daemon):
        cloud.write()
        daemon.start(sys.executable, str(RUNNER), point, str(cloud.config)).until_watching()
        cloud.bad_deploy()
        assert daemon.until_ended() == -9 and len(cloud.log("rollback_accepted")) == sent
        state = {"after_intent": "planned"}.get(point, "sending")
        assert daemon.rows("SELECT state, deploy FROM actions WHERE step = 'rollback'") == [(state, None)]
        daemon.start()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)


def killed_when(folder: Path, mode: Mapping[str, str], moment: Callable[[Cloud, Daemon], object], quirks: bool) -> None:
    """A daemon that is killed at a moment seen from outside, and one that goes on and sends nothing again."""
    with watching(folder, quirks=quirks, rollback_seconds=2.0) as (cloud, daemon):
        for name, what in mode.items():
            cloud.post("modes", name=name, mode=what, times=1)
        cloud.bad_deploy()
        daemon.until(lambda: moment(cloud, daemon))
        daemon.kill()
        daemon.start()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        assert len(cloud.requests("render", "POST")) == 1 and 'it was "commit"' in daemon.cli("status").stdout


def frozen_before_the_send(folder: Path, quirks: bool, human: bool) -> None:
    """A daemon that stands still between its last look and its send, longer than the guard allows."""
    with guarding(folder, quirks=quirks) as (cloud, daemon):
        cloud.write()
        once = cloud.folder / "frozen"
        point = (sys.executable, str(RUNNER), "before_send", str(cloud.config), "SIGSTOP", str(once))
        daemon.start(*point).until_watching()
        cloud.bad_deploy()
        daemon.until(once.exists)
        began = time.monotonic()
        if human:
            good = {"kind": "good"}
            cloud.post("deploys", build_seconds=0.2, update_seconds=0.2, behaviour=good, commit="a" * 40)
            daemon.until(lambda: [one for one in cloud.log("deploy_live") if one["commit"] == "a" * 40])
        daemon.until(lambda: time.monotonic() - began > SHIPPED.guard_seconds + 1.0)
        daemon.process.send_signal(signal.SIGCONT)
        if human:
            closed = daemon.until_story("CLOSED")
            assert closed.startswith("recovered by itself"), daemon.words()
            daemon.until(lambda: len(cloud.log("auto_deploy_changed")) == 2)
            assert cloud.log("auto_deploy_changed")[-1]["to"] == "commit", "given back"
            assert cloud.requests("render", "POST") == [], "somebody else was faster: nothing is undone"
        else:
            assert_one_rollback_and_a_closed_incident(cloud, daemon)
            assert "since the last look" in daemon.words() and len(cloud.requests("render", "POST")) == 1


def answered_badly(folder: Path, mode: str, posts: int, quirks: bool) -> None:
    """A daemon that lives on, and gets no answer to its rollback, or a strange one."""
    with watching(folder / mode, quirks=quirks) as (cloud, daemon):
        cloud.post("modes", name="rollback", mode=mode, times=1)
        cloud.bad_deploy()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        sent = [one["at"] for one in cloud.requests("render", "POST")]
        assert len(sent) == posts
        for before, after in pairwise(sent):
            assert looked_at_again(cloud, before, after), "sent again on what was known before"


def looked_at_again(cloud: Cloud, since: float, until: float) -> bool:
    """Tell whether between two moments the deploy list was read and the site was found failing."""
    listed = [one for one in cloud.requests("render", "GET") if one["path"].endswith("/deploys")]
    failing = [at for at, service, _, status in cloud.hits() if service == "web" and status >= 500]
    return any(since < one["at"] < until for one in listed) and any(since < at < until for at in failing)


def well_again_while_it_waits(folder: Path) -> None:
    """Refused for its rate; before it may be sent again, the site is well: nobody's deploy is rolled back then."""
    with watching(folder, quirks=False) as (cloud, daemon):
        cloud.post("modes", name="rollback", mode="refuse_429", times=1)
        cloud.post("deploys", build_seconds=0.2, update_seconds=0.2, behaviour={"kind": "good"})
        daemon.until(lambda: cloud.log("deploy_live"))
        cloud.post("faults", target="web", kind="error", status=503)
        daemon.until(lambda: cloud.requests("render", "POST"))
        cloud.post("faults", target="web", kind="good")
        assert daemon.until_story("CLOSED").startswith("recovered by itself")
        daemon.until(lambda: cloud.log("auto_deploy_changed")[-1]["to"] == "commit")
        assert len(cloud.requests("render", "POST")) == 1 and cloud.log("rollback_accepted") == []


def accepted(cloud: Cloud, daemon: Daemon) -> object:
    """Render has it; its answer is on the way, or lost."""
    return cloud.log("rollback_accepted")


def saved(cloud: Cloud, daemon: Daemon) -> object:
    return daemon.rows("SELECT 1 FROM actions WHERE step = 'rollback' AND state = 'accepted'")


def pinned(cloud: Cloud, daemon: Daemon) -> object:
    """Auto-deploy is off, and we do not know it."""
    return cloud.log("auto_deploy_changed")


def proving(cloud: Cloud, daemon: Daemon) -> object:
    """The rollback is live; recovery is being proved."""
    return daemon.story("RESTORED")


def test_case_02_03_11_killed_before_the_answer_is_saved(tmp_path: Path) -> None:
    """The intent is saved and nothing sent; or Render has it and we do not know: looked up, and done once."""
    together(
        lambda: killed_by_itself(tmp_path, "after_intent", 0, quirks=True),
        lambda: killed_by_itself(tmp_path, "after_answer", 1, quirks=False),
        lambda: killed_when(tmp_path / "slow", {"rollback": "slow"}, accepted, quirks=False),
    )


@pytest.mark.long
def test_case_02_10_calls_that_were_never_taken(tmp_path: Path) -> None:
    """Killed just before the send, or reset before it was taken: after the settle window, decided and sent anew."""
    together(
        lambda: killed_by_itself(tmp_path, "before_send", 0, quirks=False),
        lambda: answered_badly(tmp_path, "reset_before", 2, quirks=True),
    )


@pytest.mark.long
def test_case_09_10_13_answers_that_tell_nothing_or_no(tmp_path: Path) -> None:
    """An error after it was taken, or a cut connection and a kill: looked up; refused for its rate: confirmed anew."""
    together(
        lambda: answered_badly(tmp_path, "error_after", 1, quirks=False),
        lambda: answered_badly(tmp_path, "refuse_429", 2, quirks=True),
        lambda: killed_when(tmp_path / "drop", {"rollback": "drop"}, accepted, quirks=True),
        lambda: well_again_while_it_waits(tmp_path / "well"),
    )


@pytest.mark.long
def test_case_03_04_killed_while_pinning_and_after_the_answer_is_saved(tmp_path: Path) -> None:
    """What is given back one day is the value from before the first attempt; what is saved is followed and proved."""
    together(
        lambda: killed_when(tmp_path / "pinning", {"patch": "slow"}, pinned, quirks=False),
        lambda: killed_when(tmp_path / "saved", {}, saved, quirks=False),
        lambda: killed_when(tmp_path / "proving", {}, proving, quirks=True),
    )


@pytest.mark.long
def test_case_06_17_frozen_between_the_last_look_and_the_send(tmp_path: Path) -> None:
    """What was true before the freeze counts no longer: looked at and decided anew, or left to who acted meanwhile."""
    together(
        lambda: frozen_before_the_send(tmp_path / "alone", quirks=True, human=False),
        lambda: frozen_before_the_send(tmp_path / "human", quirks=False, human=True),
    )

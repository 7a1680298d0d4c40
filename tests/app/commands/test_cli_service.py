"""The command line beside a running daemon, and without one: what it prints, does, and answers with its exit code."""

import signal
from pathlib import Path

import pytest

from tests.support.daemon_processes import HIGH, IN_SIX_HOURS, SHORT, Daemon, guarding, together, watching
from watchdog.adapters.stores import role_lock

DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 3
ACTS = "mode: autonomous"


def expect(daemon: Daemon, code: int, *arguments: str) -> str:
    """Run a command, demand its exit code, and return what it printed: errors are words on stderr, never tracebacks.

    A command that has to act without a daemon also logs there, line by line, as the daemon would on stdout.
    """
    done = daemon.cli(*arguments)
    assert done.returncode == code, (arguments, done.stdout, done.stderr)
    words = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert bool(words) == (code != DONE), (arguments, words)
    assert "Traceback" not in done.stderr
    return "\n".join([done.stdout, *words])


def rejected_then_rolled_back_by_hand(folder: Path) -> None:
    """Assist: a no changes nothing and holds; then a human rolls back by hand, looking first."""
    with watching(folder, quirks=True, replace={ACTS: "mode: assist"}) as (cloud, daemon):
        cloud.bad_deploy()
        assert "incident reject web-1" in daemon.until_story("ASKED") and "needs your answer" in expect(
            daemon, DONE, "status"
        )
        assert "no open incident web-9; open: web-1" in expect(daemon, FAILED, "approve", "web-9")
        assert "REJECTED" in expect(daemon, DONE, "reject", "web-1")
        assert "nothing is asked" in expect(daemon, REFUSED, "approve", "web-1")
        assert "nothing can be stopped" in expect(daemon, REFUSED, "stop", "web-1")
        assert "dep-40" in expect(daemon, DONE, "rollback", "web", "--dry-run")
        assert "never live" in expect(daemon, REFUSED, "rollback", "web", "--to", "dep-41")
        assert "no such service" in expect(daemon, USAGE, "rollback", "shop") and cloud.untouched()
        assert "BY HAND" in expect(daemon, DONE, "rollback", "web")
        daemon.until_story("CLOSED")
        assert [entry["target"] for entry in cloud.log("rollback_accepted")] == ["dep-40"]
        (row,) = daemon.history()
        assert row["verified"] and row["approved_by"]


def approved_without_a_daemon(folder: Path) -> None:
    """Assist: the daemon that asked is gone; the yes is applied under its lock, followed and proved, once."""
    with watching(folder, quirks=False, replace={ACTS: "mode: assist"}) as (cloud, daemon):
        cloud.bad_deploy()
        daemon.until_story("ASKED")
        cloud.write(replace={"mode: assist": ACTS}, more="")
        seen = expect(daemon, DONE, "status")
        assert "it runs web in assist (the file: autonomous)" in " ".join(seen.split()) and "needs your answer" in seen
        cloud.write(replace={ACTS: "mode: assist"}, more="")
        daemon.kill()
        assert "No daemon runs, so web-1 is not followed" in " ".join(expect(daemon, DONE, "status").split())
        assert "APPROVED" in expect(daemon, DONE, "approve", "web-1")
        lock = role_lock(daemon.record.url)
        assert lock is not None and lock.is_by_command, "another command would take it for a daemon, and wait"
        assert [entry["target"] for entry in cloud.log("rollback_accepted")] == ["dep-40"]
        assert cloud.log("pagerduty_resolve")
        (row,) = daemon.history()
        assert row["verified"] and row["approved_by"] and row["severity"] == "critical"


@pytest.mark.nightly
def test_a_yes_without_a_daemon_is_kept_for_its_window(tmp_path: Path) -> None:
    """Scheduled: a yes without a daemon is written down for the window; nothing is followed, nothing is changed."""
    with watching(tmp_path, quirks=False, replace={}, more=SHORT + IN_SIX_HOURS) as (cloud, daemon):
        cloud.bad_deploy(behaviour=HIGH)
        daemon.until_story("ASKED")
        daemon.kill()
        said = expect(daemon, DONE, "approve", "web-1")
        assert "SCHEDULED for " in said and "a watchdog has to run by then" in said
        assert "STOPPED" in expect(daemon, DONE, "stop", "web-1") and cloud.untouched()


@pytest.mark.long
def test_a_rollback_is_stopped_within_the_veto(tmp_path: Path) -> None:
    """In time: nothing was written to Render, and a human has it."""
    with watching(tmp_path, quirks=False, replace={ACTS: f"{ACTS}\n    veto: 60s"}) as (cloud, daemon):
        cloud.bad_deploy()
        daemon.until(lambda: daemon.rows("SELECT 1 FROM incidents"))
        assert "STOPPED" in expect(daemon, DONE, "stop", "web-1")
        assert "nothing can be stopped" in expect(daemon, REFUSED, "stop", "web-1")
        assert "rollback stopped" in expect(daemon, DONE, "status") and cloud.untouched()


@pytest.mark.long
def test_a_rollback_that_no_one_stops_is_made_when_the_veto_is_over(tmp_path: Path) -> None:
    """By real processes: once."""
    with watching(tmp_path, quirks=True, replace={ACTS: f"{ACTS}\n    veto: 2s"}) as (cloud, daemon):
        cloud.bad_deploy()
        assert daemon.until_story("CLOSED").startswith("rolled back and verified")
        assert len(cloud.log("rollback_accepted")) == 1


@pytest.mark.long
def test_assist_asks_and_obeys(tmp_path: Path) -> None:
    """A no and then a rollback by hand; a yes after the daemon died. (A yes to the daemon: faults/test_approvals.)"""
    together(
        lambda: rejected_then_rolled_back_by_hand(tmp_path / "no"),
        lambda: approved_without_a_daemon(tmp_path / "late"),
    )


def looked_at(folder: Path) -> None:
    """What a real incident left, and what asks the cloud; what lifts the deny-list. Each answer in full: tests/cli."""
    with watching(folder, quirks=True) as (cloud, daemon):
        cloud.bad_deploy()
        daemon.until_story("CLOSED")
        assert "dep-43" in expect(daemon, DONE, "status") and "verified" in expect(daemon, DONE, "incidents")
        explained = expect(daemon, DONE, "explain", "web-1")
        assert all(word in explained for word in ("SEEN", "SEVERITY", "BLAME", "GUARDS", "TARGET", "DONE", "dep-40"))
        assert "dep-42" in expect(daemon, DONE, "history")
        (row,) = daemon.history()
        assert (row["suspect"], row["target"], row["verified"], row["label"]) == ("dep-42", "dep-40", True, None)
        assert "rollback target" in expect(daemon, DONE, "deploys", "web")
        assert "no such service" in expect(daemon, USAGE, "deploys", "shop")
        read = expect(daemon, DONE, "once")
        assert "GOOD" in read and "One reading of each signal, without history: no verdict" in read
        assert "`watchdog run` opens an incident when a signal goes on failing (a probe for " in read
        assert "TRUSTED" in expect(daemon, DONE, "trust", "9f3c2ab")
        assert "is not denied" in expect(daemon, REFUSED, "trust", "9f3c2ab")
        assert "too short" in expect(daemon, USAGE, "trust", "9f")
        assert "judged right" in expect(daemon, DONE, "label", "web-1", "right")
        assert daemon.rows("SELECT name, ok FROM commands ORDER BY id DESC LIMIT 1") == [("label", 1)]
        assert daemon.history()[0]["label"] == "right"


def paused_and_resumed(folder: Path) -> None:
    """A pause holds the machine and a human; afterwards a rollback by hand of a healthy site, to a deploy named."""
    with watching(folder, quirks=False) as (cloud, daemon):
        assert "PAUSED" in expect(daemon, DONE, "pause") and "PAUSED" in expect(daemon, DONE, "status")
        cloud.bad_deploy()
        daemon.until(lambda: cloud.pages())
        assert "paused" in expect(daemon, REFUSED, "rollback", "web") and cloud.untouched()
        assert "RESUMED" in expect(daemon, DONE, "resume")
        daemon.until_story("CLOSED")
        assert [entry["target"] for entry in cloud.log("rollback_accepted")] == ["dep-40"]
        assert "dep-39" in expect(daemon, DONE, "rollback", "web", "--to", "dep-39", "--dry-run")
        assert len(cloud.log("rollback_accepted")) == 1
        assert "BY HAND" in expect(daemon, DONE, "rollback", "web", "--to", "dep-39")
        daemon.until(lambda: len(daemon.story("CLOSED")) == 2)
        assert [entry["target"] for entry in cloud.log("rollback_accepted")] == ["dep-40", "dep-39"]


@pytest.mark.long
def test_looking_pausing_and_going_back_by_hand(tmp_path: Path) -> None:
    """Every reading command after an incident; a pause that holds and is lifted."""
    together(lambda: looked_at(tmp_path / "look"), lambda: paused_and_resumed(tmp_path / "pause"))


def by_hand_without_a_daemon(folder: Path) -> None:
    """The command takes the role, pins, sends once, follows to the proof, and writes history as the daemon would."""
    with guarding(folder, quirks=True) as (cloud, daemon):
        cloud.write()
        assert "dep-39" in expect(daemon, DONE, "rollback", "web", "--to", "dep-39", "--dry-run")
        assert cloud.untouched() and "BY HAND" in expect(daemon, DONE, "rollback", "web", "--to", "dep-39")
        assert [entry["target"] for entry in cloud.log("rollback_accepted")] == ["dep-39"]
        assert [(one["from"], one["to"]) for one in cloud.log("auto_deploy_changed")] == [("commit", "off")]
        (row,) = daemon.history()
        assert (row["target"], row["verified"]) == ("dep-39", True) and row["approved_by"]
        done = daemon.cli("pause")
        assert "PAUSED" in done.stdout and "; no daemon runs on sqlite:///" in done.stdout
        assert "no daemon holds this store" in done.stderr
        assert "paused" in expect(daemon, REFUSED, "rollback", "web", "--to", "dep-40")


def refused_by_the_platform(folder: Path) -> None:
    """Without a daemon, Render refuses: auto-deploy is given back, and the command does not say that it was done."""
    with guarding(folder, quirks=False) as (cloud, daemon):
        cloud.write()
        cloud.post("modes", name="rollback", mode="expired")
        cloud.post("modes", name="create_deploy", mode="refuse_400")
        assert "refused" in expect(daemon, FAILED, "rollback", "web", "--to", "dep-39")
        assert cloud.log("rollback_accepted") == []
        assert [one["to"] for one in cloud.log("auto_deploy_changed")] == ["off", "commit"]


def killed_in_hand(folder: Path) -> None:
    """The command dies by kill -9 while Render has its rollback; a daemon started later adopts and proves it."""
    with guarding(folder, quirks=True, rollback_seconds=6.0) as (cloud, daemon):
        cloud.write()
        cloud.post("modes", name="rollback", mode="slow", times=1)
        daemon.start(*daemon.command("rollback", "web", "--to", "dep-39"))
        daemon.until(lambda: cloud.log("rollback_accepted"))
        assert "ACKNOWLEDGED" in expect(daemon, DONE, "incident", "ack", "web-1"), "it answers others"
        daemon.process.send_signal(signal.SIGKILL)
        assert daemon.until_ended() == -9
        daemon.start()
        assert daemon.until_story("CLOSED").startswith("rolled back and verified")
        assert len(cloud.log("rollback_accepted")) == 1 and len(cloud.requests("render", "POST")) == 1


@pytest.mark.long
def test_by_hand_without_a_daemon(tmp_path: Path) -> None:
    """The same protocol: done and proved; refused by the platform; killed in between and taken up by a daemon."""
    together(
        lambda: by_hand_without_a_daemon(tmp_path / "done"),
        lambda: refused_by_the_platform(tmp_path / "refused"),
        lambda: killed_in_hand(tmp_path / "killed"),
    )

"""SIGTERM, as Render sends it before each of our own deploys: the write in hand is finished, nothing is done twice."""

import signal
import sys
from pathlib import Path

import pytest

from tests.faults.test_kill import assert_one_rollback_and_a_closed_incident
from tests.support.daemon_processes import guarding, together, watching
from tests.support.databases import Databases, postgresql, sqlite
from watchdog.domain.store_records import ActionResult

RUNNER = Path(__file__).with_name("signalled_daemon.py")


HELD = "SELECT name FROM leases WHERE expires > extract(epoch FROM clock_timestamp())"
"""What a worker holds, by the database's own clock."""


def stopped_in_hand(folder: Path, number: signal.Signals, databases: Databases, quirks: bool) -> None:
    """A daemon that is told to stop while Render has taken its rollback and is slow to say so."""
    with guarding(folder, quirks=quirks) as (cloud, daemon), databases(cloud.folder) as record:
        cloud.write(replace={daemon.record.url: record.url})
        daemon.record = record
        cloud.post("modes", name="rollback", mode="slow", times=1)
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until(lambda: cloud.log("rollback_accepted"))
        shared = record.url.startswith("postgresql")
        assert not shared or ("web",) in daemon.rows(HELD)
        daemon.process.send_signal(number)
        assert daemon.until_ended() == 0
        assert not shared or daemon.rows(HELD) == [], "handed over at the end, not left to run out"
        assert daemon.said("stopping") and daemon.errors() == ""
        ((state, deploy, note),) = daemon.rows("SELECT state, deploy, note FROM actions WHERE step = 'rollback'")
        saved = (state, deploy) == ("accepted", "dep-43")
        # looked for in the list, by this worker still or by the next
        nameless = quirks and (state, note) == ("sending", ActionResult.WITHOUT_ID)
        assert saved or nameless, "the answer in hand was waited for and saved"
        daemon.start()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        assert len(cloud.requests("render", "POST")) == 1


@pytest.mark.long
def test_case_05_stopped_while_a_rollback_is_in_hand(tmp_path: Path) -> None:
    """It ends with code 0, the answer saved, its leases handed over; the next start follows it to its proof."""
    with sqlite() as files, postgresql() as databases:
        together(
            lambda: stopped_in_hand(tmp_path / "term", signal.SIGTERM, databases, quirks=False),
            lambda: stopped_in_hand(tmp_path / "int", signal.SIGINT, files, quirks=True),
        )


def test_stopped_while_it_is_calm(tmp_path: Path) -> None:
    """Code 0, no word on stderr, the unfinished minute saved, nothing written to Render."""
    with watching(tmp_path, quirks=True) as (cloud, daemon):
        daemon.until(lambda: daemon.metric("watchdog_probe_total", signal="home") >= 4)
        assert daemon.rows("SELECT * FROM minutes") == []
        daemon.process.terminate()
        assert daemon.until_ended() == 0 and daemon.errors() == ""
        rows = daemon.rows("SELECT signal, sum(good), sum(bad) FROM minutes WHERE signal = 'home' GROUP BY signal")
        assert [(signal_, bad) for signal_, _, bad in rows] == [("home", 0)] and rows[0][1] >= 4 and cloud.untouched()


def stopped_at(folder: Path, point: str, sent: int, quirks: bool) -> None:
    """A daemon that is told to stop at a marked point of its rollback."""
    with guarding(folder / point, quirks=quirks) as (cloud, daemon):
        cloud.write()
        daemon.start(sys.executable, str(RUNNER), point, str(cloud.config), "SIGTERM")
        daemon.until(lambda: daemon.said("watching"))
        daemon.until(lambda: cloud.requests("render", "GET"))
        cloud.bad_deploy()
        assert daemon.until_ended() == 0 and daemon.said("stopping") and daemon.errors() == ""
        assert len(cloud.requests("render", "POST")) == sent
        rows = daemon.rows("SELECT state, deploy FROM actions WHERE step = 'rollback'")
        if sent:
            assert rows == [("accepted", "dep-43")], "what was sent is answered and saved before the end"
        else:
            assert rows[0][0] in ("planned", "sending"), "never marked as done or failed"
        daemon.start()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        assert len(cloud.requests("render", "POST")) == 1


@pytest.mark.long
def test_case_05_stopped_at_each_point_of_a_rollback(tmp_path: Path) -> None:
    """Just before the send, and with the answer in hand: one rollback, in this run or the next."""
    together(
        lambda: stopped_at(tmp_path, "before_send", 0, quirks=True),
        lambda: stopped_at(tmp_path, "after_answer", 1, quirks=False),
    )


@pytest.mark.long
def test_case_05_stopped_while_pinning(tmp_path: Path) -> None:
    """Render has switched auto-deploy off and is slow to say so: its old value is that of before the first attempt."""
    with watching(tmp_path, quirks=True) as (cloud, daemon):
        cloud.post("modes", name="patch", mode="slow", times=1)
        cloud.bad_deploy()
        daemon.until(lambda: cloud.log("auto_deploy_changed"))
        daemon.stop()
        daemon.start()
        assert_one_rollback_and_a_closed_incident(cloud, daemon)
        assert 'it was "commit"' in daemon.cli("status").stdout

"""Who says yes, to what, and when: an approval counts once, for what was asked, while it is asked.

Here by the command line, under the name of who is logged in there; in Slack: test_slack_answers.py; in the console:
`tests/console/routes/test_form_routes.py`; what a yes is worth to the core: `tests/core/phases`.
"""

import os
import pwd
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.daemon_processes import HIGH, IN_SIX_HOURS, SHORT, guarding, watching

ASK = {"mode: autonomous": "mode: assist"}


@pytest.mark.long
def test_case_38_over_the_command_line(tmp_path: Path) -> None:
    """Asked while no daemon ran, too old: refused. Fresh: done once. Again, or for nothing: refused in words."""
    with watching(tmp_path, quirks=False, replace=ASK) as (cloud, daemon):
        cloud.bad_deploy()
        daemon.until(lambda: daemon.story("NOTIFIED") and daemon.rows("SELECT 1 FROM incidents"))
        daemon.kill()
        with closing(sqlite3.connect(cloud.folder / "watchdog.db")) as store:
            columns = "name, arguments, by, at, done, ok, answer, exit_code"
            values = """'approve', '{"incident": "web-1"}', 'mallory', 1000000000.0, 0, 0, '', 0"""
            store.execute(f"INSERT INTO commands ({columns}) VALUES ({values})")
            store.commit()
        daemon.start().until_watching()
        daemon.until(lambda: daemon.rows("SELECT 1 FROM commands WHERE done"))
        ((ok, answer),) = daemon.rows("SELECT ok, answer FROM commands")
        assert not ok and "too old" in answer and cloud.untouched()
        nothing = daemon.cli("approve", "web-9")
        assert nothing.returncode == 1 and "no open incident web-9" in nothing.stderr + nothing.stdout
        daemon.until(lambda: daemon.cli("approve", "web-1").returncode == 0)
        daemon.until_story("CLOSED")
        assert len(cloud.log("rollback_accepted")) == 1
        again = daemon.cli("approve", "web-1")
        assert again.returncode == 1 and "no open incident web-1" in again.stderr + again.stdout
        assert len(cloud.requests("render", "POST")) == 1


@pytest.mark.long
def test_case_38_only_the_approver_s_yes_counts_at_the_terminal(tmp_path: Path) -> None:
    """The policy names somebody else: refused, written down, nothing is changed. Names us: done once."""
    me = pwd.getpwuid(os.getuid()).pw_name
    named = f"contacts: {{lead: {{answers_as: [U0AAA, console:{me}, terminal:boss]}}}}\n"
    with guarding(tmp_path, quirks=False, variables={"LOGNAME": "boss"}) as (cloud, daemon):
        cloud.write(replace=ASK, more=SHORT + "policy: {critical: {approver: lead}}\n" + named)
        daemon.start().until_watching()
        cloud.bad_deploy()
        daemon.until_story("ASKED")
        refused = daemon.cli("approve", "web-1")
        assert refused.returncode == 3, refused.stdout + refused.stderr
        why = f"only lead may approve this (policy: critical: approver: lead); you are terminal:{me}"
        assert why in refused.stderr
        daemon.until(lambda: daemon.rows("SELECT text FROM notes WHERE label = 'REFUSED'"))
        assert daemon.rows("SELECT text FROM notes WHERE label = 'REFUSED'") == [(f"approve by terminal:{me}: {why}",)]
        assert cloud.untouched() and len(daemon.story("ASKED")) == 1, "still asked"
        daemon.kill()
        text = cloud.config.read_text(encoding="utf-8").replace("terminal:boss", f"terminal:{me}")
        cloud.config.write_text(text, encoding="utf-8")
        daemon.start().until_watching()
        daemon.until(lambda: daemon.cli("approve", "web-1").returncode == 0)
        daemon.until_story("CLOSED")
        assert [one["target"] for one in cloud.log("rollback_accepted")] == ["dep-40"]


@pytest.mark.long
def test_case_38_what_is_kept_for_a_window_outlives_a_kill_and_is_done_on_a_second_yes(tmp_path: Path) -> None:
    """Approved: nothing is changed, and people see until when. kill -9: still so. Approved again: done, once."""
    with watching(tmp_path, quirks=False, replace={}, more=SHORT + IN_SIX_HOURS) as (cloud, daemon):
        cloud.bad_deploy(behaviour=HIGH)
        daemon.until_story("ASKED")
        said = daemon.cli("approve", "web-1")
        assert said.returncode == 0, said.stdout + said.stderr
        me = pwd.getpwuid(os.getuid()).pw_name
        assert said.stdout.startswith(f"APPROVED by terminal:{me}; SCHEDULED for "), said.stdout
        daemon.restart()
        status = daemon.cli("status").stdout
        assert "SCHEDULED: web will be rolled back to dep-40 at " in status
        assert "(watchdog incident stop web-1)" in status
        assert "ROLLBACK SCHEDULED." in daemon.cli("explain", "web-1").stdout and cloud.untouched()
        daemon.until(lambda: daemon.cli("approve", "web-1").returncode == 0)
        assert daemon.until_story("CLOSED").startswith("rolled back and verified")
        assert [one["target"] for one in cloud.log("rollback_accepted")] == ["dep-40"]
        assert len(cloud.requests("render", "POST")) == 1

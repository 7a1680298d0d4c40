"""What is left to people, by a real daemon after a real rollback: counted, told once, ticked from the command line."""

import json
from pathlib import Path

import pytest

from tests.support.daemon_processes import SHORT, Daemon, watching
from watchdog.domain.follow_ups import RUNBOOK

pytestmark = pytest.mark.long

REMIND = "follow_ups: {remind: true}\n"
BY_PEOPLE = sum(one.by_people for one in RUNBOOK)


def open_items(daemon: Daemon) -> list[str]:
    return [one["item"] for one in json.loads(daemon.cli("follow-ups", "--json").stdout)]


def test_after_a_rollback_it_is_counted_reminded_of_once_and_ticked(tmp_path: Path) -> None:
    """By two processes one after the other, each looking at its start: one message in Slack, none for the pager."""
    with watching(tmp_path, quirks=True, more=SHORT + REMIND) as (cloud, daemon):
        assert daemon.metric("watchdog_followups_open") == 0
        cloud.bad_deploy()
        daemon.until_story("CLOSED")
        pages = len(cloud.log("request"))
        assert daemon.cli("follow-up", "web-1", "Raise the pool size", "--due", "1s").returncode == 0
        assert {"own-1", "stakeholders", "post-mortem"} <= set(open_items(daemon))
        daemon.until(lambda: "OVERDUE" in daemon.cli("follow-ups").stdout)
        for number in (1, 2):
            daemon.stop()
            daemon.start().until_watching()
            daemon.until(lambda: daemon.metric("watchdog_followups_open") == len(open_items(daemon)) > BY_PEOPLE)
            assert daemon.metric("watchdog_followups_overdue") == 1
            daemon.until(lambda: [one for one in cloud.log("slack_webhook") if "overdue" in str(one)])
            assert len(daemon.story("REMINDED")) == (1 if number == 1 else 0)
        assert len([one for one in cloud.log("slack_webhook") if "1 follow-up of web-1 overdue" in str(one)]) == 1
        assert not [
            one for one in cloud.log("request")[pages:] if one["vendor"] == "pagerduty" and "overdue" in str(one)
        ]
        assert not [one for one in cloud.log("pagerduty_trigger") if "follow-up" in str(one)]
        assert daemon.cli("tick", "web-1", "all").returncode == 0 and open_items(daemon) == []
        explained = daemon.cli("postmortem", "web-1").stdout
        assert "- [x] Raise the pool size: ticked by " in explained
        assert "REMINDED: own-1 (overdue; sent to slack)" in explained.replace("\\", "")

"""A real daemon that dies right after a ticket was opened: the next one finds it, and opens no second."""

import sys
from pathlib import Path

import httpx
import pytest

from tests.support.clocks import LOOPBACK
from tests.support.daemon_processes import Cloud, Daemon, guarding, until
from watchdog.sandbox import keys

pytestmark = pytest.mark.long

MORTAL = Path(__file__).with_name("killable_daemon.py")
TELLS = """
repository: github
policy:
  critical: {tell: [tickets, slack]}
"""


def body_of_the_ticket(cloud: Cloud) -> str:
    url = f"{cloud.urls['github']}/repos/acme/app/issues?state=all"
    headers = {"Authorization": f"Bearer {keys.GITHUB_TOKEN}"}
    (issue,) = httpx.get(url, headers=headers, **LOOPBACK).json()
    return str(issue["body"])


@pytest.mark.parametrize("point", ["after send tickets acted #1", "before delivered tickets #1"])
def test_one_ticket_per_incident_across_kill_9(tmp_path: Path, point: str) -> None:
    """Nobody has written down which ticket it was; it is commented and closed by who took over."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        cloud.write(replace={"channels:\n": "channels:\n  tickets: {github: acme/app}\n"})
        cloud.config.write_text(cloud.config.read_text(encoding="utf-8") + TELLS, encoding="utf-8")
        daemon.start(sys.executable, str(MORTAL), str(cloud.config), str(tmp_path / "trail"), point).until_watching()
        cloud.bad_deploy()
        until(lambda: daemon.process.poll() is not None, daemon.words)
        assert len(cloud.log("issue_opened")) == 1, daemon.words()
        heir = Daemon(cloud, name="heir")
        try:
            heir.start().until_watching()
            heir.until(lambda: cloud.log("issue_closed"))
            assert len(cloud.log("issue_opened")) == 1
            assert 'Suspect commits: 9f3c2ab "Refactor sessions" by Ann' in body_of_the_ticket(cloud)
        finally:
            heir.end()

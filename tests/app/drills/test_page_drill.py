"""Test pages by the command line: acknowledged at the pager or by the command, or never; killed; closed."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.settings.texts import ALL_SECRETS, loaded
from tests.support import warm_processes
from tests.support.clocks import PATIENCE_SECONDS
from tests.support.daemon_processes import Cloud, Daemon, environment, guarding, until
from watchdog.app.drills.page_drill import TITLE, called
from watchdog.domain.errors import Refused
from watchdog.sandbox import keys

CHANNELS = """\
version: 1
services: {web: {signals: {home: {http: "https://www.acme.example"}}}}
channels:
  email: {smtp: "smtp.acme.example:587", from: watchdog@acme.example, to: [ops@acme.example]}
  pagerduty: {}
  console: {}
contacts: {lead: {email: lead@acme.example}, devops: {email: devops@acme.example}}
rotations: {turn: {of: [devops], from: 2026-11-23 09:00 Europe/Berlin}}
escalation: [{tell: turn, after: 5m}]
stakeholders: {board: {email: [board@acme.example]}}
"""


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[Cloud, Daemon]]:
    """A daemon whose pager can be read back."""
    with guarding(tmp_path, quirks=False) as (cloud, daemon):
        cloud.write(secrets=f"WATCHDOG_PAGERDUTY_API_TOKEN={keys.PAGERDUTY_API_TOKEN}\n")
        daemon.start().until_watching()
        yield cloud, daemon


class Paging:
    """`watchdog drill --page …` in a process of its own; the page is out."""

    def __init__(self, cloud: Cloud, daemon: Daemon, *words: str) -> None:
        self.out, self.err = cloud.folder / "page.out", cloud.folder / "page.err"
        before = len(cloud.log("pagerduty_trigger"))
        place = {"env": environment(), "cwd": cloud.folder, "out": self.out, "err": self.err}
        self.process = warm_processes.start(daemon.command("drill", "--page", "--json", *words), **place)
        until(lambda: len(cloud.log("pagerduty_trigger")) > before, self.err.read_text)
        until(lambda: "paged after" in self.err.read_text(), self.err.read_text)

    def ended(self) -> int:
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def board(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out.read_text())
        return found


def still_open(cloud: Cloud) -> set[str]:
    """Return the alerts at PagerDuty that no one closed."""
    opened = {one["dedup_key"] for one in cloud.log("pagerduty_trigger")}
    return opened - {one["dedup_key"] for one in cloud.log("pagerduty_resolve")}


@pytest.mark.long
def test_a_test_page_is_acknowledged_in_pagerduty_and_closed(guarded: tuple[Cloud, Daemon]) -> None:
    """It rings once, says that it is a test, and is in the history and the report with who answered it."""
    cloud, daemon = guarded
    assert "DRILL" not in daemon.cli("status").stdout, "of test pages it reminds who sent one"
    drill = Paging(cloud, daemon, "pagerduty")
    assert [one["summary"] for one in cloud.rings()] == [TITLE] and len(still_open(cloud)) == 1
    twice = daemon.cli("drill", "--page")
    assert twice.returncode == 3 and "may still run" in twice.stderr
    cloud.post("pagerduty", action="acknowledge", by="Ann Lee")
    assert drill.ended() == 0, drill.err.read_text()
    board = drill.board()
    assert (board["result"], board["service"], board["acknowledged_by"]) == ("passed", "page pagerduty", "Ann Lee")
    assert [one["step"] for one in board["steps"]] == ["paged", "acknowledged"] and board["left"] == []
    assert still_open(cloud) == set() and len(cloud.rings()) == 1
    (row,) = json.loads(daemon.cli("drill", "--history", "--json").stdout)
    assert (row["method"], row["result"]) == ("page", "passed")
    assert "| page pagerduty | page | acknowledged | 5 min |" in daemon.cli("drill", "--report").stdout
    assert cloud.untouched() and daemon.cli("drill", "--page", "--clean").stdout.startswith("Nothing to close")


@pytest.mark.long
def test_a_test_page_is_acknowledged_by_the_command(guarded: tuple[Cloud, Daemon]) -> None:
    """For channels that cannot be read back; without a page that waits there is nothing to acknowledge."""
    cloud, daemon = guarded
    early = daemon.cli("drill", "--ack")
    assert early.returncode == 3 and "no test page waits" in early.stderr
    drill = Paging(cloud, daemon)
    done = daemon.cli("drill", "--ack")
    assert done.returncode == 0 and done.stdout.startswith("Acknowledged test page 1")
    assert drill.ended() == 0, drill.err.read_text()
    assert drill.board()["acknowledged_by"].startswith("terminal:") and still_open(cloud) == set()


@pytest.mark.long
def test_a_test_page_that_no_one_acknowledges_fails_and_is_closed(guarded: tuple[Cloud, Daemon]) -> None:
    """After its time; a channel that is not there gets none."""
    cloud, daemon = guarded
    late = daemon.cli("drill", "--page", "--within", "1s", "--json")
    assert late.returncode == 1 and json.loads(late.stdout)["problems"] == ["no one acknowledged it within 1 s"]
    assert still_open(cloud) == set() and len(cloud.rings()) == 1
    nobody = daemon.cli("drill", "--page", "nobody")
    assert nobody.returncode == 3 and "nobody has no channel" in nobody.stderr and len(cloud.rings()) == 1


@pytest.mark.long
def test_a_test_page_is_closed_by_ctrl_c_and_after_a_kill_by_a_second_run(guarded: tuple[Cloud, Daemon]) -> None:
    """The status names what is left; until then no other page goes out."""
    cloud, daemon = guarded
    drill = Paging(cloud, daemon)
    drill.process.send_signal(signal.SIGINT)
    assert drill.ended() != 0 and still_open(cloud) == set()
    drill = Paging(cloud, daemon)
    drill.process.send_signal(signal.SIGKILL)
    drill.ended()
    assert len(still_open(cloud)) == 1
    assert "close it: watchdog drill --page --clean" in daemon.cli("status").stdout
    early = daemon.cli("drill", "--page", "--clean")
    assert early.returncode == 3 and "may still run" in early.stderr and len(still_open(cloud)) == 1
    closed = daemon.cli("drill", "--page", "--clean", "--force", "--json")
    (one,) = json.loads(closed.stdout)
    assert closed.returncode == 0 and (one["result"], one["left"]) == ("failed", []) and still_open(cloud) == set()
    assert "DRILL" not in daemon.cli("status").stdout


@pytest.mark.long
def test_no_test_page_goes_out_while_people_are_paged(guarded: tuple[Cloud, Daemon]) -> None:
    """It would look like a part of the outage."""
    cloud, daemon = guarded
    cloud.write(replace={"mode: autonomous": "mode: observe"}, more="")
    daemon.restart()
    cloud.bad_deploy()
    daemon.until(lambda: cloud.rings())
    daemon.until(lambda: "people are paged for web-1 of web" in daemon.cli("drill", "--page").stderr)
    assert TITLE not in cloud.pages()


@pytest.mark.parametrize(
    ("whom", "channels"),
    [
        (None, ("email", "pagerduty")),
        ("pagerduty", ("pagerduty",)),
        ("lead", ("lead-email",)),
        ("turn", ("devops-email",)),
        ("console", "console wakes no one"),
        ("board-email", "board-email wakes no one"),
        ("nobody", "nobody has no channel: one of email, pagerduty"),
    ],
)
def test_a_page_goes_to_the_channels_that_wake(whom: str | None, channels: tuple[str, ...] | str) -> None:
    """Of a rotation to the contact on call; never to stakeholders."""
    settings = loaded(CHANNELS, ALL_SECRETS)
    try:
        assert called(settings, whom, 1_795_000_000.0) == channels
    except Refused as error:
        assert isinstance(channels, str) and channels in str(error)

"""What a terminal of 80 columns shows: nothing is wider, and what is bold is whole words."""

import re
from pathlib import Path

import pytest

from tests.cli import examples as x
from tests.cli.conftest import Terminal, answer, in_record
from watchdog.adapters.stores import RoleLock
from watchdog.cli import output
from watchdog.cli.main import main
from watchdog.domain.deploys import Commit
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.store_records import Write

BOLD = re.compile(r"\x1b\[1m(.*?)\x1b\[0m")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.mark.parametrize(
    ("line", "bold"),
    [
        ('AUTO-DEPLOY IS OFF on web (it was "commit").', ["AUTO-DEPLOY IS OFF"]),
        ("SEVERITY     HTTP 503 on home", ["SEVERITY"]),
        ("DONE (UTC)", ["DONE (UTC)"]),
        ("DONE (UTC+05:30)", ["DONE (UTC+05:30)"]),
        ("NOT WORKING since 02:14: Slack", ["NOT WORKING"]),
        ("DATE        TIME (UTC)  TRIGGER", ["DATE        TIME (UTC)  TRIGGER"]),
        ("CRITICAL web is down", ["CRITICAL"]),
        ("PAUSED by lead: nothing is touched", ["PAUSED"]),
        ("Times are UTC.", []),
        ("  SEEN further in", []),
    ],
)
def test_what_is_bold_is_whole_words(line: str, bold: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch)
    output.show_lines([line])
    assert BOLD.findall(terminal.shown()) == bold


def test_status_fits_with_an_incident_open(empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First what is wrong for users, since when, and where to read on; words are not cut."""
    merged = tuple(Commit(f"{number}c0ffee", 0.0, f"Change the basket once more, part {number}") for number in range(3))
    open_one = x.undone(x.decision(), closed_at=None)
    web = ServiceState(
        *("web", Phase.ROLLING_BACK),
        incident=open_one,
        deploys=(x.BAD, x.GOOD),
        live="dep-42",
        auto_deploy_off="commit",
        merged=merged,
    )
    paused = Write(State(services={"web": web}, incidents=1, paused_by="lead"))
    in_record(tmp_path, lambda store: store.save(paused))
    terminal, daemon = Terminal(monkeypatch), RoleLock(tmp_path / "watchdog.db")
    assert daemon.acquire() and main(["status", "-c", empty]) == 0
    daemon.release()
    lines = [CONTROL.sub("", line) for line in terminal.shown().splitlines()]
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(
        "CRITICAL web is down: HTTP 503 since 25 Nov 02:14 UTC; "
    ) and "watchdog incident show web-1" in " ".join(" ".join(lines[:6]).split())
    text = " ".join(" ".join(lines).split())
    assert '"Change the basket once more, part 2"' in text and "then watchdog service restore-auto-deploy web" in text
    assert "web observe rolling back dep-42 9f3c2ab 2 unknown web-1" in text


def test_an_incident_that_no_daemon_follows(empty: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everywhere the next step is to start one, and nothing is said to happen by itself."""
    open_one = ServiceState("web", Phase.ROLLING_BACK, incident=x.undone(x.decision(), closed_at=None))
    in_record(tmp_path, lambda store: store.save(Write(State(services={"web": open_one}, incidents=1))))
    for words in ("status", "explain web-1", "status --json", "incident show web-1 --json"):
        said = " ".join(answer(capsys, *words.split(), "-c", empty).split())
        assert "No daemon runs, so web-1 is not followed: nothing is decided, rolled back, verified or paged." in said
        assert "tart the daemon (watchdog run); until it is up, look after web yourself." in said
        assert "Nothing to do now" not in said and "The daemon " not in said

"""Every command there is, typed beside vendors that refuse and repeat what they were sent: no secret comes out."""

from pathlib import Path
from typing import get_args

import pytest

from tests.app.scenes import URLS
from tests.cli.conftest import recorded
from tests.daemon.telemetry.test_logs import restore_logging as restore_logging  # a command that acts sets logs up
from tests.faults.test_canaries import ANSWERS, MEANT_FOR, configure, strangers
from tests.faults.test_secrets import leaks, planted
from tests.support.daemon_processes import Cloud
from tests.support.echoing_vendors import Echo
from watchdog.cli.main import app, main
from watchdog.daemon.telemetry import error_reporting
from watchdog.domain.commands.command_line import PLACES
from watchdog.sandbox.config_file import write_config

APART = ("run", "demo", "lab", "mcp", "docs", "schema", "completion")
"""The daemon itself (tests/faults asks it), and what calls no vendor with a key."""
GIVEN = {"incident": "web-1", "service": "web", "name": "silence-1", "announcement": "announcement-1"}
GIVEN |= {"dump": "web-1.dump", "commit": "abcdef1", "lasts": "2h", "starts": "2027-01-31T22:00", "time": "00:00"}
"""What is typed for an argument that must be given, by its name; else the first choice, or the name, as a text."""

WHOLE = "abcdef1" + "0" * 33
POSTED = ["deploy-watch", "web", "--commit", WHOLE, "--status", "--comment", "--repo", "acme/web"]
OPTIONS = {"drill --page": ["drill", "--page", "--within", "1s"], "deploy-watch --status": POSTED}
"""What else a command does with a secret, by an option."""


def needed(words: str) -> list[str]:
    """Return a command with what it must be given, as its own signature says."""
    here, typed = app, words.split()
    for word in words.split():
        here = here[word]
    for one in here.assemble_argument_collection():
        name = one.field_info.name
        if one.required and name != "ctx":
            typed += [one.name] if one.index is None else []
            typed += [(get_args(one.hint) or (GIVEN.get(name, name),))[0]]
    return typed


@pytest.mark.long
def test_every_command_keeps_the_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """What each prints and logs, in this process; and no vendor is sent what is another's."""
    request.addfinalizer(error_reporting.stop)
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path, URLS, more="status_pages: {page: {title: Shop, services: [web]}}\n")
    Path("watchdog.db").write_bytes(recorded())
    with Echo({**ANSWERS, "webhook": 400}).serving() as echo:
        secrets = planted(echo.base, f"{echo.base}/slack/services", echo.base, "https://127.0.0.1:1")
        del secrets["WATCHDOG_REMOTE_WRITE_PASSWORD"], secrets["WATCHDOG_STORE_URL"]  # others are set instead
        configure(Cloud(URLS, tmp_path, tmp_path), echo, secrets)
        init = ["--force", "--from-render", "--render-url", f"{echo.base}/render"]
        more = {"init": init, "check": ["--live"], "incident tick": ["lessons"], "drill": ["web"]}
        more |= {f"database {step}": ["--as", "ann"] for step in ("migrate-down", "restore")}
        branch = ["--to", "abcdef1", "--branch", "main", "--remote", f"file://{tmp_path}/none"]
        more |= dict.fromkeys(("incident revert", "incident fix-branch"), branch)
        more |= {"incident reset": [*branch, "--dry-run"], "incident issue": ["--repo", "acme/web"]}
        more |= {"incident deploy": ["--commit", "5e" * 20]}
        typed = [(words, [*needed(words), *more.get(words, ())]) for words in PLACES.values()]
        for words, line in [*typed, *OPTIONS.items()]:
            if words.split()[0] in APART:
                continue
            assert main(line) != 2, f"{words}: what must it be given?"
            assert leaks("".join(capsys.readouterr()), secrets) == [], words
    assert {*MEANT_FOR} - {"remote_write", "heartbeat", "api"} <= {*echo.received}, "the daemon alone asks those three"
    assert strangers(echo, secrets) == []

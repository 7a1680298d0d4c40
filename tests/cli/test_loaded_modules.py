"""What a command loads: the laboratory, the sandbox and replays are loaded by their own commands only."""

from pathlib import Path

import pytest

from tests.support.child_processes import python

CONFIGURATION = """\
version: 1
services:
  web: {signals: {home: {http: "http://127.0.0.1:1/"}}}
"""
LOADED = """
import sys
from watchdog.cli.main import main
code = main(sys.argv[1:])
print("LOADED", *sorted(sys.modules))
"""
APART = ("watchdog.lab", "watchdog.sandbox", "watchdog.replay")
OF_THE_DAEMON = {"structlog", "regex", "xml.etree.ElementTree", "sentry_sdk", "prometheus_client"}
"""Libraries that a short command needs for nothing: each takes some milliseconds up to a tenth of a second."""
OF_A_COMMAND = {"asyncio", "httpx", "pydantic", "yaml", "watchdog.domain.incidents", "watchdog.domain.policy"}
"""What a command loads once it runs; its help does without."""


def loaded(folder: Path, *words: str) -> list[str]:
    """Run a command in a process of its own; return the modules that it loaded."""
    (folder / "watchdog.yaml").write_text(CONFIGURATION, encoding="utf-8")
    done = python("-c", LOADED, *words, cwd=folder)
    line = [line for line in done.stdout.splitlines() if line.startswith("LOADED ")]
    assert line, done.stdout + done.stderr
    return line[0].split()[1:]


@pytest.mark.long
@pytest.mark.parametrize("words", ["--help", "check", "status", "incident list", "report history"])
def test_a_short_command_loads_neither_the_laboratory_nor_the_daemon(tmp_path: Path, words: str) -> None:
    found = loaded(tmp_path, *words.split())
    assert [name for name in found if name.startswith(APART)] == []
    assert {name for name in found if name.startswith("watchdog.daemon.")} <= {
        "watchdog.daemon.runtime",
        "watchdog.daemon.runtime.clock",
    }
    assert sorted(OF_THE_DAEMON & set(found)) == []
    if words == "--help":
        assert sorted(OF_A_COMMAND & set(found)) == []


@pytest.mark.long
@pytest.mark.parametrize("words", ["--help", "check", "channel test"])
def test_a_command_that_opens_no_store_loads_no_database(tmp_path: Path, words: str) -> None:
    """SQLAlchemy alone takes a third of a second."""
    assert "sqlalchemy" not in loaded(tmp_path, *words.split())

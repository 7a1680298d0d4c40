"""The help of every command and group, as a terminal of 80 columns shows it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.clocks import PATIENCE_SECONDS
from watchdog.cli.command_tree import GROUPS, PANELS
from watchdog.cli.main import app
from watchdog.domain.commands.command_line import PLACES

ALL = """
import contextlib, io, json, sys
from watchdog.cli.main import main
told = {}
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as page:
        assert main([*words.split(), "--help"]) == 0
    told[words] = page.getvalue()
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def helps() -> dict[str, str]:
    """Return every page of help by the words before `--help`, made in one process."""
    asked = json.dumps(["", *GROUPS, *PLACES.values()])
    environ = {**os.environ, "COLUMNS": "80", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", ALL, asked],
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    told: dict[str, str] = json.loads(done.stdout)
    return told


@pytest.mark.long
def test_no_line_is_wider_than_80_columns(helps: dict[str, str]) -> None:
    """A terminal that is not made wider shows it as it is meant."""
    assert [line for page in helps.values() for line in page.splitlines() if len(line) > 80] == []


def test_every_page_says_how_it_is_typed(helps: dict[str, str]) -> None:
    for words, page in helps.items():
        assert page.startswith(f"Usage: watchdog {words}".rstrip()), words
        assert "--config" in page and "--utc" in page, words


def test_every_group_lists_its_commands(helps: dict[str, str]) -> None:
    for words in PLACES.values():
        group, _, word = words.rpartition(" ")
        assert f"│ {word} " in helps[group], words
    assert all(f"│ {word} " in helps[""] for _, words in PANELS for word in words)
    assert "First: watchdog demo" in helps[""]
    # The flags stand in a panel of their own, not among the commands.
    assert "─ Options ─" in helps[""] and "─ Commands ─" not in helps[""]


def test_every_command_is_described_by_one_sentence() -> None:
    for words in (*GROUPS, *PLACES.values()):
        here = app
        for word in words.split():
            here = here[word]
        first = " ".join(str(here.help).split("\n\n")[0].split())
        assert re.fullmatch(r"[A-Z](?:[^.]|\.\w)*[.?]", first), f"{words}: {first}"

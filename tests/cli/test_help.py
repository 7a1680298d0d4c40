"""The help of every command and group, as a terminal of 80 columns shows it."""

import contextlib
import io
import re

import pytest

from watchdog.cli.command_tree import GROUPS, PANELS
from watchdog.cli.main import app, main
from watchdog.domain.commands.command_line import PLACES


def test_every_page_says_how_it_is_typed_and_every_group_lists_its_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The top level lists the groups, and where to begin; 80 columns show each as it is meant."""
    monkeypatch.setenv("COLUMNS", "80")
    helps: dict[str, str] = {}
    for words in ("", *GROUPS, *PLACES.values()):
        with contextlib.redirect_stdout(io.StringIO()) as page:
            assert main([*words.split(), "--help"]) == 0
        helps[words] = page.getvalue()
    assert [line for shown in helps.values() for line in shown.splitlines() if len(line) > 80] == []
    for words, shown in helps.items():
        assert shown.startswith(f"Usage: watchdog {words}".rstrip()), words
        assert "--config" in shown and "--utc" in shown, words
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

"""The page on the runbook: each row's commands, settings and tests are there, and what is not built says so."""

import re
from inspect import signature
from pathlib import Path

import pytest

from tests.faults.test_numbered import running
from watchdog.cli.command_tree import FUNCTIONS
from watchdog.docs import page
from watchdog.domain.commands.command_line import PLACES
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.validation import keys_at

TESTS = Path(__file__).parents[1]
NOT_BUILT = "**not built**"
CODE = re.compile(r"`([^`]+)`")


def rows() -> dict[str, tuple[str, str]]:
    """Return what does each row, and what holds it, by its number."""
    one = page("runbook")
    assert one is not None
    cells = [re.split(r" \| ", line.strip("| ")) for line in one.text.splitlines() if line.startswith("| R")]
    return {number: (does, held) for number, _, does, held in cells}


ROWS = rows()


def test_every_row_of_the_runbook_is_there_once_and_in_order() -> None:
    """What has no test is not built; what is not built at all names no test."""
    assert list(ROWS) == [f"R{number}" for number in range(1, 23)]
    for number, (does, held) in ROWS.items():
        assert bool(CODE.findall(held)) != (does == NOT_BUILT), number
        assert (held == "–") == (does == NOT_BUILT), number


@pytest.mark.parametrize("number", ROWS)
def test_what_a_row_names_is_there(number: str) -> None:
    """A command of the tree with an option of its own, or a setting; `*` stands for a name of the user's own."""
    names = {words: name for name, words in PLACES.items()}
    for named in CODE.findall(ROWS[number][0]):
        program, _, line = named.partition(" ")
        if program == "watchdog":
            command, *options = line.split(" --")
            assert command in names, named
            known = signature(FUNCTIONS[names[command]]).parameters if options else {}
            assert {one.replace("-", "_") for one in options} <= {*known}, named
            continue
        *above, key = named.split(".")
        assert key in keys_at(Shape, above), f"{named} is no setting"


@pytest.mark.parametrize("test", sorted({test for _, held in ROWS.values() for test in CODE.findall(held)}))
def test_what_holds_a_row_runs(test: str) -> None:
    """Under that name, and neither skipped nor allowed to fail."""
    file, _, name = test.partition("::")
    path = TESTS / file
    assert path.is_file(), f"runbook.md names {file}, which is not there"
    assert name in set(running(path.read_text(encoding="utf-8"))), f"runbook.md names {test}, which does not run"

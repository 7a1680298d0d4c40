"""The numbered fault list is complete: each case has a test of its number, which runs, and the table names them."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("README.md")
NUMBERS = range(1, 43)
NAMED = re.compile(r"test_case_((?:\d\d_)+)")
NOT_RUN = {"skip", "skipif", "xfail", "slow"}
"""Marks under which a test proves nothing in an ordinary run."""


@cache
def cases() -> dict[int, set[str]]:
    """Return the tests of each number, as `folder/file.py::name`."""
    found: dict[int, set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("test_*.py")):
        if path != Path(__file__):
            for number, name in cases_in(path.read_text(encoding="utf-8")):
                found[number].add(f"{path.relative_to(TESTS).as_posix()}::{name}")
    return found


def cases_in(source: str) -> Iterator[tuple[int, str]]:
    """Yield number and name of each test that runs and has a number."""
    for name in running(source):
        match = NAMED.match(name)
        numbers = match[1].split("_") if match is not None else ()
        yield from ((int(number), name) for number in numbers if number)


def running(source: str) -> Iterator[str]:
    """Yield the name of each test that runs; one that is skipped or may fail is none."""
    body = ast.parse(source).body
    if _words([node for node in body if isinstance(node, ast.Assign)], "pytestmark") & NOT_RUN:
        return
    for node in body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not node.name.startswith("test_"):
            continue
        if not _words(node.decorator_list) & NOT_RUN:
            yield node.name


def _words(nodes: Sequence[ast.AST], needed: str = "") -> set[str]:
    """Return the names of every attribute in the nodes (of those that speak of `needed`)."""
    speaking = [node for node in nodes if needed in ast.dump(node)]
    return {part.attr for node in speaking for part in ast.walk(node) if isinstance(part, ast.Attribute)}


def rows() -> dict[int, tuple[str, set[str]]]:
    """Return the table's rows: number to state and tests."""
    text = TABLE.read_text(encoding="utf-8")
    found = {}
    for line in re.findall(r"^\| *\d+ *\|.*\|$", text, re.MULTILINE):
        number, _, tests, state = (cell.strip() for cell in line.strip("|").split("|"))
        found[int(number)] = (state, set(re.findall(r"`([^`]+)`", tests)))
    return found


@pytest.mark.parametrize("number", NUMBERS)
def test_each_case_has_a_test_of_its_number_and_the_table_names_it(number: int) -> None:
    """The table is what is there: `python tests/faults/numbered.py` writes its column anew."""
    tests = cases()[number]
    assert tests, f"no test is called test_case_{number:02d}_…"
    state, named = rows()[number]
    assert named == tests
    assert state == "passes" or len(state) > len("passes"), "what is left open is said in words"


def test_the_table_has_no_other_rows() -> None:
    """42 cases, each once, in order."""
    assert list(rows()) == list(NUMBERS) == sorted(rows())
    assert set(cases()) <= set(NUMBERS), "a number that is not on the list"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def test_case_07_a(): ...", [7]),
        ("async def test_case_01_02_a(): ...", [1, 2]),
        ("@pytest.mark.skip\ndef test_case_07_a(): ...", []),
        ("@pytest.mark.xfail(strict=True)\ndef test_case_07_a(): ...", []),
        ("@pytest.mark.slow\ndef test_case_07_a(): ...", []),
        ("pytestmark = pytest.mark.slow\ndef test_case_07_a(): ...", []),
        ("def case_07_a(): ...\ndef helper():\n    def test_case_08_b(): ...", []),
    ],
)
def test_only_what_runs_counts(source: str, found: list[int]) -> None:
    """A skipped test, one that may fail, one that is never collected: none of them proves a case."""
    assert [number for number, _ in cases_in(source)] == found

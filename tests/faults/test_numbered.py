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
NUMBERS = range(1, 67)
NAMED = re.compile(r"test_case_((?:\d\d_)+)")
IN_FULL = "in full: "
"""Behind this the table names the nightly tests of a case."""
NOT_RUN = {"skip", "skipif", "xfail", "nightly"}
"""Marks under which a test proves nothing for a commit: `.ci/run` runs all others, those marked `long` too."""


@cache
def cases(*, nightly: bool = False) -> dict[int, set[str]]:
    """Return the tests of each number, as `folder/file.py::name`: those of every commit, or the nightly ones."""
    found: dict[int, set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        if path != Path(__file__) and "def test_case_" in source:
            for number, name in cases_in(source, nightly=nightly):
                found[number].add(f"{path.relative_to(TESTS).as_posix()}::{name}")
    return found


def cases_in(source: str, *, nightly: bool = False) -> Iterator[tuple[int, str]]:
    """Yield number and name of each test that runs (or is nightly) and has a number."""
    for name in in_full(source) if nightly else running(source):
        match = NAMED.match(name)
        numbers = match[1].split("_") if match is not None else ()
        yield from ((int(number), name) for number in numbers if number)


def running(source: str) -> Iterator[str]:
    """Yield the name of each test that runs; one that is skipped or may fail is none."""
    yield from (name for name, marks in _marked(source) if not marks & NOT_RUN)


def in_full(source: str) -> Iterator[str]:
    """Yield the name of each test that only `-m nightly` runs."""
    yield from (name for name, marks in _marked(source) if marks & NOT_RUN == {"nightly"})


def _marked(source: str) -> Iterator[tuple[str, set[str]]]:
    body = ast.parse(source).body
    of_all = _words([node for node in body if isinstance(node, ast.Assign) and _names(node, "pytestmark")])
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
            yield node.name, of_all | _words(node.decorator_list)


def _names(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def _words(nodes: Sequence[ast.AST]) -> set[str]:
    return {part.attr for node in nodes for part in ast.walk(node) if isinstance(part, ast.Attribute)}


def rows() -> dict[int, tuple[str, set[str], set[str]]]:
    """Return the table's rows: number to state, the tests of every commit, and the nightly ones."""
    text = TABLE.read_text(encoding="utf-8")
    found = {}
    for line in re.findall(r"^\| *\d+ *\|.*\|$", text, re.MULTILINE):
        number, _, tests, state = (cell.strip() for cell in line.strip("|").split("|"))
        often, nightly = (set(re.findall(r"`([^`]+)`", part)) for part in tests.partition(IN_FULL)[::2])
        found[int(number)] = (state, often, nightly)
    return found


@pytest.mark.parametrize("number", NUMBERS)
def test_each_case_has_a_test_of_its_number_and_the_table_names_it(number: int) -> None:
    """The table is what is there: `python tests/faults/numbered.py` writes its column anew."""
    tests = cases()[number]
    assert tests, f"no test is called test_case_{number:02d}_…"
    state, named, nightly = rows()[number]
    assert (named, nightly) == (tests, cases(nightly=True)[number])
    assert state == "passes" or len(state) > len("passes"), "what is left open is said in words"


def test_the_table_has_no_other_rows() -> None:
    assert list(rows()) == list(NUMBERS) == sorted(rows())
    assert set(cases()) <= set(NUMBERS), "a number that is not on the list"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def test_case_07_a(): ...", [7]),
        ("async def test_case_01_02_a(): ...", [1, 2]),
        ("@pytest.mark.skip\ndef test_case_07_a(): ...", []),
        ("@pytest.mark.xfail(strict=True)\ndef test_case_07_a(): ...", []),
        ("@pytest.mark.nightly\ndef test_case_07_a(): ...", []),
        ("pytestmark = pytest.mark.nightly\ndef test_case_07_a(): ...", []),
        ("def case_07_a(): ...\ndef helper():\n    def test_case_08_b(): ...", []),
    ],
)
def test_only_what_runs_counts(source: str, found: list[int]) -> None:
    """A skipped test, one that may fail, one that is never collected: none of them proves a case."""
    assert [number for number, _ in cases_in(source)] == found
    nightly = [number for number, _ in cases_in(source, nightly=True)]
    assert nightly == ([7] if "mark.nightly" in source else [])

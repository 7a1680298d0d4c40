"""Which test files a change touches, nearest first, and which of them are left out of a quick run.

Through the composition roots (`watchdog/app/compose/`, `watchdog/cli`) nearly every test reaches nearly every module.
So a limit on the number of imports in between keeps the choice small; the command names what lies beyond it.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.touched.imports import Imports, is_test, read, sources

HOPS = 2
"""Measured on the last 40 commits before this command was written, which had about 400 test files.

21 of them changed the product. 1, 2 and 3 imports choose 4, 13 and 63 files in the median of these; one in ten chooses
45, 118 and 177 or more. 18 of them changed tests too (37 files that start no processes): 1 and 2 imports would have
chosen 31 of these files, 3 and more imports 34. Thirteen files take 10 s of CPU time.
"""
APART = ("tests/faults/", "tests/app/", "tests/browser/")
"""Tests that start real processes, or wire the whole daemon: they depend on everything and take long."""
ALWAYS = "tests/test_house_rules.py"
SHOWN: Mapping[str, tuple[str, ...]] = {
    "watchdog/console/": ("tests/console/", "tests/browser/"),
    "watchdog/docs/": ("tests/handbook/", "tests/console/render/", "tests/cli/test_docs.py"),
}
"""The tests of templates, styles, scripts and pages, which no Python file imports, by where those are."""


@dataclass(slots=True)
class Choice:
    """The chosen test files with the reason of each; and what is left out."""

    chosen: dict[str, str] = field(default_factory=dict)
    far: dict[str, int] = field(default_factory=dict)
    apart: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    total: int = 0


def choose(root: Path, changed: Sequence[str], hops: int = HOPS) -> Choice:
    """Return what a change of these files touches; `changed` are paths below the root, deleted files too."""
    texts = sources(root)
    imports = read(texts, changed)
    tests = sorted(filter(is_test, texts))
    choice = Choice(total=len(tests))
    origins = set()
    for file in changed:
        readers = set() if imported(file, imports) else set(reading(file, texts))
        origins |= {file} | readers
        direct = {test: why for test in tests if (why := directly(file, test))}
        choice.chosen |= direct | {test: f"names {file}" for test in readers if is_test(test)}
        if not (readers or direct or imported(file, imports)):
            choice.unread.append(file)
    for test, distance in imports.distances(origins).items():
        if test not in tests or test in choice.chosen:
            continue
        if test.startswith(APART):
            choice.apart.append(test)
        elif distance <= hops:
            choice.chosen[test] = f"{distance} import{'s' * (distance > 1)} away"
        else:
            choice.far[test] = distance
    if ALWAYS in tests:
        choice.far.pop(ALWAYS, None)
        choice.chosen.setdefault(ALWAYS, "always")
    return choice


def directly(file: str, test: str) -> str:
    """Say why a test file is chosen whatever it imports, or nothing."""
    if file == test:
        return "changed"
    path = PurePosixPath(file)
    if path.name == "conftest.py":
        whole = f"{path.parent}/"
        return f"below {file}" if test.startswith(whole) and (whole in APART or not test.startswith(APART)) else ""
    if path.suffix != ".py" and (tests := [tests for folder, tests in SHOWN.items() if file.startswith(folder)]):
        return f"shows {file}" if test.startswith(tests[0]) else ""
    return f"named for {file}" if re.fullmatch(own(path), test) else ""


def own(path: PurePosixPath) -> str:
    """Return the pattern of the tests named for a module: `tests/core/test_guard.py`, `test_guard_hours.py`."""
    name = path.parent.name if path.stem == "__init__" else path.stem
    folder = PurePosixPath("tests", *path.parent.parts[1:])
    return rf"{re.escape(str(folder))}/test_{re.escape(name)}(_\w+)?\.py" if path.parts[0] == "watchdog" else r"(?!)"


def imported(file: str, imports: Imports) -> bool:
    """Say whether any file imports this one; test files need no importer."""
    return is_test(file) or any(file in found for found in imports.of.values())


def reading(file: str, texts: Mapping[str, str]) -> Iterable[str]:
    """Return who reads a file that nobody imports: who names it and its folder, else its folder, else the one above.

    A word is often a folder's name by chance, so of a script (a migration) only readers above it count.
    """
    path = PurePosixPath(file)
    folder = path.parent
    found = set(naming(path.name, texts))
    if folder.name:
        beside = {one for one in found if PurePosixPath(one).parent == folder}
        found = beside | (found & set(naming(folder.name, texts)))
    while not found and len(folder.parts) > (path.suffix == ".py"):
        above = {one for one in texts if PurePosixPath(one).parent in folder.parents}
        found = {one for one in naming(folder.name, texts) if path.suffix != ".py" or one in above}
        folder = folder.parent
    return found - {file}


def naming(name: str, texts: Mapping[str, str]) -> Iterator[str]:
    """Yield the files with a string that is this name, or a path with it; sentences that mention it do not count."""
    for file, text in texts.items():
        if name in text and any(name in PurePosixPath(one).parts for one in _strings(ast.parse(text))):
            yield file


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value.split()) == 1:
            yield node.value

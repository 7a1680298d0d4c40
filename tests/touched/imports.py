"""Which file of the repository imports which: `watchdog` and `tests`, read from the sources without running them.

Imports inside functions count (the command line imports lazily), and so do imports in the text of a script that a test
starts. A name that a module only passes on (`from watchdog.settings import load`) leads to that module and to the one
that defines the name, so that a package's `__init__.py` does not put everything behind it one import away.
"""

import ast
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PACKAGES = ("watchdog", "tests")
LINE = re.compile(
    r"^([ \t]*)((?:from[ \t]+[.\w]+[ \t]+import[ \t]+(?:\([^)]*\)|.+))|(?:import[ \t]+.+))$", re.MULTILINE
)
"""An import statement; parsing these instead of a thousand whole files takes a quarter of the time."""

Statement = ast.Import | ast.ImportFrom
Passed = Mapping[str, Mapping[str, tuple[str, str]]]
"""Of each file the names that it imports at its left margin, each with the module and the name there."""


@dataclass(frozen=True, slots=True)
class Imports:
    """Who imports whom; files are paths below the root."""

    of: Mapping[str, frozenset[str]]

    def distances(self, changed: Iterable[str]) -> dict[str, int]:
        """Return how many imports each file is away from the nearest changed one; who reaches none is absent."""
        importers: dict[str, list[str]] = {}
        for file, imported in self.of.items():
            for one in imported:
                importers.setdefault(one, []).append(file)
        found = dict.fromkeys(changed, 0)
        waiting = deque(found)
        while waiting:
            here = waiting.popleft()
            for file in importers.get(here, ()):
                if file not in found:
                    found[file] = found[here] + 1
                    waiting.append(file)
        return found


def sources(root: Path) -> dict[str, str]:
    """Return the text of every Python file of the packages."""
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
    }


def read(texts: Mapping[str, str], gone: Iterable[str] = ()) -> Imports:
    """Return who imports whom in these files; `gone` are deleted ones, which a file may still import."""
    modules = {_module(file): file for file in (*gone, *texts) if file.endswith(".py")}
    told = {file: list(statements(text)) for file, text in texts.items()}
    passed = {file: _passed_on(file, found) for file, found in told.items()}
    edges: dict[str, frozenset[str]] = {}
    for file, found in told.items():
        imported = {one for node, _ in found for one in _targets(file, node, modules, passed)}
        edges[file] = frozenset(imported | _conftests(file, texts)) - {file}
    return Imports(edges)


def statements(text: str) -> Iterator[tuple[Statement, bool]]:
    """Yield a file's imports, each with whether it stands at the left margin.

    Where a line only looks like an import, the whole file is parsed too, since the line may have been cut short.
    """
    cut = False
    for indent, line in LINE.findall(text):
        try:
            yield from ((node, not indent) for node in _imports(ast.parse(line)))
        except SyntaxError:
            cut = True
    if cut:
        yield from ((node, node.col_offset == 0) for node in _imports(ast.parse(text)))


def _imports(tree: ast.AST) -> Iterator[Statement]:
    return (node for node in ast.walk(tree) if isinstance(node, Statement))


def _module(file: str) -> str:
    """Return the dotted name of a file."""
    path = PurePosixPath(file).with_suffix("")
    return ".".join(path.parent.parts if path.name == "__init__" else path.parts)


def _base(file: str, node: ast.ImportFrom) -> str:
    """Return the module that names are taken from, also where the import is relative."""
    if not node.level:
        return node.module or ""
    folder = PurePosixPath(file).parent.parts
    return ".".join((*folder[: len(folder) - node.level + 1], *([node.module] if node.module else [])))


def _passed_on(file: str, found: Sequence[tuple[Statement, bool]]) -> Mapping[str, tuple[str, str]]:
    return {
        alias.asname or alias.name: (_base(file, node), alias.name)
        for node, outermost in found
        if outermost and isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _targets(file: str, node: Statement, modules: Mapping[str, str], passed: Passed) -> Iterator[str]:
    """Yield the files that a statement imports."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield from _homes(_base(file, node), alias.name, modules, passed)
        elif alias.name in modules:
            yield modules[alias.name]


def _homes(module: str, name: str, modules: Mapping[str, str], passed: Passed) -> set[str]:
    """Return the submodule of that name; else the module, and those from which it has the name itself."""
    homes: set[str] = set()
    while True:
        if inner := modules.get(f"{module}.{name}"):
            return homes | {inner}
        file = modules.get(module)
        if file is None or file in homes:
            return homes
        homes.add(file)
        if name not in passed.get(file, {}):
            return homes
        module, name = passed[file][name]


def _conftests(file: str, texts: Mapping[str, str]) -> set[str]:
    """Return the conftest.py files that pytest loads for a test file."""
    if not is_test(file):
        return set()
    found = {(folder / "conftest.py").as_posix() for folder in PurePosixPath(file).parents}
    return found & texts.keys()


def is_test(file: str) -> bool:
    """Say whether pytest collects the file."""
    return file.startswith("tests/") and PurePosixPath(file).match("test_*.py")

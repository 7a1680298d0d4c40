"""Mutants: a copy of the tree, mutmut in it, and what became of each mutant.

Rule 1: the tree itself is never changed; all happens in a temporary copy that is thrown away.
Rule 2: a mutant is known by its module, its function and its lines; its number changes with every edit.
"""

import ast
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

LEFT_OUT = shutil.ignore_patterns(".git", ".hypothesis", ".*_cache", "__pycache__", "mutants", "venv", ".venv", "*.db*")
PLUGIN = Path(__file__).with_name("fresh_caches.py")
COPIED_TOO = ("tests", "config", "deploy", "README.md", "LICENSE", PLUGIN.name)
QUICK = "not long and not nightly and not no_cover"
"""The tests that a mutant is tried by: those that reach lines of the core by themselves (as `.ci/run` has it)."""
PYTEST_ARGUMENTS = ("-n", "0", "-m", QUICK, "--import-mode=prepend", "-p", "no:cacheprovider", "-p", PLUGIN.stem)
CONFIGURATION = """
[tool.mutmut]
source_paths = ["watchdog"]
only_mutate = {modules}
also_copy = {copied}
pytest_add_cli_args = {arguments}
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
timeout_multiplier = 5.0
timeout_constant = 10.0
"""


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    UNTESTED = "untested"
    """No test calls the function: it survived as well."""
    TIMEOUT = "timeout"
    """It hung or was endless: noticed."""
    UNCLEAR = "unclear"
    """Crashed: counts as neither, and fails the check."""
    NOT_RUN = "not run"
    """Not tried, which is as unclear as a crash."""


FATES = {0: Fate.SURVIVED, 1: Fate.KILLED, 3: Fate.KILLED, 5: Fate.UNTESTED, 33: Fate.UNTESTED}
FATES |= dict.fromkeys((36, -24, 24, 152, 255), Fate.TIMEOUT)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one function; `removed` and `added` are the changed lines without their indentation."""

    name: str
    module: str
    function: str
    removed: str
    added: str
    fate: Fate

    @property
    def survived(self) -> bool:
        return self.fate in (Fate.SURVIVED, Fate.UNTESTED)

    @property
    def not_run(self) -> bool:
        return self.fate is Fate.NOT_RUN

    @property
    def diff(self) -> str:
        return f"{self.removed}  =>  {self.added}"


def run(
    root: Path,
    modules: Sequence[str],
    tests: Sequence[str],
    names: Iterable[str] = (),
    *,
    children: int = 2,
    whole: bool = False,
) -> list[Mutant]:
    """Return the modules' mutants, each with its fate under the tests.

    Only the named ones are run, if any are named, and only they are returned, unless the `whole` module is asked for.
    Raises RuntimeError with mutmut's last words if it could not run: mostly tests that fail without any mutation.
    """
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(root, tree, ignore=LEFT_OUT)
        shutil.copy(PLUGIN, tree)
        _configure(tree, modules, tests)
        _mutmut(tree, list(names), children)
        wanted = frozenset(() if whole else names)
        return [mutant for module in modules for mutant in read(tree / "mutants", module, wanted)]


def _configure(tree: Path, modules: Sequence[str], tests: Sequence[str]) -> None:
    lists = {"modules": modules, "tests": tests, "copied": COPIED_TOO, "arguments": PYTEST_ARGUMENTS}
    text = CONFIGURATION.format(**{name: json.dumps(list(value)) for name, value in lists.items()})
    with (tree / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def _mutmut(tree: Path, names: list[str], children: int) -> None:
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children), *names]
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": ""}
    done = subprocess.run(command, cwd=tree, env=variables, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise RuntimeError(f"mutmut ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-1000:]}")


def read(mutants: Path, module: str, names: frozenset[str] = frozenset()) -> list[Mutant]:
    """Return a module's mutants from mutmut's folder; none if the module has nothing to mutate."""
    record = mutants / f"{module}.meta"
    if not record.exists():
        return []
    codes: dict[str, int | None] = json.loads(record.read_text(encoding="utf-8"))["exit_code_by_key"]
    functions = _functions((mutants / module).read_text(encoding="utf-8"))
    return [_mutant(name, module, code, functions) for name, code in codes.items() if not names or name in names]


def _functions(text: str) -> dict[str, list[str]]:
    """Return the lines of every function, by its name as mutmut wrote it."""
    lines = text.splitlines()
    nodes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return {node.name: lines[node.lineno - 1 : node.end_lineno] for node in nodes}


def _mutant(name: str, module: str, code: int | None, functions: dict[str, list[str]]) -> Mutant:
    mangled = name.rpartition(".")[2]
    stem = mangled.rpartition("__mutmut_")[0]
    removed, added = _changed(functions[f"{stem}__mutmut_orig"], functions[mangled])
    function = re.sub(r"^xǁ(\w+?)ǁ", r"\1.", stem) if "ǁ" in stem else stem.removeprefix("x_")
    fate = FATES.get(code, Fate.UNCLEAR) if code is not None else Fate.NOT_RUN
    return Mutant(name, module, function, removed, added, fate)


def _changed(before: list[str], after: list[str]) -> tuple[str, str]:
    """Return the lines taken away and the lines put there, without mutmut's part of the function's name."""
    plain = [[re.sub(r"__mutmut_\w+", "", line) for line in lines] for lines in (before, after)]
    told = list(difflib.ndiff(*plain))
    return tuple(" ".join(line[2:].strip() for line in told if line.startswith(sign)) for sign in "-+")  # type: ignore[return-value]

"""Plan: which modules are mutated, and which tests must notice.

Each module is tried twice: first by its own tests, which is quick; what survives them, by the wide tests. Its own are
those named for it, else those that name it, else those of its folder: the wide ones take a minute for a mutant.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE_TESTS = ("tests/core", "tests/test_stories.py")
ACTUATION = ("actuator", "reconcile", "timings", "auto_deploy", "runner")
ACTUATION_TESTS = ("tests/daemon/actions",)


@dataclass(frozen=True, slots=True)
class Target:
    """A module to mutate, its own tests and the wide ones, as paths below the root."""

    module: str
    own: tuple[str, ...]
    wide: tuple[str, ...]


def default_modules(root: Path = ROOT) -> list[str]:
    """Return the whole core and the actuation path."""
    found = sorted((root / "watchdog" / "core").rglob("*.py"))
    core = [path.relative_to(root).as_posix() for path in found if "def " in path.read_text(encoding="utf-8")]
    return [*core, *(f"watchdog/daemon/actions/{name}.py" for name in ACTUATION)]


def target(module: str, root: Path = ROOT) -> Target:
    """Return the module with its tests; raises ValueError if it is none of those that can be mutated."""
    if module not in default_modules(root):
        raise ValueError(f"{module}: neither of watchdog/core nor of the actuation path; name one as it is in the tree")
    path = Path(module).relative_to("watchdog")
    own = tuple(found.relative_to(root).as_posix() for found in _own(path, root / "tests"))
    wide = CORE_TESTS if path.parts[0] == "core" else ACTUATION_TESTS
    return Target(module, own or wide, wide)


def _own(path: Path, tests: Path) -> list[Path]:
    name = path.parent.name if path.stem == "__init__" else path.stem
    if named := sorted((tests / path.parent).glob(f"test_{name}*.py")):
        return named
    word = re.compile(rf"\b{name}\b")
    every = sorted((tests / path.parts[0]).rglob("test_*.py"))
    naming = [found for found in every if word.search(found.read_text(encoding="utf-8"))]
    return naming or sorted((tests / path.parent).glob("test_*.py"))

"""The parts of a night: what takes too long for each commit, as commands. The shortest comes first, the storm last.

A night that is interrupted thus keeps the results of most parts, and the storm fills the hours that are left.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A command that runs in the root of the repository. `file` must be there, or the part is missing.

    After `hours_max` it is killed, and has failed.
    """

    name: str
    command: Sequence[str]
    file: str
    what: str
    hours_max: float = 12.0


def parts(*, storm_seeds: int = 100_000, storm_first: int = 1, hours: float = 4.0) -> list[Part]:
    """Return the parts in the order in which they run. The two longest begin nothing new after so many hours each."""
    storm = ("--seeds", str(storm_seeds), "--first", str(storm_first), "--hours", f"{hours:g}")
    return [
        _module("wheels", "every dependency has a wheel for each Python", "tests.wheels"),
        Part("tests", (*_PYTHON, "pytest", "-m", "nightly", "-n", "6"), "tests/conftest.py", "tests marked nightly"),
        _module("soak-processes", "a real process for 15 minutes: file descriptors stay flat", "tests.faults.soak"),
        Part(
            "soak",
            (*_PYTHON, "watchdog", "lab", "soak"),
            "watchdog/app/commands/soak_run.py",
            "a virtual day, 100 services",
        ),
        _module("hostile-http", "a minute of hostile HTTP: no probe is late or void", "tests.benchmarks.hostile_http"),
        _module("fuzz", "each parser of foreign bytes for a while; needs atheris", "tests.fuzz", "every"),
        _module("crash-points", "kill -9 at every commit and call of a rollback", "tests.faults.crash_points"),
        _module(
            "crash-points-of-remedies",
            "the same of each remedy that cures or does not, on both stores",
            "tests.faults.crash_points",
            *("--journey", "remedies", "--store", "sqlite", "postgresql"),
        ),
        _module("crash-points-of-reverts", "the same of a revert with real git", "tests.faults.revert_points"),
        _module(
            "mutation", f"which mutants no test notices, for {hours:g} h", "tests.mutation", "--hours", f"{hours:g}"
        ),
        _module("storm", f"{storm_seeds} storms, or as many as {hours:g} h allow", "tests.nightly.storm", *storm),
    ]


_PYTHON = (sys.executable, "-m")


def _module(name: str, what: str, module: str, *words: str) -> Part:
    path = module.replace(".", "/")
    file = f"{path}/__main__.py" if module in ("tests.mutation", "tests.fuzz") else f"{path}.py"
    return Part(name, (*_PYTHON, module, *words), file, what)

"""Again: a module of which only some functions have to be tried once more.

Rule 1: tried are the functions with a survivor that nobody argued, and those whose text differs from that of the last
run. Their tests are the wide ones, which contain the module's own.
Rule 2: all else is taken as the last run left it; what has changed outside of functions is not looked at.
"""

import ast
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from tests.mutation import mutants, report
from tests.mutation.arguments import Argument
from tests.mutation.mutants import Fate, Mutant
from tests.mutation.plan import ROOT, Target


def tried(targets: Sequence[Target], argued: Sequence[Argument], children: int) -> Iterator[report.Outcome]:
    """Yield what became of the modules; those with the same wide tests are tried together."""
    for wide, group in groupby(targets, key=lambda one: one.wide):
        last = {one.module: report.last(one.module) for one in group}
        names = [pattern(module, name) for module, run in last.items() for name in due(module, run)]
        if not names:
            continue
        found = mutants.run(ROOT, list(last), wide, names, children=children, whole=True)
        for module, run in last.items():
            yield outcome([one for one in found if one.module == module], run, argued)


def due(module: str, last: report.Last) -> set[str]:
    """Return the functions that are tried."""
    command = ["git", "show", f"{last.numbers['commit']}:{module}"]
    before = functions(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    now = functions((ROOT / module).read_text(encoding="utf-8"))
    return {name for name, text in now.items() if text != before.get(name) or name in last.open}


def functions(text: str) -> dict[str, str]:
    """Return each function and method by its name, without comments and layout."""
    found = {}
    for node in ast.parse(text).body:
        inner = [(f"{node.name}.", one) for one in node.body] if isinstance(node, ast.ClassDef) else [("", node)]
        for place, one in inner:
            if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found[f"{place}{one.name}"] = ast.unparse(one)
    return found


def pattern(module: str, function: str) -> str:
    """Return mutmut's names of a function's mutants: `watchdog.core.machine.x_step__mutmut_*`."""
    place, _, name = function.rpartition(".")
    mangled = f"xǁ{place}ǁ{name}" if place else f"x_{name}"
    return f"{'.'.join(Path(module).with_suffix('').parts)}.{mangled}__mutmut_*"


def outcome(found: Sequence[Mutant], last: report.Last, argued: Sequence[Argument]) -> report.Outcome:
    """Return the module's mutants; of one that was not tried, its fate in the last run."""
    known = [
        replace(one, fate=Fate.SURVIVED if report.line(one) in last.survivors else Fate.KILLED) if one.not_run else one
        for one in found
    ]
    return report.Outcome(found[0].module, known, int(last.numbers["own"]), argued)

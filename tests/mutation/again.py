"""Again: a module of which only some functions have to be tried once more.

Rule 1: tried are the functions with a survivor that nobody argued, and those whose text differs from that of the last
run. They are tried by the module's own tests, and by the wide ones where a survivor of these is not argued.
Rule 2: all else is taken as the last run left it; what has changed outside of functions is not looked at.
"""

import ast
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.mutation import mutants, report
from tests.mutation.arguments import Argument
from tests.mutation.mutants import Fate, Mutant
from tests.mutation.plan import ROOT, Target


def tried(targets: Sequence[Target], argued: Sequence[Argument], children: int) -> Iterator[report.Outcome]:
    """Yield what became of each module in which something is due."""
    for one in targets:
        last = report.last(one.module)
        names = [pattern(one.module, name) for name in due(one.module, last)]
        if not names:
            continue
        found = mutants.run(ROOT, [one.module], one.own, names, children=children, whole=True)
        left = [mutant.name for mutant in outcome(found, last, argued).open]
        if left and one.wide != one.own:
            second = mutants.run(ROOT, [one.module], one.wide, left, children=children)
            found = [next((new for new in second if new.name == mutant.name), mutant) for mutant in found]
        yield outcome(found, last, argued)


def due(module: str, last: report.Last) -> set[str]:
    """Return the functions that are tried: all of them, if the commit of the last run is of another clone."""
    command = ["git", "show", f"{last.numbers['commit']}:{module}"]
    before = functions(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout)
    now = functions((ROOT / module).read_text(encoding="utf-8"))
    return {name for name, text in now.items() if text != before.get(name) or name in last.open}


def functions(text: str) -> dict[str, str]:
    """Return each function and method by its name, without docstring, comments and layout."""
    found = {}
    for node in ast.parse(text).body:
        inner = [(f"{node.name}.", one) for one in node.body] if isinstance(node, ast.ClassDef) else [("", node)]
        for place, one in inner:
            if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)):
                told = ast.get_docstring(one) is not None
                found[f"{place}{one.name}"] = "\n".join(map(ast.unparse, [one.args, *one.body[told:]]))
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

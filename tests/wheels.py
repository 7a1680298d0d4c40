"""For every Python we promise: does each dependency come as a wheel, so that nobody needs a compiler?

By hand and at night, as it asks the package registry: `python -m tests.wheels` prints a table, names what lacks a wheel
and then ends with 1. One resolver run for each Python, machine and set, by uv (as the lock), told to take nothing but
wheels: pip would judge `; python_version < "3.13"` by the Python it runs on itself.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
MACHINES = ("x86_64", "aarch64")
LACKS = re.compile(r"Because (?:only )?([\w.-]+?)(?:\{.*?\})?(?:==\S+)? has no (?:usable )?wheels")


@dataclass(frozen=True)
class Answer:
    """What the resolver said of a set on a Python and a machine: how many packages, or what lacks a wheel."""

    packages: int
    lacking: str


def promised(project: dict[str, object]) -> tuple[str, ...]:
    """Return the Pythons of the classifiers, from the oldest."""
    text = "\n".join(map(str, project["classifiers"]))  # type: ignore[call-overload]
    return tuple(sorted(re.findall(r"Python :: (3\.\d+)$", text, re.MULTILINE), key=lambda each: int(each[2:])))


def sets(project: dict[str, object]) -> dict[str, list[str]]:
    """Return what is installed for running it, what with every extra that people use, and what for developing it."""
    extras = dict(project["optional-dependencies"])  # type: ignore[call-overload]
    run = list(project["dependencies"])  # type: ignore[call-overload]
    own = project["name"]
    used = [line for name, lines in extras.items() if name != "dev" for line in lines if Requirement(line).name != own]
    tools = [line for line in extras["dev"] if Requirement(line).name != own]
    return {"run time": run, "extras": run + used, "dev": run + used + tools}


def command(uv: str, python: str, machine: str) -> list[str]:
    """Return uv's resolution, from standard input, for a Python and a machine that need not be this one."""
    return [
        *(uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--only-binary=:all:"),
        *(f"--python-version={python}", f"--python-platform={machine}-manylinux_2_28", "-"),
    ]


def ask(uv: str, python: str, machine: str, requirements: Sequence[str]) -> Answer:
    """Return what uv finds; with nothing but wheels, what it cannot find has none."""
    written = "\n".join(requirements)
    ran = subprocess.run(command(uv, python, machine), input=written, capture_output=True, text=True)
    if ran.returncode == 0:
        return Answer(sum("==" in line for line in ran.stdout.splitlines()), "")
    found = LACKS.search(ran.stderr)
    return Answer(0, found[1] if found else ran.stderr.strip()[:300] or "uv failed")


def each_alone(uv: str, python: str, machine: str, requirements: Sequence[str]) -> Iterator[str]:
    """Yield every requirement that cannot be had, not only the first one."""
    for line in requirements:
        if lacking := ask(uv, python, machine, [line]).lacking:
            yield f"{Requirement(line).name} (for want of {lacking})"


def main() -> int:
    """Print the table; return 1 if anything lacks a wheel."""
    uv = shutil.which("uv")
    if uv is None:
        print("uv is needed: pip install uv")
        return 2
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = sets(project)
    jobs = [(python, machine, name) for python in promised(project) for machine in MACHINES for name in groups]
    with ThreadPoolExecutor(max_workers=2) as pool:
        answers = dict(zip(jobs, pool.map(lambda job: ask(uv, job[0], job[1], groups[job[2]]), jobs), strict=True))
    print(" | ".join(["Python, machine".ljust(16), *(name.ljust(8) for name in groups)]))
    for python, machine in dict.fromkeys((job[0], job[1]) for job in jobs):
        cells = [answers[python, machine, name] for name in groups]
        shown = ["lacks" if cell.lacking else f"{cell.packages} wheels" for cell in cells]
        print(" | ".join([f"{python}, {machine}".ljust(16), *(text.ljust(8) for text in shown)]))
    failed = [job for job, answer in answers.items() if answer.lacking]
    for python, machine, name in failed:
        what = ", ".join(each_alone(uv, python, machine, groups[name])) or answers[python, machine, name].lacking
        print(f"no wheel: Python {python}, {machine}, {name}: {what}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

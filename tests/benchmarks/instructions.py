"""Instructions of one healthy reading and of one HTTP probe: `python -m tests.benchmarks.instructions [--write]`.

A benchmark that a busy machine cannot disturb: valgrind counts what one process executes in user space. A workload runs
N times in one forked process and 2 N times in another; the difference, divided by N, is free of imports and warm-up.
The probed site is a process of its own, which is not counted. Ends with 1 if anything grew by more than a quarter
against `kept.json`; `--write` keeps what was counted now. `--burden 20` plants a slow-down, to see it fail.

Rule 1: what is kept and compared is the ratio to a reference workload (workloads.py), counted in the same minute by the
same interpreter: how Python was built changes the instructions of both. The plain figures are kept for people.
Rule 2: each minor version has its own figures; where none are kept, the table is printed and nothing fails. From 3.11
to 3.13 a reading grew by 9 % and the reference by 32 %: no ratio holds across them.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).with_name("kept.json")
REFERENCE = "reference"
NUMBERS: Mapping[str, int] = {REFERENCE: 500, "reading": 250, "probe": 12}
"""How often each is done in the shorter of its two runs: four times as often moves a ratio by less than a percent."""
GROWTH_MAX = 0.25
COUNTER = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
WORKLOADS = ("-m", "tests.benchmarks.workloads")
RUN_SECONDS_MAX = 3600.0
"""What hangs is ended; half a minute on an idle machine was ten in the midst of the whole suite."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was counted of one workload, in instructions and as a multiple of the reference; what is kept of it."""

    name: str
    instructions: float
    ratio: float
    kept: float | None

    @property
    def growth(self) -> float | None:
        """Return by which share the ratio exceeds the one that is kept; nothing where none is kept."""
        return None if self.kept is None else self.ratio / self.kept - 1.0

    @property
    def too_much(self) -> bool:
        """Tell whether it fails: more than a quarter above what is kept, or nothing to compare with."""
        return self.growth is None or self.growth > GROWTH_MAX

    def __str__(self) -> str:
        kept = "-" if self.kept is None else f"{self.kept:.2f}"
        change = "-" if self.growth is None else f"{self.growth:+.1%}"
        return f"{self.name:10} {self.instructions:14,.0f} {self.ratio:8.2f} {kept:>8} {change:>8}"


def rows(counted: Mapping[str, float], kept: Mapping[str, float]) -> list[Row]:
    """Return the table: everything but the reference, against it."""
    unit = counted[REFERENCE]
    return [Row(name, one, one / unit, kept.get(name)) for name, one in counted.items() if name != REFERENCE]


def each(shorter: int, longer: int, number: int) -> float:
    """Return the instructions of one item by a run of N items and one of 2 N. Raises ValueError if they cannot be."""
    if longer <= shorter:
        raise ValueError(f"{2 * number} items took {longer} instructions, {number} took {shorter}: nothing was done")
    return (longer - shorter) / number


def count(*words: str) -> list[int]:
    """Run workloads under the counter; return the instructions of each forked process, in the order of `words`."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*COUNTER, f"--log-file={folder}/%p", sys.executable, *WORKLOADS, *words],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS_MAX,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr[-2000:]}")
        return [counted_in(Path(folder, process)) for process in done.stdout.split()]


def counted_in(log: Path) -> int:
    """Return the instructions that the counter wrote down for one process. Raises RuntimeError if it did not."""
    said = log.read_text(encoding="utf-8", errors="replace")
    found = re.search(r"I\s+refs:\s+([\d,]+)", said)
    if found is None:
        raise RuntimeError(f"the counter tells no instructions: {said[-2000:]}")
    return int(found[1].replace(",", ""))


@contextmanager
def site() -> Iterator[str]:
    """Run the site that is probed, in a process of its own; yield its address."""
    with subprocess.Popen(
        [sys.executable, *WORKLOADS, "site"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def count_all(burden: int = 0) -> dict[str, float]:
    """Return the instructions of one item of each workload."""
    runs = [f"{name}:{times * number}" for name, number in NUMBERS.items() for times in (1, 2)]
    with site() as url:
        counts = count(*runs, f"--url={url}", f"--burden={burden}")
    pairs = zip(counts[::2], counts[1::2], strict=True)
    return {name: each(*pair, number) for pair, (name, number) in zip(pairs, NUMBERS.items(), strict=True)}


def kept_in(path: Path = KEPT) -> dict[str, Any]:
    """Return what is kept, by minor version of Python."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def keep(table: Sequence[Row], path: Path = KEPT) -> None:
    """Write what was counted now, beside what other versions of Python counted."""
    said = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": sys.version.split()[0],
        "ratio": {row.name: round(row.ratio, 2) for row in table},
        "instructions": {row.name: round(row.instructions) for row in table},
    }
    path.write_text(json.dumps({**kept_in(path), MINOR: said}, indent=2) + "\n", encoding="utf-8")


def main(words: Sequence[str]) -> int:
    """Count, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.instructions")
    parser.add_argument("--write", action="store_true", help="keep what is counted now")
    parser.add_argument("--burden", type=int, default=0, help="plant a slow-down: so many turns of the reference each")
    wanted = parser.parse_args(words)
    kept = kept_in().get(MINOR, {})
    counted = count_all(wanted.burden)
    table = rows(counted, kept.get("ratio", {}))
    print(f"{'what':10} {'instructions':>14} {'ratio':>8} {'kept':>8} {'change':>8}")
    print(*table, sep="\n")
    print(f"the reference took {counted[REFERENCE]:,.0f}; Python {sys.version.split()[0]}", end="")
    print(f", kept on {kept['date']} with Python {kept['python']}" if kept else "")
    if wanted.write:
        keep(table)
        return 0
    if not kept:
        print(f"nothing is kept for Python {MINOR}, so nothing is compared; --write keeps this")
        return 0
    wrong = [row.name for row in table if row.too_much]
    if wrong:
        print(f"more than {GROWTH_MAX:.0%} above what is kept, or nothing kept: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

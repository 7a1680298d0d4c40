"""Run the tests that a change touches.

    python -m tests.touched [--base REV] [-n N] [--hops N] [--list] [pytest arguments…]

Changed is what is not committed, untracked files too; with `--base` also everything since the branch left REV. A test
file runs if it changed, is named for a changed module, reads a changed file by its name, or imports a changed module
over at most `--hops` imports. The rest of what the change could reach is named and left to `.ci/run`.
"""

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.touched.choice import APART, HOPS, Choice, choose

ROOT = Path(__file__).parents[2]
EVERYWHERE = ("pyproject.toml", "deploy/requirements.txt", "tests/conftest.py")
FEW = 6
"""Up to so many files run in one process: starting workers takes longer than they save."""


def main(words: Sequence[str], root: Path = ROOT) -> int:
    """Print the choice, run it, and return pytest's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.touched", description=__doc__, allow_abbrev=False)
    parser.add_argument("--base", metavar="REV", help="also what was committed since this revision, as main")
    parser.add_argument("--hops", type=int, default=HOPS, help=f"at most so many imports in between ({HOPS})")
    parser.add_argument("-n", dest="workers", metavar="N", help=f"pytest's processes (0 up to {FEW} files, else 2)")
    parser.add_argument("--list", action="store_true", help="only say what would run")
    wanted, further = parser.parse_known_args(words)
    try:
        changed = changes(root, wanted.base)
    except subprocess.CalledProcessError as error:
        print(error.stderr.strip(), file=sys.stderr)
        return 2
    if not changed:
        print(
            "nothing changed" if wanted.base else "nothing changed since the last commit: --base REV looks further back"
        )
        return 0
    choice = choose(root, changed, wanted.hops)
    print("\n".join(told(choice, changed, wanted.hops)), flush=True)
    if wanted.list:
        return 0
    workers = wanted.workers or ("0" if len(choice.chosen) <= FEW else "2")
    command = [sys.executable, "-m", "pytest", "-n", workers, *choice.chosen, *further]
    return subprocess.run(command, cwd=root, check=False).returncode


def changes(root: Path, base: str | None) -> list[str]:
    """Return the changed files as paths below the root; of a renamed one both names."""
    since = ("--merge-base", base) if base else ("HEAD",)
    tracked = _git(root, "diff", "--name-only", "--no-renames", "-z", *since)
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return sorted({name for name in (tracked + untracked).split("\0") if name})


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout


def told(choice: Choice, changed: Sequence[str], hops: int) -> Iterator[str]:
    """Yield what runs and why, and what does not."""
    yield f"{len(changed)} files changed; {len(choice.chosen)} of {choice.total} test files run:"
    for test, why in sorted(choice.chosen.items(), key=lambda item: (item[1], item[0])):
        yield f"  {test}  ({why})"
    if choice.far:
        yield f"left out, farther than {hops} imports: {len(choice.far)} test files ({folders(choice.far)})"
    if choice.apart:
        places = ", ".join(one.rstrip("/") for one in APART)
        yield f"left out, since tests in {places} start real processes: {len(choice.apart)} that reach the change"
        yield f"  ({folders(choice.apart)})"
    if choice.unread:
        yield f"no test was found that reads: {', '.join(choice.unread)}"
    if everywhere := [name for name in changed if name in EVERYWHERE or name.startswith(".ci/")]:
        yield f"may touch everything, whatever is chosen: {', '.join(everywhere)}"
    yield "left out in each file: tests marked long (more arguments go to pytest: -m 'not nightly'). .ci/run runs all."


def folders(tests: Iterable[str]) -> str:
    """Return how many there are in each folder, the most first."""
    counted = Counter(str(Path(test).parent) for test in tests)
    return ", ".join(f"{folder} {count}" for folder, count in counted.most_common())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

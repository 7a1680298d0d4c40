"""What ran at night, when, on which commit, how it ended: the tracked file `last.toml`, one table a part.

Rule: nothing of the machine is written: folders and addresses are cut out of the lines that are kept.
"""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from watchdog.domain.units import show_seconds

HEAD = "# How each part of `python -m tests.nightly` ended when it last ran (`--when`). The command writes this file.\n"
ADDRESS = re.compile(r"\b\w+://\S+")
FOLDER = re.compile(r"(?<![\w./])/(?:[\w.+-]+/)+")
ENDED = ("passed", "failed", "missing", "interrupted")


@dataclass(frozen=True, slots=True)
class Run:
    """How a part ran last. `passed_at` and `passed_commit` are of the last time that it passed."""

    at: str
    commit: str
    changed: bool
    """Whether files were changed that the commit does not have."""
    result: str
    exit_code: int
    seconds: float
    lines: Sequence[str] = ()
    passed_at: str = ""
    passed_commit: str = ""


def load(file: Path) -> dict[str, Run]:
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return {name: Run(**fields) for name, fields in tomllib.loads(text).items()}


def keep(file: Path, name: str, run: Run) -> None:
    """Write one part's run; the other parts stay as they are."""
    runs = load(file)
    before = runs.get(name)
    if run.result == "passed":
        run = replace(run, passed_at=run.at, passed_commit=run.commit)
    elif before is not None:
        run = replace(run, passed_at=before.passed_at, passed_commit=before.passed_commit)
    runs[name] = run
    tables = "\n".join(f"[{name}]\n{_fields(asdict(run))}" for name, run in sorted(runs.items()))
    beside = file.with_suffix(".part")
    beside.write_text(f"{HEAD}\n{tables}", encoding="utf-8")
    beside.replace(file)  # a night may end at any moment


def _fields(fields: Mapping[str, object]) -> str:
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())


def cleaned(lines: Sequence[str], root: Path) -> list[str]:
    """Return the lines without colours, folders and addresses, each at most 200 characters long."""
    return [_cleaned(line.replace(f"{root}/", ""))[:200] for line in lines]


def _cleaned(line: str) -> str:
    line = re.sub(r"\x1b\[[0-9;]*m", "", line)
    line = FOLDER.sub("…/", ADDRESS.sub("(address)", line))
    return "".join(one for one in line if one.isprintable()).strip()


def when(names: Sequence[str], runs: Mapping[str, Run], now: datetime, root: Path) -> Iterator[str]:
    """Yield a line for each part: when it last ran, how many days and commits ago, and how it ended."""
    width = max(map(len, names))
    for name in names:
        yield f"{name:{width}}  {_when(runs[name], now, root) if name in runs else 'never'}"


def _when(run: Run, now: datetime, root: Path) -> str:
    ended = run.result if run.result != "failed" else f"failed ({run.exit_code})"
    text = f"{ended}, {_ago(run.at, run.commit, now, root)}, after {show_seconds(run.seconds)}"
    text += ", with changes of no commit" if run.changed else ""
    if run.result != "passed":
        text += f"; passed {_ago(run.passed_at, run.passed_commit, now, root)}" if run.passed_at else "; never passed"
    return f"{text}: {run.lines[-1]}" if run.lines else text


def _ago(at: str, commit: str, now: datetime, root: Path) -> str:
    days = (now - datetime.fromisoformat(at)).days
    commits = git(root, "rev-list", "--count", f"{commit}..HEAD")
    return f"{days} days and {commits or 'an unknown number of'} commits ago ({commit})"


def stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def git(root: Path, *words: str) -> str:
    """Return what git says, or nothing where it fails (no repository, a commit that a shallow clone lacks)."""
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""

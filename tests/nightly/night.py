"""Run the parts one after the other, each as a process, and keep each one's result as soon as it ended."""

import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

from tests.nightly.parts import Part
from tests.nightly.record import Run, cleaned, git, keep, stamp

KEPT_LINES = 5
GRACE_SECONDS = 30.0
"""So long an interrupted part may take to end what it started."""
FAILED, MISSING, INTERRUPTED = 1, 2, 130


def night(parts: Sequence[Part], root: Path, file: Path) -> int:
    """Run all parts, whatever becomes of them; 1 if one failed, 2 if one is missing, 130 if it was interrupted."""
    codes = set()
    for part in parts:
        print(f"\n== {part.name}: {part.what}", flush=True)
        run = run_one(part, root, file)
        keep(file, part.name, run)
        print(f"== {part.name} {run.result} after {run.seconds:.0f} s", flush=True)
        if run.result == "interrupted":
            return INTERRUPTED
        codes.add({"failed": FAILED, "missing": MISSING}.get(run.result, 0))
    return next((code for code in (MISSING, FAILED) if code in codes), 0)


def run_one(part: Part, root: Path, file: Path) -> Run:
    """Run a part, show what it prints, and return what became of it."""
    commit = git(root, "rev-parse", "--short=12", "HEAD")
    status = [line for line in git(root, "status", "--porcelain").splitlines() if not line.endswith(file.name)]
    at, began = stamp(), time.monotonic()
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    if not (root / part.file).is_file():
        lines.append(f"{part.file} is not there")
        print(lines[0], flush=True)
        result, code = "missing", MISSING
    else:
        result, code = _run(part, root, lines)
    seconds = round(time.monotonic() - began, 1)
    return Run(at, commit, bool(status), result, code, seconds, cleaned(lines, root))


def _run(part: Part, root: Path, lines: deque[str]) -> tuple[str, int]:
    """Run the command in a session of its own, so that an interruption ends everything that it started."""
    process = subprocess.Popen(
        part.command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    assert process.stdout is not None, "a pipe was asked for"
    Thread(target=_sweep, args=(process, part.hours_max), daemon=True).start()
    try:
        for line in process.stdout:
            if line.strip():
                lines.append(line.rstrip())
            print(line, end="", flush=True)
        code = process.wait()
    except KeyboardInterrupt:
        return "interrupted", _end(process)
    return ("passed" if code == 0 else "failed"), code


def _sweep(process: subprocess.Popen[str], hours_max: float) -> None:
    """End a part that takes too long, and what a part left behind: its pipe would hold up the rest of the night."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(hours_max * 3600)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[str]) -> int:
    """Interrupt the part's processes, end those that do not listen, and return the exit code."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        process.communicate(timeout=GRACE_SECONDS)
    with suppress(ProcessLookupError):  # also what the part started and left behind
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()

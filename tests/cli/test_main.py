"""The command as a user types it: help, usage errors, exit codes; each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.child_processes import python
from tests.support.clocks import PATIENCE_SECONDS
from watchdog import __version__
from watchdog.cli.main import main


def typed(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `watchdog` with those words and an environment without any of its variables."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("WATCHDOG_")}
    environ |= {"COLUMNS": "100", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "watchdog", *words]
    return subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


def test_without_a_command_there_is_help_and_a_version() -> None:
    """Where to begin; the version alone, for scripts; a mistake without a traceback."""
    done = typed()
    assert (done.returncode, done.stderr) == (0, "") and "First: watchdog demo" in done.stdout
    assert typed("--version").stdout == f"{__version__}\n"
    done = typed("nope")
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("xyzzy", 'watchdog has no command "xyzzy" (see watchdog --help'),
        ("nope", 'no command "nope": did you mean `watchdog incident note`? (see watchdog --help'),
        ("explain", "INCIDENT requires an argument (see watchdog explain --help"),
        ("explain web-1 --bogus", "(see watchdog explain --help"),
        ("history --format xml", "(see watchdog report history --help"),
        ("demo --scenario earthquake", "(see watchdog demo --help"),
        ("why-not web", "(see watchdog service why-not --help"),
        ("label web-1 perhaps", "(see watchdog incident label --help"),
        ("rollback", "(see watchdog rollback --help"),
        ("incidents --limit many", "(see watchdog incident list --help"),
        ("run --config", "(see watchdog --help"),
        ("ack web-1", 'no command "ack": did you mean `watchdog incident ack`? (see watchdog --help'),
        ("incident aprove web-1", "did you mean `watchdog incident approve`? (see watchdog incident --help"),
    ],
)
def test_usage_errors_exit_with_2(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence on stderr with a way out: the help named is that of the command in which the mistake was made."""
    assert main(words.split()) == 2
    told = capsys.readouterr()
    assert told.out == "" and f"{said}, or watchdog docs reference-commands)" in " ".join(told.err.split())


def test_help_loads_nothing_heavy() -> None:
    """Help is fast because no HTTP client, database or validation library is imported for it."""
    probe = "import sys, watchdog.cli.main; print([m for m in ('httpx','sqlalchemy','pydantic','structlog','starlette')"
    done = python("-c", f"{probe} if m in sys.modules])")
    assert done.stdout == "[]\n"


@pytest.mark.long
@pytest.mark.parametrize("words", [("status",), ("run",), ("explain", "web-1"), ("check",)])
def test_a_missing_configuration_exits_with_2(words: tuple[str, ...], tmp_path: Path) -> None:
    for line in ((*words, "-c", "none.yaml"), ("--config", "none.yaml", *words)):
        done = typed(*line, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert "none.yaml" in done.stderr and "Traceback" not in done.stderr


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m watchdog --help | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert done.stdout.startswith("Usage: watchdog") and "Traceback" not in done.stderr

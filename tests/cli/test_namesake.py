"""PyPI's `watchdog` in the same environment is noticed, with the cure; also when it has overwritten our package."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.clocks import PATIENCE_SECONDS
from watchdog import __version__

ROOT = Path(__file__).parents[2]
SMALL = 'version: 1\nservices: {web: {signals: {home: {http: "http://127.0.0.1:1/"}}}}\n'


def installed(folder: Path) -> None:
    """Let a folder of the path hold what pip writes for the other package."""
    (folder / "watchdog-6.0.0.dist-info").mkdir()
    (folder / "watchdog-6.0.0.dist-info" / "METADATA").write_text("Name: watchdog\nVersion: 6.0.0\n", encoding="utf-8")


def typed(path: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command with the folder on Python's path, before ours."""
    environ = {**os.environ, "PYTHONPATH": f"{path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "watchdog", *words]
    return subprocess.run(
        command, cwd=path, env=environ, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


@pytest.mark.parametrize("there", [True, False])
def test_version_and_check_say_that_it_is_there(tmp_path: Path, there: bool) -> None:
    """The version stands alone on stdout, for scripts."""
    (tmp_path / "watchdog.yaml").write_text(SMALL, encoding="utf-8")
    if there:
        installed(tmp_path)
    version, check = typed(tmp_path, "--version"), typed(tmp_path, "check")
    assert (version.stdout, version.returncode, check.returncode) == (f"{__version__}\n", 0, 0)
    for said in (version.stderr, check.stdout):
        assert ("watchdog 6.0.0 (file events), is installed here" in said) == there
        assert ("pipx install ." in said) == there


def test_it_is_told_when_our_package_was_overwritten(tmp_path: Path) -> None:
    """Its `__init__.py` in the place of ours: one sentence, no traceback."""
    installed(tmp_path)
    (tmp_path / "watchdog").mkdir()
    (tmp_path / "watchdog" / "__init__.py").touch()
    for part in (ROOT / "watchdog").iterdir():
        if part.name not in ("__init__.py", "__pycache__"):
            (tmp_path / "watchdog" / part.name).symlink_to(part)
    done = typed(tmp_path, "--version")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("another package, watchdog 6.0.0 (file events)") and done.stderr.count("\n") == 1

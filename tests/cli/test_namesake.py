"""PyPI's `watchdog` in the same environment is noticed, with the cure; also when it has overwritten our package."""

import os
from pathlib import Path

import pytest

from tests.support.child_processes import python
from watchdog import __version__
from watchdog.cli.main import main
from watchdog.cli.namesake import typed_as

ROOT = Path(__file__).parents[2]
SMALL = 'version: 1\nservices: {web: {signals: {home: {http: "http://127.0.0.1:1/"}}}}\n'


def installed(folder: Path) -> None:
    """Let a folder of the path hold what pip writes for the other package."""
    (folder / "watchdog-6.0.0.dist-info").mkdir()
    (folder / "watchdog-6.0.0.dist-info" / "METADATA").write_text("Name: watchdog\nVersion: 6.0.0\n", encoding="utf-8")


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("words", ["--version", "check"])
def test_version_and_check_say_that_it_is_there(
    words: str, there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "watchdog.yaml").write_text(SMALL, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    if there:
        installed(tmp_path)
    assert main([words]) == 0
    out, err = capsys.readouterr()
    assert words == "check" or out == f"{__version__}\n"
    assert ("watchdog 6.0.0 (file events), is installed here" in (out if words == "check" else err)) == there
    assert ("pipx install ." in out + err) == there and (there or err == "")


def test_it_is_told_when_our_package_was_overwritten(tmp_path: Path) -> None:
    installed(tmp_path)
    (tmp_path / "watchdog").mkdir()
    (tmp_path / "watchdog" / "__init__.py").touch()
    for part in (ROOT / "watchdog").iterdir():
        if part.name not in ("__init__.py", "__pycache__"):
            (tmp_path / "watchdog" / part.name).symlink_to(part)
    done = python("-m", "watchdog", "--version", cwd=tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("another package, watchdog 6.0.0 (file events)") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("started", "searched", "typed"),
    [
        (".venv/bin/watchdog", "elsewhere", ".venv/bin/watchdog"),
        (".venv/bin/watchdog", "other:.venv/bin", ".venv/bin/watchdog"),
        (".venv/bin/watchdog", ".venv/bin:other", ""),
        (".venv/bin/watchdog", "linked", ""),
        ("/usr/lib/watchdog/__main__.py", ".venv/bin", "/usr/bin/python3 -m watchdog"),
        ("/usr/bin/pytest", ".venv/bin", ""),
    ],
)
def test_what_starts_this_very_program(
    started: str, searched: str, typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name alone where the shell finds this one by it; not where it finds none, or another one."""
    monkeypatch.chdir(tmp_path)
    for folder in (".venv/bin", "other", "linked"):
        Path(folder).mkdir(parents=True)
    for folder in (".venv/bin", "other"):
        Path(folder, "watchdog").touch(mode=0o755)
    Path("linked/watchdog").symlink_to(tmp_path / ".venv/bin/watchdog")
    assert typed_as(started, "/usr/bin/python3", searched) == typed

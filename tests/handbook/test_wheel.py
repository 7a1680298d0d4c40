"""The wheel as it is installed, beside no clone: the handbook is in it, and the command works."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.chromium import missing
from tests.handbook.blocks import ROOT
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.docs import pages

pytestmark = pytest.mark.long

PIP = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and install it alone into a folder; what it depends on is this environment's."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [*PIP, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)], capture_output=True, text=True, check=False
    )
    if built.returncode:
        missing(f"the wheel cannot be built here: {built.stderr[-300:]}")
    (wheel,) = folder.glob("*.whl")
    target = folder / "installed"
    subprocess.run([*PIP, "install", "--no-deps", "--target", str(target), str(wheel)], check=True, capture_output=True)
    return target


def typed(installed: Path, *words: str) -> str:
    """Return what the installed command prints, in a folder that has nothing of ours."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "watchdog", *words],
        cwd=installed.parent,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    return done.stdout


def test_the_wheel_reads_every_page_and_writes_the_site(installed: Path) -> None:
    """The same text as in the repository, from the installed files."""
    for one in pages():
        assert (installed / "watchdog" / "docs" / f"{one.name}.md").read_text(encoding="utf-8") == one.text
    assert typed(installed, "docs", "operation") == next(one.text for one in pages() if one.name == "operation")
    assert f"Wrote {len(pages())} pages." in typed(installed, "docs", "--site", "site")
    assert (installed.parent / "site" / "index.html").is_file()

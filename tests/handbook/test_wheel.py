"""The wheel as it is installed, beside no clone: by each install line of README and handbook, with its extras.

No package index is asked for what it depends on: the new environment sees the packages of this one through links, and
pip checks that each is there in a version that the wheel accepts.
"""

import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from functools import partial
from pathlib import Path

import pytest

from tests.handbook.blocks import ROOT, blocks, shell_commands
from tests.settings.texts import SMALL
from tests.support.child_processes import missing
from tests.support.clocks import PATIENCE_SECONDS
from tests.support.made_once import made_once
from watchdog.docs import file_of, pages
from watchdog.docs.page_table import HERE

pytestmark = pytest.mark.long

PIP = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")
PACKAGE = re.compile(r"\.(\[[\w,]+\])?")
"""This repository, as an install line names it: `.` or `.[console]`."""
INSTALLERS = frozenset({"pip", "pipx", "uvx"})
DEVELOPMENT = "[dev]"
"""An editable install of a clone, which every run of the tests begins with."""


def extras() -> set[str]:
    """Return the extras of all install lines, as in `[console]`; empty for a line without."""
    lines = [words for one in blocks("sh") for words in shell_commands(one.text)]
    named = [word for words in lines if Path(words[0]).name in INSTALLERS for word in words]
    return {found[1] or "" for word in named if (found := PACKAGE.fullmatch(word))}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = made_once("wheel", partial(built, tmp_path_factory.mktemp("wheel")), tmp_path_factory)
    return next(folder.glob("*.whl"))


def built(folder: Path) -> Path:
    command = [*PIP, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        missing(f"the wheel cannot be built here: {done.stderr[-300:]}")
    return folder


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new environment with the wheel, in a folder that has nothing of ours."""
    folder: Path = made_once(
        "environment", partial(with_the_wheel, wheel, tmp_path_factory.mktemp("installed")), tmp_path_factory
    )
    return folder


def with_the_wheel(wheel: Path, place: Path) -> Path:
    folder = place / "environment"
    venv.create(folder, symlinks=True, with_pip=False)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    for one in Path(sysconfig.get_path("purelib")).iterdir():
        # Not the editable install of this clone, nor the files that lead to it.
        if not one.name.startswith("render_watchdog") and one.suffix != ".pth":
            (packages / one.name).symlink_to(one)
    install(folder, str(wheel))
    return folder


def install(environment: Path, wanted: str, *options: str) -> None:
    """Install something from no index, without a word of pip."""
    target = [*PIP, "--python", str(environment / "bin" / "python"), "install", "--no-index", "--no-compile", *options]
    done = subprocess.run([*target, wanted], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def typed(environment: Path, *words: str) -> str:
    """Return what the installed command prints, in a folder that has nothing of ours."""
    done = subprocess.run(
        [environment / "bin" / "watchdog", *words],
        cwd=environment.parent,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    return done.stdout


def test_each_install_line_finds_what_it_needs(wheel: Path, environment: Path) -> None:
    """An extra that is not there would be a warning of pip, and a version that the wheel refuses an error."""
    wanted = {name for words in extras() - {DEVELOPMENT} for name in words.strip("[]").split(",")} - {""}
    install(environment, f"{wheel}[{','.join(sorted(wanted))}]", "--dry-run")


def test_what_is_installed_is_a_command_that_works(environment: Path) -> None:
    """It finds its schema and its configuration's rules."""
    assert typed(environment, "--version").strip()
    assert (environment / "bin" / "watchdog-sandbox").is_file()
    typed(environment, "init", "--site", "https://www.acme.example", "--render", "srv-web")
    (environment.parent / "watchdog.yaml").write_text(SMALL, encoding="utf-8")
    assert "The configuration is valid" in typed(environment, "check")


def test_the_wheel_has_the_scripts_of_others_with_their_licence(wheel: Path) -> None:
    """A console that is installed draws its charts; the version that stands beside the script is the script's."""
    vendor = ROOT / "watchdog" / "console" / "static" / "vendor"
    named = {one.relative_to(ROOT).as_posix() for one in vendor.iterdir()}
    assert named <= set(zipfile.ZipFile(wheel).namelist())
    script, version = ((vendor / name).read_text(encoding="utf-8") for name in ("uPlot.iife.min.js", "VERSION.txt"))
    assert f"(v{version.split()[1]})" in script.partition("\n")[0]
    assert "MIT" in (vendor / "uPlot.LICENSE.txt").read_text(encoding="utf-8")


def test_the_wheel_reads_every_page_and_writes_the_site(environment: Path) -> None:
    """The same text as in the repository, from the installed files."""
    (docs,) = environment.glob("lib/*/site-packages/watchdog/docs")
    for one in pages():
        assert (docs / file_of(one.name).relative_to(HERE)).read_text(encoding="utf-8") == one.text
    assert typed(environment, "docs", "operation") == next(one.text for one in pages() if one.name == "operation")
    assert f"Wrote {len(pages())} pages." in typed(environment, "docs", "--site", "site")
    assert (environment.parent / "site" / "index.html").is_file()

"""The choice of tests by a change: over a small made-up tree, and by the command as it is typed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.touched.__main__ import ROOT, changes, told
from tests.touched.choice import ALWAYS, choose

LAZY = "def build():\n    from watchdog.core import (\n        guard,  # (lazily)\n        night,\n    )\n"
TREE = {
    "README.md": "",
    "config/shop.yaml": "",
    "config/scenarios/storm.yaml": "",
    "watchdog/__init__.py": "",
    "watchdog/core/__init__.py": "from watchdog.core.guard import allow\nfrom watchdog.core.hours import night\n",
    "watchdog/core/guard.py": "from watchdog.core.hours import night\n",
    "watchdog/core/hours.py": "",
    "watchdog/app/__init__.py": "",
    "watchdog/app/build.py": LAZY,
    "watchdog/cli.py": "from .app import build\n",
    "watchdog/stores/database.py": 'SCRIPTS = HERE.with_name("migrations")\n',
    "watchdog/stores/migrations/r1.py": "",
    "watchdog/console/page.html": "",
    "watchdog/docs/start.md": "",
    "tests/conftest.py": "",
    "tests/loose.py": "",
    "tests/core/world.py": "from watchdog.core.guard import allow\n",
    "tests/core/test_guard.py": "from tests.core.world import World\n",
    "tests/core/test_hours.py": "import watchdog.core.hours as hours\n",
    "tests/core/test_night.py": "from watchdog.core import night\n",
    "tests/stores/conftest.py": "import watchdog.stores.database\n",
    "tests/stores/test_rows.py": "",
    "tests/console/test_page.py": "",
    "tests/handbook/test_blocks.py": "",
    "tests/browser/test_look.py": "",
    "tests/cli/test_typed.py": "from watchdog import cli\n",
    "tests/cli/test_script.py": 'SCRIPT = """\nfrom watchdog.core.guard import allow\n"""\n',
    "tests/app/test_build.py": "from watchdog.app.build import build\n",
    "tests/faults/test_kill.py": "from watchdog.app.build import build\n",
    "tests/test_config.py": 'FILE = ROOT / "config" / "shop.yaml"\nPLAYED = "config/scenarios"\n',
    "tests/test_gone.py": "from watchdog.core.gone import Past\n",
    ALWAYS: 'README = "README.md"\n',
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a repository in which everything is committed."""
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    return tmp_path


def git(root: Path, *words: str) -> None:
    """Run git as somebody, with nobody's settings."""
    mine = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=Alice", "-c", "user.email=alice@acme.example")
    subprocess.run(["git", *who, *words], cwd=root, check=True, env={**os.environ, **mine})


def commit(root: Path) -> None:
    """Commit everything."""
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "so far")


@pytest.mark.parametrize(
    ("changed", "hops", "chosen"),
    [
        ("watchdog/core/hours.py", 0, "core/test_hours"),
        ("watchdog/core/hours.py", 1, "core/test_hours core/test_night"),  # passed on by the package: one import
        ("watchdog/core/hours.py", 2, "core/test_hours core/test_night cli/test_script"),
        ("watchdog/core/hours.py", 3, "core/test_hours core/test_night cli/test_script core/test_guard cli/test_typed"),
        ("watchdog/core/guard.py", 1, "core/test_guard cli/test_script"),  # named for it, and two imports away
        ("watchdog/core/guard.py", 3, "core/test_guard cli/test_script core/test_night cli/test_typed"),
        ("watchdog/core/gone.py", 1, "test_gone"),  # deleted, and still imported
        ("watchdog/app/build.py", 2, "app/test_build cli/test_typed"),  # relative import; the others start processes
        ("tests/core/world.py", 1, "core/test_guard"),
        ("tests/faults/test_kill.py", 0, "faults/test_kill"),  # changed itself
        ("tests/stores/conftest.py", 0, "stores/test_rows"),
        ("watchdog/stores/database.py", 2, "stores/test_rows"),  # through the folder's conftest.py
        ("watchdog/stores/migrations/r1.py", 2, "stores/test_rows"),  # run by path, by who names its folder
        ("watchdog/console/page.html", 0, "console/test_page browser/test_look"),
        ("watchdog/docs/start.md", 0, "handbook/test_blocks"),
        ("config/shop.yaml", 0, "test_config"),
        ("config/scenarios/storm.yaml", 0, "test_config"),  # by its folder
        ("README.md", 0, ""),
    ],
)
def test_what_a_change_touches(tree: Path, changed: str, hops: int, chosen: str) -> None:
    """By name, by imports up to the limit, by reading the file; and the house rules each time."""
    choice = choose(tree, [changed], hops)
    assert set(choice.chosen) == {ALWAYS, *(f"tests/{name}.py" for name in chosen.split())}
    assert choice.unread == []


def test_what_is_left_out_is_told(tree: Path) -> None:
    """How many test files are farther than the limit and where, which start processes, and what no test reads."""
    changed = ["watchdog/core/hours.py", "tests/loose.py"]
    choice = choose(tree, changed, 1)
    assert set(choice.far) == {"tests/core/test_guard.py", "tests/cli/test_typed.py", "tests/cli/test_script.py"}
    assert sorted(choice.apart) == ["tests/app/test_build.py", "tests/faults/test_kill.py"]
    text = "\n".join(told(choice, changed, 1))
    assert "2 files changed; 3 of 14 test files run:" in text
    assert "farther than 1 imports: 3 test files (tests/cli 2, tests/core 1)" in text
    assert "start real processes: 2 that reach the change" in text
    assert "no test was found that reads: tests/loose.py" in text
    assert ".ci/run runs all." in text


def test_the_whole_suites_conftest_chooses_all_but_what_starts_processes(tree: Path) -> None:
    """Who changes tests/conftest.py is told what even then does not run."""
    choice = choose(tree, ["tests/conftest.py"], 2)
    assert len(choice.chosen) == choice.total - 3
    assert sorted(choice.apart) == [
        "tests/app/test_build.py",
        "tests/browser/test_look.py",
        "tests/faults/test_kill.py",
    ]


def test_changes_are_what_is_not_committed_and_what_was_since_a_revision(tree: Path) -> None:
    """Edited, new, deleted and renamed files; commits only with a base, and not those that main got meanwhile."""
    assert changes(tree, None) == []
    git(tree, "checkout", "-q", "-b", "mine")
    (tree / "README.md").write_text("more", encoding="utf-8")
    commit(tree)
    git(tree, "checkout", "-q", "main")
    (tree / "config" / "shop.yaml").write_text("more", encoding="utf-8")
    commit(tree)
    git(tree, "checkout", "-q", "mine")
    (tree / "tests" / "test_new.py").write_text("", encoding="utf-8")
    (tree / "tests" / "loose.py").rename(tree / "tests" / "tight.py")
    (tree / "watchdog" / "cli.py").unlink()
    uncommitted = ["tests/loose.py", "tests/test_new.py", "tests/tight.py", "watchdog/cli.py"]
    assert changes(tree, None) == uncommitted
    assert changes(tree, "main") == ["README.md", *uncommitted]


RUN = """
import sys
from pathlib import Path
from tests.touched.__main__ import main
sys.exit(main(sys.argv[2:], Path(sys.argv[1])))
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "code", "printed", "not_printed"),
    [
        (["-p", "no:cacheprovider", "-q"], 1, "1 failed, 1 passed", ""),
        (["-k", "passes", "-n", "1"], 0, "1 passed", ""),
        (["--list"], 0, "2 of 15 test files run:", "passed"),
        (["--base", "no-such-revision"], 2, "no-such-revision", "passed"),
    ],
)
def test_the_command_runs_pytest_and_ends_as_it_does(
    tree: Path, words: list[str], code: int, printed: str, not_printed: str
) -> None:
    """The choice is printed first; what the command does not know goes to pytest, whose exit code it has."""
    (tree / ALWAYS).write_text("def test_passes(): pass\n", encoding="utf-8")
    commit(tree)
    (tree / "tests" / "test_new.py").write_text("def test_fails(): assert False\n", encoding="utf-8")
    typed = [sys.executable, "-c", RUN, str(tree), *words]
    done = subprocess.run(typed, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert printed in done.stdout + done.stderr
    assert not not_printed or not_printed not in done.stdout


def test_a_tree_without_changes_runs_nothing(tree: Path) -> None:
    """It says so, and how to look further back."""
    done = subprocess.run([sys.executable, "-c", RUN, str(tree)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "nothing changed since the last commit: --base REV looks further back\n"

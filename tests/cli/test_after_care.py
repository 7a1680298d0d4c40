"""`watchdog incident fix-branch` over a real record and a real repository."""

from pathlib import Path

import pytest

from tests.cli.conftest import Typed, in_record
from tests.support.git_repositories import ENVIRON, Hosted, git, hosted


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hosted:
    """Return a repository with a good and a bad commit, as a person without settings of git's own sees it."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    made = hosted(tmp_path / "git")
    made.commit("app.py", "good")
    made.commit("app.py", "bad")
    return made


def test_the_fix_branch_is_made_once_and_ticked(repo: Hosted, typed: Typed, tmp_path: Path) -> None:
    """At the stable commit, whose id a person may shorten; once somebody works on it, it stays as it is."""
    good = repo.parents()[0]
    where = ("--branch", "main", "--remote", repo.address)
    words = ("incident", "fix-branch", "web-1", "--to", good[:9], *where)
    assert "[ ] fix-branch" in typed("checklist", "web-1")
    end = "To work on it: git fetch && git switch fix/web-1\n"
    assert typed(*words) == f"fix/web-1 is made at {good[:9]}. {end}"
    assert repo.branches() == ["fix/web-1", "main"] and repo.head("fix/web-1") == good
    assert "[x] fix-branch" in typed("checklist", "web-1")
    assert typed(*words) == f"fix/web-1 was there already, at {good}. {end}"
    git(repo.work, "checkout", "-q", "-b", "fix/web-1", good)
    work = repo.commit("app.py", "repaired")
    assert f"is at {work[:7]}, not at {good[:7]}: it stays as it is" in typed(*words, code=3)
    assert repo.head("fix/web-1") == work
    repo.protect("mine")
    assert "refuses to make mine" in typed(*words, "--name", "mine", code=3)
    asked = [one.name for one in in_record(tmp_path, lambda store: store.asked())]
    assert asked == ["note", "tick", "tick", "note"]


def test_what_cannot_be_meant_is_refused_before_anything_is_asked(typed: Typed) -> None:
    for option in ("--name", "--to", "--branch", "--remote"):
        says = typed("incident", "fix-branch", "web-1", option, "", code=2)
        assert f"{option}: there is nothing in it to read" in says
    assert "web-9: no such incident" in typed("incident", "fix-branch", "web-9", code=2)

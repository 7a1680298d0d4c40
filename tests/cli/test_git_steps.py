"""`watchdog incident revert` and `reset` over a real record and repository: plan, act, again, what the record says."""

import os
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Typed, in_record, said
from tests.support.git_repositories import ENVIRON, Hosted, hosted


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hosted:
    """Return a repository with a bad head, as a person without settings of git's own sees it."""
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    made = hosted(tmp_path / "git")
    made.commit("app.py", "good")
    made.commit("app.py", "bad")
    return made


def test_a_plan_then_the_revert_then_nothing_more(repo: Hosted, typed: Typed, tmp_path: Path) -> None:
    """The plan names the command that does just that; run again, that finds the commit."""
    good, bad = repo.parents()[0], repo.head()
    where = ("--to", good, "--branch", "main", "--remote", repo.address)
    plan = typed("incident", "revert", "web-1", *where, "--as", "Ann Lee", "--dry-run")
    assert f"HEAD         {bad}" in plan and "UNDOES       1 commit: " in plan and "Say bad" in plan
    assert "DATABASE     no migration is known among them" in plan and repo.head() == bad
    _, _, command = plan.partition("Nothing was changed. To do it: watchdog ")
    words = shlex.split(command)
    assert words == ["incident", "revert", "web-1", "--head", bad, *where, "--as", "Ann Lee"]
    first = typed(*words)
    assert repo.parents() == [bad] and repo.tree() == repo.tree(good)
    assert first == f"main holds the revert {repo.head()}.\n"
    assert "by an earlier run of this command, so nothing was sent now" in typed(*words)
    audit = [(one.name, one.by, one.ok) for one in in_record(tmp_path, lambda store: store.asked())]
    assert audit == [("note", said("Ann Lee"), True)] * 2
    story = " ".join(typed("explain", "web-1").split())
    assert "git revert, about to be sent: main of" in story and f"git revert, done: main of file://{repo.host}" in story


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("web-9",), "web-9: no such incident"),
        (("web-1", "--to", ""), "--to: there is nothing in it to read"),
        (("web-1", "--branch", "main"), "--remote: the record does not say the repository's address"),
        (("web-1",), "--branch: the record does not say the branch that is deployed"),
        (("web-1", "--to", "HEAD~1", "--branch", "main"), "--to: 'HEAD~1' is not a commit's id"),
    ],
)
def test_what_the_record_does_not_say_has_to_be_said(words: tuple[str, ...], says: str, typed: Typed) -> None:
    assert says in typed("incident", "revert", *words, code=2)


def test_an_order_for_another_head_is_refused(repo: Hosted, typed: Typed) -> None:
    good, bad = repo.parents()[0], repo.head()
    words = ("web-1", "--to", good, "--branch", "main", "--remote", repo.address, "--head", good)
    assert f"main is at {bad} by now" in typed("incident", "revert", *words, code=3)
    assert repo.head() == bad


def test_a_deploy_is_planned_with_what_forbids_it_and_refused_before_the_push(repo: Hosted, typed: Typed) -> None:
    """The record's service is only observed, and has no id at Render: then nothing is reverted either."""
    good, bad = repo.parents()[0], repo.head()
    words = ("incident", "revert", "web-1", "--to", good, "--branch", "main", "--remote", repo.address, "--deploy")
    plan = " ".join(typed(*words, "--dry-run").split())
    assert "DEPLOY that commit, by its id, requested once at Render after the push; now it would be refused: " in plan
    assert "web is only observed" in plan and plan.endswith("--deploy")
    assert "nothing is reverted, as it could not be deployed: web is only observed" in typed(*words, code=3)
    assert repo.head() == bad
    assert "--deploy: a commit that is only proposed" in typed(*words, "--pull-request", code=2)


def test_a_reset_is_planned_and_made_only_by_a_named_person_at_a_terminal(
    repo: Hosted, typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = repo.parents()[0], repo.head()
    where = ("--to", good, "--branch", "main", "--remote", repo.address)
    plan = typed("incident", "reset", "web-1", *where, "--dry-run")
    assert "LOST         1 commit: no longer on main, other people's work included\n  " in plan
    assert f"  {bad[:7]}    Say bad (Ann)" in plan and repo.head() == bad
    _, _, command = plan.partition("Nothing was changed. To do it: watchdog ")
    words = command.split()
    assert words == ["incident", "reset", "web-1", "--head", bad, *where, "--as", "NAME"]
    assert "--as: not given" in typed(*words[:-2], code=2)
    assert "approves a reset at a terminal, and there is none" in typed(*words, code=3)
    ours, theirs = os.openpty()
    with os.fdopen(theirs) as terminal, os.fdopen(ours, "wb", buffering=0) as keys:
        monkeypatch.setattr("sys.stdin", terminal)
        keys.write(b"web\n")
        shown = typed(*words[:-1], "ann")
    assert "To reset, type the name of the service (web); anything else ends it:" in shown
    assert shown.endswith(f"main was moved back to {good}. It was at {bad}.\n") and repo.head() == good
    audit = [(one.name, one.by, one.ok) for one in in_record(tmp_path, lambda store: store.asked())]
    assert audit == [("note", said("ann"), True)] * 2
    assert f"git reset, done: main of file://{repo.host} is at {good}" in " ".join(typed("explain", "web-1").split())


def test_a_deploy_by_hand_is_planned_and_refused_where_it_is_forbidden(typed: Typed) -> None:
    words = ("incident", "deploy", "web-1", "--commit", "5e" * 20)
    plan = " ".join(typed(*words, "--dry-run").split())
    assert plan.startswith(f"DEPLOY {'5e' * 20} on web: Render builds it anew, and one request is sent")
    assert "Nothing was changed. It would be refused: web is only observed" in plan
    assert "5e5e5e5 is not deployed: web is only observed" in typed(*words, code=3)
    assert "is not a whole commit id" in typed(*words[:-1], "5e5e5e5", code=2)
    assert "there is nothing in it to read" in typed(*words[:-1], "", code=2)

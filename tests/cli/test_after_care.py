"""`watchdog incident fix-branch` over a real repository, `watchdog incident issue` over the sandbox's GitHub."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.cli import examples as x
from tests.cli.conftest import Typed, in_record
from tests.cli.test_postmortem import facts, page
from tests.support.git_repositories import ENVIRON, Hosted, git, hosted
from tests.support.stores import opened
from watchdog.cli.command_context import Context
from watchdog.cli.commands.after_care import issue
from watchdog.cli.issue_text import BODY_MAX_BYTES, issue_lines, issue_title
from watchdog.cli.output import DONE
from watchdog.cli.postmortem import joined, parts
from watchdog.cli.services import AppServices
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.store_records import Write
from watchdog.sandbox.config_file import write_config
from watchdog.sandbox.server import Sandbox

EVIL = "fixes #12, closes GH-13, cc @acme/team, acme/web#14, https://evil.example www.evil.example <!-- [x](y)"
FORGE = re.compile(r"@\w|#\d|GH-\d|www\.", re.IGNORECASE)
"""What a forge makes a mention, a reference or a link of, in text that is no code."""


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
    assert "--repo: there is nothing in it to read" in typed("incident", "issue", "web-1", "--repo", "", code=2)
    assert "web-9: no such incident" in typed("incident", "issue", "web-9", code=2)


async def test_the_issue_is_the_draft_in_which_strangers_call_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A title, an error and a note full of mentions and references: rendered, all of them are only text."""
    decided = x.decision(why=EVIL, blame=x.blame(suspect=replace(x.BAD, commit_message=EVIL), why=EVIL))
    incident = x.incident(title=EVIL, decision=decided, findings=(replace(x.FINDING, text=EVIL),), human_needed=EVIL)
    service = ServiceState(
        "web", incident=incident, facts=ServiceFacts("srv-web", "web", repo="https://github.com/acme/web")
    )
    async with Sandbox() as sandbox:
        path = write_config(tmp_path, sandbox.urls)
        async with opened(f"sqlite:///{tmp_path}/watchdog.db", SystemClock()) as store:
            await store.save(Write(State(services={"web": service}), effects=[*x.NOTES, x.note(60, "HUMAN", EVIL)]))
            await store.remark("web-1", EVIL, "said:@acme/team (terminal:ann)", root_cause=True)
        for says in ("Opened", "Opened before"):
            assert await issue("web-1", ctx=Context(path, {}, tmp_path, AppServices)) == DONE
            assert capsys.readouterr().out == f"{says}: https://github.com/acme/web/issues/1\n"
        (made,) = sandbox.issues.all
    assert made.title.startswith("Post-mortem of web-1: web, fixes #12") and "\n## Root cause\n" in made.body
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(made.body)
    shown = [child for token in tokens for child in token.children or ()]
    assert [one.content for one in shown if one.type == "text" and FORGE.search(one.content)] == []
    assert [one.content for one in shown if one.type in ("html_inline", "image")] == []
    assert all(
        str(one.attrs["href"]).startswith("https://github.com/acme/web/") for one in shown if one.type == "link_open"
    )
    assert [one.content[:30] for one in tokens if one.type == "html_block"] == [
        "<!-- watchdog post-mortem " + made.body[26:30]
    ]


def test_what_is_too_long_for_an_issue_is_left_out_by_whole_sections() -> None:
    """The others stay as they are, and the command that shows the rest is named."""
    assert "\n".join(issue_lines(facts())) + "\n" == page(facts())
    remarks = [Remark(x.BEGIN + n, "web-1", "ann", "é" * 100) for n in range(240)]
    given = facts(incident=x.incident(title="b" * 900), remarks=remarks)
    whole, cut = joined(parts(given)), issue_lines(given)
    text = "\n".join(cut)
    left = "Too long for an issue: `watchdog incident postmortem web-1` shows it."
    assert f"## What people added\n\n{left}\n" in text and text.count(left) == 1
    assert len(text.encode()) <= BODY_MAX_BYTES < len("\n".join(whole).encode())
    assert [one for one in cut if one.startswith("## ")] == [one for one in whole if one.startswith("## ")]
    assert len(issue_title(given)) <= 250

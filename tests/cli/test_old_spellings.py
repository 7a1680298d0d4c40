"""Spellings from before commands were grouped still mean what they meant."""

import os

import pytest

from watchdog.cli.main import main
from watchdog.cli.old_spellings import renamed
from watchdog.domain.commands.command_line import OLD_SPELLINGS, PLACES

SAME = "demo init check run status once explain rollback pause resume"
MOVED = """
notify test: channel test, incidents: incident list, why-not: service why-not, history: report history,
deploys: service deploys, checklist: incident checklist, follow-ups: report follow-ups,
postmortem: incident postmortem, stats: report stats, approve: incident approve, reject: incident reject,
stop: incident stop, acknowledge: incident ack, undo: incident undo, trust: commit trust,
restore-auto-deploy: service restore-auto-deploy, silence: service silence, hold: service hold,
unsilence: service unsilence, label: incident label, note: incident note, tick: incident tick,
follow-up: incident follow-up, silences: service silences
"""
LAB = "storm soak score episode flapping robustness scenario live speed replay readiness import traces"
BEFORE = {
    **{words: words for words in (*SAME.split(), *(f"lab {word}" for word in LAB.split()))},
    **dict(one.strip().split(": ") for one in MOVED.split(",")),
}
"""Every command line of the version before groups, and how it is typed now."""


@pytest.mark.parametrize(("old", "now"), [("incidents", "incident list"), ("lab storm", "lab storm")])
def test_an_old_spelling_is_the_same_command(old: str, now: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same output to the letter, and not a word more: a script reads it."""
    told = []
    for words in (old, now):
        assert main(["-c", "none.yaml", *words.split(), "--help"]) == 0
        told.append(capsys.readouterr())
    assert told[0] == told[1] and told[0].err == "" and told[0].out.startswith(f"Usage: watchdog {now} ")


def test_every_old_spelling_becomes_the_present_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything reads it; the help of each present one is tests/cli/test_help.py."""
    for old, now in BEFORE.items():
        assert renamed(["-c", "none.yaml", *old.split(), "--help"]) == ["-c", "none.yaml", *now.split(), "--help"]
    assert capsys.readouterr() == ("", "")


def test_all_that_moved_are_in_the_table() -> None:
    assert dict(OLD_SPELLINGS) == {old: now for old, now in BEFORE.items() if old != now}
    assert set(BEFORE.values()) <= set(PLACES.values())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("approve web-1", "incident approve web-1"),
        ("-c a.yaml --utc notify test", "-c a.yaml --utc channel test"),
        ("--config=a.yaml stats --since 1d", "--config=a.yaml report stats --since 1d"),
        ("incident note web-1 stop", "incident note web-1 stop"),
        ("-c stop status", "-c stop status"),
        ("notify", "notify"),
        ("", ""),
    ],
)
def test_only_the_command_is_replaced(typed: str, meant: str) -> None:
    assert renamed(typed.split()) == meant.split()


def test_a_terminal_is_told_the_new_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal, os.fdopen(ours, "rb", buffering=0) as shown:
        monkeypatch.setattr("sys.stderr", terminal)
        renamed(["acknowledge", "web-1"])
        assert shown.read(200) == b"(watchdog acknowledge is now watchdog incident ack)\r\n"

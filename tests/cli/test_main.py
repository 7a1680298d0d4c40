"""The command as a user types it: help, usage errors, exit codes, spellings from before commands were grouped."""

import re
import subprocess
import sys

import pytest

from tests.cli.conftest import Terminal, answer
from tests.support.child_processes import python, watchdog
from tests.support.clocks import PATIENCE_SECONDS
from watchdog import __version__
from watchdog.cli.command_tree import GROUPS, PANELS
from watchdog.cli.main import app, renamed
from watchdog.domain.commands.command_line import OLD_SPELLINGS, PLACES


def test_without_a_command_there_is_help_and_a_version() -> None:
    """Where to begin; the version alone, for scripts; a mistake without a traceback."""
    done = watchdog(COLUMNS="100")
    assert (done.returncode, done.stderr) == (0, "") and "First: watchdog demo" in done.stdout
    assert f"is typed {sys.executable} -m watchdog" in " ".join(done.stdout.split())
    assert watchdog("--version").stdout == f"{__version__}\n"
    done = watchdog("nope")
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
    told = answer(capsys, *words.split(), code=2)
    assert f"{said}, or watchdog docs reference-commands)" in " ".join(told.split())


def test_help_loads_nothing_heavy() -> None:
    """Help is fast because no HTTP client, database or validation library is imported for it."""
    probe = "import sys, watchdog.cli.main; print([m for m in ('httpx','sqlalchemy','pydantic','structlog','starlette')"
    done = python("-c", f"{probe} if m in sys.modules])")
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("words", [("status",), ("run",), ("explain", "web-1"), ("check",)])
def test_a_missing_configuration_exits_with_2(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    for line in ((*words, "-c", "none.yaml"), ("--config", "none.yaml", *words)):
        assert "none.yaml" in answer(capsys, *line, code=2)


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m watchdog --help | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert done.stdout.startswith("Usage: watchdog") and "Traceback" not in done.stderr


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


def test_every_old_spelling_becomes_the_present_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything reads it, and without a word: a script reads the output. Their help: below."""
    for old, now in BEFORE.items():
        assert renamed(["-c", "none.yaml", *old.split(), "--help"]) == ["-c", "none.yaml", *now.split(), "--help"]
    assert capsys.readouterr() == ("", "")


def test_all_that_moved_are_in_the_table() -> None:
    assert dict(OLD_SPELLINGS) == {old: now for old, now in BEFORE.items() if old != now}
    assert set(BEFORE.values()) <= set(PLACES.values())


@pytest.mark.parametrize(
    ("words", "meant"),
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
def test_only_the_command_is_replaced(words: str, meant: str) -> None:
    assert renamed(words.split()) == meant.split()


def test_a_terminal_is_told_the_new_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(monkeypatch, "stderr")
    renamed(["acknowledge", "web-1"])
    assert terminal.shown() == "(watchdog acknowledge is now watchdog incident ack)\r\n"


def test_every_page_says_how_it_is_typed_and_every_group_lists_its_commands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The top level lists the groups, and where to begin; 80 columns show each as it is meant."""
    monkeypatch.setenv("COLUMNS", "80")
    helps = {words: answer(capsys, *words.split(), "--help") for words in ("", *GROUPS, *PLACES.values())}
    assert [line for shown in helps.values() for line in shown.splitlines() if len(line) > 80] == []
    for words, shown in helps.items():
        assert shown.startswith(f"Usage: watchdog {words}".rstrip()), words
        assert "--config" in shown and "--utc" in shown, words
    for words in PLACES.values():
        group, _, word = words.rpartition(" ")
        assert f"│ {word} " in helps[group], words
    assert all(f"│ {word} " in helps[""] for _, words in PANELS for word in words)
    assert "First: watchdog demo" in helps[""]
    # The flags stand in a panel of their own, not among the commands.
    assert "─ Options ─" in helps[""] and "─ Commands ─" not in helps[""]


def test_every_command_is_described_by_one_sentence() -> None:
    for words in (*GROUPS, *PLACES.values()):
        here = app
        for word in words.split():
            here = here[word]
        first = " ".join(str(here.help).split("\n\n")[0].split())
        assert re.fullmatch(r"[A-Z](?:[^.]|\.\w)*[.?]", first), f"{words}: {first}"

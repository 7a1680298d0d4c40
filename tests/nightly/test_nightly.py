"""A night over made-up parts: what fails, lacks or is interrupted, what is kept of it, and what is said of it later."""

import signal
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from tests.nightly.__main__ import ROOT, main
from tests.nightly.night import night
from tests.nightly.parts import Part, parts
from tests.nightly.record import Run, cleaned, git, keep, load, when
from tests.nightly.storm import storm, told
from watchdog.app.commands.storm_suite import Report
from watchdog.lab.storm.seed_verdict import Score
from watchdog.lab.storm.world import Result

NOW = datetime.fromisoformat("2026-11-27T06:00:00+00:00")


def part(name: str, code: str = "", file: str = "there") -> Part:
    return Part(name, (sys.executable, "-c", code), file, "made up")


GOOD, BAD = part("good", "print('well')"), part("bad", "print('one'); print('two'); raise SystemExit(3)")
ABSENT = part("absent", file="not-there")
PAUSE = "import signal, sys, subprocess; "
MESSY = part("messy", PAUSE + "subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])")
ENDLESS = replace(part("endless", PAUSE + "signal.pause()"), hours_max=1e-4)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "there").write_text("", encoding="utf-8")
    who = ("-c", "user.name=Alice", "-c", "user.email=alice@acme.example")
    for words in (("init", "-q"), ("add", "there"), (*who, "commit", "-q", "-m", "first")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("given", "code", "results"),
    [
        ([GOOD], 0, {"good": "passed"}),
        ([BAD, GOOD], 1, {"bad": "failed", "good": "passed"}),  # the rest runs all the same
        ([ABSENT, GOOD], 2, {"absent": "missing", "good": "passed"}),
        ([BAD, ABSENT, GOOD], 2, {"bad": "failed", "absent": "missing", "good": "passed"}),
        ([MESSY, GOOD], 0, {"messy": "passed", "good": "passed"}),  # it leaves a process with its pipe behind
        ([ENDLESS, GOOD], 1, {"endless": "failed", "good": "passed"}),
        ([], 0, {}),
    ],
    ids=["all pass", "one fails", "one is missing", "both", "one leaves a child", "one never ends", "none"],
)
def test_each_part_runs_and_is_kept(root: Path, given: list[Part], code: int, results: dict[str, str]) -> None:
    """The exit code is the night's; the file has each part's own, with its last lines and the commit."""
    file = root / "last.toml"
    assert night(given, root, file) == code
    runs = load(file)
    assert {name: run.result for name, run in runs.items()} == results
    head = git(root, "rev-parse", "--short=12", "HEAD")
    assert all(run.commit == head and not run.changed for run in runs.values())
    if "bad" in runs:
        assert (runs["bad"].exit_code, runs["bad"].lines) == (3, ["one", "two"])
    if "absent" in runs:
        assert runs["absent"].lines == ["not-there is not there"]


def test_a_tree_with_changes_is_told_apart(root: Path) -> None:
    """What ran on files that no commit has is no proof of the commit; the command's own file does not count."""
    file = root / "last.toml"
    night([GOOD], root, file)
    night([GOOD], root, file)
    assert not load(file)["good"].changed
    (root / "there").write_text("edited", encoding="utf-8")
    night([GOOD], root, file)
    assert load(file)["good"].changed


SCRIPT = """
import signal, sys
from pathlib import Path
from tests.nightly.night import night
from tests.nightly.parts import Part
signal.signal(signal.SIGTERM, signal.default_int_handler)
signal.signal(signal.SIGINT, signal.default_int_handler)
part = lambda name, code: Part(name, (sys.executable, "-c", code), "there", "made up")
endless = part("endless", "print('begun', flush=True); import signal; signal.pause()")
root = Path(sys.argv[1])
sys.exit(night([part("good", ""), endless, part("never", "")], root, root / "last.toml"))
"""


def test_an_interrupted_night_keeps_what_it_has(root: Path) -> None:
    """The part before is kept, the interrupted one with what it had printed; the next one does not begin."""
    command = [sys.executable, "-u", "-c", SCRIPT, str(root)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and any(line == "begun\n" for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait() == 130, rest
    runs = load(root / "last.toml")
    assert {name: run.result for name, run in runs.items()} == {"good": "passed", "endless": "interrupted"}
    assert runs["endless"].lines[0] == "begun"


def test_a_part_that_fails_does_not_hide_when_it_passed(root: Path) -> None:
    """One line a part: how it ended, how many days and commits ago, and since when it has not passed."""
    file = root / "last.toml"
    head = git(root, "rev-parse", "--short=12", "HEAD")
    who = ("-c", "user.name=Alice", "-c", "user.email=alice@acme.example")
    subprocess.run(["git", *who, "commit", "-q", "--allow-empty", "-m", "second"], cwd=root, check=True)
    later = git(root, "rev-parse", "--short=12", "HEAD")
    keep(file, "soak", Run("2026-11-20T05:00:00+00:00", head, False, "passed", 0, 900.0, ["flat"]))
    keep(file, "tests", Run("2026-11-20T05:00:00+00:00", head, False, "passed", 0, 59.0))
    keep(file, "tests", Run("2026-11-26T05:00:00+00:00", later, True, "failed", 1, 7500.0, ["1 failed"]))
    keep(file, "wheels", Run("2026-11-27T05:00:00+00:00", "0123456789ab", False, "missing", 2, 0.0))
    assert list(when(["soak", "tests", "wheels", "storm"], load(file), NOW, root)) == [
        f"soak    passed, 7 days and 1 commits ago ({head}), after 15 min: flat",
        f"tests   failed (1), 1 days and 0 commits ago ({later}), after 2 h 5 min, with changes of no commit; "
        f"passed 7 days and 1 commits ago ({head}): 1 failed",
        "wheels  missing, 0 days and an unknown number of commits ago (0123456789ab), after 0 s; never passed",
        "storm   never",
    ]


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("12 passed in 3.1s", "12 passed in 3.1s"),
        ("\x1b[32mok\x1b[0m\tdone", "okdone"),
        ("ROOT/tests/core/test_guard.py:7: failed", "tests/core/test_guard.py:7: failed"),
        ("File '/srv/me/lib/python/x.py', line 3", "File '…/x.py', line 3"),
        ("tests/core and 3/4 stay", "tests/core and 3/4 stay"),
        ("no answer from https://files.example:8080/simple", "no answer from (address)"),
        ('a "quoted" back\\slash', 'a "quoted" back\\slash'),
        ("x" * 300, "x" * 200),
    ],
)
def test_what_is_kept_names_no_machine(tmp_path: Path, line: str, kept: str) -> None:
    """Neither folders nor addresses are written, and what is written can be read again."""
    lines = cleaned([line.replace("ROOT", str(tmp_path))], tmp_path)
    assert lines == [kept]
    keep(tmp_path / "last.toml", "one", Run("2026-11-20T05:00:00+00:00", "c", False, "passed", 0, 1.0, lines))
    assert tomllib.loads((tmp_path / "last.toml").read_text(encoding="utf-8"))["one"]["lines"] == [kept]


@pytest.mark.parametrize(
    ("words", "code", "printed"),
    [
        (["--list"], 0, "crash-points"),
        (["--when"], 0, "mutation"),
        (["--when", "--only", "storm"], 0, "storm"),
        (["--only", "storm", "weather"], 2, "no part is called weather: choose from "),
        (["--list", "--storm-seeds", "7", "--hours", "0.5"], 0, "7 storms, or as many as 0.5 h allow"),
    ],
)
def test_the_command_says(capsys: pytest.CaptureFixture[str], words: list[str], code: int, printed: str) -> None:
    """What parts there are, when each ran, and which one is unknown."""
    assert main(words) == code
    out, errors = capsys.readouterr()
    assert printed in out + errors


def test_every_part_is_there_but_what_is_still_to_come() -> None:
    """Each part's file exists, and its module is one of ours, so that a renamed tool is noticed by day."""
    assert [one.name for one in parts() if not (ROOT / one.file).is_file()] in ([], ["wheels"])


def outcome(seed: int, *, wrong: bool) -> Result:
    score = Score(missed=["twice"]) if wrong else Score()
    return Result(seed, 60.0, score, "", (), 0, 1, Counter())


@pytest.mark.parametrize(
    ("hours", "bad", "code", "last"),
    [
        (6.0, 0, 0, "seeds 11 to 35: 25 played, all that were asked for; nothing wrong; 30 an hour"),
        (0.5, 0, 0, "seeds 11 to 30: 20 played, 5 not played; nothing wrong; 30 an hour"),
        (0.0, 0, 0, "seeds 11 to 20: 10 played, 15 not played; nothing wrong; 30 an hour"),
        (6.0, 22, 1, "seeds 11 to 35: 25 played, all that were asked for; missed 1, bad seeds 22; 30 an hour"),
    ],
)
def test_a_storm_says_how_many_seeds_it_played(
    capsys: pytest.CaptureFixture[str], hours: float, bad: int, code: int, last: str
) -> None:
    """It ends with the seeds or with the hours, whichever comes first; the last line tells, and a bad seed is named."""
    clock = [0.0]

    def play(first: int, seeds: int) -> Report:
        clock[0] += seeds * 120.0
        return Report([outcome(seed, wrong=seed == bad) for seed in range(first, first + seeds)], 0.0)

    assert storm(11, 25, hours, play, now=lambda: clock[0], size=10) == code
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == last and ("BAD seed 22: missed: twice" in out) == bool(bad)


def test_a_storm_names_twenty_bad_seeds() -> None:
    wrong = Counter({"missed": 21})
    assert told(1, 90, 90, 0.0, wrong, range(20)).count("…") == 0
    assert "missed 21, bad seeds 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 …;" in told(
        1, 90, 90, 0.0, wrong, range(21)
    )

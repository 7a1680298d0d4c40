"""`watchdog lab readiness` as it is typed: enough, not enough, labels, another policy, files that are none."""

import asyncio
import gzip
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.recorded_lives import SLOW, Life
from tests.support.stores import opened
from watchdog.app.commands.lab_policy import configuration
from watchdog.cli.main import main
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.policy import Mode
from watchdog.domain.store_records import Write

ACTS = 10
PAGE = Path(__file__).parents[2] / "watchdog" / "docs" / "autonomous.md"


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten bad deploys in a month, each of which a human rolled back: recorded in mode observe."""
    folder = tmp_path_factory.mktemp("month")
    life = Life()
    for nth in range(ACTS):
        life.deploy(4, f"dep-bad-{nth}")
        life.breaks(f"dep-bad-{nth}")
        life.back(8, f"dep-back-{nth}")
        life.play(12)
        life.quiet(3.0)
    life.record(folder / "recordings", 0)
    (folder / "watchdog.yaml").write_text(configuration(life.scene).replace("autonomous", "observe"), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One outage that a human repaired by another commit, and its incident in the store."""
    folder = tmp_path_factory.mktemp("outage")
    life = Life()
    life.deploy(10, "dep-bad")
    life.breaks("dep-bad")
    life.deploy(20, "dep-fix")
    life.record(folder / "recordings", 60)
    (folder / "watchdog.yaml").write_text(configuration(life.scene), encoding="utf-8")
    asyncio.run(remember(folder, life))
    return folder


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The life that the handbook shows: two bad deploys, one blip, one repair, and one that was only slow."""
    folder = tmp_path_factory.mktemp("week")
    life = Life(Mode.OBSERVE, ("home", "api"))
    for name, minute in (("dep-41", 18), ("dep-43", 25)):
        life.deploy(4, name)
        life.breaks(name)
        life.back(minute, f"dep-{int(name[-2:]) + 1}")
        life.play(30)
        life.quiet(1.9)
    life.deploy(4, "dep-45")
    life.fails(4.4, 7)
    life.play(40)
    life.quiet(1.8)
    life.deploy(30, "dep-46")
    life.breaks("dep-46", SLOW)
    life.back(48, "dep-47")
    life.deploy(60, "dep-48")
    life.breaks("dep-48")
    life.deploy(80, "dep-49")
    life.record(folder / "recordings", 90)
    (folder / "watchdog.yaml").write_text(configuration(life.scene).replace("autonomous", "observe"), encoding="utf-8")
    asyncio.run(remember(folder, life))
    return folder


Typed = Callable[..., str]


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Return what runs `lab readiness` in a folder, sees it end with a code, and returns what it printed."""
    for name in [name for name in os.environ if name.startswith("WATCHDOG_")]:
        monkeypatch.delenv(name)

    def run(folder: Path, code: int, *words: str, command: str = "readiness") -> str:
        monkeypatch.chdir(folder)
        assert main(["lab", command, *words]) == code
        told = capsys.readouterr()
        return told.err if code == 2 else told.out

    return run


@pytest.mark.long
def test_what_the_handbook_shows(week: Path, typed: Typed) -> None:
    """It is what is printed: every word and line; the numbers follow the shipped limits, which are tuned.

    For machines what was missed has both deploys, the moments, and how much earlier it would have asked.
    """
    page = PAGE.read_text(encoding="utf-8")
    shown = re.search(r"<!-- readiness -->\n```sh\n.*?```\n+```\n(.*?)```", page, re.DOTALL)
    assert shown is not None and wording(typed(week, 1)) == wording(shown[1])
    (one,) = json.loads(typed(week, 1, "--json"))["missed"]
    assert (one["suspect"], one["target"], one["how"], one["by"]) == ("dep-46", "dep-47", "rolled back", "")
    assert one["decided_at"] < one["at"] < one["live_at"] and one["asked_seconds"] == one["at"] - one["decided_at"]


def wording(text: str) -> list[str]:
    """Return lines without their numbers, and without the widths of columns that follow from these."""
    return [re.sub(r"[ \d.,:]+", " ", line) for line in text.splitlines()]


async def remember(folder: Path, life: Life) -> None:
    """Write the life's states into the store, as the daemon does."""
    async with opened(f"sqlite:///{folder}/lab.db", SystemClock()) as store:
        for step in life.drive.steps:
            if step.effects:
                await store.save(Write(step.after, step.event, step.effects))


@pytest.mark.long
def test_a_month_that_is_enough(month: Path, typed: Typed) -> None:
    """By the configuration alone: its folder, the recorded policy; exit code 0, every line with its reason."""
    told = typed(month, 0)
    rows = [line for line in told.splitlines() if "dep-bad-" in line]
    assert len(rows) == ACTS and all("  right  " in row and "a human rolled back 3 min later" in row for row in rows)
    assert "ROLLBACKS     10 right, 0 wrong, 0 unknown" in told
    assert "0.0% of 10 judged (95 %: 0.0% to 27.8%)" in told
    assert "judged rollbacks: 10, at least 10: ok (" in told
    assert "\nREADY\nBegin with one service" in told
    assert "up to 28% of its rollbacks may be wrong" in told and "36.8 more service-years" in told


def test_a_part_of_it_is_not_enough_and_its_act_is_found_in_a_replay(outage: Path, typed: Typed) -> None:
    """What is missing is said in numbers; without a configuration there are no labels.

    JSON has the incident and the moments by which `lab replay` shows what was decided, and from what.
    """
    told = typed(outage / "recordings", 1, ".")
    assert "note: no configuration, so no store" in told
    assert "\nNOT ENOUGH EVIDENCE\nNeeded: 10 more judged rollbacks, 30 more service-days, a label for 1 of" in told
    assert "1 unknown" in told and "dep-fix went live (new_commit) and is no rollback" in told
    found = json.loads(typed(outage / "recordings", 1, ".", "--json"))
    assert (found["verdict"], found["counts"]["unknown"]) == ("NOT ENOUGH EVIDENCE", 1)
    assert found["false_rollbacks_per_service_year"]["high"] > 1000 and found["wrong_share"]["high"] == 1.0
    replayed = json.loads(typed(outage / "recordings", 0, ".", "--json", command="replay"))
    (decided,) = [one for one in replayed["decisions"] if one["kind"] == "decided"]
    (act,) = found["acts"]
    assert (act["run_incident"], act["service"]) == (decided["incident"], decided["service"])
    assert act["at"] - decided["at"] == pytest.approx(2.0, abs=1.0)


def test_a_label_is_taken_from_the_store(outage: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `watchdog incident label` wrote judges the act."""
    monkeypatch.setenv("WATCHDOG_RENDER_API_KEY", "not-a-real-one")
    for word, verdict in (("wrong", "NOT READY"), ("right", "NOT ENOUGH EVIDENCE")):
        asyncio.run(label(outage, word))
        told = json.loads(typed(outage, 1, "--json"))
        wrong = "Review the wrong ones (watchdog explain INCIDENT): web-1." in typed(outage, 1)
        assert wrong == (word == "wrong")
        assert (told["verdict"], told["counts"][word], told["acts"][0]["rule"]) == (verdict, 1, "label")
        assert told["notes"] == []


async def label(folder: Path, word: str) -> None:
    """Judge the incident, as `watchdog incident label` does."""
    async with opened(f"sqlite:///{folder}/lab.db", SystemClock()) as store:
        assert await store.label("web-1", word, "ann")


def test_a_store_that_cannot_be_read_is_said_to_be(outage: Path, tmp_path: Path, typed: Typed) -> None:
    """The recordings are judged all the same."""
    (tmp_path / "watchdog.yaml").write_text((outage / "watchdog.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "lab.db").write_bytes(b"not a database, but as long as the header of one would be" * 20)
    told = json.loads(typed(tmp_path, 1, str(outage / "recordings"), "--json"))
    assert len(told["acts"]) == 1 and told["notes"][0].startswith("labels are not known: ")


def test_another_policy(outage: Path, tmp_path: Path, typed: Typed) -> None:
    """With --config it is that one which is judged: it asks for what is critical, and so would not have acted."""
    new = tmp_path / "new.yaml"
    text = (outage / "watchdog.yaml").read_text(encoding="utf-8").replace("autonomous", "observe")
    new.write_text(f"{text}policy: {{critical: {{do: ask}}}}\n", encoding="utf-8")
    told = json.loads(typed(outage, 1, "recordings", "--config", str(new), "--json"))
    assert (told["policy"], told["acts"]) == ("configuration", [])
    assert any(one.startswith("labels are not known: there is no store yet") for one in told["notes"])
    told = json.loads(typed(outage, 1, "recordings", "--config", "watchdog.yaml", "--json"))
    assert [one["suspect"] for one in told["acts"]] == ["dep-bad"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "x.jsonl.gz: no event is recorded there"),
        (gzip.compress(b'{"recording":1,', mtime=0)[:20], "x.jsonl.gz: no event is recorded there"),
        (b"not gzip", "x.jsonl.gz: not a recording"),
        (gzip.compress(b'{"recording":9,"watchdog":"7.0"}\n', mtime=0), "replay it with watchdog 7.0"),
        (None, "x.jsonl.gz: cannot be read"),
    ],
)
def test_what_is_no_recording(tmp_path: Path, content: bytes | None, words: str, typed: Typed) -> None:
    """Empty, torn in its first line, strange, from another version, not there: words, and exit code 2."""
    path = tmp_path / "x.jsonl.gz"
    if content is not None:
        path.write_bytes(content)
    assert words in typed(tmp_path, 2, str(path))


def test_a_file_that_is_torn_later_is_judged_as_far_as_it_goes(outage: Path, tmp_path: Path, typed: Typed) -> None:
    """A crash tears the last line; what is whole counts."""
    (path,) = (outage / "recordings").iterdir()
    torn = tmp_path / path.name
    torn.write_bytes(path.read_bytes()[:-300])
    events = [json.loads(typed(tmp_path, 1, str(one), "--json"))["events"] for one in (torn, path)]
    assert 0 < events[0] < events[1]


def test_before_anything_is_recorded(outage: Path, tmp_path: Path, typed: Typed) -> None:
    """What to do first is said; so it is without any configuration."""
    assert "there is no configuration" in typed(tmp_path, 2)
    text = (outage / "watchdog.yaml").read_text(encoding="utf-8")
    (tmp_path / "watchdog.yaml").write_text(text, encoding="utf-8")
    assert "recordings: there is no recording yet" in typed(tmp_path, 2)
    (tmp_path / "watchdog.yaml").write_text(f"{text}record: {{enabled: false}}\n", encoding="utf-8")
    assert "record: nothing is recorded" in typed(tmp_path, 2)

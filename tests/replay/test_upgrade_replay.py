"""After an upgrade: what the versions before did, decided again by this one; what is other is said, and only that."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.world import make_policy
from tests.replay.test_recording_replay import OLDER, changed_file, observing, taped, two_files
from tests.support.recorded_stories import STORIES, RecordedStage, story
from tests.support.storyteller import perform
from watchdog import __version__
from watchdog.adapters.recordings.judgement_digest import ours
from watchdog.adapters.recordings.recording_reader import runs_of
from watchdog.app.commands import upgrade_replay
from watchdog.app.commands.upgrade_replay import decided_again
from watchdog.cli.main import main
from watchdog.domain.errors import ConfigurationError
from watchdog.replay.recording_replay import replay

Lines = Callable[[list[str]], list[str]]
PAGED = ('"means": "rollback critical dep-40"', '"means": "page critical"')
"""What that version decided instead."""


def by_version(version: str, *changes: tuple[str, str]) -> Lines:
    """Return what makes a file one of that version, with pieces of its lines replaced."""

    def change(lines: list[str]) -> list[str]:
        head, *rest = lines
        text = "\n".join([head.replace(f'"watchdog":"{__version__}"', f'"watchdog":"{version}"'), *rest])
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return text.split("\n")

    return change


def earlier(folder: Path, *changes: tuple[str, str], run: str = "one") -> Path:
    """Record a bad deploy that is rolled back, as version 0.0.9 would have; return the folder."""
    changed_file(taped(folder, story("bad_deploy_is_rolled_back").steps, run=run), by_version("0.0.9", *changes))
    return folder


def test_the_same_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0; and in JSON."""
    folder = earlier(tmp_path / "recordings")
    assert main(["lab", "replay", "--since-upgrade", str(folder)]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == f"watchdog {__version__} decides 1 past incident as before"
    assert any(line.startswith("Decided again: ") and " in 1 file, " in line for line in rest)
    assert "Compared with: watchdog 0.0.9." in rest
    assert main(["lab", "replay", "--since-upgrade", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["same"], told["before"], told["differences"], told["incidents"]) == (True, ["0.0.9"], [], 1)


def test_an_act_of_then_that_this_version_would_not_do_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first difference of the incident, with its reason; what follows from it is not."""
    folder = earlier(tmp_path / "recordings", PAGED, ('"what": "rollback (critical)"', '"what": "page (critical)"'))
    assert main(["lab", "replay", "--since-upgrade", str(folder)]) == 1
    text = capsys.readouterr().out
    assert f"watchdog {__version__} decides 1 of 1 past incident otherwise\n" in text
    (line,) = [line for line in text.splitlines() if ": then " in line]
    assert line.startswith("web-1, ") and ": then decided page (critical)" in line
    assert "; now decided rollback (critical) to dep-40 (" in line


def test_other_words_are_no_difference(tmp_path: Path) -> None:
    """A title that was worded otherwise then."""
    folder = earlier(tmp_path / "recordings", ("rolling back to", "going back to"))
    assert decided_again([folder], None).is_same


def test_a_version_that_did_not_write_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then only whether every step is the same can be told."""

    def without_acts(lines: list[str]) -> list[str]:
        plain = [json.loads(line) for line in by_version("0.0.9")(lines)]
        assert sum(bool(one.pop("acts", None)) for one in plain) >= 4
        return [json.dumps(one, separators=(",", ":")) for one in plain]

    changed_file(taped(tmp_path, story("bad_deploy_is_rolled_back").steps), without_acts)
    found = decided_again([tmp_path], None)
    assert found.is_same and not found.differences and found.without_acts == 1
    assert main(["lab", "replay", "--since-upgrade", str(tmp_path)]) == 0
    assert "Of 1 file only hashes are compared, and no decisions" in capsys.readouterr().out


def test_recordings_of_the_first_format_are_compared_as_far_as_they_can_be(tmp_path: Path) -> None:
    """They are of another version by their head."""
    (tmp_path / OLDER[0].name).write_bytes(OLDER[0].read_bytes())
    changed_file(tmp_path, by_version("0.0.1"))
    found = decided_again([tmp_path], None)
    assert found.before == ["0.0.1"] and found.is_same and found.without_acts == 1


def test_an_earlier_build_of_the_same_version_is_another_judgement(tmp_path: Path) -> None:
    """By the digest of the code that decides; one that recorded none is earlier, too."""
    digest = f',"judgement":"{ours().digest}"'
    for number, instead in enumerate((',"judgement":"0123abcd"', "")):
        folder = taped(tmp_path / str(number), story("bad_deploy_is_rolled_back").steps)
        changed_file(folder, lambda lines, to=instead: [lines[0].replace(digest, to, 1), *lines[1:]])
        found = decided_again([folder], None)
        assert found.before == [f"an earlier build of {__version__}"] and found.is_same


def test_runs_are_compared_each_in_its_way(tmp_path: Path) -> None:
    """One of a version that did not write what it did hides no difference of another run."""
    (earlier(tmp_path, PAGED) / OLDER[0].name).write_bytes(OLDER[0].read_bytes())
    found = decided_again([tmp_path], None)
    assert len(found.differences) == 1 and found.without_acts == 1 and not found.other_steps


def test_in_observe_what_would_have_been_done_is_compared(tmp_path: Path) -> None:
    """The course is a page either way."""
    stage = RecordedStage(observing(make_policy()), [])
    perform((STORIES / "bad_deploy_is_rolled_back.txt").read_text(encoding="utf-8"), stage)
    changed_file(taped(tmp_path, stage.steps), by_version("0.0.9", PAGED))
    (one,) = decided_again([tmp_path], None).differences
    assert one.changed == ("means",) and one.new is not None and "would roll back to dep-40" in one.new.what


def test_what_is_learned_goes_on_over_the_end_of_a_file(tmp_path: Path) -> None:
    """The run kept something else of a check in mind, at the head of its second file: that is no other decision."""
    for part, path in enumerate(two_files(tmp_path, story("bad_deploy_is_rolled_back"))):
        head, *rest = gzip.decompress(path.read_bytes()).decode().splitlines()
        plain = json.loads(head) | {"watchdog": "0.0.9"}
        if part == 1:
            plain["state"]["services"]["web"]["checks"]["home"]["good_run"] = 77
        lines = [json.dumps(plain, separators=(",", ":")), *rest]
        path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    assert replay(runs_of([tmp_path])).divergence is not None
    found = decided_again([tmp_path], None)
    assert found.files == 2 and found.is_same


def test_nothing_of_an_earlier_version_is_said_with_what_to_do(tmp_path: Path) -> None:
    """Also where what lies there is no recording at all, and where nothing is recorded."""
    taped(tmp_path, story("veto_runs_out").steps)
    (tmp_path / "another.jsonl.gz").write_bytes(b"no recording")
    with pytest.raises(ConfigurationError, match=f"all of it is of this watchdog {__version__}"):
        decided_again([tmp_path], None)
    with pytest.raises(ConfigurationError, match="nothing is recorded"):
        decided_again([], None)


def test_what_is_old_or_too_much_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that end a month before the newest; and beyond the bound the older ones, which is said."""
    folder = earlier(tmp_path / "recordings")
    (first,) = folder.iterdir()
    text = first.read_bytes()
    for name, days in (("20200101T000000Z-two-00001.jsonl.gz", 0), ("20190101T000000Z-one-00001.jsonl.gz", 31)):
        (folder / name).write_bytes(text)
        at = first.stat().st_mtime - 86400.0 * days
        os.utime(folder / name, (at, at))
    assert decided_again([folder], None).files == 2
    monkeypatch.setattr(upgrade_replay, "BYTES_MAX", len(text))
    found = decided_again([folder], None)
    assert (found.files, found.left_out) == (1, 1)

"""Whether the recorded past is to be decided again: where other code recorded it, once."""

import json
from pathlib import Path

import pytest

from tests.replay.test_recording_replay import changed_file, recorded
from tests.support.recorded_stories import story
from watchdog import __version__
from watchdog.adapters.recordings.judgement_digest import ours
from watchdog.app.compose.upgrade_check import MARK, is_due

OTHER = ["0.0.9", "0123456789ab"]


@pytest.mark.parametrize(
    ("version", "mark", "due"),
    [
        (__version__, None, False),
        ("0.0.9", None, True),
        ("0.0.9", {"judgement": ours(), "tries": 1}, True),
        ("0.0.9", {"judgement": ours(), "done": True}, False),
        ("0.0.9", {"judgement": OTHER, "done": True}, True),
        ("0.0.9", "[", True),
    ],
    ids=["ours", "another's", "begun", "done", "done for another", "torn mark"],
)
def test_when_it_is_due(tmp_path: Path, version: str, mark: object, due: bool) -> None:
    head = f'"watchdog":"{__version__}"'
    folder = recorded(tmp_path, story("veto_runs_out").steps)
    changed_file(folder, lambda lines: [lines[0].replace(head, f'"watchdog":"{version}"', 1), *lines[1:]])
    if mark is not None:
        (folder / MARK).write_text(mark if isinstance(mark, str) else json.dumps(mark))
    assert is_due(folder) is due


def test_where_nothing_is_recorded_nothing_is_due(tmp_path: Path) -> None:
    """No folder is configured, it is not there yet, it is empty, or something else lies in it."""
    assert not is_due(None) and not is_due(tmp_path / "none") and not is_due(tmp_path)
    assert not is_due(tmp_path / ("a" * 300)), "a folder that cannot be asked for"
    (tmp_path / "other.jsonl.gz").write_bytes(b"no recording")
    assert not is_due(tmp_path)

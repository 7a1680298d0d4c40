"""The recording: files of an hour, limits on the folder, a disk that is full or broken, the file after a crash."""

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.recorded_stories import DAY, story, tape
from watchdog.adapters.recordings import RecordingWriter
from watchdog.adapters.recordings.recording_format import Changed, HandledEvent, Head
from watchdog.adapters.recordings.recording_reader import Reader
from watchdog.adapters.recordings.recording_writer import FILE_SECONDS, FILES_MIN
from watchdog.domain.errors import Temporary
from watchdog.domain.events import Observed
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Good
from watchdog.domain.store_records import Step

AT = 1_790_000_000.0
POLICY = Policy(services={}, matrix={})


def steps(number: int, state: State | None = None, first: float = AT) -> list[Step]:
    known = state or State()
    return [Step(known, Observed(first + nth, "web", "home", Good()), POLICY, known, ()) for nth in range(number)]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.gz"))


def recorded(folder: Path, *batches: tuple[float, list[Step]], **options: Any) -> list[Path]:
    """Write these batches, each at its moment, to the end; return the files."""
    written = tape(folder, **options)
    for at, batch in batches:
        written.write(at, batch)
    written.close()
    return files(folder)


def test_a_file_begins_with_policy_and_state_and_tells_every_step(tmp_path: Path) -> None:
    """Only its owner may read it; a repeated event is written by its slot."""
    written, told = tape(tmp_path / "recordings", "host-1:a/b"), steps(5)
    written.write(AT, told)
    written.close()
    (path,) = files(tmp_path / "recordings")
    assert path.name == "20260921T141320Z-host-1_a_b-00001.jsonl.gz"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    head, *rest = Reader(path)
    assert head == Head("host-1_a_b", 1, False, AT, POLICY, State())
    assert rest == [HandledEvent(one.event) for one in told]
    texts = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert '"event":' in texts[1] and [text[:11] for text in texts[2:]] == ['{"again":0,'] * 4


def test_each_hour_has_a_file_that_follows(tmp_path: Path) -> None:
    """Its head says so, and where; a clock that is set back begins one as well."""
    moments = (AT, AT + FILE_SECONDS - 1, AT + FILE_SECONDS, AT + FILE_SECONDS - 60)
    batches = ((at, steps(1 + nth)) for nth, at in enumerate(moments))
    heads = [Reader(path).head() for path in recorded(tmp_path, *batches)]
    assert sorted((head.part, head.follows) for head in heads if head) == [(1, False), (2, True), (3, True)]


def test_a_batch_is_on_the_disk_at_once(tmp_path: Path) -> None:
    """Nothing is closed, as after a crash: every line is there, and the file counts as torn."""
    written = tape(tmp_path)
    written.write(AT, steps(3))
    reader = Reader(files(tmp_path)[0])
    assert len(list(reader)) == 4 and reader.torn
    written.close()
    assert len(list(reader)) == 4 and not reader.torn


@pytest.mark.parametrize("cut", [1, 7, 8, 30, 100])
def test_a_torn_end_loses_the_last_lines_only(tmp_path: Path, cut: int) -> None:
    (path,) = recorded(tmp_path, (AT, steps(50)))
    whole = list(Reader(path))
    path.write_bytes(path.read_bytes()[:-cut])
    reader = Reader(path)
    found = list(reader)
    assert reader.torn and found == whole[: len(found)]
    path.write_bytes(path.read_bytes()[:5])
    assert Reader(path).head() is None


def test_what_changed_without_an_event_is_written(tmp_path: Path) -> None:
    paused = replace(State(), paused_by="ann")
    (path,) = recorded(tmp_path, (AT, [*steps(1), *steps(1, replace(State())), *steps(1, paused), *steps(1, paused)]))
    kinds = [type(line) for line in Reader(path)]
    assert kinds == [Head, HandledEvent, HandledEvent, Changed, HandledEvent, HandledEvent]


def test_what_is_too_old_is_removed(tmp_path: Path) -> None:
    """By the time in the name; foreign files stay, whatever their age."""
    other = tmp_path / "20200101T000000Z-notes.txt"
    other.write_text("mine")
    kept = recorded(tmp_path, *((AT + days * DAY, steps(1)) for days in range(5)), keep_days=2.0)
    assert len(kept) == 3 and other.exists()


def test_all_files_together_stay_within_their_bound(tmp_path: Path) -> None:
    (one,) = recorded(tmp_path / "one", (AT, story("blip_is_let_pass").steps))
    bound = one.stat().st_size * FILES_MIN
    written = tape(tmp_path / "all", max_bytes=bound)
    for hour in range(20):
        written.write(AT + hour * FILE_SECONDS, story("blip_is_let_pass").steps)
        assert sum(path.stat().st_size for path in files(tmp_path / "all")) <= bound
    written.close()
    kept = files(tmp_path / "all")
    assert FILES_MIN - 2 <= len(kept) <= FILES_MIN
    assert [int(path.name[-14:-9]) for path in kept] == list(range(21 - len(kept), 21)), "the newest"


def test_a_large_file_ends_early_but_never_at_once(tmp_path: Path) -> None:
    """Its first line may be as large as the limit, which then leaves room for no other."""
    kept = recorded(tmp_path, *((AT + seconds, steps(1)) for seconds in (0.0, 1.0, 59.0, 60.0, 61.0)), max_bytes=800)
    assert [path.name[-14:-9] for path in kept] == ["00002"]


def test_a_folder_that_cannot_be_made_is_said_and_tried_again(tmp_path: Path) -> None:
    """A file stands in its place; once that is gone, a recording begins that does not follow."""
    folder = tmp_path / "recordings"
    folder.write_text("in the way")
    written = tape(folder)
    with pytest.raises(Temporary, match="recordings/ cannot be written"):
        written.write(AT, steps(3))
    folder.unlink()
    written.write(AT, steps(3))
    written.close()
    head = Reader(files(folder)[0]).head()
    assert head is not None and not head.follows


def test_a_nearly_full_disk_is_left_to_the_journal(tmp_path: Path) -> None:
    full = RecordingWriter(tmp_path / "recordings", "one", 30 * DAY, 10**9, reserve_bytes=2**62)
    with pytest.raises(Temporary, match="they are left to the journal"):
        full.write(AT, steps(1))
    assert not (tmp_path / "recordings").exists()


def test_after_a_gap_it_begins_anew(tmp_path: Path) -> None:
    """Steps were missed: the next file does not follow."""
    written = tape(tmp_path)
    written.write(AT, steps(1))
    written.interrupt()
    written.write(AT + 1, steps(1, first=AT + 1))
    written.close()
    assert [head.follows for path in files(tmp_path) if (head := Reader(path).head())] == [False, False]

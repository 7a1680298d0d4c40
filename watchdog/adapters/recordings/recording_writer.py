"""Writes a recording: gzipped JSON lines, a new file each hour or so, the oldest removed. Blocks; for a thread.

Rule 1: each file can be replayed by itself: it begins with the policy and the state.
Rule 2: a batch is on the disk when `write` returns, so that a crash loses the last seconds only (a torn line).
Rule 3: recordings never take the space that the store may need: below RESERVE_BYTES of free disk nothing is written.
All files together stay within their limits (except for the last minute of a flood). Only files of our own name are
removed.
"""

import contextlib
import gzip
import os
import re
import shutil
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from watchdog.adapters.recordings.recording_format import (
    SUFFIX,
    HandledEvent,
    Head,
    Slots,
    change_of,
    changed_line,
    hashed,
    head_line,
)
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.domain.store_records import Step
from watchdog.presentation.step_actions import actions

FILE_SECONDS = 3600.0
FILE_BYTES_MAX = 16 * 1024**2
FILES_MIN = 8
"""The limit on all files holds so many at least, so that removing the oldest leaves most of the history."""
FULL_SECONDS_MIN = 60.0
"""A file is not called full before: its first line may be large itself."""
RESERVE_BYTES = 64 * 1024**2
STAMP = "%Y%m%dT%H%M%SZ"
OURS = re.compile(r"(\d{8}T\d{6}Z)-[A-Za-z0-9_.-]{1,80}-\d{5,}" + re.escape(SUFFIX))


class RecordingWriter:
    """A folder of recordings. `run` names this start of the daemon; `keep_seconds` and `max_bytes` limit the folder."""

    def __init__(
        self, folder: Path, run: str, keep_seconds: float, max_bytes: int, *, reserve_bytes: int = RESERVE_BYTES
    ) -> None:
        self._folder = folder
        # The run names a worker, whose name is the user's: it must not leave the folder.
        self._run = re.sub(r"[^A-Za-z0-9_.-]", "_", run)[-80:]
        self._keep_seconds = keep_seconds
        self._max_bytes = max_bytes
        self._reserve_bytes = reserve_bytes
        self._part = 0
        self._raw: BinaryIO | None = None
        self._zipped: gzip.GzipFile | None = None
        self._began = 0.0
        self._slots = Slots()
        self._after: State | None = None
        self._policy: Policy | None = None

    def write(self, at: float, steps: Sequence[Step]) -> None:
        """Write steps in their order. Raises Temporary with the reason; the next call begins a new file."""
        try:
            self._check_room()
            for step in steps:
                self._write_step(at, step)
            self._flush()
        except OSError as error:
            self.interrupt()
            why = error.strerror or type(error).__name__
            raise Temporary(f"{self._folder.name}/ cannot be written ({why})") from None

    def interrupt(self) -> None:
        """End this file: steps are missing after it, and the next one does not follow."""
        self._after = None
        self.close()

    def close(self) -> None:
        """End this file; the rest that cannot be written any more is lost."""
        with contextlib.suppress(OSError, ValueError):
            if self._zipped is not None:
                self._zipped.close()
        with contextlib.suppress(OSError):
            if self._raw is not None:
                self._raw.close()
        self._zipped = self._raw = None

    def _write_step(self, at: float, step: Step) -> None:
        if self._zipped is not None and self._after is not None:
            # Another worker may have saved between two steps of ours; without this
            # line the replay would start from a wrong state.
            changed = None if step.before is self._after else change_of(self._after, step.before)
            if changed is not None:
                self._line(changed_line(changed))
        # A new policy begins a new file, since the head is the only place that holds it.
        if self._zipped is None or self._is_due(at) or step.policy is not self._policy:
            self._open(at, step, follows=self._zipped is not None)
        acts = tuple(actions(step.before, step.after, step.effects, step.event.at)) if step.effects else ()
        self._line(self._slots.event_line(HandledEvent(step.event, hashed(step.effects), step.undone, acts)))
        self._after = step.after

    def _is_due(self, at: float) -> bool:
        size = self._raw.tell() if self._raw is not None else 0
        lasted = at - self._began
        # Not below zero: a clock that was set back would keep the file open until it catches up.
        return not 0.0 <= lasted < FILE_SECONDS or (size >= self._file_bytes and lasted >= FULL_SECONDS_MIN)

    @property
    def _file_bytes(self) -> int:
        return min(FILE_BYTES_MAX, self._max_bytes // FILES_MIN)

    def _open(self, at: float, step: Step, *, follows: bool) -> None:
        self.close()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._remove_old(at)
        self._part += 1
        stamp = datetime.fromtimestamp(at, UTC).strftime(STAMP)
        path = self._folder / f"{stamp}-{self._run}-{self._part:05d}{SUFFIX}"
        # O_EXCL: two workers with one name must not write into one file. 0o600: events hold hosts and commit messages.
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._raw = os.fdopen(number, "wb")
        # Neither name nor time in gzip's header, so that the same steps give the same bytes.
        self._zipped = gzip.GzipFile(filename="", fileobj=self._raw, mode="wb", compresslevel=6, mtime=0)
        self._began, self._slots, self._policy = at, Slots(), step.policy
        self._line(head_line(Head(self._run, self._part, follows, at, step.policy, step.before)))

    def _line(self, text: str) -> None:
        assert self._zipped is not None, "a file is open"
        self._zipped.write(f"{text}\n".encode("ascii"))

    def _flush(self) -> None:
        if self._zipped is not None and self._raw is not None:
            # A sync flush makes all bytes so far readable without an end of the file.
            self._zipped.flush(zlib.Z_SYNC_FLUSH)
            self._raw.flush()

    def _check_room(self) -> None:
        # The folder may not exist yet; its nearest existing parent is on the same disk.
        existing = next(place for place in (self._folder, *self._folder.parents) if place.exists())
        if shutil.disk_usage(existing).free < self._reserve_bytes:
            raise OSError(None, f"less than {self._reserve_bytes // 1024**2} MiB free: they are left to the journal")

    def _remove_old(self, at: float) -> None:
        """Remove files past their age, and the oldest ones until the next file fits into the limit."""
        files = sorted(path for path in self._folder.iterdir() if OURS.fullmatch(path.name))
        sizes = {path: _size(path) for path in files}
        total = sum(sizes.values()) + self._file_bytes
        for path, size in sizes.items():
            if _ended_at(path) < at - self._keep_seconds or total > self._max_bytes:
                path.unlink(missing_ok=True)
                total -= size


def _size(path: Path) -> int:
    """Return a file's size; 0 for one that another worker removed meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _ended_at(path: Path) -> float:
    """Return the latest end of a file, by its name: a copied one keeps it."""
    return datetime.strptime(path.name.partition("-")[0], STAMP).replace(tzinfo=UTC).timestamp() + FILE_SECONDS

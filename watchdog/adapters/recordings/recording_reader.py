"""Reads recordings back. A line torn by a crash ends its file early; any other fault is named with file and line.

Rule: everything is limited: a file is read in pieces, a line has a maximum length.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from watchdog.adapters.recordings.judgement_digest import Judgement
from watchdog.adapters.recordings.recording_format import (
    HASHES_TEXTS,
    POLICIES,
    SUFFIX,
    VERSION,
    Changed,
    HandledEvent,
    Head,
    Line,
    passing,
)
from watchdog.adapters.stores.codec import EVENTS, FLEETS, SERVICES, SHAREDS, STATES, UNREADABLE
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.domain.events import Event
from watchdog.presentation.step_actions import StepAction

PIECE_BYTES = 4096
LINE_BYTES_MAX = 256 * 1024**2
GZIP = 31
"""zlib's name for a gzip header with the largest window."""
NOT_ONE = ("not a recording", f"name files of the daemon's folder recordings/ (*{SUFFIX}), or that folder")
WRITER = re.compile(r'{"recording":\d+,"watchdog":"([^"]{1,50})"(?:,"judgement":"([0-9a-f]*)")?')
FIRST_LETTERS = 200


class Reader:
    """One file of a recording. `torn` is True, after a full read, if the file ended in the middle of a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = False
        self._line = 0
        self._slots: dict[int, Event] = {}

    @property
    def where(self) -> str:
        """Return the file and the line that was read last."""
        return f"{self.path.name}:{self._line}" if self._line else self.path.name

    def head(self) -> Head | None:
        """Return the first line, None if a crash tore it. Raises ConfigurationError."""
        # A reader of its own, so that the position and the slots of this one stay as they are.
        first = next(iter(Reader(self.path)), None)
        assert first is None or isinstance(first, Head), "the first line is one"
        return first

    def __iter__(self) -> Iterator[Line]:
        """Yield every line, the head first. Raises ConfigurationError with the place and the next step."""
        self._line, self.torn = 0, False
        for text in self._texts():
            self._line += 1
            yield self._meant(text)

    def _meant(self, text: bytes) -> Line:
        try:
            plain = json.loads(text)
            if self._line == 1:
                return self._head(plain)
            return _changed(plain["changed"]) if "changed" in plain else self._handled(plain)
        except UNREADABLE:
            self._refuse("not a line of a recording that this version can read", "replay it with the one that wrote it")

    def _head(self, plain: Mapping[str, Any]) -> Head:
        if not isinstance(plain, dict) or "recording" not in plain:
            self._refuse(*NOT_ONE)
        if plain["recording"] not in (HASHES_TEXTS, VERSION):
            what = f"written in format {plain['recording']}, and this version reads {HASHES_TEXTS} and {VERSION}"
            self._refuse(what, f"replay it with watchdog {plain.get('watchdog')}")
        policy, state = POLICIES.structured(plain["policy"]), STATES.structured(plain["state"])
        run, part, follows, at = (plain[name] for name in ("run", "part", "follows", "at"))
        judgement = Judgement(str(plain["watchdog"]), str(plain.get("judgement", "")))
        begins = str(run), int(part), bool(follows), float(at)
        return Head(*begins, policy, state, judgement, plain["recording"], bool(plain.get("acts", False)))

    def _handled(self, plain: Mapping[str, Any]) -> HandledEvent:
        if "again" in plain:
            known = self._slots[plain["again"]]
            event = replace(known, **{name: _number(plain[name]) for name in passing(known)})
        else:
            event = EVENTS.structured(plain["event"])
            self._slots[plain["slot"]] = event
        acts = tuple([StepAction.of(act) for act in plain.get("acts", ())])
        return HandledEvent(event, str(plain.get("did", "")), bool(plain.get("undone", False)), acts)

    def _texts(self) -> Iterator[bytes]:
        begun, size = list[bytes](), 0  # joined once: a line that comes in many pieces is not copied with each
        for piece in self._pieces():
            first, *more = piece.split(b"\n")
            begun.append(first)
            size += len(first)
            if more:
                yield b"".join(begun)
                yield from more[:-1]
                begun, size = more[-1:], len(more[-1])
            # Checked while pieces arrive: a line without an end must not fill the memory.
            if size > LINE_BYTES_MAX:
                self._refuse("the next line is too long to be one of a recording", "leave the file out")
        self.torn = self.torn or size > 0

    def _pieces(self) -> Iterator[bytes]:
        """Yield the text in pieces, as far as it can be unzipped."""
        unzip = zlib.decompressobj(GZIP)
        try:
            with self.path.open("rb") as file:
                while zipped := file.read(PIECE_BYTES):
                    yield unzip.decompress(zipped)
        except OSError as error:
            self._refuse(f"cannot be read ({type(error).__name__})", "name a file of a recording, or its folder")
        except zlib.error:
            # A first piece that is no gzip is another kind of file; a later fault is a file cut by a crash.
            if self._line == 0:
                self._refuse(*NOT_ONE)
            self.torn = True
        # A crash leaves a file without gzip's trailer, even if its last line is whole.
        self.torn = self.torn or not unzip.eof

    def _refuse(self, what: str, instead: str) -> NoReturn:
        raise ConfigurationError((Mistake(self.where, what, instead),)) from None


def _number(value: Any) -> Any:
    """Return a number, or None for a value that was not measured."""
    return None if value is None else float(value)


def _changed(plain: Mapping[str, Any]) -> Changed:
    def part(name: str, structured: Callable[[Any], Any]) -> Any:
        return structured(plain[name]) if name in plain else None

    return Changed(
        part("names", tuple),
        tuple(map(SERVICES.structured, plain.get("services", ()))),
        part("fleet", FLEETS.structured),
        part("shared", SHAREDS.structured),
    )


def runs_of(paths: Sequence[Path]) -> list[list[Reader]]:
    """Return the files named, or in the folders named, grouped into runs of the daemon, each in order.

    A file that a crash tore in its first line is left out. Raises ConfigurationError where there is none.
    """
    runs: dict[str, list[tuple[int, float, Reader]]] = {}
    for path in files_in(paths):
        reader = Reader(path)
        head = reader.head()
        if head is None:
            continue
        runs.setdefault(head.run, []).append((head.part, head.at, reader))
    ordered = sorted((sorted(parts, key=lambda one: one[:2]) for parts in runs.values()), key=lambda one: one[0][1])
    return [[reader for _, _, reader in parts] for parts in ordered]


def files_in(paths: Sequence[Path]) -> Sequence[Path]:
    """Return the files named, or in the folders named. Raises ConfigurationError where there is none."""
    # A file named twice, or by a link as well, is replayed once.
    return list(dict.fromkeys(file.resolve() for one in paths for file in _files(one)))


def judgement_of(path: Path) -> Judgement | None:
    """Return the version that wrote it, by its first characters; None for a file that is not a recording."""
    try:
        with path.open("rb") as file:
            # The first piece is enough, and inflates to 200 characters at most: the folder may hold files of any size.
            begins = zlib.decompressobj(GZIP).decompress(file.read(PIECE_BYTES), FIRST_LETTERS)
    except (OSError, zlib.error):
        return None
    found = WRITER.match(begins.decode(errors="replace"))
    return Judgement(found.group(1), found.group(2) or "") if found is not None else None


def _files(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.glob(f"*{SUFFIX}"))
    if not found:
        what, instead = "no recording in this folder", "name the daemon's: recordings/ beside its store"
        raise ConfigurationError((Mistake(path.name, what, instead),))
    return found

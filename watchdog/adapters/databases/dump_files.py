"""Dumps as files of a folder: their names, their checksums, and the lock on the steps of one service.

Theory. A dump is written as `….dump.part`, read back, and renamed once its checksum stands beside it: so a file
`….dump` with its checksum is whole, and what a killed process left is a `.part`. Nothing whole is ever removed.
"""

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from watchdog.domain.errors import Permanent, Refused

MODE, FOLDER_MODE = 0o600, 0o700
PART, CHECKSUM = ".part", ".sha256"
_NAME = re.compile(r"(?P<service>.+)-(?P<at>\d{8}T\d{6}Z)-\d+\.dump")
_FORM = "%Y%m%dT%H%M%SZ"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Dump:
    """A whole dump in its folder."""

    path: Path
    at: float  # when it was begun (UTC epoch seconds)
    size: int  # in bytes

    @property
    def name(self) -> str:
        """Return the name of its file."""
        return self.path.name


def new_name(service: str, at: float, number: int) -> str:
    """Return the name of a dump that is begun at that moment, as the step of that number."""
    return f"{service}-{datetime.fromtimestamp(at, UTC):{_FORM}}-{number}.dump"


def dumps(folder: Path, service: str) -> list[Dump]:
    """Return the dumps of a service that have their checksum beside them, newest first."""
    found = []
    for path in sorted(folder.glob("*.dump")) if folder.is_dir() else ():
        named = _NAME.fullmatch(path.name)
        if named is not None and named["service"] == service and _beside(path).is_file():
            at = datetime.strptime(named["at"], _FORM).replace(tzinfo=UTC).timestamp()
            found.append(Dump(path, at, path.stat().st_size))
    return sorted(found, key=lambda one: (one.at, one.name), reverse=True)


def open_part(folder: Path, name: str) -> FileIO:
    """Make the file that a dump is written to; only its owner may read it."""
    try:
        return FileIO(os.open(folder / f"{name}{PART}", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE), "r+")
    except OSError as error:
        raise Permanent(f"no dump can be written to {folder} ({error.strerror})") from None


def part_of(folder: Path, name: str) -> Path:
    """Return the path of the file that is written to."""
    return folder / f"{name}{PART}"


def finish(folder: Path, name: str) -> Dump:
    """Write the checksum of a written dump beside it, and give it its name. It is on the disk before that."""
    part, path = part_of(folder, name), folder / name
    beside = _beside(path)
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
    with FileIO(file, "w") as out:
        out.write(f"{checksum(part)}  {name}\n".encode())
        os.fsync(out.fileno())
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.rename(path)
    _sync(folder)
    return next(one for one in dumps(folder, _NAME.fullmatch(name)["service"]) if one.name == name)  # type: ignore[index]


def discard(folder: Path, name: str) -> None:
    """Remove what a dump that came to nothing left; a whole one stays."""
    if (folder / name).exists():
        return
    for path in (part_of(folder, name), _beside(folder / name)):
        path.unlink(missing_ok=True)


def is_whole(dump: Dump) -> bool:
    """Return whether a dump is what its checksum says."""
    words = _beside(dump.path).read_text(encoding="utf-8", errors="replace").split()
    return dump.size > 0 and words[:1] == [checksum(dump.path)]


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def locked(folder: Path, service: str) -> Iterator[int]:
    """Hold the lock on the steps of a service, an open file that the programs of a step inherit.

    Raises Refused while another process, or a program that it started, has it.
    """
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        file = os.open(folder / f".{service}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, MODE)
    except OSError as error:
        raise Permanent(f"the folder {folder} cannot be used ({error.strerror}): see database.folder") from None
    with FileIO(file, "r+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"another step on the database of {service} is under way on this machine") from None
        yield held.fileno()


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}{CHECKSUM}")


def _sync(folder: Path) -> None:
    """Make a new name last."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)

"""What every importer makes of files from elsewhere, and how it says that a file cannot be used.

Rule 1: nothing is made up in silence: what a history lacks, and how the gap was read, is a note.
Rule 2: all of it is read before anything is written; what is wrong is named with file and place.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from typing import Any, NoReturn

from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.domain.events import Observed
from watchdog.domain.policy import SignalPolicy

FILE_BYTES_MAX = 256 * 1024**2
READINGS_MAX = 5_000_000
EPOCH_MAX = 1e11
"""A larger number is not seconds (it would be in the year 5138): it is milliseconds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """For whom a history is read: the signal as the configuration has it, and which of several series is meant."""

    service: str
    signal: SignalPolicy
    site: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """Readings in time order. `every_seconds` is the pace at which they came, None if there is none to speak of."""

    observed: Sequence[Observed]
    every_seconds: float | None
    notes: Sequence[str] = field(default=())


Importer = Callable[[Sequence[Path], Wanted], History]


def refuse(where: str, what: str, instead: str) -> NoReturn:
    """Raise ConfigurationError for a place in a file."""
    raise ConfigurationError((Mistake(where, what, instead),)) from None


def check_kind(wanted: Wanted, importer: str, *kinds: str) -> None:
    """Raise ConfigurationError unless the signal is of one of the kinds that this importer can feed."""
    if wanted.signal.kind not in kinds:
        what = f"{wanted.signal.name} is a signal of kind {wanted.signal.kind}, which no {importer} history can feed"
        refuse(wanted.service, what, f"name a signal of kind {' or '.join(kinds)} with --signal")


def text_of(path: Path) -> str:
    """Return a file's text. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            refuse(path.name, f"larger than {FILE_BYTES_MAX // 1024**2} MiB", "split it, and import it piece by piece")
        return data.decode("utf-8-sig")
    except OSError as error:
        refuse(path.name, f"cannot be read ({type(error).__name__})", "name a readable file")
    except UnicodeDecodeError:
        refuse(path.name, "not text in UTF-8", "name the file that was exported")


def json_of(path: Path) -> Any:
    """Return a parsed JSON file. Raises ConfigurationError with the line."""
    try:
        return json.loads(text_of(path))
    except json.JSONDecodeError as error:
        refuse(f"{path.name}:{error.lineno}", f"not JSON ({error.msg})", "save the answer as it came, whole")
    except (RecursionError, ValueError):
        refuse(
            path.name, "not JSON of this kind (nested without end, or endless numbers)", "save the answer as it came"
        )


def moment(text: object) -> float:
    """Return UTC epoch seconds of a number, or of ISO 8601 (UTC if it names no zone).

    Raises ValueError, saying what to write.
    """
    written = str(text).strip()
    try:
        seconds = float(written)
    except ValueError:
        try:
            at = datetime.fromisoformat(written)
        except ValueError:
            raise ValueError(f"{written[:40]!r} is not a time: write epoch seconds or ISO 8601") from None
        seconds = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
    if not 0.0 <= seconds < EPOCH_MAX:
        raise ValueError(f"{written[:40]} is not a time in epoch seconds (milliseconds? divide by 1000)")
    return seconds


def pace_of(moments: Iterable[float]) -> float | None:
    """Return the seconds from one reading to the next, as they usually are; None of fewer than two."""
    ordered = sorted(set(moments))
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    return median(gaps) if gaps else None


def history(observed: Iterable[Observed], notes: Iterable[str], first_file: Path) -> History:
    """Return the readings in their order. Raises ConfigurationError if there is none, or far too many."""
    found = list(islice(observed, READINGS_MAX + 1))
    if not found:
        refuse(first_file.name, "there is not one reading in it", "export a longer time, or another series")
    if len(found) > READINGS_MAX:
        refuse(first_file.name, f"more than {READINGS_MAX} readings", "import it piece by piece")
    ordered = sorted(found, key=lambda one: one.at)
    told = list(notes)
    if ordered != found:
        told.append("the readings were not in the order of their times, and were put into it")
    return History(ordered, pace_of(one.at for one in ordered), tuple(told))

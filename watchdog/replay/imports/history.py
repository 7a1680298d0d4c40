"""The result type of every importer, and the helpers that read and refuse files.

Rule 1: no data is made up in silence: a note names each gap of a history and how the importer filled it.
Rule 2: an import reads all files before it writes; an error names the file and the place.
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
"""A larger number is taken for milliseconds: in seconds it would lie after the year 5138."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The target of an import: the configured signal of a service, and the chosen series (`site`) of several."""

    service: str
    signal: SignalPolicy
    site: str = ""


@dataclass(frozen=True, slots=True)
class ImportedHistory:
    """Readings in order of time. `every_seconds` is their median distance, None for fewer than two moments."""

    observed: Sequence[Observed]
    every_seconds: float | None
    notes: Sequence[str] = field(default=())


Importer = Callable[[Sequence[Path], Wanted], ImportedHistory]


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
            # One byte more than allowed shows that the file is too large, without a race against its size.
            data = file.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            refuse(path.name, f"larger than {FILE_BYTES_MAX // 1024**2} MiB", "split it, and import it piece by piece")
        # "-sig": spreadsheets export a byte order mark, which would become a part of the first column's name.
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
    # Python's parser recurses once per level, and refuses integers of more than 4,300 digits.
    except (RecursionError, ValueError):
        refuse(
            path.name, "not JSON of this kind (nested without end, or endless numbers)", "save the answer as it came"
        )


def moment(text: object) -> float:
    """Return the UTC epoch seconds of a number, or of an ISO 8601 time (UTC if it names no zone).

    Raises ValueError with the accepted forms.
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
    # Written as a negation, so that NaN is refused as well.
    if not 0.0 <= seconds < EPOCH_MAX:
        raise ValueError(f"{written[:40]} is not a time in epoch seconds (milliseconds? divide by 1000)")
    return seconds


def pace_of(moments: Iterable[float]) -> float | None:
    """Return the median seconds between readings, None for fewer than two moments."""
    ordered = sorted(set(moments))
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    return median(gaps) if gaps else None


def history(observed: Iterable[Observed], notes: Iterable[str], first_file: Path) -> ImportedHistory:
    """Return the readings in order of time. Raises ConfigurationError for none, or more than READINGS_MAX."""
    # Lazily, one more than allowed: too large a history is refused before it fills the memory.
    found = list(islice(observed, READINGS_MAX + 1))
    if not found:
        refuse(first_file.name, "there is not one reading in it", "export a longer time, or another series")
    if len(found) > READINGS_MAX:
        refuse(first_file.name, f"more than {READINGS_MAX} readings", "import it piece by piece")
    ordered = sorted(found, key=lambda one: one.at)
    kept = list(notes)
    if ordered != found:
        kept.append("the readings were not in the order of their times, and were put into it")
    return ImportedHistory(ordered, pace_of(one.at for one in ordered), tuple(kept))

"""Reads the rows of a CSV file with a header; every error names the file and the line."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from watchdog.replay.imports.history import moment, refuse, text_of

# The library's own bound is 128 KiB a field, which a file of one line could multiply.
FIELD_MAX = 10_000


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row, by column."""

    where: str
    values: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return the text of a column, empty if the column is missing."""
        return (self.values.get(column) or "").strip()

    def at(self, column: str) -> float:
        """Return a time (UTC epoch seconds). Raises ConfigurationError."""
        try:
            return moment(self.text(column))
        except ValueError as error:
            self.refuse(str(error), "write 1700000000 or 2026-11-25T03:12:00Z")

    def number(self, column: str) -> float | None:
        """Return a number of at least 0, None for an empty cell. Raises ConfigurationError."""
        written = self.text(column)
        if not written:
            return None
        try:
            value = float(written)
        except ValueError:
            value = -1.0
        # Written as a negation, so that NaN is refused as well.
        if not 0.0 <= value < 1e12:
            self.refuse(f"{column}: {written[:40]!r} is not a number of at least 0", "write 0.183, or leave it empty")
        return value

    def refuse(self, what: str, instead: str) -> NoReturn:
        """Raise ConfigurationError about this row."""
        refuse(self.where, what, instead)


def rows(path: Path, needed: Collection[str], optional: Collection[str]) -> Iterator[CsvRow]:
    """Yield the rows of a file. Raises ConfigurationError where a column is missing or unknown, or a row too long."""
    csv.field_size_limit(FIELD_MAX)
    # Strict: otherwise an open quote swallows the rest of the file as one field without an error.
    reader = csv.DictReader(io.StringIO(text_of(path)), strict=True)
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        _check(path, names, needed, optional)
        reader.fieldnames = names
        for values in reader:
            where = f"{path.name}:{reader.line_num}"
            # DictReader collects surplus columns under the key None.
            if None in values:
                refuse(where, f"more than {len(names)} columns", 'put a text with a comma in quotes: "a, b"')
            if any((text or "").strip() for text in values.values()):
                yield CsvRow(where, values)
    except csv.Error as error:
        refuse(f"{path.name}:{reader.line_num}", f"not CSV ({error})", "write one row a line, columns by commas")


def _check(path: Path, names: Collection[str], needed: Collection[str], optional: Collection[str]) -> None:
    # The header that would have been right: the mistake is mended by copying it.
    shape = ",".join(needed) + "".join(f"[,{name}]" for name in optional)
    missing = [name for name in needed if name not in names]
    strange = [name for name in names if name not in needed and name not in optional]
    if missing:
        refuse(f"{path.name}:1", f"no column {missing[0]}", f"begin with the header {shape}")
    if strange:
        refuse(f"{path.name}:1", f"a column {strange[0][:40]!r} is not known", f"columns are {shape}")
    if len(set(names)) < len(names):
        refuse(f"{path.name}:1", "a column is there twice", f"columns are {shape}")

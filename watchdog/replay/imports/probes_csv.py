"""`csv`: probes of your own, one a row: `time,ok[,seconds][,why]`.

`ok` is true/false (1/0, yes/no, up/down); an empty cell means an inconclusive probe, which is no evidence. `seconds` is
the latency of an answer. `why` may be one of the failure kinds (dns, connect, tls, timeout, status, body …) or text.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from watchdog.domain.events import Observed
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown
from watchdog.replay.imports.csv_rows import CsvRow, rows
from watchdog.replay.imports.history import ImportedHistory, Wanted, check_kind, history

YES = frozenset({"true", "1", "yes", "up", "ok"})
NO = frozenset({"false", "0", "no", "down"})
KINDS = frozenset(kind.value for kind in FailureKind)


def read(files: Sequence[Path], wanted: Wanted) -> ImportedHistory:
    """Return the probes of the files. Raises ConfigurationError."""
    check_kind(wanted, "csv", "http", "latency")
    return history(_probes(files, wanted), (), files[0])


def _probes(files: Sequence[Path], wanted: Wanted) -> Iterator[Observed]:
    for file in files:
        for row in rows(file, ("time", "ok"), ("seconds", "why")):
            reading = _reading(row)
            seconds = row.number("seconds") if isinstance(reading, Good) else None
            yield Observed(row.at("time"), wanted.service, wanted.signal.name, reading, latency_seconds=seconds)


def _reading(row: CsvRow) -> Reading:
    ok, why = row.text("ok").lower(), row.text("why")[:200]
    if not ok:
        return Unknown(why or "not known")
    if ok in YES:
        return Good(why)
    if ok not in NO:
        row.refuse(f"ok: {ok[:40]!r} is neither yes nor no", "write true or false; leave it empty where it is unknown")
    return Bad(why or "failed", FailureKind(why) if why in KINDS else FailureKind.OTHER)

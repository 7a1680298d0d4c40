"""`upptime`: the recorded states of one site in an Upptime repository.

Either CSV, `unix_time,site,state,http_code,response_ms`, or its history as git has it:
`git log --format='%at %s' -- history/SITE.yml` (the file itself holds the newest state only).
Upptime checks every 5 minutes by its schedule (often later) and writes a row when the state changes or a response time
is summarised. Down means three failed tries, 2 s and 10 s apart: they are read as three probes. A check that wrote no
row saw the same state as before: that state is read again every 5 minutes, for a day at most (the summary is daily),
and without a latency, which was not recorded.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from watchdog.domain.events import Observed
from watchdog.domain.readings import Bad, FailureKind, Good, Reading
from watchdog.replay.imports.csv_rows import rows
from watchdog.replay.imports.history import ImportedHistory, Wanted, check_kind, history, moment, refuse, text_of

COLUMNS = ("unix_time", "site", "state", "http_code", "response_ms")
CHECK_SECONDS = 300.0
TRIES_SECONDS = (12.0, 10.0)
"""The seconds from the first two tries to the confirmed `down`."""
HELD_SECONDS = 86400.0
STATES = {"up": True, "degraded": True, "down": False}
SHOWN_MAX = 100
"""Characters of a site's name in a message: a line that is no commit may pass for one."""
COMMIT = re.compile(r"(?P<at>\S+) +\S+ (?P<site>.+) is (?P<state>\w+) \((?P<code>\d{1,9}) in (?P<ms>\d{1,12}) ms\)")
NOTES = (
    "down at Upptime is three failed tries over 12 s: they were read as three probes; its third answer stands for all",
    "between two rows Upptime checked every 5 min by its schedule (often later) and saw no change: the same state was "
    "read again every 5 min, for a day at most; shorter troubles are not in this history",
    "the watchdog itself probes faster once it is suspicious: here every timer waits for the next reading",
)


class UpptimeRow(NamedTuple):
    """One state that Upptime wrote down."""

    where: str
    at: float
    site: str
    up: bool
    code: int
    seconds: float


def read(files: Sequence[Path], wanted: Wanted) -> ImportedHistory:
    """Return the checks of one site. Raises ConfigurationError."""
    check_kind(wanted, "upptime", "http", "latency")
    found = sorted((row for file in files for row in _rows(file)), key=lambda row: row.at)
    mine = _of_one_site(found, wanted, files[0])
    imported = history(_probes(mine, wanted), NOTES, files[0])
    # The pace of the checks: the median would be lowered by the three tries of each outage.
    return ImportedHistory(imported.observed, CHECK_SECONDS, imported.notes)


def _rows(file: Path) -> Iterator[UpptimeRow]:
    if text_of(file).startswith(COLUMNS[0]):
        return _csv(file)
    return _commits(file)


def _csv(file: Path) -> Iterator[UpptimeRow]:
    for row in rows(file, COLUMNS, ()):
        state, code = row.text("state").lower(), row.number("http_code")
        if state not in STATES:
            row.refuse(f"state: {state[:40]!r} is not one of Upptime's", f"write {', '.join(STATES)}")
        seconds = (row.number("response_ms") or 0.0) / 1000
        yield UpptimeRow(row.where, row.at("unix_time"), row.text("site"), STATES[state], int(code or 0), seconds)


def _commits(file: Path) -> Iterator[UpptimeRow]:
    """Yield the states in commit subjects; other commits (graphs, summaries) are skipped."""
    for number, line in enumerate(text_of(file).splitlines(), 1):
        match = COMMIT.match(line)
        if match is None or match["state"] not in STATES:
            continue
        where = f"{file.name}:{number}"
        try:
            at = moment(match["at"])
        except ValueError as error:
            refuse(where, str(error), "make it with git log --format='%at %s' -- history/SITE.yml")
        yield UpptimeRow(where, at, match["site"], STATES[match["state"]], int(match["code"]), int(match["ms"]) / 1000)


def _of_one_site(found: Sequence[UpptimeRow], wanted: Wanted, file: Path) -> Sequence[UpptimeRow]:
    sites = list(dict.fromkeys(row.site for row in found))
    if not sites:
        what = "no state of any site in it"
        refuse(file.name, what, f"a CSV with {','.join(COLUMNS)}, or git log --format='%at %s' -- history/SITE.yml")
    name = wanted.site or (sites[0] if len(sites) == 1 else wanted.service)
    if name not in sites:
        shown = ", ".join(site[:SHOWN_MAX] for site in sites[:20])
        refuse(file.name, f"no site {name!r} in it", f"choose one with --site: {shown}")
    return [row for row in found if row.site == name]


def _probes(found: Sequence[UpptimeRow], wanted: Wanted) -> Iterator[Observed]:
    def observed(at: float, reading: Reading, seconds: float | None = None) -> Observed:
        return Observed(at, wanted.service, wanted.signal.name, reading, latency_seconds=seconds)

    for row, after in zip(found, [*found[1:], None], strict=True):
        reading = Good(f"HTTP {row.code}") if row.up else _failed(row.code)
        if not row.up:
            yield from (observed(row.at - before, reading) for before in TRIES_SECONDS)
        yield observed(row.at, reading, row.seconds if row.up and row.seconds > 0 else None)
        if after is None:
            continue
        # The next outage begins with its first try, 12 s before its row: a held good reading must not follow that.
        held_until = min(after.at - (TRIES_SECONDS[0] if not after.up else 0.0), row.at + HELD_SECONDS)
        at = row.at + CHECK_SECONDS
        while at < held_until:
            yield observed(at, reading)
            at += CHECK_SECONDS


def _failed(code: int) -> Bad:
    if code == 0:
        return Bad("no answer (Upptime does not record whether DNS, connection or timeout)", FailureKind.OTHER)
    kind = FailureKind.BODY if code < 400 else FailureKind.STATUS
    return Bad(f"HTTP {code}, which Upptime took for down", kind)

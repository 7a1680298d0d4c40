"""Tables: status, incidents, deploys, signals read once, results of checks. Pure: data in, rich tables out.

Rule: a cell is `Text`, never markup, so that foreign words cannot style or drive the terminal.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from watchdog.domain.decisions import TargetChoice
from watchdog.domain.deploys import Deploy
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.domain.reports import SignalReport
from watchdog.presentation import table_rows
from watchdog.presentation.status_text import verdict
from watchdog.presentation.text import clean, in_column, short, zone

if TYPE_CHECKING:
    from watchdog.settings.check.check_result import CheckResult

STYLES = {
    "GOOD": "green",
    "BAD": "bold red",
    "UNKNOWN": "yellow",
    "ok": "green",
    "warn": "yellow",
    "untried": "yellow",
    "fail": "bold red",
}


def table(head: Sequence[str], found: Sequence[Sequence[str]], title: str = "") -> Table:
    """Return a table without lines; a cell that is a verdict gets its colour (on terminals that have some)."""
    made = Table(
        box=None, pad_edge=False, title=title or None, title_justify="left", header_style="bold", padding=(0, 2, 0, 0)
    )
    for name in head:
        # Folded: Rich would shorten a long id with an ellipsis, and it could not be copied.
        made.add_column(name.upper(), overflow="fold")
    for row in found:
        made.add_row(*(Text(clean(cell), style=STYLES.get(cell, "")) for cell in row))
    return made


def status(state: State, policy: Policy, now: float, runs: bool | None = None) -> Table:
    """Return one row per configured service; `now` is UTC epoch seconds. `runs`: whether a daemon runs, where known."""
    return table(table_rows.STATUS, table_rows.status(state, policy, now, runs))


def incidents(found: Sequence[Incident], labels: Mapping[str, str], now: float, tz: tzinfo = UTC) -> Table:
    """Return one row per incident, in the given order; `now` is UTC epoch seconds."""
    return table(table_rows.incidents_head(now, tz), table_rows.incidents(found, labels, now, tz))


def deploys(found: Sequence[Deploy], choice: TargetChoice | None, now: float, tz: tzinfo = UTC) -> Table:
    """Return one row per deploy, newest first: the live one, the target of a rollback, why others were passed over.

    `now` is UTC epoch seconds.
    """
    target = choice.deploy.id if choice is not None and choice.deploy is not None else None
    skipped = {one.deploy: one.why for one in choice.skipped} if choice is not None else {}
    made = []
    for one in found:
        mark = "LIVE" if one.is_live else "<- rollback target" if one.id == target else ""
        if one.id == target and choice is not None:
            mark = f"{mark}: {choice.why}"
        note = mark or (f"skipped: {skipped[one.id]}" if one.id in skipped else "")
        ended = in_column(one.finished_at, now, tz, seconds=False) if one.finished_at else "-"
        subject = clean(one.commit_message.strip().split("\n")[0], limit=40)
        made.append((one.id, one.status_words, one.trigger, short(one.code), ended, subject, note))
    return table(("deploy", "status", "trigger", "code", f"finished ({zone(now, tz)})", "message", "note"), made)


def once(read: Sequence[SignalReport]) -> Table:
    """Return one row per signal that was read."""
    made = []
    for one in read:
        word, why = verdict(one.reading)
        took = f"{one.latency_seconds * 1000:.0f} ms" if one.latency_seconds is not None else "-"
        made.append((f"{one.service}/{one.signal}" if one.service else one.signal, word, took, why))
    return table(("signal", "reading", "took", "why"), made)


def checks(done: Sequence["CheckResult"], *, timed: bool = False) -> Table:
    """Return one row per check, with the fix for each failure; `timed`: with the time that trying it took."""
    made = [(one.name, one.outcome.value, one.what + (f" -> {one.fix}" if one.fix else "")) for one in done]
    if not timed:
        return table(("what", "", "found"), made)
    took = ["-" if one.took_seconds is None else f"{one.took_seconds * 1000:.0f} ms" for one in done]
    rows = [(*row[:2], time, row[2]) for row, time in zip(made, took, strict=True)]
    return table(("what", "", "took", "found"), rows)

"""Steps on the database of a service for people: the plan of each, what a restore loses, what was done. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from watchdog.domain.remedies.database_step import DatabaseStep
from watchdog.domain.units import show_bytes, show_seconds
from watchdog.presentation.text import clean, iso, item, many, moment, section

STEPS = ("no", "date", "step", "incident", "by", "dump", "outcome")
"""The columns of the record."""
TABLES_SHOWN = 30
UNREAD = "The present rows could not be counted"
LOOK = "look at the schema before anything else, by the migration tool's own list of what is applied"


def show_dump(name: str, at: float, size: int, now: float, tz: tzinfo = UTC) -> str:
    """Return a dump with its time, age and size."""
    return f"{clean(name)}: made {moment(at, tz)}, {show_seconds(max(0.0, now - at))} ago, {show_bytes(size)}"


def plan_lines(place: str, does: str, changes: str, needs: str, rule: str) -> list[str]:
    """Return the plan of a step, before anything is done."""
    return [
        *section("DATABASE", place),
        *section("DOES", does),
        *section("CHANGES", changes),
        *section("NEEDS", needs),
        *section("RULE", rule),
    ]


def lost_lines(dump: str, now: Mapping[str, int] | None, then: Mapping[str, int], why: str = "") -> list[str]:
    """Return what a restore loses, as the question says it: table by table where the present rows are known.

    `now` and `then`: rows of each table at present, and in the dump; `why`: what kept the present ones from counting.
    """
    lines = section("LOST", f"Everything written since the dump. It holds: {dump}")
    if now is None:
        lines += item("!", f"{UNREAD} ({why}): what is lost is not known table by table.")
        return lines
    rows = [(name, now[name], then[name]) for name in sorted(now.keys() & then.keys())]
    told = [f"{name}: {here} rows now, {there} in the dump" for name, here, there in rows if here != there]
    told += [f"{name}: dropped since; {then[name]} rows come back" for name in sorted(then.keys() - now.keys())]
    told += [f"{name}: not in the dump, stays with its {now[name]} rows" for name in sorted(now.keys() - then.keys())]
    for line in told[:TABLES_SHOWN]:
        lines += item("", line)
    if len(told) > TABLES_SHOWN:
        lines += item("", f"and {len(told) - TABLES_SHOWN} more tables")
    same = sum(here == there for _, here, there in rows)
    return lines + item("", f"{many(same, 'table')} with as many rows as then: rows changed since are lost as well")


def different(now: Mapping[str, int], then: Mapping[str, int]) -> list[str]:
    """Return the tables whose rows are not those of the dump, after a restore."""
    return [
        f"{name}: {now.get(name)} rows, {count} in the dump" for name, count in then.items() if now.get(name) != count
    ]


def note_of(step: DatabaseStep) -> str:
    """Return the line of an incident's timeline about a step."""
    what = f"database of {step.service}: {step.action}{f' of {step.dump}' if step.dump else ''}"
    if step.outcome is None:
        return clean(f"{what} begun on {step.host}{f'; approved: {step.approved}' if step.approved else ''}", 1000)
    return clean(f"{what}: {step.outcome}{f' ({step.note})' if step.note else ''}", 1000)


def done_lines(step: DatabaseStep) -> list[str]:
    """Return what came of a step."""
    head = f"{clean(step.service)}, {step.action}: {step.verdict.upper()}"
    return [*section("DATABASE", head), *(item("", step.note) if step.note else [])]


def rows(steps: Sequence[DatabaseStep], tz: tzinfo = UTC) -> list[tuple[str, ...]]:
    """Return one row per step, as `STEPS` names the columns."""
    return [
        (
            str(one.number),
            f"{datetime.fromtimestamp(one.at, tz):%Y-%m-%d %H:%M}",
            one.action.value,
            clean(one.incident),
            clean(one.by),
            clean(one.dump),
            clean(f"{one.verdict}{f': {one.note}' if one.note else ''}"),
        )
        for one in steps
    ]


def record(step: DatabaseStep) -> dict[str, Any]:
    """Return a step for machines."""
    return {
        "number": step.number,
        "at": iso(step.at),
        "service": step.service,
        "step": step.action.value,
        "by": step.by,
        "host": step.host,
        "incident": step.incident,
        "dump": step.dump,
        "approved": step.approved,
        "outcome": step.verdict,
        "note": step.note,
        "ended_at": iso(step.ended_at),
    }

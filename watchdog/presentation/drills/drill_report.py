"""The report on drills: a scoreboard of each service, what was missed, proposals for the runbook. Pure.

Rule: drills in the sandbox are counted, not judged: they ran beside a simulated service, on other settings.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, tzinfo
from statistics import median
from typing import Any

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.drills.drill import Drill, DrillMethod, DrillStep, ended_by_method
from watchdog.domain.units import show_seconds
from watchdog.presentation.drills.drill_proposals import Proposal, proposals
from watchdog.presentation.drills.drill_text import limit
from watchdog.presentation.markdown import code, plain, table
from watchdog.presentation.text import day, moment

SCOREBOARD = ("service", "method", "step", "target", "newest", "median", "slowest", "missed")
MISSES = ("drill", "date", "service", "missed")
PROPOSALS = ("service", "found", "proposal", "setting")


@dataclass(frozen=True, slots=True)
class StepScore:
    """A step over the ended drills of one service by one method; times in seconds since the outage began."""

    service: str  # the staging service
    method: DrillMethod  # their means
    step: DrillStep  # the step
    target_seconds: float  # its limit in the newest drill
    newest_seconds: float | None  # the newest drill; None: it never came
    median_seconds: float | None  # of those in which it came; None: it came in none
    slowest_seconds: float | None  # of those as well
    missed: int  # drills in which it came after its limit, or never
    drills: int  # ended drills


def scores(drills: Sequence[Drill]) -> list[StepScore]:
    """Return the scores of each service, method and step; `drills` newest first."""
    found = []
    for (service, method), ended in ended_by_method(drills).items():
        for step in ended[0].steps:
            came = [one.took[step] for one in ended if step in one.took]
            late = sum(step in one.missed for one in ended)
            middle, slowest = (median(came), max(came)) if came else (None, None)
            newest, target = ended[0].took.get(step), limit(ended[0], step)
            found.append(StepScore(service, method, step, target, newest, middle, slowest, late, len(ended)))
    return found


def misses(drills: Sequence[Drill]) -> list[tuple[Drill, str]]:
    """Return what each drill missed, in words: late steps, steps that never came, faults, and what was left."""
    found = []
    for one in drills:
        if one.ended_at is None:
            found.append((one, "it has no end: it runs, or was killed"))
            continue
        for step in one.missed:
            took = f"after {show_seconds(one.took[step])}" if step in one.took else "never"
            found.append((one, f"{step} {took} (target {show_seconds(limit(one, step))})"))
        found += [(one, text) for text in (*one.problems, *(f"left: {line}" for line in one.left))]
    return found


def report_record(drills: Sequence[Drill], now: float) -> dict[str, Any]:
    """Return the report for machines; `drills` newest first, `now` in UTC epoch seconds."""
    real = _real(drills)
    return {
        "at": now,
        "drills": len(real),
        "sandbox_drills": len(drills) - len(real),
        "scoreboard": [asdict(one) for one in scores(real)],
        "missed": [
            {"number": one.number, "at": one.at, "service": one.service, "what": text} for one, text in misses(real)
        ],
        "proposals": [asdict(one) for one in proposals(real)],
    }


def report_markdown(drills: Sequence[Drill], now: float, tz: tzinfo = UTC) -> list[str]:
    """Return the report as lines of Markdown; `drills` newest first, `now` in UTC epoch seconds."""
    real = _real(drills)
    aside = len(drills) - len(real)
    told = [f"{len(real)} drills on staging services and test pages, {aside} in the sandbox (not judged here)."]
    if not real:
        told.append(f"The first one: {code(command_line('drill', 'SERVICE'))}, on a staging service.")
    lines = [f"# Drills until {moment(now, tz)}", "", *told]
    if found := scores(real):
        lines += [
            "",
            "## Scoreboard",
            "",
            "Times count from the moment the outage began, or the test page was begun.",
            "",
        ]
        lines += table(SCOREBOARD, [_score_row(one) for one in found])
    if real:
        lines += ["", "## What was missed", "", *_missed(real, tz)]
        lines += ["", "## Proposals for the runbook", "", *_proposed(proposals(real))]
    return lines


def _real(drills: Sequence[Drill]) -> list[Drill]:
    return [one for one in drills if not one.sandbox]


def _score_row(one: StepScore) -> tuple[str, ...]:
    times = (one.newest_seconds, one.median_seconds, one.slowest_seconds)
    shown = ("never" if took is None else show_seconds(took) for took in times)
    return (
        plain(one.service),
        one.method.value,
        one.step.value,
        show_seconds(one.target_seconds),
        *shown,
        f"{one.missed} of {one.drills}",
    )


def _missed(drills: Sequence[Drill], tz: tzinfo) -> list[str]:
    rows = [(str(one.number), day(one.at, tz), plain(one.service), plain(text)) for one, text in misses(drills)]
    return table(MISSES, rows) if rows else ["Nothing: every step came within its target, and nothing was left."]


def _proposed(found: Sequence[Proposal]) -> list[str]:
    rows = [(plain(one.service), plain(one.found), one.change, code(one.setting)) for one in found]
    return table(PROPOSALS, rows) if rows else ["None."]

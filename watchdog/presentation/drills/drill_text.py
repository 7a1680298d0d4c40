"""Drills for people and for machines: the scoreboard of one, the history of all. Pure."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.drills.drill import TARGETS, Drill, DrillMethod, DrillStep, due_drills, show_days
from watchdog.domain.units import show_seconds
from watchdog.presentation.markdown import plain, table
from watchdog.presentation.text import clean

HISTORY = ("no", "date", "service", "method", *(step.value for step in DrillStep), "result")
"""The columns of the history."""
MISSED = "!"
"""Behind a time that is over its limit."""


def record(drill: Drill) -> dict[str, Any]:
    """Return a drill for machines: one object a step, with its limit and what the step means."""
    steps = [
        {
            "step": step.value,
            "took_seconds": drill.took.get(step),
            "target_seconds": limit(drill, step),
            "within_target": step not in drill.missed,
            "meaning": TARGETS[step].meaning,
        }
        for step in drill.steps
    ]
    return {
        "number": drill.number,
        "at": drill.at,
        "service": drill.service,
        "method": drill.method.value,
        "sandbox": drill.sandbox,
        "by": drill.by,
        "result": drill.verdict,
        "incident": drill.incident,
        "commit": drill.commit,
        "deploy": drill.deploy,
        "flag": drill.flag,
        "rolled_back_to": drill.good,
        "acknowledged_by": drill.acknowledged_by,
        "began_at": drill.began_at,
        "ended_at": drill.ended_at,
        "steps": steps,
        "problems": list(drill.problems),
        "left": list(drill.left),
    }


def limit(drill: Drill, step: DrillStep) -> float:
    """Return the limit of a step in a drill, in seconds."""
    return drill.targets.get(step, TARGETS[step].seconds)


def scoreboard(drill: Drill) -> list[str]:
    """Return the scoreboard as lines: each step with its limit, then what went wrong and what is left."""
    where = " (in the sandbox)" if drill.sandbox else ""
    lines = [f"DRILL        {clean(drill.service)}{where}, {drill.method}: {drill.verdict.upper()}"]
    lines += [f"  {'step':<14}{'took':<12}{'target':<12}".rstrip()]
    for step in drill.steps:
        took = drill.took.get(step)
        shown = show_seconds(took) if took is not None else "never"
        verdict = "too late" if step in drill.missed else "ok"
        lines.append(f"  {step.value:<14}{shown:<12}{show_seconds(limit(drill, step)):<12}{verdict}")
    lines += [f"  Acknowledged by {clean(drill.acknowledged_by)}"] if drill.acknowledged_by else []
    lines += [f"  Wrong: {clean(line)}" for line in drill.problems]
    if drill.left:
        return [*lines, *(f"  LEFT FOR YOU: {clean(line)}" for line in drill.left)]
    return [*lines, "  Cleaned up: nothing is left."] if drill.ended_at is not None else lines


def history_rows(drills: Sequence[Drill], tz: tzinfo = UTC) -> list[tuple[str, ...]]:
    """Return one row per drill, as `HISTORY` names the columns."""
    return [
        (
            str(one.number),
            f"{datetime.fromtimestamp(one.at, tz):%Y-%m-%d %H:%M}",
            clean(f"{one.service}{' (sandbox)' if one.sandbox else ''}"),
            one.method.value,
            *(_cell(one, step) for step in DrillStep),
            one.verdict if not one.left else f"{one.verdict}, work left",
        )
        for one in drills
    ]


def _cell(drill: Drill, step: DrillStep) -> str:
    if step not in drill.steps:
        return ""
    took = drill.took.get(step)
    return "never" if took is None else f"{show_seconds(took)}{MISSED if step in drill.missed else ''}"


def history_markdown(drills: Sequence[Drill], tz: tzinfo = UTC) -> list[str]:
    """Return the history as a table in Markdown."""
    return table(HISTORY, [tuple(map(plain, row)) for row in history_rows(drills, tz)])


def reminders(staging: Collection[str], drills: Sequence[Drill], now: float, every_seconds: float) -> list[str]:
    """Return a line for each staging service whose drill left something behind, or is overdue, with its command."""
    lines, behind = [], set()
    for name in staging:
        newest = next((one for one in drills if one.service == name), None)
        if newest is not None and newest.unclean:
            what = newest.left[0] if newest.left else f"drill {newest.number} runs, or was killed before it cleaned up"
            behind.add(name)
            lines.append(f"DRILL        {name}: {clean(what)}; clean up: {command_line('drill', name, '--clean')}")
    due = due_drills(staging, drills, now, every_seconds)
    # What has to be cleaned up comes alone: until then the next drill is refused.
    return [*lines, *_pages(drills, now, every_seconds)] + [
        f"DRILL        {one.service}: {one.words(now, every_seconds)}: {command_line('drill', one.service)}"
        for one in due
        if one.service not in behind
    ]


def _pages(drills: Sequence[Drill], now: float, every_seconds: float) -> list[str]:
    """Return a line where a test page is still open, or the next one is overdue; where none was sent, nothing."""
    pages = [one for one in drills if one.method is DrillMethod.PAGE]
    unclosed = next((one for one in pages if one.unclean), None)
    if unclosed is not None:
        what = unclosed.left[0] if unclosed.left else f"test page {unclosed.number} is open, or its drill was killed"
        return [f"DRILL        {clean(what)}; close it: {command_line('drill', '--page', '--clean')}"]
    last = [one.at for one in pages if one.counts]
    if not last or now - max(last) <= every_seconds:
        return []
    ago = f"last test page {show_days(now - max(last))} ago (due every {show_days(every_seconds)})"
    return [f"DRILL        {ago}: {command_line('drill', '--page')}"]

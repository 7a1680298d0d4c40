"""Decisions that differ from earlier versions, in words: a title and a line for each incident."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from watchdog import __version__
from watchdog.domain.commands.command_line import command_line
from watchdog.presentation.text import clean, moment

if TYPE_CHECKING:
    from watchdog.app.commands.upgrade_replay import UpgradeReplay
    from watchdog.presentation.step_actions import StepAction
    from watchdog.replay.comparison import Difference

LINES_MAX = 20


def json_object(found: "UpgradeReplay") -> Mapping[str, Any]:
    """Return the result for machines."""
    return {
        "watchdog": __version__,
        "before": list(found.before),
        "began_at": found.began_at,
        "ended_at": found.ended_at,
        "files": found.files,
        "events": found.events,
        "incidents": len(found.incidents),
        "same": found.is_same,
        "differences": [one.json_object() for one in found.differences],
        "title": title(found),
        "lines": list(lines(found)),
    }


def title(found: "UpgradeReplay") -> str:
    """Return the result in a line."""
    past = _number(len(found.incidents), "past incident")
    if found.is_same:
        return f"watchdog {__version__} decides {past} as before"
    # Only hashes of steps differ: these recordings hold no actions that could be named.
    if not found.differences:
        return f"watchdog {__version__} takes other steps than before"
    return f"watchdog {__version__} decides {len(found.differences)} of {past} otherwise"


def lines(found: "UpgradeReplay") -> Iterator[str]:
    """Yield the extent of the replay, and the first difference of each incident."""
    if found.began_at is not None:
        span = f"{moment(found.began_at)} to {moment(found.ended_at)}"
        yield f"Decided again: {_number(found.events, 'event')} in {_number(found.files, 'file')}, {span}."
    yield f"Compared with: watchdog {', '.join(found.before)}."
    if found.left_out:
        yield f"Left out, as it would take too long: {_number(found.left_out, 'older file')}."
    yield from map(_difference, found.differences[:LINES_MAX])
    if len(found.differences) > LINES_MAX:
        all_of_them = command_line("lab replay", "--since-upgrade", "--json")
        yield f"And {len(found.differences) - LINES_MAX} more: {all_of_them} has them all."
    if found.without_acts:
        files = _number(found.without_acts, "file")
        yield f"Of {files} only hashes are compared, and no decisions: the version that wrote them kept nothing else."
    for step in found.other_steps[:LINES_MAX]:
        yield f"Another step at {step.where}, {moment(step.at)}: {step.what}."


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _difference(one: "Difference") -> str:
    shown = one.old or one.new
    assert shown is not None, "a difference has a side"
    then = _doing(one.old) if one.old is not None else "nothing of that"
    now = _doing(one.new) if one.new is not None else "nothing of that"
    return clean(f"{shown.incident}, {moment(one.at)}: then {then}; now {now}", 600)


def _doing(one: "StepAction") -> str:
    where = f" to {one.target}" if one.target else ""
    why = f" ({one.why})" if one.why else ""
    return f"{one.kind} {one.what}{where}{why}"

"""What this version decides otherwise than those before, in words: a title and a line for each incident."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from watchdog import __version__
from watchdog.presentation.text import clean, moment

if TYPE_CHECKING:
    from watchdog.app.commands.upgrade_replay import UpgradeReplay
    from watchdog.presentation.step_actions import Action
    from watchdog.replay.comparison import Difference

LINES_MAX = 20


def json_object(found: "UpgradeReplay") -> Mapping[str, Any]:
    """Return everything for machines."""
    return {
        "watchdog": __version__,
        "before": list(found.before),
        "began_at": found.replay.began_at,
        "ended_at": found.replay.ended_at,
        "events": found.replay.events,
        "incidents": found.incidents,
        "same": found.is_same,
        "differences": [one.json_object() for one in found.differences],
        "title": title(found),
        "lines": list(lines(found)),
    }


def title(found: "UpgradeReplay") -> str:
    """Return what came of it in a line."""
    past = f"{found.incidents} past incident{'s' if found.incidents != 1 else ''}"
    before = f"watchdog {' and '.join(found.before)}"
    if found.is_same:
        return f"watchdog {__version__} decides {past} as {before} did"
    if not found.differences:
        return f"watchdog {__version__} takes other steps than {before} did"
    return f"watchdog {__version__} decides {len(found.differences)} of {past} otherwise than {before} did"


def lines(found: "UpgradeReplay") -> Iterator[str]:
    """Yield what was replayed, and the first difference of each incident."""
    replayed = found.replay
    if replayed.began_at is not None:
        yield (
            f"Decided again: {replayed.events} events in {replayed.files} files, "
            f"{moment(replayed.began_at)} to {moment(replayed.ended_at)}."
        )
    if found.left_out:
        yield f"Left out: {found.left_out} older files, which would take too long."
    for one in found.differences[:LINES_MAX]:
        yield _difference(one)
    if len(found.differences) > LINES_MAX:
        yield f"And {len(found.differences) - LINES_MAX} more: watchdog lab replay --since-upgrade shows them all."
    if not replayed.has_acts:
        yield "What was decided then is not recorded, only whether it is the same: the version before did not write it."
    if replayed.divergence is not None and not replayed.has_acts:
        yield f"The first other step: {replayed.divergence.what}, {moment(replayed.divergence.at)}."


def _difference(one: "Difference") -> str:
    shown = one.old or one.new
    assert shown is not None, "a difference has a side"
    then = _doing(one.old) if one.old is not None else "nothing of that"
    now = _doing(one.new) if one.new is not None else "nothing of that"
    return clean(f"{shown.incident}, {moment(one.at)}: then {then}; now {now}", 600)


def _doing(one: "Action") -> str:
    where = f" to {one.target}" if one.target else ""
    why = f" ({one.why})" if one.why else ""
    return f"{one.kind} {one.what}{where}{why}"

"""What the watchdog relies on and does not work: people are told once, with what follows and the cure, and once when
it works again.

All workers share what was told (`State.failing`): who takes over, or watches beside, does not tell it again.
"""

from dataclasses import replace

from watchdog.core.turn import Turn
from watchdog.domain import events as e
from watchdog.domain.copies import changed
from watchdog.domain.effects import Note
from watchdog.domain.integrations import KINDS, Failing, Integration
from watchdog.domain.notices import NoticeKind
from watchdog.domain.units import show_seconds


def judged(turn: Turn, event: e.IntegrationJudged) -> None:
    """Take note of how one stands, long enough to be told."""
    one, known = event.integration, turn.state.failing.get(event.integration.key)
    if one.standing.works:
        if known is not None and set(known.parts) <= set(one.parts):
            _works_again(turn, one, known)
    elif known is None:
        if not (one.kind == "probes" and turn.state.blind_since is not None):  # that is told already
            _fails(turn, one)
    elif not set(one.needed) <= set(known.parts):
        more = tuple(part for part in one.needed if part not in known.parts)
        _put(turn, one.key, replace(known, parts=(*known.parts, *more)))


def _fails(turn: Turn, one: Integration) -> None:
    lasted = show_seconds(turn.now - one.since)
    title = f"{one.title}: {one.standing.value} for {lasted}"
    _put(turn, one.key, Failing(one.since, one.standing, one.why, one.needed))
    lines = (f"Why: {one.why}", f"What follows: {one.consequence}.", f"What to do: {one.cure}.")
    _tell(turn, one.key, NoticeKind.SELF_ALERT, title, lines, wakes=KINDS[one.kind].wakes)


def _works_again(turn: Turn, one: Integration, known: Failing) -> None:
    kept = {key: failing for key, failing in turn.state.failing.items() if key != one.key}
    turn.state = changed(turn.state, failing=kept)
    title = f"{one.title}: works again after {show_seconds(turn.now - known.at)}"
    _tell(turn, one.key, NoticeKind.RESOLVED, title, ("It does what it is for again.",))


def _put(turn: Turn, key: str, failing: Failing) -> None:
    turn.state = changed(turn.state, failing={**turn.state.failing, key: failing})


def _tell(turn: Turn, key: str, kind: NoticeKind, title: str, lines: tuple[str, ...], *, wakes: bool = False) -> None:
    turn.tell_self(kind, key, f"watchdog: {title}", lines, wakes=wakes)
    told = ", ".join(turn.policy.alerts) or "nobody configured"
    turn.emit(Note(turn.now, "", None, "TOLD", f"{told} ({'page' if wakes else 'info'}): {title}"))

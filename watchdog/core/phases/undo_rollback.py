"""Undoing: the way back after a wrong rollback. What was blamed then is live again, and no longer deny-listed.

Rule 1: it is a rollback by hand, by the same protocol: a human asks, the machine takes none of its own back.
Rule 2: only a rollback that is still live is taken back; what went live since is nobody's mistake.
Rule 3: what is left by it is not found bad by that: it is not denied, and stays a target if it was proved good.
"""

from dataclasses import replace

from watchdog.core import note_text
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.core.context import StepContext
from watchdog.core.phases import human_commands
from watchdog.domain import events as e
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import Note
from watchdog.domain.incidents import Incident
from watchdog.domain.note_labels import NoteLabel


def asked_for(incident: Incident, at: float, by: str) -> e.UndoRequested:
    """Return the wish to take an incident's rollback back, with what the record says of that (`at`: epoch seconds)."""
    return e.UndoRequested(
        at=at,
        service=incident.service,
        incident=incident.id,
        by=by,
        suspect=incident.suspect,
        suspect_code=incident.suspect_code,
        rollback_deploy=incident.rollback.deploy,
        proved=incident.rollback.verified_at is not None,
    )


def undo(ctx: StepContext) -> None:
    """A human takes a rollback back, by the protocol of one by hand; the code that was blamed is no longer denied."""
    event = ctx.event
    assert isinstance(event, e.UndoRequested)
    live = live_deploy(ctx.service.deploys)
    why_not = _not_to_be_undone(ctx, event, live)
    if why_not:
        _refuse(ctx, event, why_not)
        return
    assert live is not None and event.suspect is not None, "or there is a reason not to"
    choice = human_commands.validate_target(ctx, live, event.suspect)
    denied = tuple(code for code in ctx.state.denied if code != event.suspect_code)
    answers, why_not = human_commands.permitted(ctx, replace(ctx.state, denied=denied), event.by, live, choice)
    if why_not:
        _refuse(ctx, event, why_not)
        return
    lifted = _lift(ctx, event, denied)
    human_commands.begin(ctx, event.by, live, choice, answers, event)
    again = "if it fails again people are called, and nothing is rolled back unasked"  # for a rollback is live then
    ctx.note("UNDO", f"of {event.incident}: {lifted}; {again}")
    ask = f"was this right? {command_line('label', event.incident, 'right|wrong')}"
    _note(ctx, event, "UNDO", f"by {event.by}: {event.suspect} is put back ({ctx.incident.id}); {ask}")


def _not_to_be_undone(ctx: StepContext, event: e.UndoRequested, live: Deploy | None) -> str:
    """Return why this rollback cannot be taken back, or nothing; what stands against the way back, guards tell."""
    if event.rollback_deploy is None or event.suspect is None:
        return "it had no rollback that was accepted: there is nothing to take back"
    if live is None:
        return f"no live deploy is known: {ctx.service.deploys_why or 'none in the list'}"
    if live.id != event.rollback_deploy:
        if live.id == event.suspect or (live.code is not None and live.code == event.suspect_code):
            return f"{note_text.name_deploy(live)} is live already{_trust(ctx, event, '; if it is good: ')}"
        return f"its rollback {event.rollback_deploy} is not live any more ({live.id} is){_by_hand(ctx, event)}"
    known = ctx.service.incident
    if known is not None and known.closed_at is None and event.incident not in (known.id, known.rollback.undoes):
        return f"{known.id} is open, and has to be over first{_by_hand(ctx, event)}"
    return ""


def _by_hand(ctx: StepContext, event: e.UndoRequested) -> str:
    """Return how a human goes there all the same."""
    first = _trust(ctx, event, "", ", then ")
    return f"; by hand: {first}{command_line('rollback', ctx.name, '--to', event.suspect)}"


def _trust(ctx: StepContext, event: e.UndoRequested, before: str, after: str = "") -> str:
    """Return the command that lifts the code from the deny-list, or nothing if it is not on it."""
    denied = event.suspect_code is not None and event.suspect_code in ctx.state.denied
    return f"{before}{command_line('trust', note_text.short(event.suspect_code))}{after}" if denied else ""


def _refuse(ctx: StepContext, event: e.UndoRequested, why: str) -> None:
    """Say no, in the story of the incident that is meant."""
    _note(ctx, event, "REFUSED", f"{event.incident} is not undone: {why}")


def _note(ctx: StepContext, event: e.UndoRequested, label: NoteLabel, text: str) -> None:
    """Write it into the story of the incident that is undone, though that may be over."""
    ctx.emit(Note(ctx.now, ctx.name, event.incident, label, text))


def _lift(ctx: StepContext, event: e.UndoRequested, denied: tuple[str, ...]) -> str:
    """Deny the code that was blamed no longer, here nor elsewhere; return that in words."""
    code = event.suspect_code
    ctx.update_service(bad=tuple(one for one in ctx.service.bad if one[0] != code))
    if denied == ctx.state.denied:
        return "no code was deny-listed for it"
    ctx.state = replace(ctx.state, denied=denied)
    lately = [act.service for act in ctx.state.acts if act.suspect_code == code]
    known = [one.name for one in ctx.state.services.values() if any(bad == code for bad, _ in one.bad)]
    others = dict.fromkeys((*lately, *known))
    others.pop(ctx.name, None)
    too = f" (rolled back from it, too: {', '.join(others)})" if others else ""
    return f"{note_text.short(code)} leaves the deny-list, for every service{too}"

"""Undo: the way back after a wrong rollback. The suspect is live again, and no longer deny-listed.

Rule 1: it is a rollback by hand, with the same protocol: a human asks, and the daemon never reverts its own rollback.
Rule 2: only a rollback that is still live is undone; a deploy that went live since then is not its mistake.
Rule 3: the undo does not convict the deploy that it leaves: its code is not denied, and it stays a target if verified.
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
from watchdog.domain.incident_notes import NoteLabel
from watchdog.domain.incidents import Incident


def asked_for(incident: Incident, at: float, by: str) -> e.UndoRequested:
    """Return the request to undo an incident's rollback, with the facts of the record (`at`: UTC epoch seconds)."""
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
    """Undo a rollback at a human's request, by the protocol of one by hand, and lift the denial of its suspect."""
    event = ctx.event
    assert isinstance(event, e.UndoRequested)
    live = live_deploy(ctx.service.deploys)
    why_not = _not_to_be_undone(ctx, event, live)
    if why_not:
        _refuse(ctx, event, why_not)
        return
    assert live is not None, "or there is a reason not to"
    assert event.suspect is not None, "or there was nothing to take back"
    choice = human_commands.validate_target(ctx, live, event.suspect)
    # The guards are asked with the denial lifted, but it is lifted only once they permit the undo.
    denied = tuple(code for code in ctx.state.denied if code != event.suspect_code)
    answers, why_not = human_commands.permitted(ctx, replace(ctx.state, denied=denied), live, choice)
    if why_not:
        _refuse(ctx, event, why_not)
        return
    lifted = _lift(ctx, event, denied)
    human_commands.begin(ctx, event.by, live, choice, answers, event)
    # While a rollback is live, `suspect is a rollback` vetoes another one: the note says so.
    again = "if it fails again, people are paged, and a rollback needs approval"
    ctx.note("UNDO", f"of {event.incident}: {lifted}; {again}")
    ask = f"was this right? {command_line('label', event.incident, 'right|wrong')}"
    _note(ctx, event, "UNDO", f"by {event.by}: {event.suspect} is put back ({ctx.incident.id}); {ask}")


def _not_to_be_undone(ctx: StepContext, event: e.UndoRequested, live: Deploy | None) -> str:
    """Return why this rollback cannot be undone, or ""; the guards state the obstacles on the way back."""
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
    """Return the commands by which a human reaches the same target."""
    first = _trust(ctx, event, "", ", then ")
    return f"; by hand: {first}{command_line('rollback', ctx.name, '--to', event.suspect)}"


def _trust(ctx: StepContext, event: e.UndoRequested, before: str, after: str = "") -> str:
    """Return the command that removes the code from the deny-list, or "" if it is not on it."""
    denied = event.suspect_code is not None and event.suspect_code in ctx.state.denied
    return f"{before}{command_line('trust', note_text.short(event.suspect_code))}{after}" if denied else ""


def _refuse(ctx: StepContext, event: e.UndoRequested, why: str) -> None:
    """Refuse the undo, in the story of its incident."""
    _note(ctx, event, "REFUSED", f"{event.incident} is not undone: {why}")


def _note(ctx: StepContext, event: e.UndoRequested, label: NoteLabel, text: str) -> None:
    """Write into the story of the incident that is undone, even if that is over."""
    ctx.emit(Note(ctx.now, ctx.name, event.incident, label, text))


def _lift(ctx: StepContext, event: e.UndoRequested, denied: tuple[str, ...]) -> str:
    """Lift the denial of the suspect's code, for every service; return a sentence about it."""
    code = event.suspect_code
    ctx.update_service(bad=tuple(one for one in ctx.service.bad if one[0] != code))
    if denied == ctx.state.denied:
        return "no code was deny-listed for it"
    ctx.state = replace(ctx.state, denied=denied)
    # The deny-list is shared: other services may have been rolled back from the same code, and the note names them.
    lately = [act.service for act in ctx.state.acts if act.suspect_code == code]
    known = [one.name for one in ctx.state.services.values() if any(bad == code for bad, _ in one.bad)]
    others = dict.fromkeys((*lately, *known))
    others.pop(ctx.name, None)
    too = f" (rolled back from it, too: {', '.join(others)})" if others else ""
    return f"{note_text.short(code)} leaves the deny-list, for every service{too}"

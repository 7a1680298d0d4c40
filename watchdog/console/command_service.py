"""What people ask for: checked, allowed or not, and taken to the daemon, whose answer is the answer.

Rule 1: the same commands as the command line's, under the name of who is logged in; nothing is decided here.
Rule 2: what a role does not allow is recorded too, but not more often than a person clicks.
"""

from collections.abc import Mapping
from typing import Any

import structlog

from watchdog.console.auth.roles import Visitor
from watchdog.console.dependencies import Access, Dependencies
from watchdog.domain.errors import Temporary
from watchdog.domain.follow_ups import TEXT_MAX as FOLLOW_UP_MAX
from watchdog.domain.follow_ups import asked_follow_up
from watchdog.domain.identities import CONSOLE, identity
from watchdog.domain.incident_notes import TEXT_MAX
from watchdog.domain.silence_request import InvalidRequest, asked_quiet, asked_silence
from watchdog.domain.store_records import Command
from watchdog.ports.chat import REFUSED
from watchdog.presentation.text import clean, sentence

NAME_MAX = 120
VERDICTS = ("right", "wrong")

log = structlog.get_logger("watchdog")


class Invalid(Exception):
    """What was asked for makes no sense; the text says what to do."""


class NotAllowed(Exception):
    """The role does not allow it; the text says which would."""


class CommandService:
    """Takes commands to the daemon."""

    def __init__(self, world: Dependencies, access: Access) -> None:
        self._world = world
        self._refusals = access.failures

    async def ask(self, visitor: Visitor, command: str, arguments: Mapping[str, Any]) -> Command:
        """Return the command with the daemon's answer. Raises NotAllowed, and Temporary if nobody answers."""
        why = visitor.why_not(command)
        if command == "approve":
            arguments = {**arguments, "identity": identity(CONSOLE, visitor.name)}
        if not why:
            return await self._world.ask(command, arguments, visitor.by)
        await self._record_refusal(visitor, command, {**arguments, "refused": why, "what": command})
        raise NotAllowed(why)

    async def _record_refusal(self, visitor: Visitor, command: str, arguments: Mapping[str, Any]) -> None:
        log.warning("refused in the console", command=command, by=visitor.by)
        key = f"refused {visitor.by}"
        if self._refusals.wait_seconds(key) > 0:
            return
        self._refusals.take(key)
        try:
            await self._world.ask(REFUSED, arguments, visitor.by)
        except Temporary as error:
            log.warning("a refusal in the console could not be recorded", why=str(error))


def about_incident(incident: str, seen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the arguments of an answer to an incident's question; `seen` is what its author had before their eyes."""
    return {"incident": clean(incident, NAME_MAX)} | ({"seen": dict(seen)} if seen is not None else {})


def note_arguments(incident: str, text: str, root_cause: bool) -> dict[str, Any]:
    """Return the arguments of a note. Raises Invalid."""
    line = clean(text, TEXT_MAX + 1)
    if not line:
        raise Invalid("There is nothing in the note to read: write what you want to add.")
    if len(line) > TEXT_MAX:
        raise Invalid(f"The note is longer than {TEXT_MAX} characters: put it where you keep reports, and note a link.")
    return {"incident": clean(incident, NAME_MAX), "text": line, "root_cause": root_cause}


def label_arguments(incident: str, verdict: str) -> dict[str, Any]:
    """Return the arguments of a judgement. Raises Invalid."""
    if verdict not in VERDICTS:
        raise Invalid("A judgement is right or wrong.")
    return {"incident": clean(incident, NAME_MAX), "verdict": verdict}


def tick_arguments(incident: str, item: str, undo: bool) -> dict[str, Any]:
    """Return the arguments of a tick of an item of an incident's checklists, or of its undoing. Raises Invalid."""
    named = clean(item, NAME_MAX)
    if not named:
        raise Invalid("It must be said which item is ticked, by its id.")
    return {"incident": clean(incident, NAME_MAX), "item": named, "undo": undo}


def follow_up_arguments(incident: str, text: str, owner: str, due: str) -> dict[str, Any]:
    """Return the arguments of a follow-up: what to do, whose it is, due in so long (as in 3d). Raises Invalid."""
    try:
        asked = asked_follow_up(clean(text, FOLLOW_UP_MAX + 1), clean(owner), due)
    except InvalidRequest as error:
        raise _invalid(error) from None
    return {"incident": clean(incident, NAME_MAX), **asked}


def silence_arguments(service: str, lasts: str, reason: str, signal: str = "", severity: str = "") -> dict[str, Any]:
    """Return the arguments of a silence of a service, maybe of one signal or severity alone. Raises Invalid."""
    try:
        of = clean(service, NAME_MAX)
        return asked_silence(of, lasts, clean(reason), clean(signal, NAME_MAX) or None, severity or None)
    except InvalidRequest as error:
        raise _invalid(error) from None


def hold_arguments(service: str, lasts: str, reason: str, signal: str = "", severity: str = "") -> dict[str, Any]:
    """Return the arguments of an action hold of a service, for so long (as in 2h). Raises Invalid."""
    if signal or severity:
        raise Invalid("A hold is of the whole service: choose any signal and any severity, then ask again.")
    try:
        return asked_quiet(clean(service, NAME_MAX), lasts, clean(reason))
    except InvalidRequest as error:
        raise _invalid(error) from None


def _invalid(error: InvalidRequest) -> Invalid:
    return Invalid(f"{sentence(error.what)} {sentence(error.instead)}")


def unsilence_arguments(name: str) -> dict[str, Any]:
    """Return the arguments for the end of a silence or a hold of that name."""
    return {"which": clean(name, NAME_MAX)}


def undo_arguments(incident: str, live: str) -> dict[str, Any]:
    """Return the arguments of an undo; `live` is the deploy that its author saw live. Raises Invalid."""
    return about_incident(incident, _seen_live(live))


def rollback_arguments(service: str, target: str | None, live: str) -> dict[str, Any]:
    """Return the arguments of a rollback by hand; `live` is the deploy that its author saw live. Raises Invalid."""
    wanted = clean(target, NAME_MAX) if target else None
    return {"service": clean(service, NAME_MAX), "target": wanted, "seen": _seen_live(live)}


def _seen_live(live: str) -> dict[str, str]:
    if not live:
        raise Invalid("It must be said which deploy is live, as the plan shows it.")
    return {"live deploy": clean(live, NAME_MAX)}

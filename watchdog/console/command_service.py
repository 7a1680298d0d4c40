"""Commands from the console: validated, authorized, and submitted to the daemon, whose answer is returned.

Rule 1: the same commands as those of the command line, under the name of the logged-in person; this file decides
nothing.
Rule 2: an assistant answers for a person, by that person's code; the audit names the person. Wrong codes are recorded,
and slowed down.
Rule 3: the audit records a command that the role does not allow, but no more often than a person clicks. The limit
counts per role, so new names do not evade it. The incident's timeline has no line of it.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from math import isfinite
from typing import Any

import structlog

from watchdog.console.auth.roles import Visitor, Way
from watchdog.console.dependencies import Access, Dependencies
from watchdog.domain.commands.command_table import ROWS
from watchdog.domain.commands.human_command import NAME_MAX, HumanCommand, InvalidRequest, Seen, stored_arguments
from watchdog.domain.errors import Temporary
from watchdog.domain.identities import plainly
from watchdog.domain.store_records import Command
from watchdog.domain.units import show_seconds
from watchdog.ports.chat import NOT_ALLOWED, REFUSED
from watchdog.presentation.text import clean, sentence

# One character more than any argument may have: a longer text stays too long when cut, and is refused.
LONGEST = max(one.max_characters for row in ROWS for one in row.arguments) + 1
CODES = "wrong code of an assistant"
"""One limit for all of them: other incidents, names or addresses give no further attempts."""
WRONG_CODE = (
    "an assistant answers with a code: ask the person for the one that the incident's page in the console shows now, "
    "for this very answer"
)

log = structlog.get_logger("watchdog")


class Invalid(Exception):
    """The request is malformed; the text says how to correct it."""


class NotAllowed(Exception):
    """The role does not allow the command; the text names the role that does."""


class CommandService:
    """Submits commands to the daemon; `answered` is called after each answer."""

    def __init__(self, deps: Dependencies, access: Access, answered: Callable[[], None]) -> None:
        self._deps = deps
        self._answered = answered
        self._access = access
        self._refusals = access.failures

    async def ask(self, visitor: Visitor, command: HumanCommand, subject: str, given: Mapping[str, Any]) -> Command:
        """Submit a command with the fields of a form or a body, and return it with the daemon's answer.

        Raises NotAllowed before Invalid, and Temporary if the daemon does not answer.
        """
        why = visitor.why_not(command.name)
        if why:
            # Record the refusal even if its arguments are malformed: the audit must show every attempt.
            about = {command.subject.value: clean(subject, NAME_MAX)} if command.subject.value and subject else {}
            with suppress(Invalid):
                about = arguments_of(command, subject, given)
            refusal = {**about, "refused": why, "what": command.name, NOT_ALLOWED: True}
            await self._record_refusal(visitor, command.name, refusal)
            raise NotAllowed(why)
        arguments, by, identity = arguments_of(command, subject, given), visitor.by, visitor.identity
        if visitor.way is Way.ASSISTANT:
            person = await self._person_behind(visitor, command, arguments, str(given.get("code") or ""))
            by, identity = f"{plainly(person)} (by an assistant)", person if ":" in person else ""
        # Ignored, a wrong code would seem to be right: a role's token needs none.
        elif given.get("code"):
            raise Invalid("Code: an assistant's token alone answers with one. Leave it out, or send that token.")
        # The daemon compares the identity with the policy's approver; the shown name proves nothing.
        if command.name == "approve":
            arguments["identity"] = identity
        done = await self._deps.ask(command.name, arguments, by)
        self._answered()
        return done

    async def _person_behind(
        self, visitor: Visitor, command: HumanCommand, arguments: Mapping[str, Any], code: str
    ) -> str:
        """Return the person for whom an assistant gives an answer, by the code. Raises NotAllowed."""
        wait, assistant = self._refusals.wait_seconds(CODES), self._access.assistant
        # Before the comparison, the right code included: a code has few letters, and must not be found by trying.
        if wait > 0:
            raise NotAllowed(f"too many wrong codes: wait {show_seconds(int(wait) + 1)}, then try again")
        incident, question = arguments[command.subject.value], arguments["seen"]
        person = assistant.person_of(code, command.name, incident, question) if assistant is not None else None
        if person is None:
            self._refusals.take(CODES)
            refusal = {**arguments, "refused": WRONG_CODE, "what": command.name, NOT_ALLOWED: True}
            await self._record_refusal(visitor, command.name, refusal)
            raise NotAllowed(WRONG_CODE)
        return person

    async def _record_refusal(self, visitor: Visitor, command: str, arguments: Mapping[str, Any]) -> None:
        # Never the name, which the bearer of a token chooses: new names would evade the limit.
        key = f"refused {visitor.way} {visitor.role}"
        if self._refusals.wait_seconds(key) > 0:
            return
        self._refusals.take(key)
        log.warning("console command refused", command=command, by=visitor.by)
        try:
            await self._deps.ask(REFUSED, arguments, visitor.by)
        except Temporary as error:
            if self._access.loud("not recorded"):
                log.warning("console refusal not recorded", why=str(error))


def arguments_of(command: HumanCommand, subject: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments to store for a command, made of the fields of a form or a body. Raises Invalid."""
    said = {name: clean(value, LONGEST) if isinstance(value, str) else value for name, value in given.items()}
    own = {one.name for one in command.arguments}
    theirs = [one.name for row in ROWS if row.subject is command.subject for one in row.arguments]
    for name in theirs:
        # Two buttons share one form: a field of the other command means that the wrong one was pressed.
        if name not in own and said.get(name):
            raise Invalid(f"{command.name.capitalize()} takes no {name}: leave it out, then ask again.")
    try:
        stored = stored_arguments(command, clean(subject, NAME_MAX), said)
    except InvalidRequest as error:
        where = error.where.removeprefix("--").capitalize()
        raise Invalid(f"{where}: {error.what}. {sentence(error.instead)}") from None
    seen = _seen(command.seen, said)
    return stored | ({"seen": seen} if seen else {})


def _seen(needed: Seen, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state that the author saw when deciding. Raises Invalid if the form lacks it."""
    if needed is Seen.LIVE_DEPLOY:
        if not said.get("live"):
            raise Invalid("It must be said which deploy is live, as the plan shows it.")
        return {"live deploy": said["live"]}
    if needed is Seen.NOTHING:
        return {}
    if not said.keys() >= {"suspect", "target", "asked_at"}:
        raise Invalid("The form does not name the question: load the page again, then decide.")
    try:
        # JSON bodies bring numbers, forms bring text, and "inf" parses as a float.
        asked_at = float(said["asked_at"]) if said["asked_at"] not in ("", None) else None
        if asked_at is not None and not isfinite(asked_at):
            raise ValueError("no moment")
    except (ValueError, TypeError, OverflowError):
        raise Invalid("The form does not name the time of the question: load the page again, then decide.") from None
    return {"suspect": said["suspect"] or None, "target": said["target"] or None, "asked_at": asked_at}

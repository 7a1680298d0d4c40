"""Commands typed or clicked in a channel, done and answered as on a terminal.

Rule 1: it changes nothing itself. A change becomes the row that `watchdog incident approve` writes; the holder of the
service decides, once, whichever worker received it.
Rule 2: a member without permission is refused, and the refusal is recorded: a row of the audit for an incident, and a
line of the log. All these members together write no more rows than one person clicks, and no line of an incident's log:
strangers must not bury it.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import structlog

from watchdog.daemon.approvals.command_client import submit_and_wait
from watchdog.daemon.approvals.pending import VERBS
from watchdog.daemon.http.http_auth import FAILURES_AT_ONCE, FAILURES_PER_SECOND, Buckets
from watchdog.docs.places import handbook_line, place_of_answer
from watchdog.domain.commands.command_table import BLAMED, COMMANDS
from watchdog.domain.commands.human_command import (
    NAME_MAX,
    Argument,
    ArgumentType,
    HumanCommand,
    InvalidRequest,
    Seen,
    Subject,
    stored_arguments,
)
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports import Clock, Store
from watchdog.ports.chat import DELIVERIES, NOT_ALLOWED, REFUSED, ChatQuestion, Reply, Request
from watchdog.presentation.text import moment

SHOWN = ("suspect", "target", "asked_at")
"""The fields of a question that an answer is bound to, beside its incident."""
LIVE = Argument("live", "the deploy that is live, as the plan names it", example="dep-42")
"""The option of a rollback by hand, which binds it to its plan: a second member's line must not roll back once more."""
NOT_ON_THE_LIST = "not on the list of those who may (approvals.users in the configuration)"

Read = Callable[[Sequence[str]], Awaitable[Reply]]
"""Answers a read-only command, given its words. Raises Temporary or Permanent."""
log = structlog.get_logger("watchdog")


class ChatCommands:
    """Answers requests. `reads` are the read-only commands; `help` is among them.

    `console_url` returns the console's present address, for links to the handbook.
    """

    def __init__(
        self, store: Store, clock: Clock, reads: Mapping[str, Read], console_url: Callable[[], str] = lambda: ""
    ) -> None:
        self._store = store
        self._clock = clock
        self._reads = reads
        self._console_url = console_url
        self._refusals = Buckets(clock, FAILURES_AT_ONCE, FAILURES_PER_SECOND)

    async def handle(self, request: Request) -> Reply:
        """Perform the request, if permitted, and return the reply. Temporary and Permanent become replies."""
        try:
            reply = await self._handle(request)
        except (Temporary, Permanent) as error:
            reply = _no(f"No answer: {error}")
        if request.may_change or self._is_room_for("a stranger's line of the log"):
            log.info("chat command answered", by=request.by, what=request.name, ok=reply.ok, answer=reply.lines[0])
        return reply

    async def _handle(self, request: Request) -> Reply:
        if request.name in COMMANDS:
            return await self._change(request)
        read = self._reads.get(request.name)
        return await (read or self._reads["help"])(request.words)

    async def _change(self, request: Request) -> Reply:
        refused = request.refusal or ("" if request.may_change else NOT_ON_THE_LIST)
        given: dict[str, Any] = {"refused": refused, "what": request.name} if refused else {}
        given |= {} if request.may_change else {NOT_ALLOWED: True}
        if request.question is not None:
            shown = asdict(request.question)
            given["incident"] = shown["incident"]
            if request.name in VERBS.values():
                given["question"] = {key: shown[key] for key in SHOWN}
        else:
            try:
                said = typed_arguments(COMMANDS[request.name], request.words)
            except InvalidRequest as error:
                return self._refused(request.name, f"Refused: {refused}." if refused else str(error))
            # The audit holds only refusals about an incident (Rule 2).
            if refused and "incident" not in said:
                return self._refused(request.name, f"Refused: {refused}.")
            given |= {"incident": said["incident"]} if refused else said
        row = COMMANDS[request.name]
        if row.seen is Seen.LIVE_DEPLOY and not refused and "seen" not in given:
            about = _words_for_plan(row, request.question) if request.question is not None else ()
            return await self._reads["plan"](request.words or about)
        # Only a yes is bound to a person: the policy may name an approver.
        if request.name == "approve":
            given["identity"] = request.identity
        if request.deliveries:
            given[DELIVERIES] = list(request.deliveries)
        name = REFUSED if refused else request.name
        # One bucket for all strangers: many accounts write no more rows than one.
        if refused and not self._is_room_for("a member's refusal" if request.may_change else "a stranger's refusal"):
            return self._refused(request.name, f"Refused: {refused}.")
        try:
            answered = await submit_and_wait(self._store, self._clock, name, given, request.by)
        # A refusal is final whether or not it was recorded; of a change the author must read that it failed.
        except Temporary:
            if refused:
                return self._refused(request.name, f"Refused: {refused}.")
            raise
        if answered.ok:
            return Reply((f"Done by {request.by} at {moment(self._clock.now())}:", answered.answer))
        return self._refused(request.name, f"Refused: {answered.answer}.")

    def _refused(self, command: str, why: str) -> Reply:
        """Return why a command was not carried out, and the handbook's page about it."""
        return Reply((why, handbook_line(place_of_answer(command), self._console_url())), ok=False)

    def _is_room_for(self, what: str) -> bool:
        """Return whether one more row may be written, and count it: a handful at once, then one every ten seconds."""
        if self._refusals.wait_seconds(what) > 0:
            return False
        self._refusals.take(what)
        return True


def _words_for_plan(row: HumanCommand, shown: ChatQuestion) -> tuple[str, ...]:
    """Return the words after `plan` for a button: its incident's, or its service's with the deploy to blame."""
    if row.subject is not Subject.SERVICE:
        return (shown.incident,)
    return (shown.service, *((f"{BLAMED.name}={shown.suspect}",) if shown.suspect else ()))


def _no(why: str) -> Reply:
    return Reply((why,), ok=False)


_OPTION = re.compile(r"([A-Za-z_-]+)=(.*)")
_DASH = re.compile("^[–—]")
_QUOTES = '"“”„'
"""The marks around a text of several words: phones write curved ones."""


def typed_arguments(command: HumanCommand, words: Sequence[str]) -> dict[str, Any]:
    """Return the command's arguments, its subject first. Raises InvalidRequest.

    The last required argument takes the rest of the words, a text before it stands in quotes; options may stand before
    the last as `name=value`, a flag before or behind it, as at a terminal: `--undo`.
    """
    if command.subject is Subject.NOTHING and not command.arguments:
        return {}
    subject, *rest = words or ("",) if command.subject is not Subject.NOTHING else ("", *words)
    names = [one.name for one in command.required]
    flags, rest = _flags(command, rest)
    rest = _unquoted(command, rest)
    if subject and (len(rest) < len(names) or (rest and not (names or _known_options(command)))):
        missing = [one.example for one in command.required[len(rest) :]]
        raise InvalidRequest(command.name, f"{missing[0]} is missing" if missing else "too many words", command.usage)
    given: dict[str, Any] = dict(zip(names[:-1], rest, strict=False))
    options, last = _options(command, rest[len(names) - 1 :] if names else rest)
    if names:
        given[names[-1]] = _without_quotes(" ".join(last))
    elif last:
        # Left out, it might have been the target: another one would be chosen.
        raise InvalidRequest(command.name, f"{last[0][:NAME_MAX]} is one word too many", f"write {_shown(command)}")
    live = options.pop(LIVE.name, None)
    stored = stored_arguments(command, subject, given | flags | options)
    return stored | ({"seen": {"live deploy": LIVE.checked(live)}} if live else {})


def _flags(command: HumanCommand, words: Sequence[str]) -> tuple[dict[str, bool], list[str]]:
    """Return the flags that the words begin or end with, and the words between: `--undo`, or `undo=yes`."""
    flags = [one for one in command.arguments if one.kind is ArgumentType.FLAG]
    spelled = {spelling: one.name for one in flags for spelling in (one.option, f"{one.name}=yes")}
    found, rest = dict[str, bool](), list(words)
    for place in (0, -1):
        # Phones make one long dash of two.
        while rest and (name := spelled.get(_DASH.sub("--", rest[place].lower()))) is not None:
            found[name] = True
            del rest[place]
    return found, rest


def _unquoted(command: HumanCommand, words: Sequence[str]) -> list[str]:
    """Return the words, with each text in quotes that the command requires before its last argument as one of them.

    Raises InvalidRequest for such a text without quotes: its end would be a guess.
    """
    texts, rest = list[str](), list(words)
    for one in command.required[:-1]:
        end = 1
        if one.kind is ArgumentType.TEXT and rest:
            ends = (place for place, word in enumerate(rest, 1) if word[-1] in _QUOTES and word.strip(_QUOTES) != word)
            end = next(ends, 0) if rest[0][0] in _QUOTES else 0
            if not end:
                raise InvalidRequest(command.name, f"{one.example} is not in quotes", command.usage)
        texts, rest = [*texts, " ".join(rest[:end]).strip(_QUOTES)], rest[end:]
    return [one for one in texts if one] + rest


def _without_quotes(text: str) -> str:
    """Return the text without the quotes around the whole of it: people who quote the title quote this one, too."""
    quoted = len(text) > 1 and text[0] in _QUOTES and text[-1] in _QUOTES
    return text[1:-1] if quoted and not set(text[1:-1]).intersection(_QUOTES) else text


def _known_options(command: HumanCommand) -> dict[str, Argument]:
    known = [one for one in command.arguments if one not in command.required]
    return {one.name: one for one in (*known, *((LIVE,) if command.seen is Seen.LIVE_DEPLOY else ()))}


def _shown(command: HumanCommand) -> str:
    known = _known_options(command).items()
    return " ".join(one.option if one.kind is ArgumentType.FLAG else f"{name}={one.example}" for name, one in known)


def _options(command: HumanCommand, words: Sequence[str]) -> tuple[dict[str, str], Sequence[str]]:
    """Return the leading options, such as `signal=api severity=high`, and the rest. Raises InvalidRequest."""
    known = _known_options(command)
    instead = f"write {_shown(command)}, each once, and then the rest" if known else "leave it out"
    found: dict[str, str] = {}
    for place, word in enumerate(words):
        match = _OPTION.fullmatch(word)
        if match is None:
            return found, words[place:]
        name, value = match[1].lower(), match[2]
        if name not in known or name in found or not value:
            wrong = "twice" if name in found else "nothing behind it" if name in known else "no such option"
            raise InvalidRequest(f"{name[:NAME_MAX]}=", wrong, instead)
        found[name] = value.lower() if known[name].kind is ArgumentType.CHOICE else value
    return found, ()

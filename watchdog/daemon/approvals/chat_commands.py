"""The desk: what people ask for in a channel, done and answered as if they had typed it at a terminal.

Rule 1: it changes nothing itself. What would change something becomes the row that `watchdog approve` writes as well;
whoever holds the service decides, once, whichever worker heard it.
Rule 2: whoever is not among those who may is refused, and that too is written down: a row and a line of the story
where it is about an incident, a line of the log always.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import structlog

from watchdog.daemon.approvals.pending import moment
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.silence_request import InvalidRequest, asked_quiet, asked_silence, options
from watchdog.domain.store_records import Command
from watchdog.ports import Clock, Store
from watchdog.ports.chat import REFUSED, Reply, Request

ANSWER_SECONDS = 15.0
POLL_SECONDS = 0.5
ANSWERS = ("approve", "reject", "stop", "acknowledge")
"""What is said of one incident."""
QUIETS = ("silence", "hold")
CHANGES = (*ANSWERS, *QUIETS, "unsilence", "pause", "resume")
SHOWN = ("suspect", "target", "asked_at")
"""What of a question an answer is bound to, beside its incident."""
NOT_ALLOWED = "not on the list of those who may (approvals.users in the configuration)"

Read = Callable[[Sequence[str]], Awaitable[Reply]]
"""Answers a question that changes nothing, given the words behind it. Raises Temporary or Permanent."""
log = structlog.get_logger("watchdog")


class ChatCommands:
    """Answers requests. `reads` are the words that change nothing; `help` is among them."""

    def __init__(self, store: Store, clock: Clock, reads: Mapping[str, Read]) -> None:
        self._store = store
        self._clock = clock
        self._reads = reads

    async def handle(self, request: Request) -> Reply:
        """Do what is asked, if it may be, and return what to answer. Raises nothing that was foreseen."""
        try:
            reply = await self._handle(request)
        except (Temporary, Permanent) as error:
            reply = _no(f"not done: {error}")
        log.info("asked for in a channel", by=request.by, what=request.name, ok=reply.ok, answer=reply.lines[0])
        return reply

    async def _handle(self, request: Request) -> Reply:
        if request.name in CHANGES:
            return await self._change(request)
        read = self._reads.get(request.name)
        return await (read or self._reads["help"])(request.words)

    async def _change(self, request: Request) -> Reply:
        refused = request.refusal or ("" if request.may_change else NOT_ALLOWED)
        given: dict[str, Any] = {"refused": refused, "what": request.name} if refused else {}
        if request.question is not None:
            shown = asdict(request.question)
            given |= {"incident": shown["incident"], "question": {key: shown[key] for key in SHOWN}}
        elif refused and (request.name not in ANSWERS or len(request.words) != 1):
            return _no(f"Refused: {refused}.")
        else:
            try:
                given |= _arguments(request.name, request.words)
            except InvalidRequest as error:
                return _no(str(error))
        if request.name == "approve":
            given["identity"] = request.identity
        name = REFUSED if refused else request.name
        answered = await self._answered(await self._store.submit(name, given, request.by))
        if answered is None:
            return _no(f"Nobody answered in {ANSWER_SECONDS:.0f} s. If it was written down, it counts: look at status.")
        if answered.ok:
            return Reply((f"Done by {request.by} at {moment(self._clock.now())}:", answered.answer))
        return _no(f"Refused: {answered.answer}.")

    async def _answered(self, number: int) -> Command | None:
        give_up = self._clock.monotonic() + ANSWER_SECONDS
        while self._clock.monotonic() < give_up:
            found = await self._store.command(number)
            if found is not None and found.done:
                return found
            await self._clock.sleep(POLL_SECONDS)
        return None


def _arguments(name: str, words: Sequence[str]) -> Mapping[str, Any]:
    """Return the arguments of a command that was typed in a channel. Raises InvalidRequest."""
    if name in QUIETS:
        if len(words) < 3:
            raise InvalidRequest(
                name, "of what, how long, and why?", f"{name} SERVICE 2h WHY, as in {name} web 2h moving house"
            )
        narrowed, why = options(words[2:])
        if name == "silence":
            return asked_silence(words[0], words[1], " ".join(why), **narrowed)
        if narrowed:
            raise InvalidRequest(f"{next(iter(narrowed))}=", "a hold is of the whole service", "leave it out")
        return asked_quiet(words[0], words[1], " ".join(why))
    if name not in (*ANSWERS, "unsilence"):
        return {}
    what, example, key = ("INCIDENT", "web-1", "incident") if name in ANSWERS else ("NAME", "silence-1", "which")
    if len(words) != 1:
        raise InvalidRequest(name, f"say which {what.lower()}", f"{name} {what}, as in {name} {example}")
    return {key: words[0]}


def _no(why: str) -> Reply:
    return Reply((why,), ok=False)

"""Commands of humans: rows in the store that the daemon applies within a second while the CLI waits.

Rule 1: a command changes nothing by itself; it becomes an event, which the core accepts or refuses with a reason. An
accepted command is saved, and its answer in the same transaction: a worker that dies leaves both or neither. Additions
to the record of an incident (RECORDED) and to a status page (POSTED) have a transaction of their own: there the answer
may be missing.
Rule 2: with several workers, the holder of the service answers; the holder of the fleet answers a command that names no
service, or an unknown one.
Rule 3: a command may carry the state its author saw (`approvals/seen_facts.py`); if that changed, it is refused. A
command of an author without permission (`refused`) is only answered, so that it is in the audit.
Rule 4: the surface (command line, console, Slack) sets the `identity` of an approval, never its author.
Rule 5: a request that a channel delivered twice is applied once (`redelivery.py`).
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from types import MappingProxyType

import structlog

from watchdog.core.phases import undo_rollback
from watchdog.daemon.approvals.annotations import RECORDED, add
from watchdog.daemon.approvals.announcements import POSTED, Pages, post
from watchdog.daemon.approvals.pending import (
    VERBS,
    Objection,
    PendingCommand,
    approver_mismatch,
    closed_text,
    stale_answer_check,
)
from watchdog.daemon.approvals.redelivery import same_request
from watchdog.daemon.approvals.seen_facts import carries_facts, changed
from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.runtime.log_throttle import LogThrottle
from watchdog.daemon.supervision.lease_manager import ALONE
from watchdog.domain import events as e
from watchdog.domain.commands.announcements import Announcement
from watchdog.domain.commands.command_table import COMMANDS
from watchdog.domain.commands.human_command import Subject
from watchdog.domain.effects import Effect, Note
from watchdog.domain.errors import Displaced, Gone, Permanent, Temporary
from watchdog.domain.events import Event
from watchdog.domain.incidents import State
from watchdog.domain.store_records import FLEET, Command, CommandAnswer
from watchdog.ports import Clock, Store
from watchdog.ports.chat import NOT_ALLOWED
from watchdog.ports.chat import REFUSED as REFUSAL
from watchdog.presentation.notices.announcement_notice import announcement_notice

POLL_SECONDS = 0.5
REFUSED = 3
FAILED = 1
SCHEDULED = "SCHEDULED"
STALE_SECONDS = 60.0
"""Age at which a command that was submitted while no daemon ran is refused.

A command submitted since the daemon's last look, less than this ago, is applied whatever both clocks say.
"""

NO_PAGES: Pages = MappingProxyType({})
ANSWERS = (e.Approved, e.Rejected, e.Stopped)

log = structlog.get_logger("watchdog")


class CommandPoller:
    """Reads commands from the store, applies and answers them.

    `names_are_proven`: the console has a proxy or a provider that vouches for names. `pages`: the public status pages.
    `own_items`: names of the items of the configuration's checklists.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        clock: Clock,
        *,
        names_are_proven: bool = True,
        pages: Pages = NO_PAGES,
        own_items: Collection[str] = (),
    ) -> None:
        self._pages = pages
        self._own_items = own_items
        self._names_are_proven = names_are_proven
        self._store = store
        self._engine = engine
        self._clock = clock
        self._answers: dict[int, tuple[bool, str, int]] = {}
        self._looked_at = float("-inf")
        self._throttle = LogThrottle()

    async def run(self) -> None:
        """Poll for ever."""
        while True:
            try:
                await self.apply_all()
            except (Temporary, Permanent) as error:
                self._complain(str(error))
            else:
                if self._throttle.end(self._clock.monotonic()):
                    log.info("command polling recovered")
            await self._clock.sleep(POLL_SECONDS)

    def _complain(self, why: str) -> None:
        left_out = self._throttle.take(why, self._clock.monotonic())
        if left_out is not None:
            log.warning("command polling failed", why=why, left_out=left_out)

    async def apply_all(self) -> None:
        """Apply every waiting command once, even if its answer has to be written again."""
        looking_at = self._clock.monotonic()
        waiting = await self._store.commands()
        recent, self._looked_at = looking_at - self._looked_at <= STALE_SECONDS, looking_at
        trouble: Exception | None = None
        for command in waiting:
            try:
                await self._settle(command, recent=recent)
            except (Temporary, Permanent) as error:
                trouble = error  # it is tried again with the next poll; those behind it do not wait for that
        # Applied here, and answered in the store meanwhile: by their author, or by a save that seemed to fail.
        for number in self._answers.keys() - {command.id for command in waiting}:
            try:
                await self._take_up(number)
                del self._answers[number]
            except (Temporary, Permanent) as error:
                trouble = error
        if trouble is not None:
            raise trouble

    async def _settle(self, command: Command, *, recent: bool) -> None:
        """Apply a waiting command of this worker, unless it was applied before, and answer it."""
        said = self._answers.get(command.id) or await self._said(command, recent=recent)
        if said is None:
            return
        # Before the answer is written: if that fails, the next poll must not apply the command again.
        self._answers[command.id] = said
        ok, text, code = said
        # The row has an answer already: withdrawn by its author, or saved by a step that seemed to fail.
        if not await self._store.answer(command.id, ok=ok, text=text, exit_code=code):
            await self._take_up(command.id)
        del self._answers[command.id]

    async def _take_up(self, number: int) -> None:
        """Reload the service of a command that the store has as applied, although its save seemed to fail here.

        The commit was made and its acknowledgement lost: its author reads "done", so this worker must follow.
        """
        found, held = await self._store.command(number), self._engine.held
        if found is None or not found.ok:
            return
        name = await self._owner(found)
        if name in held:
            log.warning("command was committed, reloading service state", number=number)
            await self._engine.adopt_services({name: held[name]})

    async def _said(self, command: Command, *, recent: bool) -> tuple[bool, str, int] | None:
        """Return the answer to a command, or None if another worker answers. An exception becomes an answer too."""
        try:
            if not await self._is_for_us(command) or await self._is_withdrawn(command):
                return None
            first = await same_request(self._store, command, self._answers)
            if first is None:
                return await self._apply(command, recent=recent)
            # Not answered yet: the next poll asks again.
            return self._answers.get(first.id) or ((first.ok, first.answer, first.exit_code) if first.done else None)
        except Displaced:
            return None  # nothing changed here; the service's new worker applies it
        # The row stays unanswered: the next poll tries it again.
        except (Temporary, Permanent):
            raise
        except Exception as error:
            log.error("command failed, internal error", number=command.id, exc_info=error)
            return False, f"an internal error ({type(error).__name__}); please report it", FAILED

    async def _is_withdrawn(self, command: Command) -> bool:
        """Return whether the author withdrew the command meanwhile: earlier commands may have taken long."""
        found = await self._store.command(command.id)
        return found is None or found.done

    async def _is_for_us(self, command: Command) -> bool:
        """Return whether this worker holds the command's service and has read its saved state.

        A decision about a service that is about to be read again would be lost, a rejection included. (A service that
        is watched from memory is not read again soon.)
        """
        name, held = await self._owner(command), self._engine.held
        return name in held and (held[name] == ALONE or name not in self._engine.recorder.unread)

    async def _owner(self, command: Command) -> str:
        """Return the lease that a worker needs to apply the command: its service's, or the fleet's."""
        if _misshapen(command):
            return FLEET
        name = command.arguments.get("service")
        # From the store: a closed incident is no longer in the state.
        if "incident" in command.arguments:
            incident = await self._store.incident(command.arguments["incident"])
            name = incident.service if incident is not None else None
        return str(name) if name in self._engine.policy.services else FLEET

    async def _apply(self, command: Command, *, recent: bool) -> tuple[bool, str, int] | None:
        """Return the answer to a command, or None where the store has it already."""
        if _misshapen(command):
            return False, "its arguments cannot be read; ask again", FAILED
        # The author's clock is not this worker's: only a gap in polling makes the age count.
        if not recent and command.at and self._clock.now() - command.at > STALE_SECONDS:
            return False, f"too old: it was asked more than {STALE_SECONDS:.0f} s ago; ask again", FAILED
        if command.name == REFUSAL:
            command = replace(command, name=str(command.arguments.get("what", "")))
            if command.arguments.get(NOT_ALLOWED) or command.name not in VERBS.values():
                return False, str(command.arguments.get("refused", "")), REFUSED
        # A refused answer goes on to the objection in the step, so that the incident's log names it.
        try:
            if command.name in RECORDED or command.name in POSTED:
                return await self._add(command)
            event = await self._undo(command) if command.name == "undo" else self._event(command)
        except KeyError as error:
            return False, f"{command.name} needs {error.args[0]}", FAILED
        except Gone as error:
            return False, str(error), FAILED
        except ValueError as error:
            return False, f"{command.name}: {error}", FAILED
        if event is None:
            return False, f"the running daemon does not know the command {command.name}", FAILED
        why = changed(self._engine.state, self._engine.policy, event, command.arguments)
        if why:
            return False, why, REFUSED
        why_not = await self._unknown(event, command)
        if why_not:
            refused = command.arguments.get("refused")
            return False, f"{command.name} by {command.by}: {refused}" if refused else why_not, FAILED
        return await self._handled(event, command)

    async def _add(self, command: Command) -> tuple[bool, str, int]:
        """Carry out a command that only adds to a record or to a page. Raises KeyError for a missing argument."""
        if command.name in POSTED:
            done, said = await post(self._store, self._clock, command, self._pages, self._publish)
        else:
            done, said = await add(self._store, self._clock, command, self._own_items)
        return done, said, 0 if done else FAILED

    async def _publish(self, posted: Announcement) -> None:
        """Let the core send an announcement to the channels that want it; a failure leaves the page as it is."""
        now, shown = self._clock.now(), self._pages.get(posted.about.page, {})
        try:
            notice = announcement_notice(posted, now, shown)
            why = (await self._engine.answer(e.AnnouncementPosted(now, posted.id, *notice))).why_not
        except (Displaced, Temporary, Permanent) as error:
            why = str(error)
        if why:
            log.warning("announcement not sent to channels", announcement=posted.id, why=why)

    async def _handled(self, event: Event, command: Command) -> tuple[bool, str, int] | None:
        """Let the core handle the event and save the answer with its changes; return an answer that is not
        saved yet.
        """
        asked = PendingCommand(
            self._objection(event, command), lambda effects: CommandAnswer(command.id, *_answer(effects))
        )
        try:
            result = await self._engine.answer(event, asked)
        except Permanent as error:
            return False, str(error), FAILED
        # The answer was saved with the step.
        if result.answered:
            return None
        # A refusal counts without a record: it changed nothing.
        unrecorded = result.why_not and not _refused(result.effects)
        return _unrecorded(event, result.why_not) if unrecorded else _answer(result.effects)

    async def _undo(self, command: Command) -> Event:
        """Return the event that undoes an incident's rollback, perhaps a closed one. Raises Gone for an unknown
        incident.
        """
        name = command.arguments["incident"]
        incident = await self._store.incident(name)
        if incident is None:
            raise Gone(f"no such incident: {name}")
        return undo_rollback.asked_for(incident, self._clock.now(), command.by)

    def _event(self, command: Command) -> Event | None:
        row = COMMANDS.get(command.name)
        return row.event(self._clock.now(), command.by, command.arguments) if row is not None and row.event else None

    def _objection(self, event: Event, command: Command) -> Objection | None:
        """Return the check made in the very step: the state its author saw may change while the command is queued."""
        given = command.arguments
        about = stale_answer_check(command.name, given, event.at) if isinstance(event, ANSWERS) else None
        if about is None and not carries_facts(given):
            return None

        def object_to(state: State) -> str:
            why = about(state) if about is not None else ""
            why = why or changed(state, self._engine.policy, event, given)
            if why or not isinstance(event, e.Approved):
                return why
            identity, proven = given.get("identity", ""), self._names_are_proven
            return approver_mismatch(state, self._engine.policy, event.incident, identity, names_are_proven=proven)

        return object_to

    async def _unknown(self, event: Event, command: Command) -> str:
        """Return an error if the command names an unknown service, signal or incident, else an empty string."""
        known = self._engine.policy.services
        if isinstance(event, (e.RollbackRequested, e.UndoRequested, e.RestoreRequested)) and event.service not in known:
            return f"no service {event.service}; known: {', '.join(known)}"
        if isinstance(event, (e.Silenced, e.Held)) and event.of not in (None, *known):
            return f"no service {event.of}; known: {', '.join(known)}"
        if isinstance(event, e.Silenced) and event.signal is not None:
            signals = self._engine.policy.signals_of(event.of)
            if event.signal not in signals:
                return f"no signal {event.signal} of {event.of or 'any service'}; known: {', '.join(signals)}"
        if isinstance(event, e.OF_AN_INCIDENT):
            incidents = [item.incident for item in self._engine.state.services.values() if item.incident is not None]
            open_ids = [incident.id for incident in incidents if incident.closed_at is None]
            if "question" in command.arguments and event.incident in [incident.id for incident in incidents]:
                return ""  # a button that was shown: the objection refuses it, and that is recorded
            if event.incident not in open_ids:
                closed = await self._store.incident(event.incident)
                was = f" ({closed_text(closed)})" if closed is not None and closed.closed_at is not None else ""
                return f"no open incident {event.incident}{was}; open: {', '.join(open_ids) or 'none'}"
        return ""


def _misshapen(command: Command) -> bool:
    """Return whether no surface writes such a row: a command's subject is text, or None for all services."""
    subjects = (command.arguments.get(subject.value) for subject in Subject)
    return not command.readable or not all(one is None or isinstance(one, str) for one in subjects)


def _unrecorded(event: Event, why: str) -> tuple[bool, str, int]:
    """Return the answer to a command that could not be saved."""
    # These only hold actions back, so they count from memory too (Rule 4 of persistence.py).
    holds = isinstance(event, (e.Paused, e.Rejected, e.Stopped, e.Acknowledged, e.Held))
    what = "it holds for now, but not after a restart nor for other workers" if holds else "nothing is done"
    return False, f"not recorded ({why}): {what}; ask again", FAILED


def _refused(effects: Sequence[Effect]) -> str:
    """Return why the core (or an objection) refused, or an empty string."""
    notes = (effect for effect in effects if isinstance(effect, Note) and effect.label == "REFUSED")
    return next((note.text for note in notes), "")


def _answer(effects: Sequence[Effect]) -> tuple[bool, str, int]:
    """Return the core's notes as the answer; of a rollback kept for its window, only that note and the approval."""
    notes = [effect for effect in effects if isinstance(effect, Note)]
    if refused := _refused(effects):
        return False, refused, REFUSED
    if any(note.label == SCHEDULED for note in notes):
        notes = [note for note in notes if note.label in ("APPROVED", SCHEDULED)]
    return True, "; ".join(f"{note.label} {note.text}" for note in notes) or "done", 0

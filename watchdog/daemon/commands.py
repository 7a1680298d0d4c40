"""Commands of humans: rows in the store that the daemon applies within a second while the CLI waits.

Rule 1: a command changes nothing by itself; it becomes an event, and the core says yes or no, with a reason. It is yes
only of what is written down.
Rule 2: with several workers, the one that holds the service answers; what names no service (or none that exists) is
answered by the one that holds the fleet.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from watchdog.daemon.engine import Engine
from watchdog.domain import events as e
from watchdog.domain.effects import Effect, Note
from watchdog.domain.errors import Displaced, Permanent, Temporary
from watchdog.domain.events import Event
from watchdog.domain.policy import Severity
from watchdog.ports import FLEET, Clock, Command, Store

POLL_SECONDS = 0.5
REFUSED = 3
FAILED = 1
STALE_SECONDS = 60.0
"""Nobody waits any more for what was asked while no daemon ran.

What came since a look less than this ago is no older than that look, whatever the clocks of its author and ours say.
"""

log = structlog.get_logger("watchdog")


class Commands:
    """Takes commands from the store and answers them."""

    def __init__(self, store: Store, engine: Engine, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._answers: dict[int, tuple[bool, str, int]] = {}
        self._looked_at = float("-inf")

    async def run(self) -> None:
        """Poll for ever."""
        while True:
            try:
                await self.apply_all()
            except (Temporary, Permanent) as error:
                log.warning("commands could not be read or answered", why=str(error))
            await self._clock.sleep(POLL_SECONDS)

    async def apply_all(self) -> None:
        """Apply every waiting command, once, even if its answer has to be written again."""
        looking_at = self._clock.monotonic()
        waiting = await self._store.commands()
        recent, self._looked_at = looking_at - self._looked_at <= STALE_SECONDS, looking_at
        for command in waiting:
            if command.id not in self._answers:
                if not await self._is_for_us(command):
                    continue
                try:
                    self._answers[command.id] = await self._apply(command, recent=recent)
                except Displaced:
                    continue  # nothing came of it here; who has the service now applies it
            ok, text, code = self._answers[command.id]
            await self._store.answer(command.id, ok=ok, text=text, exit_code=code)
            del self._answers[command.id]

    async def _is_for_us(self, command: Command) -> bool:
        name = command.arguments.get("service")
        if "incident" in command.arguments:
            incident = await self._store.incident(command.arguments["incident"])
            name = incident.service if incident is not None else None
        return (name if name in self._engine.policy.services else FLEET) in self._engine.held

    async def _apply(self, command: Command, *, recent: bool) -> tuple[bool, str, int]:
        if not recent and command.at and self._clock.now() - command.at > STALE_SECONDS:
            return False, f"too old: it was asked more than {STALE_SECONDS:.0f} s ago; ask again", FAILED
        try:
            event = self._event(command)
        except KeyError as error:
            return False, f"{command.name} needs {error.args[0]}", FAILED
        if event is None:
            return False, f"the running daemon does not know the command {command.name}", FAILED
        why_not = self._unknown(event)
        if why_not:
            return False, why_not, FAILED
        try:
            turn = await self._engine.answer(event)
        except Permanent as error:
            return False, str(error), FAILED
        return _unrecorded(event, turn.why_not) if turn.why_not else _answer(turn.effects)

    def _event(self, command: Command) -> Event | None:
        at, by, given = self._clock.now(), command.by, command.arguments
        make: dict[str, Callable[[], Event]] = {
            "approve": lambda: e.Approved(at, given["incident"], by),
            "reject": lambda: e.Rejected(at, given["incident"], by),
            "stop": lambda: e.Stopped(at, given["incident"], by),
            "acknowledge": lambda: e.Acknowledged(at, given["incident"], by),
            "silence": lambda: e.Silenced(
                at, by, at + given["seconds"], given["reason"], given["of"], given.get("signal"), _severity(given)
            ),
            "hold": lambda: e.Held(at, by, at + given["seconds"], given["reason"], given["of"]),
            "unsilence": lambda: e.Unsilenced(at, given["which"], by),
            "pause": lambda: e.Paused(at, by),
            "resume": lambda: e.Resumed(at, by),
            "trust": lambda: e.CommitTrusted(at, given["commit"], by),
            "restore-auto-deploy": lambda: e.RestoreRequested(at, given["service"], by),
            "rollback": lambda: e.RollbackRequested(at, given["service"], by, given.get("target")),
        }
        return make[command.name]() if command.name in make else None

    def _unknown(self, event: Event) -> str:
        """Return what the command names that does not exist, or nothing."""
        known = self._engine.policy.services
        if isinstance(event, (e.RollbackRequested, e.RestoreRequested)) and event.service not in known:
            return f"no service {event.service}; known: {', '.join(known)}"
        if isinstance(event, (e.Silenced, e.Held)) and event.of not in (None, *known):
            return f"no service {event.of}; known: {', '.join(known)}"
        if isinstance(event, e.OF_AN_INCIDENT):
            incidents = [item.incident for item in self._engine.state.services.values() if item.incident is not None]
            open_ids = [incident.id for incident in incidents if incident.closed_at is None]
            if event.incident not in open_ids:
                return f"no open incident {event.incident}; open: {', '.join(open_ids) or 'none'}"
        return ""


def _severity(given: Mapping[str, Any]) -> Severity | None:
    return Severity(given["severity"]) if given.get("severity") else None


def _unrecorded(event: Event, why: str) -> tuple[bool, str, int]:
    """Return what became of a command that could not be written down."""
    holds = isinstance(event, (e.Paused, e.Rejected, e.Stopped, e.Acknowledged, e.Held))
    what = "it holds for now, but not after a restart nor for other workers" if holds else "nothing is done"
    return False, f"not recorded ({why}): {what}; ask again", FAILED


def _answer(effects: Sequence[Effect]) -> tuple[bool, str, int]:
    """Return the core's own words as the answer."""
    notes = [effect for effect in effects if isinstance(effect, Note)]
    refused = [note.text for note in notes if note.label == "REFUSED"]
    if refused:
        return False, refused[0], REFUSED
    return True, "; ".join(f"{note.label} {note.text}" for note in notes) or "done", 0

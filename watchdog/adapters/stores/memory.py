"""The store without a disk: for tests, and the refuge when no file can be written. It forgets when the process ends.

Same contract as `sql.py`, held to it by one test suite. Everything in it is bounded.
"""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from watchdog.adapters.stores import retention
from watchdog.domain.effects import OUTSIDE, Effect, Note
from watchdog.domain.errors import Temporary
from watchdog.domain.events import Event
from watchdog.domain.incidents import Incident, State
from watchdog.ports import ActionRow, Clock, Command, Minute, PendingEffect

NOTES_MAX = 10_000
INCIDENTS_MAX = 1_000
DELIVERIES_MAX = 10_000
COMMANDS_MAX = 1_000


class MemoryStore:
    """A Store that lives as long as its process. Events themselves are not kept: nothing reads them back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._state: State | None = None
        self._ids = 0
        self._pending: dict[int, Effect] = {}
        self._notes: deque[Note] = deque(maxlen=NOTES_MAX)
        self._incidents: dict[str, Incident] = {}
        self._actions: dict[tuple[str, str], ActionRow] = {}
        self._deliveries: dict[tuple[int, str], tuple[str, str | None]] = {}
        self._labels: dict[str, str] = {}
        self._minutes: dict[retention.Key, Minute] = {}
        self._hours: dict[retention.Key, Minute] = {}
        self._commands: dict[int, Command] = {}

    async def open(self) -> None:
        """Nothing to create."""

    async def close(self) -> None:
        """Nothing to close; what was kept stays readable."""

    async def load(self) -> State | None:
        """Return the last saved state, or None."""
        return self._state

    async def save(self, event: Event | None, state: State, effects: Sequence[Effect]) -> Sequence[PendingEffect]:
        """Keep state, notes, incidents and pending outside effects; nothing is awaited, so all of it or nothing."""
        self._state = state
        for service in state.services.values():
            if service.incident is not None:
                self._incidents[service.incident.id] = service.incident
        _bound(self._incidents, INCIDENTS_MAX)
        self._notes.extend(effect for effect in effects if isinstance(effect, Note))
        recorded = tuple(PendingEffect(self._next_id(), effect) for effect in effects if isinstance(effect, OUTSIDE))
        self._pending.update((pending.id, pending.effect) for pending in recorded)
        return recorded

    async def pending(self) -> Sequence[PendingEffect]:
        """Return recorded effects that were not finished, oldest first."""
        return tuple(PendingEffect(number, effect) for number, effect in self._pending.items())

    async def finish(self, effect_id: int, outcome: str) -> None:
        """Drop a finished effect."""
        self._pending.pop(effect_id, None)

    async def action(self, incident: str, step: str) -> ActionRow | None:
        """Return the journal row of a changing call, or None."""
        return self._actions.get((incident, step))

    async def put_action(self, row: ActionRow, expect: str | None) -> bool:
        """Insert (`expect` None) or replace the row if its state is still `expect`; tell whether it was."""
        before = self._actions.get((row.incident, row.step))
        if (None if before is None else before.state) != expect:
            return False
        self._actions[row.incident, row.step] = row
        return True

    async def reference(self, incident: str, channel: str) -> str | None:
        """Return what the channel's last delivery for the incident returned."""
        found = (ref for (_, name), (which, ref) in self._deliveries.items() if (which, name) == (incident, channel))
        return next(reversed(tuple(found)), None)

    async def delivered(self, effect_id: int, channel: str, incident: str, reference: str | None) -> None:
        """Remember that this channel has this notice; the first word counts."""
        self._deliveries.setdefault((effect_id, channel), (incident, reference))
        _bound(self._deliveries, DELIVERIES_MAX)

    async def deliveries(self, effect_id: int) -> Sequence[str]:
        """Return the channels that have this notice already."""
        return tuple(channel for number, channel in self._deliveries if number == effect_id)

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, open or closed."""
        return self._incidents.get(incident_id)

    async def incidents(self, limit: int = 50) -> Sequence[Incident]:
        """Return incidents, newest first."""
        newest_first = sorted(self._incidents.values(), key=lambda one: (one.opened_at, one.id), reverse=True)
        return tuple(newest_first[:limit])

    async def notes(
        self,
        *,
        incident: str | None = None,
        service: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 500,
    ) -> Sequence[Note]:
        """Return the newest `limit` lines of the story, oldest first; both ends of the time are included."""
        found = [
            note
            for note in self._notes
            if (incident is None or note.incident == incident)
            and (service is None or note.service == service)
            and (since is None or note.at >= since)
            and (until is None or note.at <= until)
        ]
        return tuple(found[max(len(found) - limit, 0) :])

    async def label(self, incident_id: str, verdict: str, by: str) -> bool:
        """Record a human's judgement of an incident; False if there is none of that id."""
        if incident_id not in self._incidents:
            return False
        self._labels[incident_id] = verdict
        return True

    async def labels(self) -> Mapping[str, str]:
        """Return incident id to label."""
        return dict(self._labels)

    async def put_minutes(self, rows: Sequence[Minute]) -> None:
        """Replace one-minute aggregates; roll up and drop what is old."""
        self._minutes.update((retention.key(row), row) for row in rows)
        now = self._clock.now()
        cutoff = retention.hour_of(now - retention.MINUTES_KEPT_SECONDS)
        old = sorted((row for row in self._minutes.values() if row.start < cutoff), key=lambda row: row.start)
        self._hours.update((retention.key(hour), hour) for hour in retention.roll_up(old, self._hours.values()))
        for row in old:
            del self._minutes[retention.key(row)]
        kept = now - retention.KEPT_SECONDS
        self._hours = {key: hour for key, hour in self._hours.items() if hour.start >= kept}
        while self._notes and self._notes[0].at < kept:
            self._notes.popleft()

    async def minutes(self, service: str, since: float, until: float) -> Sequence[Minute]:
        """Return the aggregates that begin in [since, until), oldest first: hours, then minutes."""
        rows = (row for table in (self._hours, self._minutes) for row in table.values())
        found = (row for row in rows if row.service == service and since <= row.start < until)
        return tuple(sorted(found, key=lambda row: (row.start, row.signal)))

    async def submit(self, name: str, arguments: Mapping[str, Any], by: str) -> int:
        """Queue a command for the daemon; return its id. Raises Temporary when too many wait already."""
        if len(await self.commands()) >= retention.COMMANDS_WAITING_MAX:
            raise Temporary(f"{retention.COMMANDS_WAITING_MAX} commands wait already: is the daemon running?")
        number = self._next_id()
        copy = json.loads(json.dumps(dict(arguments)))
        self._commands[number] = Command(number, name, copy, by, at=self._clock.now())
        _bound(self._commands, COMMANDS_MAX)
        return number

    async def commands(self) -> Sequence[Command]:
        """Return commands that nobody answered yet, oldest first."""
        return tuple(command for command in self._commands.values() if not command.done)

    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> None:
        """Record the daemon's answer to a command."""
        if (command := self._commands.get(command_id)) is not None:
            self._commands[command_id] = replace(command, done=True, ok=ok, answer=text, exit_code=exit_code)

    async def command(self, command_id: int) -> Command | None:
        """Return one command."""
        return self._commands.get(command_id)

    def _next_id(self) -> int:
        self._ids += 1
        return self._ids


def _bound(rows: dict[Any, Any], limit: int) -> None:
    """Forget the oldest rows beyond the limit."""
    while len(rows) > limit:
        del rows[next(iter(rows))]

"""The entries of people without a disk, as `annotations.py` and `announcements.py` keep them in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from watchdog.adapters.stores.memory_database import MemoryDatabase, bound
from watchdog.domain.commands.announcements import RECENT_MAX, Announcement, Draft, Update
from watchdog.domain.drills.drill import Drill
from watchdog.domain.follow_ups import FollowUp, Tick
from watchdog.domain.incident_notes import Remark
from watchdog.domain.remedies.database_step import DatabaseStep
from watchdog.ports import Clock

FOLLOW_UPS_MAX = 10_000
ANNOUNCEMENTS_MAX = 1_000
DRILLS_MAX = 1_000
STEPS_MAX = 10_000


class MemoryEntries:
    """Entries of people in a database in memory: labels, remarks, ticks, follow-ups, announcements, drills, database
    steps; each with a limit.
    """

    _clock: Clock
    _db: MemoryDatabase

    async def label(self, incident_id: str, verdict: str, by: str) -> bool:
        """Record a user's judgement of an incident; return False if there is no incident of that id."""
        if incident_id not in self._db.incidents:
            return False
        self._db.labels[incident_id] = verdict
        return True

    async def labels(self) -> Mapping[str, str]:
        """Return the judgement of each judged incident, by incident id."""
        return dict(self._db.labels)

    async def remark(self, incident_id: str, text: str, by: str, *, root_cause: bool = False) -> bool:
        """Add a user's remark to an incident, now; return False if there is no incident of that id."""
        if incident_id not in self._db.incidents:
            return False
        self._db.remarks.append(Remark(self._clock.now(), incident_id, by, text, root_cause))
        return True

    async def remarks(self, incident_id: str | None = None) -> Sequence[Remark]:
        """Return the remarks on an incident (on all, if None), oldest first."""
        return tuple(one for one in self._db.remarks if incident_id is None or one.incident == incident_id)

    async def tick(self, incident_id: str, item: str, by: str, *, undone: bool = False) -> bool:
        """Record that a user ticked an item of a checklist, or undid a tick, now; return False if there is no incident
        of that id.
        """
        if incident_id not in self._db.incidents:
            return False
        self._db.ticks.append(Tick(self._clock.now(), incident_id, item, by, undone))
        return True

    async def ticks(self, incident_id: str | None = None) -> Sequence[Tick]:
        """Return the ticks of an incident's checklists (of all, if None), undone ones included, oldest first."""
        return tuple(one for one in self._db.ticks if incident_id is None or one.incident == incident_id)

    async def follow_up(self, incident_id: str, text: str, by: str, *, owner: str, due_at: float) -> FollowUp | None:
        """Add a follow-up to an incident, now, under the incident's next number; return None if there is no such
        incident.
        """
        if incident_id not in self._db.incidents:
            return None
        number = 1 + max((one.number for one in await self.follow_ups(incident_id)), default=0)
        added = FollowUp(self._clock.now(), incident_id, number, by, text, owner, due_at)
        self._db.follow_ups[incident_id, number] = added
        bound(self._db.follow_ups, FOLLOW_UPS_MAX)
        return added

    async def follow_ups(self, incident_id: str | None = None) -> Sequence[FollowUp]:
        """Return the follow-ups of an incident (of all, if None), by incident and number."""
        found = sorted(self._db.follow_ups.items())
        return tuple(one for (name, _), one in found if incident_id is None or name == incident_id)

    async def announce(self, about: Draft, first: Update) -> Announcement:
        """Add an announcement with its first text, under the next number."""
        number = 1 + max(self._db.announcements, default=0)
        self._db.announcements[number] = added = Announcement(number, about, (first,))
        bound(self._db.announcements, ANNOUNCEMENTS_MAX)
        return added

    async def update_announcement(self, number: int, update: Update) -> bool:
        """Add an update to an announcement; return False if there is none of that number."""
        found = self._db.announcements.get(number)
        if found is None:
            return False
        self._db.announcements[number] = replace(found, updates=(*found.updates, update))
        return True

    async def announcements(self, limit: int = RECENT_MAX) -> Sequence[Announcement]:
        """Return the newest announcements by number, newest first, each with its updates."""
        return tuple(self._db.announcements[number] for number in sorted(self._db.announcements, reverse=True)[:limit])

    async def begin_drill(self, drill: Drill) -> Drill | None:
        """Add a drill under the next number; return None if another one of its service is not finished."""
        if any(one.service == drill.service and one.ended_at is None for one in self._db.drills.values()):
            return None
        number = 1 + max(self._db.drills, default=0)
        self._db.drills[number] = begun = replace(drill, number=number)
        bound(self._db.drills, DRILLS_MAX)
        return begun

    async def put_drill(self, drill: Drill) -> None:
        """Replace a drill by its present state."""
        if drill.number in self._db.drills:
            self._db.drills[drill.number] = drill

    async def acknowledge_drill(self, number: int, by: str) -> bool:
        """Record that a person acknowledged a test page, now; return False if none of that number waits for it."""
        drill = self._db.drills.get(number)
        if drill is None or not drill.waits:
            return False
        self._db.drills[number] = drill.acknowledged(by, self._clock.now())
        return True

    async def drills(self, limit: int = DRILLS_MAX) -> Sequence[Drill]:
        """Return the newest drills, newest first."""
        return tuple(self._db.drills[number] for number in sorted(self._db.drills, reverse=True)[:limit])

    async def begin_database_step(self, step: DatabaseStep) -> DatabaseStep | None:
        """Add a step under the next number; return None if another one of its service is not finished."""
        if any(one.service == step.service and one.ended_at is None for one in self._db.database_steps.values()):
            return None
        number = 1 + max(self._db.database_steps, default=0)
        self._db.database_steps[number] = begun = replace(step, number=number)
        bound(self._db.database_steps, STEPS_MAX)
        return begun

    async def put_database_step(self, step: DatabaseStep) -> None:
        """Replace a step by its present state."""
        if step.number in self._db.database_steps:
            self._db.database_steps[step.number] = step

    async def database_steps(self, service: str, limit: int = 100) -> Sequence[DatabaseStep]:
        """Return the newest steps of a service, newest first."""
        found = [one for one in self._db.database_steps.values() if one.service == service]
        return tuple(sorted(found, key=lambda one: one.number, reverse=True)[:limit])

    async def first_deliveries(self, incident: str) -> Mapping[str, float]:
        """Return when each channel first had a notice of an incident (UTC epoch seconds), by channel."""
        found: dict[str, float] = {}
        for (_, channel), (which, _, at) in self._db.deliveries.items():
            if which == incident:
                found.setdefault(channel, at)
        return found

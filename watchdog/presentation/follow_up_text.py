"""Open work over all incidents: the runbook's items after a rollback, and the follow-ups that people added.

Rule: the journal is read in small steps, so that no probe waits for it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from watchdog.background import run_in_background
from watchdog.domain.follow_ups import FollowUp, Tick, ticked
from watchdog.domain.incident_notes import Remark
from watchdog.domain.incidents import Incident
from watchdog.domain.policy import Policy
from watchdog.ports import Clock, StoreReader
from watchdog.presentation.checklists import Item, checklists, follow_ups, open_items
from watchdog.presentation.incident_facts import IncidentFacts, OwnChecklist
from watchdog.presentation.incident_loader import LoadedPast

PERIOD_SECONDS = 400 * 86400.0
"""The retention of an incident's story; follow-ups that people added are shown until they are ticked."""
NOTES_READ = 5000


@dataclass(frozen=True, slots=True)
class Open:
    """One item that is not done, and its incident."""

    incident: Incident
    item: Item


class FollowUps:
    """Finds the open items in the journal. The first call reads months of incidents, later calls only news."""

    def __init__(self, journal: StoreReader, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._past = LoadedPast(journal, clock, PERIOD_SECONDS, _is_followed_up)
        self._older: dict[str, Incident] = {}

    @property
    def complete(self) -> bool:
        """Return whether everything was read."""
        return self._past.complete

    async def open(self, policy: Policy, owners: Mapping[str, str], give_up: float = inf) -> Sequence[Open]:
        """Return the open items by due time; reads until `give_up` (monotonic seconds). Raises Temporary.

        `owners` maps roles to contacts.
        """
        await self._past.refresh(give_up)
        said = _Said(await self._journal.ticks(), await self._journal.follow_ups(), await self._journal.remarks())
        known = {one.id: one for one in self._past.incidents}
        known |= await self._read_older(said.unticked - set(known))
        now = self._clock.now()
        # In a thread: hundreds of incidents take some 20 ms, and no probe waits for them.
        return await run_in_background(_open, known.values(), said, policy, owners, now)

    async def _read_older(self, names: set[str]) -> Mapping[str, Incident]:
        """Return the incidents with open follow-ups that `LoadedPast` does not keep: older ones, and ones without a
        rollback."""
        for name in names:
            # A closed incident never changes again, so one read is enough.
            if name not in self._older or self._older[name].closed_at is None:
                incident = await self._journal.incident(name)
                if incident is not None:
                    self._older[name] = incident
        self._older = {name: one for name, one in self._older.items() if name in names}
        return self._older


def _is_followed_up(incident: Incident) -> bool:
    """Return whether the runbook's later lists apply: the incident was rolled back."""
    return incident.rollback.requested_at is not None


def _items(facts: IncidentFacts) -> Sequence[Item]:
    """Return the open items of one incident; those of the runbook only after its end, and only after a rollback."""
    all_of_it = facts.incident.closed_at is not None and _is_followed_up(facts.incident)
    own = {one.id for one in facts.follow_ups}
    return [one for one in follow_ups(facts) if not one.done and (all_of_it or one.id in own)]


class _Said:
    """Ticks, follow-ups and root causes of people, by incident."""

    def __init__(self, ticks: Sequence[Tick], added: Sequence[FollowUp], remarks: Sequence[Remark]) -> None:
        self.ticks: defaultdict[str, list[Tick]] = defaultdict(list)
        self.added: defaultdict[str, list[FollowUp]] = defaultdict(list)
        self.causes: defaultdict[str, list[Remark]] = defaultdict(list)
        for tick in ticks:
            self.ticks[tick.incident].append(tick)
        for follow_up in added:
            self.added[follow_up.incident].append(follow_up)
        for remark in remarks:
            if remark.root_cause:
                self.causes[remark.incident].append(remark)

    @property
    def unticked(self) -> set[str]:
        """Return the incidents with an open follow-up that a person added."""
        done = {name: ticked(ticks, name) for name, ticks in self.ticks.items()}
        return {
            one.incident for mine in self.added.values() for one in mine if one.id not in done.get(one.incident, {})
        }


def _open(
    incidents: Iterable[Incident], said: _Said, policy: Policy, owners: Mapping[str, str], now: float
) -> Sequence[Open]:
    """Return the open items of these incidents, by due time."""
    found = [Open(one, item) for one in incidents for item in _items(_facts(one, said, policy, owners, now))]
    # Items without a due time come last: theirs is known once the incident ends.
    return sorted(found, key=lambda one: (one.item.due_at if one.item.due_at is not None else inf, one.incident.id))


def _facts(incident: Incident, said: _Said, policy: Policy, owners: Mapping[str, str], now: float) -> IncidentFacts:
    return IncidentFacts(
        incident,
        now,
        remarks=said.causes.get(incident.id, ()),
        ticks=said.ticks.get(incident.id, ()),
        follow_ups=said.added.get(incident.id, ()),
        signals=signals_of(policy, incident.service),
        owners=owners,
    )


def signals_of(policy: Policy, service: str) -> Mapping[str, str]:
    """Return the kinds of a service's signals by name; empty for a service no longer configured."""
    service_policy = policy.services.get(service)
    return {one.name: one.source or one.kind for one in service_policy.signals} if service_policy is not None else {}


async def checklist_facts(
    journal: StoreReader,
    incident: Incident,
    policy: Policy,
    owners: Mapping[str, str],
    now: float,
    own_lists: Sequence[OwnChecklist] = (),
) -> IncidentFacts:
    """Return the data of one incident's checklists. Raises Temporary."""
    rule = policy.matrix.get(incident.severity)
    return IncidentFacts(
        incident,
        now,
        notes=await journal.notes(incident=incident.id, limit=NOTES_READ),
        remarks=await journal.remarks(incident.id),
        ticks=await journal.ticks(incident.id),
        follow_ups=await journal.follow_ups(incident.id),
        target_seconds=rule.within_seconds if rule is not None else None,
        signals=signals_of(policy, incident.service),
        owners=owners,
        own_lists=own_lists,
    )


async def open_tasks(
    journal: StoreReader, incident: Incident, policy: Policy, own_lists: Sequence[OwnChecklist]
) -> int:
    """Return how many items of an ended incident's checklists are not done; 0 while it is open. Raises Temporary."""
    if incident.closed_at is None:
        return 0
    # Who owns an item and whether it is late does not count.
    return open_items(checklists(await checklist_facts(journal, incident, policy, {}, incident.closed_at, own_lists)))

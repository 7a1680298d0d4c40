"""Open follow-ups for pages and the API: the checklists of an incident, and the open items of all incidents."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from watchdog.background import run_in_background
from watchdog.console.dependencies import Dependencies
from watchdog.console.views.follow_up_views import ChecklistView, FollowUpsView, ItemView, ListView, OpenView
from watchdog.domain.follow_ups import ROLES
from watchdog.domain.incidents import Incident
from watchdog.presentation.checklists import Item, checklists, open_items
from watchdog.presentation.follow_up_text import FollowUps, Open, checklist_facts, open_tasks
from watchdog.presentation.text import clean

BUDGET_SECONDS = 0.06
"""Time limit for one page's reads of months of incidents; later pages read the rest."""
FRESH_SECONDS = 30.0
"""Maximum age of the number on the overview."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many items are open, how many of them overdue. `complete`: everything was read from the store."""

    open: int
    overdue: int
    complete: bool


class FollowUpQueries:
    """Reads checklists and follow-ups for a visitor."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._tracked = FollowUps(deps.journal, deps.clock)
        self._tally, self._read_at = Tally(0, 0, complete=False), -inf

    async def checklist(self, incident_id: str) -> ChecklistView | None:
        """Return the checklists of an incident, or None for an unknown id."""
        deps = self._deps
        incident = await deps.journal.incident(incident_id)
        if incident is None:
            return None
        now, owners = deps.clock.now(), deps.owners()
        facts = await checklist_facts(deps.journal, incident, deps.policy(), owners, now, deps.own_lists)
        found = checklists(facts)
        lists = tuple(
            ListView(one.title, sum(item.done for item in one.items), tuple(item_view(item, now) for item in one.items))
            for one in found
        )
        # The owners to choose from, each once: one contact may have several roles.
        return ChecklistView(
            now,
            clean(incident.id),
            lists,
            open_items(found),
            tuple(map(clean, dict.fromkeys((*ROLES, *owners.values())))),
        )

    async def open_tasks(self, incident: Incident) -> int:
        """Return how many items of an ended incident's checklists are not done, as its page counts them."""
        deps = self._deps
        return await open_tasks(deps.journal, incident, deps.policy(), deps.own_lists)

    async def open(self) -> FollowUpsView:
        """Return the open items of all incidents."""
        found, now = await self._read(), self._deps.clock.now()
        return await run_in_background(_open_view, found, now, self._tracked.complete)

    async def lately(self) -> Tally:
        """Return the tally, at most FRESH_SECONDS old: every load of the overview needs it."""
        # An incomplete tally is never reused: each load reads on, until the number is right.
        if not self._tally.complete or self._deps.clock.monotonic() - self._read_at >= FRESH_SECONDS:
            await self._read()
        return self._tally

    async def _read(self) -> Sequence[Open]:
        deps, clock = self._deps, self._deps.clock
        found = await self._tracked.open(deps.policy(), deps.owners(), clock.monotonic() + BUDGET_SECONDS)
        overdue = sum(one.item.late_seconds(clock.now()) > 0 for one in found)
        self._tally, self._read_at = Tally(len(found), overdue, self._tracked.complete), clock.monotonic()
        return found


def item_view(item: Item, now: float) -> ItemView:
    """Return one item, with its state at that moment."""
    state = "done" if item.done else "overdue" if item.late_seconds(now) > 0 else "open"
    tick = item.tick
    return ItemView(
        id=item.id,
        text=clean(item.text),
        state=state,
        seen=item.seen,
        evidence=clean(item.evidence),
        owner=clean(item.owner),
        due=item.due,
        due_at=item.due_at,
        ticked_by=clean(tick.by) if tick is not None else None,
        ticked_at=tick.at if tick is not None else None,
    )


def _open_view(found: Sequence[Open], now: float, complete: bool) -> FollowUpsView:
    items = tuple(
        OpenView(clean(one.incident.id), clean(one.incident.service), item_view(one.item, now)) for one in found
    )
    overdue = sum(one.item.state == "overdue" for one in items)
    return FollowUpsView(now, complete, len(items), overdue, items)

"""The reader's own checklists: each item's name once, and none of the built-in runbook's."""

from functools import partial

from watchdog.domain.follow_ups import RUNBOOK_IDS
from watchdog.presentation.incident_facts import OwnChecklist
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.validation import choose
from watchdog.settings.text.yaml_document import Document, Path

FOLLOW_UP, EVERY = "own-", "all"
"""Names of items that are taken: a follow-up that people add is `own-1`, and `tick INCIDENT all` ticks every item."""


def build_checklists(document: Document, shape: Shape) -> tuple[OwnChecklist, ...]:
    """Return the lists in their order; report unknown services, and items with a name that is taken."""
    known: set[str] = set()
    for name, one in shape.checklists.items():
        path: Path = ("checklists", name)
        for place, service in enumerate(one.services):
            if service not in shape.services:
                document.report(
                    (*path, "services", place), "names no service", partial(choose, service, shape.services)
                )
        for item in one.items:
            if item in known | RUNBOOK_IDS or item.startswith(FOLLOW_UP) or item == EVERY:
                document.report((*path, "items", item), "is the name of another item", "choose another")
        known |= set(one.items)
    return tuple(OwnChecklist(one.title, one.items, one.services) for one in shape.checklists.values())

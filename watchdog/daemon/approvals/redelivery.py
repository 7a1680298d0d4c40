"""Requests that a channel delivered more than once, perhaps to several workers: one row of theirs is applied.

Theory. Slack delivers a request again if its acknowledgement came late or was lost, to any worker. Each worker that
receives it submits a row, and all rows of one request carry its ids. The one worker that holds their subject answers
them, one after the other: it applies one, and gives the others that one's answer. So no lock is needed.
Rule: a worker's refusal (`REFUSED`) is no answer to the row of another worker, which permits the same request: while
a change of the configuration reaches one after the other, they may disagree about a person. What was applied answers
both.
"""

from collections.abc import Collection

from watchdog.domain.store_records import Command
from watchdog.ports import StoreReader
from watchdog.ports.chat import DELIVERIES, REFUSED

NEWEST = 200
"""Rows that are searched: Slack delivers a request again within minutes."""


async def same_request(store: StoreReader, command: Command, applied: Collection[int]) -> Command | None:
    """Return the row of the same request whose answer counts for this one too; None: this one is to be applied.

    `applied`: ids of rows that this worker has applied, and whose answers it has not written yet.
    """
    ids = _ids(command)
    if not ids:
        return None
    others = (one for one in await store.asked(NEWEST) if one.id != command.id)
    same = [one for one in others if ids & _ids(one) and (command.name == REFUSED or one.name != REFUSED)]
    # Not the lowest id alone: in PostgreSQL a row may appear after one with a higher id was applied.
    first = [one for one in same if one.done or one.id in applied or one.id < command.id]
    return min(first, key=lambda one: (one.name == REFUSED, not one.done, one.id not in applied, one.id), default=None)


def _ids(command: Command) -> frozenset[str]:
    """Return the ids of the request that a command came by; none for one of another surface."""
    found = command.arguments.get(DELIVERIES)
    return frozenset(one for one in found if isinstance(one, str)) if isinstance(found, list) else frozenset()

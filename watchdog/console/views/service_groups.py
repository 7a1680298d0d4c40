"""The services of the overview under headings: one for each first tag, the group with the worst service first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.console.views.view_models import ServiceRow


@dataclass(frozen=True, slots=True)
class ServiceGroup:
    """Services with the same first tag (empty: without one). `number` counts them all, `rows` has those shown."""

    tag: str
    number: int
    rows: tuple[ServiceRow, ...]


def groups(rows: Sequence[ServiceRow], order: Sequence[str], most: int | None) -> tuple[ServiceGroup, ...]:
    """Return the groups of `rows` (sorted, the worst first) with the first `most` rows; a group without rows is left
    out.

    `order` has the standings, the worst first. Groups whose worst services stand alike are sorted by their tags.
    """
    by_tag: dict[str, list[ServiceRow]] = {}
    for row in rows:
        by_tag.setdefault(row.tags[0] if row.tags else "", []).append(row)
    shown = {row.name for row in rows[:most]}
    made = [
        ServiceGroup(tag, len(mine), tuple(one for one in mine if one.name in shown)) for tag, mine in by_tag.items()
    ]
    # Untagged services come last among groups that stand alike.
    return tuple(
        sorted(
            (one for one in made if one.rows), key=lambda one: (order.index(one.rows[0].standing), not one.tag, one.tag)
        )
    )

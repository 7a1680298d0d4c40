"""What two policies did of the same events, side by side: only in one, only in the other, changed.

Rule: what follows the first act that only one of them did is not known: the recorded world answered to the old one.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from watchdog.presentation.step_actions import Action

SAME_MOMENT_SECONDS = 1.0
"""Decisions of two replays no further apart were made at the same time: so late a wake may come."""
COMPARED = ("what", "why", "target")
MEANT = ("kind", "means", "target")
"""What is compared of two versions: each says it in its own words."""
Only = Literal["old", "new", "changed"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is other; `changed` names how (at, what, why, target; kind, means)."""

    only: Only
    old: Action | None
    new: Action | None
    changed: tuple[str, ...] = ()

    @property
    def at(self) -> float:
        """Return when the two part."""
        return min(one.at for one in (self.old, self.new) if one is not None)

    @property
    def of_an_act(self) -> bool:
        """Return whether production was changed by one and not so by the other."""
        shown = self.old or self.new
        return shown is not None and shown.is_act and self.changed != ("why",)

    def json_object(self) -> Mapping[str, Any]:
        """Return the JSON form of it."""
        shown = {name: one.json_object() for name, one in (("old", self.old), ("new", self.new)) if one is not None}
        return {"only": self.only, "changed": list(self.changed), **shown}


def compare(
    old: Sequence[Action],
    new: Sequence[Action],
    compared: Sequence[str] = COMPARED,
    *,
    within_seconds: float = SAME_MOMENT_SECONDS,
) -> list[Difference]:
    """Return what is other, in the order of time, and at the same moment in the order in which it was done.

    `compared` are the fields that must be equal, `within_seconds` how far apart in time two that are the same may be.
    """
    before, after = _numbered(old), _numbered(new)
    order = {id(one): place for doings in (old, new) for place, one in enumerate(doings)}
    found = [Difference("old", one, None) for key, one in before.items() if key not in after]
    found += [Difference("new", None, one) for key, one in after.items() if key not in before]
    for key, one in before.items():
        how = _changed(one, after[key], compared, within_seconds) if key in after else ()
        if how:
            found.append(Difference("changed", one, after[key], how))
    return sorted(found, key=lambda one: (one.at, order[id(one.old or one.new)]))


def unknown_from(differences: Sequence[Difference]) -> float | None:
    """Return from when on it is not known what the world did, or None if both did the same to it."""
    return min((one.at for one in differences if one.of_an_act), default=None)


def _changed(one: Action, other: Action, compared: Sequence[str], within_seconds: float) -> tuple[str, ...]:
    moved = ("at",) if abs(one.at - other.at) > within_seconds else ()
    return (*moved, *(name for name in compared if getattr(one, name) != getattr(other, name)))


def _numbered(doings: Sequence[Action]) -> Mapping[tuple[str, ...], Action]:
    """Return each by what it is: the first, second … such thing about that incident of that service."""
    seen: Counter[tuple[str, ...]] = Counter()
    found: dict[tuple[str, ...], Action] = {}
    for one in doings:
        is_notice = one.kind in ("page", "tell")
        key = (one.service, one.incident, "notice" if is_notice else one.kind, one.means if is_notice else "")
        seen[key] += 1
        found[*key, str(seen[key])] = one
    return found

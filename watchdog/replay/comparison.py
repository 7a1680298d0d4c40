"""Compares the actions of two policies on the same events: only in the old one, only in the new one, or changed.

Rule: after the first action on production that only one of them took the comparison is unknown, because the recorded
world answered the old policy.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from watchdog.presentation.step_actions import StepAction

SAME_MOMENT_SECONDS = 1.0
"""Decisions of two replays this close count as simultaneous: a wake may be this late."""
COMPARED = ("what", "why", "target")
MEANT = ("kind", "means", "target")
"""The fields compared between two versions, whose texts may differ."""
Only = Literal["old", "new", "changed"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; `changed` names the fields that differ (at, what, why, target; kind, means)."""

    only: Only
    old: StepAction | None
    new: StepAction | None
    changed: tuple[str, ...] = ()

    @property
    def at(self) -> float:
        """Return the earlier moment of the two actions (UTC epoch seconds)."""
        return min(one.at for one in (self.old, self.new) if one is not None)

    @property
    def of_an_act(self) -> bool:
        """Return whether one policy changed production and the other did not do the same."""
        shown = self.old or self.new
        return shown is not None and shown.is_act and self.changed != ("why",)

    def json_object(self) -> Mapping[str, Any]:
        """Return the JSON form of it."""
        shown = {name: one.json_object() for name, one in (("old", self.old), ("new", self.new)) if one is not None}
        return {"only": self.only, "changed": list(self.changed), **shown}


def compare(
    old: Sequence[StepAction],
    new: Sequence[StepAction],
    compared: Sequence[str] = COMPARED,
    *,
    within_seconds: float = SAME_MOMENT_SECONDS,
) -> list[Difference]:
    """Return the differences in order of time, at the same moment in the order of the actions.

    `compared` are the fields that must be equal; two equal actions may be up to `within_seconds` apart.
    """
    before, after = _numbered(old), _numbered(new)
    # By identity: equal actions of both sides are different entries here.
    order = {id(one): place for actions in (old, new) for place, one in enumerate(actions)}
    found = [Difference("old", one, None) for key, one in before.items() if key not in after]
    found += [Difference("new", None, one) for key, one in after.items() if key not in before]
    for key, one in before.items():
        how = _changed(one, after[key], compared, within_seconds) if key in after else ()
        if how:
            found.append(Difference("changed", one, after[key], how))
    return sorted(found, key=lambda one: (one.at, order[id(one.old or one.new)]))


def unknown_from(differences: Sequence[Difference]) -> float | None:
    """Return the moment from which the world's reaction is unknown, or None if both took the same actions."""
    return min((one.at for one in differences if one.of_an_act), default=None)


def _changed(one: StepAction, other: StepAction, compared: Sequence[str], within_seconds: float) -> tuple[str, ...]:
    moved = ("at",) if abs(one.at - other.at) > within_seconds else ()
    return (*moved, *(name for name in compared if getattr(one, name) != getattr(other, name)))


def _numbered(actions: Sequence[StepAction]) -> Mapping[tuple[str, ...], StepAction]:
    """Return the actions by a key: service, incident, kind and running number of that kind in the incident."""
    # A notice's kind (page or tell) is left out of the key, so that an escalated notice is `changed`, not two lines.
    seen: Counter[tuple[str, ...]] = Counter()
    found: dict[tuple[str, ...], StepAction] = {}
    for one in actions:
        is_notice = one.kind in ("page", "tell")
        key = (one.service, one.incident, "notice" if is_notice else one.kind, one.means if is_notice else "")
        seen[key] += 1
        found[*key, str(seen[key])] = one
    return found

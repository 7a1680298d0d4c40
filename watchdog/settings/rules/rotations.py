"""Rotations: contacts who are on call in turn, a week each, and the begin of the first week."""

from collections.abc import Mapping
from functools import partial

from watchdog.domain.policy import Rotation, Step
from watchdog.settings.model.settings import Adapter
from watchdog.settings.rules.recurrence import parse_turn
from watchdog.settings.schema.adapter_entries import check_name
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.validation import choose
from watchdog.settings.text.yaml_document import Document


def check_rotations(
    document: Document, shape: Shape, people: Mapping[str, Step], channels: Mapping[str, Adapter]
) -> Mapping[str, Step]:
    """Return each rotation as a step; report contradictions. `people` are the contacts, as steps."""
    found = {}
    for name, written in shape.rotations.items():
        path = ("rotations", name)
        check_name(document, path)
        if name in people or name in channels:
            document.report(path, "already the name of a contact or a channel", "give it another name")
        for place, one in enumerate(written.of):
            if one not in people:
                document.report((*path, "of", place), "names no contact", partial(choose, one, set(people)))
        # Unknown names are reported; the known ones still make a step, so that further mistakes are found.
        known = tuple(people[one] for one in written.of if one in people)
        if known:
            found[name] = Step(name, (), rotation=Rotation(known, *parse_turn(written.begins)))
    return found

"""The stored form of an incident is flat: the fields of its parts stand beside its own, under these names.

It has been flat since the first version, and a worker of an earlier version may read and write it beside this one.
"""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from watchdog.domain.incidents import Escalation, Question, RollbackAttempt


def _same_names(part: type) -> Mapping[str, str]:
    return {one.name: one.name for one in fields(part)}


PARTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "question": _same_names(Question),
        "pin": {"previous": "pin_previous", "off": "pinned", "note": "pin_note", "again": "repinned"},
        "rollback": {
            **_same_names(RollbackAttempt),
            "deploy": "rollback_deploy",
            "blocked_since": "put_off_at",
            "undo_of_verified": "leaves_good",
        },
        "escalation": _same_names(Escalation),
    }
)
"""The stored name of each field of a part."""


def nested(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an incident as parsed JSON with its parts, from the flat one."""
    parts = {
        part: {field: plain[name] for field, name in names.items() if name in plain} for part, names in PARTS.items()
    }
    return {**plain, **parts}


def flat(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the flat incident as parsed JSON, from the one with parts."""
    # A field with a new part keeps its old flat name, hence one table for both directions.
    found: dict[str, Any] = {}
    for name, value in plain.items():
        names = PARTS.get(name)
        found |= {name: value} if names is None else {names[field]: inner for field, inner in value.items()}
    return found

"""The names under which values are stored, where the code has another name by now.

Rule: a rename changes the code alone. Stores, recordings and the hashes in recordings keep the name that they always
had: old ones stay readable, and a worker of an earlier version that still runs goes on reading what this one writes.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from watchdog.domain.effects import Note, TryRemedy
from watchdog.domain.events import QuestionDelivered, RemedyDone, RemedyLost, RemedyPostponed, RemedyRefused
from watchdog.domain.incident_notes import stored_label
from watchdog.domain.incident_parts import Deadline, Escalation
from watchdog.domain.incidents import Fleet, ServiceState, State
from watchdog.domain.remedies.remedy import RemedyAttempt

FIELDS: Mapping[type, Mapping[str, str]] = MappingProxyType(
    {
        ServiceState: {
            "observed_healthy_seconds": "healthy_seconds",
            "switch_visible_at": "pin_settled_at",
            "auto_deploy_notice_thread": "told_off",
            "record_gap_notices": "beside_the_record",
        },
        State: {"blind_notified": "blind_told"},
        Fleet: {"blind_notified": "blind_told"},
        Deadline: {"delivered_at": "heard_at"},
        Escalation: {"notified_at": "told_at"},
        RemedyAttempt: {"name": "flag", "done_at": "off_at"},
        RemedyDone: {"remedy": "flag"},
        RemedyRefused: {"remedy": "flag", "already": "off_already"},
        RemedyPostponed: {"remedy": "flag"},
        RemedyLost: {"remedy": "flag"},
        TryRemedy: {"remedy": "flag"},
    }
)
"""The stored name of each renamed field, by its name here."""
CLASSES: Mapping[type, str] = MappingProxyType(
    {
        QuestionDelivered: "QuestionHeard",
        RemedyDone: "FlagSwitchedOff",
        RemedyRefused: "FlagRefused",
        RemedyPostponed: "FlagPostponed",
        RemedyLost: "FlagLost",
        TryRemedy: "SwitchFlagOff",
    }
)
"""The stored name of each renamed member of a union."""
_FIELDS_BY_CLASS = {kind.__name__: names for kind, names in FIELDS.items()}
_STORED_CLASSES = {kind.__name__: name for kind, name in CLASSES.items()}


def class_name(kind: type) -> str:
    """Return the stored name of a class."""
    return CLASSES.get(kind, kind.__name__)


def renamed(plain: Any) -> Any:
    """Return what `without_texts` returned, with stored names: hashes of earlier versions were made of those."""
    if isinstance(plain, list):
        return [renamed(one) for one in plain]
    if not isinstance(plain, dict):
        return plain
    kind = str(plain.get("is"))
    names = _FIELDS_BY_CLASS.get(kind, {})
    found = {names.get(name, name): renamed(value) for name, value in plain.items()}
    found |= {"is": _STORED_CLASSES.get(kind, kind)} if "is" in plain else {}
    return {**found, "label": stored_label(found["label"])} if kind == Note.__name__ else found

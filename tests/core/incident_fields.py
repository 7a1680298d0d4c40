"""An incident with other fields, whichever of its parts they belong to. Imports only `watchdog.domain`."""

from dataclasses import replace
from typing import Any

from watchdog.domain.incident_parts import Escalation, Pin, Question, RollbackAttempt
from watchdog.domain.incidents import Incident

PARTS = {"question": Question, "pin": Pin, "rollback": RollbackAttempt, "escalation": Escalation}


def amended(incident: Incident, **fields: Any) -> Incident:
    """Return the incident with these fields, its own and those of its parts by their names there."""
    for part, kind in PARTS.items():
        own = {name: fields.pop(name) for name in tuple(fields) if name in kind.__dataclass_fields__}
        if own:
            fields[part] = replace(getattr(incident, part), **own)
    return replace(incident, **fields)

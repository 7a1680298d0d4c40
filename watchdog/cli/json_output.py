"""Facts as JSON for scripts: the shapes of the console's API, with times in ISO 8601.

Rule: names and shapes are those of the view (console/views, and the dataclasses of the domain). A time is ISO 8601 in
UTC where the API has epoch seconds, independent of the terminal's zone; a duration is in seconds. Foreign text cannot
control a terminal: every character beyond ASCII is escaped, as in the API.
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from watchdog.presentation.text import iso

TIMES = frozenset({"at", "since", "until", "start"})
"""Fields with a time, besides those that end in `_at`."""


def json_lines(facts: Any, *, compact: bool = False) -> list[str]:
    """Return facts (dataclasses, mappings and lists, nested) as JSON; `compact`: on one line."""
    return json.dumps(plain(facts), indent=None if compact else 2).split("\n")


def plain(value: Any, name: str = "") -> Any:
    """Return a value in JSON types; `name` is its field."""
    # `is_dataclass` is true of a class as well, which has no values.
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name), field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one, str(key)) for key, one in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Sequence | Set) and not isinstance(value, str):
        return [plain(one) for one in value]
    is_time = isinstance(value, float) and (name in TIMES or name.endswith("_at"))
    return iso(value) if is_time else value

"""Conditions of a value in an answer's JSON, as tools write them that compare texts: `$.queue < 10`, `$.status == UP`.

A text that is a number or a boolean is written in both forms: as that text, and as the value of JSON that it may be.
"""

import re
from collections.abc import Mapping
from typing import Any

from watchdog.adapters.signals.json_path import JsonPath
from watchdog.domain.texts.secret_shapes import holds_secret, names_secret
from watchdog.settings.other_tools.sites import has_variable

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
_BOUNDS: Mapping[str, str] = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


class NoEqual(Exception):
    """There is no such expectation; the text adds to the note."""


def demand_open(path: str, operator: str, value: str) -> None:
    """Raise NoEqual for a value that may be a secret, by its form or by the name of what is compared with it."""
    # A comparison of size has no secret on its right, and true, false and null are none.
    is_open = operator not in ("==", "!=") or value.lower() in ("true", "false", "null", "")
    if holds_secret(value) or has_variable(value) or (names_secret(path) and not is_open):
        raise NoEqual("its value looks like a key, which never stands in this file, or is a variable")


def number(text: str) -> int | float | None:
    """Return the number that a text is, or None."""
    if not _NUMBER.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)


def bounds(operator: str, text: str) -> dict[str, Any]:
    """Return the condition of a comparison with a number; empty where it is none."""
    found = number(text)
    return {_BOUNDS[operator]: found} if found is not None and operator in _BOUNDS else {}


def forms(text: str) -> list[Any]:
    """Return the values of JSON that these tools read as this text."""
    if text in ("true", "false"):
        return [text == "true", text]
    found = number(text)
    return [text] if found is None else [found, text]


def set_value(signal: dict[str, Any], path: str, condition: dict[str, Any]) -> None:
    """Write the condition of the value at a path. Raises NoEqual."""
    try:
        place = JsonPath.parse(path).text
    except ValueError:
        raise NoEqual("its path has more than names and indexes") from None
    match condition:
        case {"in": [str(only)]} if place not in signal.get("json", {}):
            signal.setdefault("json", {})[place] = only
            return
    known = signal.get("expect", {}).get("json", {}).get(place, {})
    if known.keys() & condition.keys():
        raise NoEqual("a second condition of the same kind for one value")
    signal.setdefault("expect", {}).setdefault("json", {})[place] = {**known, **condition}

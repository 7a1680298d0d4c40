"""Configurations made by the shipped JSON Schema: its own keys, each with an ordinary value or with a wrong one.

A text that only was damaged has the keys of the text before; these have every key that there is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.settings.hostile_values import value
from watchdog.settings.schema.json_schema import SHIPPED

SCHEMA: Mapping[str, Any] = json.loads(SHIPPED.read_text(encoding="utf-8"))
NAMES = ("web", "api", "slack", "ann", "nights", "first", "database", "openai", "critical", "console", "home")
"""Few, so that what refers to another part of the text finds it at times."""
DEPTH_MAX = 12
WRONG = (0.0, 0.01, 0.03, 0.1, 0.4)
"""The share of wrong values, drawn for each text: one mistake alone is read by more checks than many are."""


@dataclass
class Grown:
    """What makes one text; `share` of its values are wrong."""

    luck: Random
    share: float

    def text(self) -> str:
        """Return a text with the required keys of the schema and some others, in any order."""
        keys = self._keys(SCHEMA, 0.3)
        return "".join(f"{key}: {self.made(shape, 0)}\n" for key, shape in keys)

    def made(self, shape: Mapping[str, Any], depth: int) -> str:
        """Return a value of that shape in one line."""
        if self.luck.random() < self.share or depth > DEPTH_MAX:
            return value(self.luck)
        shape = self._resolved(shape)
        for word in ("enum", "examples"):
            if word in shape:
                return json.dumps(self.luck.choice(shape[word]))
        if "const" in shape:
            return json.dumps(shape["const"])
        match shape.get("type"):
            case "object":
                pairs = (f"{key}: {self.made(one, depth + 1)}" for key, one in self._keys(shape, 0.25))
                return f"{{{', '.join(pairs)}}}"
            case "array":
                number = self.luck.randint(shape.get("minItems", 0), 3)
                items = shape.get("items", {})
                return f"[{', '.join(self.made(items, depth + 1) for _ in range(number))}]"
            case "integer" | "number":
                least, most = shape.get("minimum", 0), shape.get("maximum", 100)
                return str(self.luck.choice((least, most, (least + most) / 2, least - 1, most + 1)))
            case "boolean":
                return self.luck.choice(("true", "false"))
            case "null":
                return "null"
        return self.luck.choice(NAMES)

    def _resolved(self, shape: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow references, and choose where there are several shapes."""
        while True:
            if "$ref" in shape:
                shape = SCHEMA["definitions"][shape["$ref"].rpartition("/")[2]]
            elif several := shape.get("anyOf") or shape.get("oneOf") or shape.get("allOf"):
                shape = self.luck.choice(several)
            else:
                return shape

    def _keys(self, shape: Mapping[str, Any], often: float) -> list[tuple[str, Mapping[str, Any]]]:
        """Return keys of a mapping, each with the shape of its value."""
        named: Mapping[str, Any] = shape.get("properties", {})
        needed = shape.get("required", ())
        found = [(key, one) for key, one in named.items() if key in needed or self.luck.random() < often]
        if isinstance(free := shape.get("additionalProperties"), Mapping):
            found += [(name, free) for name in self.luck.sample(NAMES, self.luck.randint(1, 3))]
        if self.luck.random() < self.share:
            found.append((value(self.luck), {}))
        self.luck.shuffle(found)
        return found


def grown(luck: Random) -> str:
    """Return one of these texts."""
    return Grown(luck, luck.choice(WRONG)).text()

"""The YAML form of a value, for the JSON Schema of the configuration; it stands beside the check that reads the value.

Rule 1: a schema never refuses a value that its check accepts; it may accept more.
Rule 2: patterns are in the part of regular expressions that ECMA 262 (editors) and Python share.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


def written_as(pattern: str, *examples: str) -> WithJsonSchema:
    """Return the hook of a value that is written as text of that pattern, though its check may return another type."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


class Also:
    """The hook of a value that has other forms beside the one of its type."""

    def __init__(self, *others: Mapping[str, Any]) -> None:
        self._others = others

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return any of them."""
        return {"anyOf": [handler(core), *(dict(other) for other in self._others)]}

"""A small JSON path: `$.a.b[0]["c d"]`. Names and indexes only: an expectation points at one value.

Rejected alternative: a full JSONPath library; filters and wildcards give many values, and then "equals" has no meaning.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

Paths = TypeVar("Paths", bound=Mapping[str, Any])

_STEP = re.compile(r"""\.([A-Za-z_][A-Za-z0-9_-]*)|\[(-?\d{1,6})\]|\["([^"\]]{1,100})"\]|\['([^'\]]{1,100})'\]""")
_STEPS_MAX = 20


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()
"""The result for a path that does not exist in the document; null is a value."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A parsed path."""

    text: str
    steps: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> "JsonPath":
        """Return the path. Raises ValueError with the syntax to write."""
        problem = "not a JSON path: write $ and then names and indexes, as in $.checks[0].status"
        if not text.startswith("$"):
            raise ValueError(problem)
        steps: list[str | int] = []
        at = 1
        while at < len(text):
            match = _STEP.match(text, at)
            if match is None or len(steps) == _STEPS_MAX:
                raise ValueError(problem)
            steps.append(int(match[2]) if match[2] is not None else match[1] or match[3] or match[4])
            at = match.end()
        return cls(text, tuple(steps))

    def find(self, document: Any) -> Any:
        """Return the value at this path, or ABSENT."""
        for step in self.steps:
            in_list = isinstance(document, list) and isinstance(step, int) and -len(document) <= step < len(document)
            in_object = isinstance(document, dict) and isinstance(step, str) and step in document
            if not (in_list or in_object):
                return ABSENT
            document = document[step]
        return document


def check_paths(paths: Paths) -> Paths:
    """Return what is expected if every key is a JSON path. Raises ValueError with the syntax to write."""
    for path in paths:
        JsonPath.parse(path)
    return paths

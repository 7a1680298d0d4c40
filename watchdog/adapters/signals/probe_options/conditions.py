"""Conditions of an answer beyond equality: of values in its JSON, and of its headers.

Rule 1: a value of another kind than a condition is about misses it: a text is never less than a number.
Rule 2: a path that is not there misses every condition but `exists: false`; null is there.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from watchdog.adapters.options import Options
from watchdog.adapters.signals.json_path import ABSENT, check_paths
from watchdog.adapters.signals.pattern import SEARCHED_CHARACTERS, Expression, Pattern

CONDITIONS_MAX = 50
_BOUNDS: Mapping[str, tuple[str, Callable[[float, float], bool]]] = {
    "lt": ("less than", lambda value, bound: value < bound),
    "lte": ("at most", lambda value, bound: value <= bound),
    "gt": ("more than", lambda value, bound: value > bound),
    "gte": ("at least", lambda value, bound: value >= bound),
}


Scalar = str | int | float | bool | None


class Bounds(Options):
    """The bounds of a number; all that are written hold together."""

    lt: float | None = Field(default=None, description="less than")
    lte: float | None = Field(default=None, description="at most")
    gt: float | None = Field(default=None, description="more than")
    gte: float | None = Field(default=None, description="at least")

    @model_validator(mode="after")
    def _says_something(self) -> "Bounds":
        if not self.model_fields_set:
            raise ValueError(f"no condition: write one of {', '.join(type(self).keys())}")
        return self

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """Return the keys as they are written."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    def missed_bound(self, value: float) -> str:
        """Return the words of the first bound that a number misses, or an empty text."""
        for name, (words, holds) in _BOUNDS.items():
            bound = getattr(self, name)
            if bound is not None and not holds(value, bound):
                return f"{words} {bound:g}"
        return ""


class Condition(Bounds):
    """The conditions of one value; all that are written hold together."""

    one_of: Annotated[tuple[Scalar, ...], Field(min_length=1, max_length=100)] | None = Field(
        default=None, alias="in", description="one of these values"
    )
    length: Bounds | None = Field(default=None, description="of a text, a list or an object, with the bounds above")
    matches: Expression | None = Field(default=None, description="a regular expression that is found in a text")
    exists: bool | None = Field(default=None, description="whether the path is there at all; null is a value")

    @model_validator(mode="after")
    def _can_hold(self) -> "Condition":
        if self.exists is False and len(self.model_fields_set) > 1:
            raise ValueError("a value that is not there has no other condition: write exists: false alone")
        return self

    def missed(self, value: Any, equal: Callable[[Any, Any], bool]) -> str:
        """Return what was expected of a value that misses it, or an empty text. `matches` may raise TooSlow."""
        if self.exists is False:
            return "" if value is ABSENT else "nothing there"
        if value is ABSENT:
            return "it"
        return next(filter(None, self._misses(value, equal)), "")

    def _misses(self, value: Any, equal: Callable[[Any, Any], bool]) -> Iterator[str]:
        if any(getattr(self, name) is not None for name in _BOUNDS):
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            yield self.missed_bound(value) if is_number else "a number"
        if self.one_of is not None and not any(equal(value, one) for one in self.one_of):
            yield "one of those listed"
        if self.length is not None:
            if not isinstance(value, (str, list, dict)):
                yield "something with a length"
            elif bound := self.length.missed_bound(len(value)):
                yield f"a length of {bound} (it has {len(value)})"
        if self.matches is not None and not (
            isinstance(value, str) and Pattern(self.matches).finds(value[:SEARCHED_CHARACTERS])
        ):
            yield "a text that matches"


Conditions = Annotated[dict[str, Condition], Field(max_length=CONDITIONS_MAX), AfterValidator(check_paths)]
"""JSON path to the conditions of the value there."""


class Expected(Options):
    """What an answer must be beyond its status and texts."""

    headers: Annotated[dict[str, Expression], Field(max_length=CONDITIONS_MAX)] = Field(
        default_factory=dict, description="header: a regular expression that is found in its value"
    )
    json_conditions: Conditions = Field(
        default_factory=dict,
        alias="json",
        description='JSON path: conditions (lt, lte, gt, gte, in, length, matches, exists): {"$.queue": {lt: 9}}',
    )

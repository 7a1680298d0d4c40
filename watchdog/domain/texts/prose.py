"""The type of texts for people, and values of the domain without them.

Rule: no decision of core, daemon, stores or pages depends on a text. A fact that a later decision needs is a field
beside it, an enum or a name. A text may be empty or not, and may be shown. Tests play the stories with every such text
replaced by noise, and check the syntax tree of deciding code for comparisons of a text.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

Prose = Annotated[str, "for people"]
"""A text that may be reworded without a change of behaviour."""


@cache
def prose_fields(kind: type) -> frozenset[str]:
    """Return the fields of a class that are texts for people, alone or in a tuple."""
    return frozenset(name for name, hint in get_type_hints(kind, include_extras=True).items() if is_prose(hint))


def is_prose(hint: Any) -> bool:
    """Return whether a type is that of such a text, or of a tuple of them."""
    return hint == Prose or (get_origin(hint) is tuple and get_args(hint)[0] == Prose)


def without_texts(value: Any, *, emptiness: bool = False) -> Any:
    """Return a value of the domain as plain data without its texts; with `emptiness`, whether each is empty.

    A field with its default value is left out, so that a later version with one more field gives the same result.
    """
    if isinstance(value, tuple):
        return [without_texts(one, emptiness=emptiness) for one in value]
    if isinstance(value, Mapping):
        return {key: without_texts(one, emptiness=emptiness) for key, one in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    held: dict[str, Any] = {"is": type(value).__name__}
    for name, text, default in _shape(type(value)):
        one = getattr(value, name)
        if text and emptiness and bool(one) != bool(default):
            held[name] = bool(one)
        elif not text and one != default:
            held[name] = without_texts(one, emptiness=emptiness)
    return held


@cache
def _shape(kind: type) -> tuple[tuple[str, bool, Any], ...]:
    """Return each field's name, whether it is a text for people, and its default."""
    texts = prose_fields(kind)
    return tuple((field.name, field.name in texts, _default(field)) for field in fields(kind))


def _default(field: "Field[Any]") -> Any:
    """Return a field's default; MISSING, which equals no value, if it has none."""
    # A factory is called once for each class (`_shape` is cached), so its result is only compared, never shared.
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default

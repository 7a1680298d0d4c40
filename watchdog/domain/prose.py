"""The type of texts that are for people, and values of the domain without them.

Rule: no decision of core, daemon, stores or pages depends on a text. What a later decision needs stands beside it as an
enum or a name; a text may be empty or not, and may be shown. Tests play the stories with every such text replaced by
noise, and read the syntax tree of what decides for comparisons of such a text.
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
    """Tell whether a type is that of such a text, or of a tuple of them."""
    return hint == Prose or (get_origin(hint) is tuple and get_args(hint)[0] == Prose)


def without_texts(value: Any) -> Any:
    """Return a value of the domain as plain data: of its texts only whether they are empty.

    A field that has its default is left out: a later version that adds one makes the same of an older value. So is a
    text that is empty, or not, as its default is.
    """
    if isinstance(value, tuple):
        return [without_texts(one) for one in value]
    if isinstance(value, Mapping):
        return {key: without_texts(one) for key, one in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    prose = prose_fields(type(value))
    held: dict[str, Any] = {"is": type(value).__name__}
    for field in fields(value):
        one, default = getattr(value, field.name), _default(field)
        if field.name in prose:
            one, default = bool(one), default is not MISSING and bool(default)
        if one != default:
            held[field.name] = without_texts(one)
    return held


def _default(field: "Field[Any]") -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default

"""The type of texts that are for people.

Rule: no decision of core, daemon, stores or pages depends on a text. What a later decision needs stands beside it as an
enum or a name; a text may be empty or not, and may be shown. Tests play the stories with every such text replaced by
noise, and read the syntax tree of what decides for comparisons of such a text.
"""

from typing import Annotated, Any, get_args, get_origin, get_type_hints

Prose = Annotated[str, "for people"]
"""A text that may be reworded without a change of behaviour."""


def prose_fields(kind: type) -> frozenset[str]:
    """Return the fields of a class that hold such texts, alone or in a tuple."""
    return frozenset(name for name, hint in get_type_hints(kind, include_extras=True).items() if _is_prose(hint))


def _is_prose(hint: Any) -> bool:
    return hint == Prose or (get_origin(hint) is tuple and get_args(hint)[0] == Prose)

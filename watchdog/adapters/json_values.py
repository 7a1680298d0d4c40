"""Values of a vendor's JSON answer that may have any shape: none of them is trusted to have the documented one.

Rule: a value of another kind is an empty one, never an error: a missing field must not cost the rest of the answer.
"""

from collections.abc import Mapping
from typing import Any


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object as it is, and any other value as an empty one."""
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str:
    """Return a JSON string as it is, and any other value as an empty one."""
    return value if isinstance(value, str) else ""

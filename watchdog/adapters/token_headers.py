"""Headers of a configuration, with `{token}` in the place of a secret, so that the file holds no key."""

import re
from collections.abc import Mapping

from watchdog.domain.texts.secret_shapes import names_secret

PLACE = "{token}"
"""What stands for the token in a header."""
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")


def check_headers(headers: Mapping[str, str], variable: str) -> None:
    """Raise ValueError for what is no header, or holds a key itself. `variable` is that of the token."""
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            raise ValueError("not the name of a header: write it as in authorization")
        if not value.isascii() or not value.isprintable() or value != value.strip() or len(value) > 500:
            raise ValueError("not the value of a header: write printable ASCII, with {token} for the token")
        if PLACE not in value and names_secret(name):
            raise ValueError(f"a key never stands in this file: write {PLACE} in its place, and set {variable}")


def names_token(headers: Mapping[str, str]) -> bool:
    """Return whether a header has a place for the token."""
    return any(PLACE in value for value in headers.values())


def with_token(headers: Mapping[str, str], token: str) -> dict[str, str]:
    """Return the headers with the token in its place."""
    return {name: value.replace(PLACE, token) for name, value in headers.items()}

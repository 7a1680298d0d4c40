r"""Sets of characters as RE2 knows them, written for `regex`: `\d`, `\pN`, `[[:alpha:]]` mean the same in both."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import regex  # type: ignore[import-untyped]

LAST = 0x10FFFF


class CharRange(NamedTuple):
    """Code points from the first to the last, both included."""

    first: int
    last: int


def _ranges(text: str) -> tuple[CharRange, ...]:
    """Return the ranges of pairs of characters: `azAZ` is a to z and A to Z."""
    return tuple(CharRange(ord(low), ord(high)) for low, high in zip(text[::2], text[1::2], strict=True))


PERL = {"d": _ranges("09"), "s": _ranges("\t\n\f\r  "), "w": _ranges("09AZ__az")}
"""RE2's are ASCII, unlike Python's."""
POSIX = {
    "alnum": _ranges("09AZaz"),
    "alpha": _ranges("AZaz"),
    "ascii": _ranges("\x00\x7f"),
    "blank": _ranges("\t\t  "),
    "cntrl": _ranges("\x00\x1f\x7f\x7f"),
    "digit": _ranges("09"),
    "graph": _ranges("!~"),
    "lower": _ranges("az"),
    "print": _ranges(" ~"),
    "punct": _ranges("!/:@[`{~"),
    "space": _ranges("\t\r  "),
    "upper": _ranges("AZ"),
    "word": PERL["w"],
    "xdigit": _ranges("09AFaf"),
}
_CATEGORY = re.compile("C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?")


_FOLDED = {"k": "\u212a", "s": "\u017f"}
"""The Kelvin sign and the long s: outside of ASCII, and equal to a letter of it where case does not count."""


def others(ranges: Sequence[CharRange], fold: bool = False) -> tuple[CharRange, ...]:
    """Return every character that is in none of these ranges (which are ASCII); with `fold`, in neither case."""
    cases = [_cases(chr(code)) for low, high in ranges for code in range(low, high + 1)] if fold else []
    found, start = [], 0
    for first, last in sorted((*ranges, *(CharRange(ord(each), ord(each)) for each in "".join(cases)))):
        if start < first:
            found.append(CharRange(start, first - 1))
        start = max(start, last + 1)
    return (*found, CharRange(start, LAST)) if start <= LAST else tuple(found)


def _cases(character: str) -> str:
    return character.upper() + character.lower() + _FOLDED.get(character.lower(), "")


def written(character: str) -> str:
    """Return one character so that it means itself anywhere in an expression."""
    if character.isalnum() and character.isascii():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def members(ranges: Sequence[CharRange]) -> str:
    """Return the text between the brackets of a set."""
    return "".join(f"{written(chr(first))}-{written(chr(last))}" for first, last in ranges)


def unicode_members(name: str, negated: bool) -> str | None:
    r"""Return the same for `\p{name}`: a general category, a script or Any. None: no such name."""
    if name == "Any":
        return members(others([CharRange(0, LAST)]) if negated else [CharRange(0, LAST)])
    what = f"{{{'gc' if _CATEGORY.fullmatch(name) else 'script'}={name}}}"
    # The name goes into an expression: anything but letters and underscores could end the braces.
    if not name.replace("_", "").isascii() or not name.replace("_", "").isalpha():
        return None
    try:
        # The library decides which names exist: a table of ours would lag behind its version of Unicode.
        regex.compile(rf"\p{what}", regex.VERSION0)
    except regex.error:
        return None
    return rf"\{'P' if negated else 'p'}{what}"

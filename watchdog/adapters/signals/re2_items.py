"""The pieces of an expression in RE2's syntax, and how they are put together for `regex`.

Rule: only *whether* it is found matters. Nothing is captured; and as a search begins and ends anywhere, a repetition at
either end is cut down to what it needs at least: `.*ok` is `ok`, `\\s+$` is `\\s$`. It spares most of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

RUN_MAX = 50
APART = r"(?![^\x00-\U0010ffff])"
"""Between longer runs of characters: what `regex` prepares for one takes time cubic in its length, no timeout ends it
(13 s for 4000 times the same character, version 2026.11.19)."""


@dataclass(frozen=True, slots=True)
class Item:
    """A piece, and how often it comes. `size`: the characters it is once; `empty`: it is none, but says where."""

    text: str
    size: int = 1
    empty: bool = False
    low: int = 1
    high: int | None = 1
    lazy: bool = False

    @property
    def written_out(self) -> int:
        """Return how many characters it is with its repetitions written out, as RE2 does."""
        return self.size * max(self.low if self.high is None else self.high, 1)

    @property
    def once(self) -> bool:
        """Tell whether it is not repeated."""
        return (self.low, self.high) == (1, 1)

    def __str__(self) -> str:
        """Return it as `regex` reads it."""
        if self.high == 0 or (self.empty and self.low == 0):
            return ""
        if self.once or self.empty:
            return self.text
        return f"{self.text}{{{self.low},{'' if self.high is None else self.high}}}{'?' if self.lazy else ''}"


def group(branches: Sequence[Sequence[Item]]) -> Item:
    """Return the alternatives as one piece."""
    return Item(f"(?:{joined(branches)})", max(1, sum(item.written_out for items in branches for item in items)))


def joined(branches: Sequence[Sequence[Item]]) -> str:
    """Return the alternatives as `regex` reads them."""
    return "|".join(map(_run, branches))


def trimmed(items: list[Item]) -> list[Item]:
    """Return what of an alternative has to be found; see the rule."""
    while items and items[0].low == 0:
        items = items[1:]
    while items and items[-1].low == 0:
        items = items[:-1]
    ends = {0, len(items) - 1}
    return [replace(item, high=item.low) if place in ends else item for place, item in enumerate(items)]


def _run(items: Sequence[Item]) -> str:
    text, length = "", 0
    for item in items:
        if length and length + item.written_out > RUN_MAX:
            text, length = text + APART, 0
        text, length = text + str(item), length + item.written_out
    return text

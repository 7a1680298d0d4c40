r"""The pieces of an expression in RE2's syntax, and their composition for `regex`.

Rule: only *whether* the expression is found matters. Nothing is captured. As a search begins and ends anywhere, a
repetition at either end is cut down to its minimum: `.*ok` is `ok`, `\\s+$` is `\\s$`. It spares most of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

RUN_MAX = 50
APART = r"(?![^\x00-\U0010ffff])"
"""A separator between longer runs of characters: `regex` prepares a run in time cubic in its length, which no timeout
ends (13 s for 4000 times the same character, version 2026.11.19).
"""


@dataclass(frozen=True, slots=True)
class Item:
    """A piece and its repetition.

    `size`: its characters when written once; `empty`: it matches a position, no character.
    """

    text: str
    size: int = 1
    empty: bool = False
    low: int = 1
    high: int | None = 1
    lazy: bool = False

    @property
    def written_out(self) -> int:
        """Return its number of characters with repetitions written out, as RE2 counts them."""
        return self.size * max(self.low if self.high is None else self.high, 1)

    @property
    def once(self) -> bool:
        """Return whether it is not repeated."""
        return (self.low, self.high) == (1, 1)

    def __str__(self) -> str:
        """Return the piece as `regex` reads it."""
        if self.high == 0 or (self.empty and self.low == 0):
            # A repeated position matches where it stands or not at all, and an optional one is no condition.
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
    """Return the part of an alternative that a search has to find; see the rule."""
    while items and items[0].low == 0:
        items = items[1:]
    while items and items[-1].low == 0:
        items = items[:-1]
    ends = {0, len(items) - 1}
    return [replace(item, high=item.low) if place in ends else item for place, item in enumerate(items)]


def _run(items: Sequence[Item]) -> str:
    text, length = "", 0
    for item in items:
        # The separator matches everywhere: it only keeps two runs apart while `regex` compiles them.
        if length and length + item.written_out > RUN_MAX:
            text, length = text + APART, 0
        text, length = text + str(item), length + item.written_out
    return text

"""A section and its table: plain text, without any markup; whoever renders it escapes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head. `css` says how each row looks, `code` which columns are to be typed or copied,
    `tight` which are not broken into lines.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    css: Sequence[str] = ()
    code: frozenset[int] = field(default_factory=frozenset)
    tight: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Section:
    """A title, some sentences (as a list, if so), a picture and a table. `facts` are said where there is no picture,
    `lines` shown as they are.
    """

    title: str
    text: Sequence[str]
    plot: str = ""
    table: Table | None = None
    facts: Sequence[str] = ()
    as_list: bool = False
    lines: Sequence[str] = ()

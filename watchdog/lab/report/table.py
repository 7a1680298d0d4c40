"""A section and its table as plain text without markup; each renderer escapes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head. `css` holds the class of each row; `code` the columns with commands or ids, shown as code;
    `tight` the columns without line breaks.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    css: Sequence[str] = ()
    code: frozenset[int] = field(default_factory=frozenset)
    tight: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Section:
    """A title, sentences (a list with `as_list`), a plot and a table. Renderers without plots show `facts` instead;
    `lines` are shown verbatim.
    """

    title: str
    text: Sequence[str]
    plot: str = ""
    table: Table | None = None
    facts: Sequence[str] = ()
    as_list: bool = False
    lines: Sequence[str] = ()

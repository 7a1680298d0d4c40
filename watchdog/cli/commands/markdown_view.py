"""Markdown on a terminal.

Rule: no text of a page is cut off: a word too wide for a column of a table is folded.
"""

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Markdown, TableElement
from rich.table import Table

WIDTH_MAX = 100
"""Longer lines are hard to read, however wide the terminal is."""


class _Folded(TableElement):
    """A table whose cells fold a word that is too long; Rich would end it with an ellipsis."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table."""
        for part in super().__rich_console__(console, options):
            for column in part.columns if isinstance(part, Table) else ():
                column.overflow = "fold"
            yield part


class MarkdownView(Markdown):
    """Markdown without hyperlinks: an address stands behind its text."""

    elements = {**Markdown.elements, "table_open": _Folded}  # noqa: RUF012  as in Rich

    def __init__(self, text: str) -> None:
        # Rich would hide an address in an escape sequence: unreadable on many terminals, and not to be copied.
        super().__init__(text, hyperlinks=False)


def show_markdown(text: str, console: Console) -> None:
    """Print the Markdown."""
    console.print(MarkdownView(text), width=min(console.width, WIDTH_MAX))

"""Renders the report: as one HTML page without network or script, and as Markdown for a terminal or a repository.

Foreign text is escaped in both. The template escapes everything except the plots, whose texts are escaped when `svg`
draws them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from watchdog.lab.report.content import Report
from watchdog.lab.report.phrases import plain
from watchdog.lab.report.sections import TITLE, headline, sections
from watchdog.lab.report.table import Section, Table

SPECIAL = "\\`*_[]<>|#~$&"
"""The characters that Markdown, or HTML within it, takes for markup."""


def page(report: Report) -> str:
    """Return the whole HTML page."""
    # Imported late: jinja2 comes with the extra `console`, and the JSON of `lab score` works without it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        # A misspelt name in the template is an error, not an empty text.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    template = environment.get_template("page.html")
    return template.render(title=TITLE, headline=headline(report), sections=list(sections(report)))


def markdown(report: Report) -> str:
    """Return the whole Markdown text."""
    parts = [f"# {TITLE}", f"**{escaped(headline(report))}**", "The plots are in `report.html`."]
    parts += [part for section in sections(report) for part in _section(section)]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Return the text with all Markdown markup escaped."""
    return "".join(f"\\{char}" if char in SPECIAL else char for char in plain(text))


def _section(section: Section) -> Iterator[str]:
    yield f"## {escaped(section.title)}"
    if section.as_list:
        yield "\n".join(f"- {escaped(text)}" for text in section.text)
    else:
        yield from (escaped(text) for text in section.text)
    if section.facts:
        # The facts after the fourth explain the marks of the plot, which Markdown does not show.
        yield "\n".join(f"- {escaped(fact)}" for fact in section.facts[:4])
    if section.lines:
        yield "\n".join(f"    {plain(line)}" for line in section.lines)
    if section.table is not None:
        yield "\n".join(_table(section.table))


def _table(table: Table) -> Iterator[str]:
    yield _row([escaped(cell) for cell in table.head])
    yield _row(["---"] * len(table.head))
    for row in table.rows:
        yield _row([_code(cell) if place in table.code else escaped(cell) for place, cell in enumerate(row)])


def _code(text: str) -> str:
    """Return the text as inline code, or escaped if it holds a character that would end the code or the cell."""
    return escaped(text) if "`" in text or "|" in text else f"`{plain(text)}`"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

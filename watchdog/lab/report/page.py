"""The page: one file that needs nothing else, no network and no script. Everything it shows is escaped."""

from collections.abc import Iterator

from watchdog.lab.report.content import Report
from watchdog.lab.report.sections import TITLE, headline, sections
from watchdog.lab.report.style import STYLE
from watchdog.lab.report.svg import escaped
from watchdog.lab.report.table import Section, Table

HEAD = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
)


def page(report: Report) -> str:
    """Return the whole page."""
    body = "\n".join(part for section in sections(report) for part in _section(section))
    return (
        f"{HEAD}<title>{escaped(TITLE)}</title><style>{STYLE}</style></head>\n<body>\n<h1>{escaped(TITLE)}</h1>\n"
        f'<p class="lead">{escaped(headline(report))}</p>\n{body}\n</body></html>\n'
    )


def _section(section: Section) -> Iterator[str]:
    yield f"<h2>{escaped(section.title)}</h2>"
    if section.as_list:
        yield f"<ul>{''.join(f'<li>{escaped(text)}</li>' for text in section.text)}</ul>"
    else:
        yield from (f"<p>{escaped(text)}</p>" for text in section.text)
    if section.plot:
        yield f'<div class="wide">{section.plot}</div>'
    if section.lines:
        yield f"<pre>{chr(10).join(escaped(line) for line in section.lines)}</pre>"
    if section.table is not None:
        yield f'<div class="wide">{_table(section.table)}</div>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{escaped(cell)}</th>" for cell in table.head)
    css = table.css or [""] * len(table.rows)
    rows = "\n".join(
        f'<tr class="{look}">{"".join(_cell(table, place, cell) for place, cell in enumerate(row))}</tr>'
        for row, look in zip(table.rows, css, strict=True)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table>"


def _cell(table: Table, place: int, text: str) -> str:
    shown = f"<code>{escaped(text)}</code>" if place in table.code else escaped(text)
    return f'<td class="tight">{shown}</td>' if place in table.tight else f"<td>{shown}</td>"

"""Renders the HTML page: one self-contained file without network or script.

The template escapes everything except the plots, whose texts are escaped when `svg` draws them.
"""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from watchdog.lab.report.content import Report
from watchdog.lab.report.phrases import plain
from watchdog.lab.report.sections import TITLE, headline, sections


def page(report: Report) -> str:
    """Return the whole page."""
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

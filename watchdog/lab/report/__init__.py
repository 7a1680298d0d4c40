"""The report of the decision lab: one page that explains itself, and the same as Markdown and JSON.

`content` gathers the numbers (`bars`, `delays`, `cost_chart`, `outcomes`), `sections` puts them in order and in words,
`page` and `markdown` render them; `plot_*` draw the plots with the few shapes of `svg`.
"""

import json
from pathlib import Path

from watchdog.lab.report.content import Report
from watchdog.lab.report.markdown import markdown

__all__ = ["Report", "write"]


def write(report: Report, folder: Path) -> list[Path]:
    """Write report.html, report.md and report.json into a folder (created if missing); return their paths."""
    # Imported here: jinja2 comes with the extra `console`, and the JSON form works without it.
    from watchdog.lab.report.page import page

    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.html": page(report),
        "report.md": markdown(report),
        "report.json": json.dumps(report.json_object(), indent=1, allow_nan=False) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]

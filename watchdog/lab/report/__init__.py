"""The report of the decision lab: one page that explains itself, and the same as Markdown and JSON.

`content` gathers the numbers (`bars`, `delays`, `cost_chart`, `outcomes`; the last three, and `plot_blame`, draw a plot
with the few shapes of `svg`), `sections` puts them in order and in words, `renderers` makes page and Markdown.
"""

import json
from pathlib import Path

from watchdog.lab.report.content import Report
from watchdog.lab.report.renderers import markdown, page

__all__ = ["Report", "write"]


def write(report: Report, folder: Path) -> list[Path]:
    """Write report.html, report.md and report.json into a folder (created if missing); return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.html": page(report),
        "report.md": markdown(report),
        "report.json": json.dumps(report.json_object(), indent=1, allow_nan=False) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]

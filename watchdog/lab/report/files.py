"""Writes the three files into a folder."""

import json
from pathlib import Path

from watchdog.lab.report.content import Report
from watchdog.lab.report.markdown import markdown
from watchdog.lab.report.page import page


def write(report: Report, folder: Path) -> list[Path]:
    """Write report.html, report.md and report.json; return where they are. The folder is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.html": page(report),
        "report.md": markdown(report),
        "report.json": json.dumps(report.json_object(), indent=1, allow_nan=False) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]

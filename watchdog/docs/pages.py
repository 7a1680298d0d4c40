"""The pages of the handbook, and their order."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from watchdog.docs.headings import headings

HERE = Path(__file__).parent
PICTURES = (".png", ".svg")
"""File name endings of pictures; they stand beside the pages, and are shown by `![description](file.png)`."""
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Set up", ("start", "secrets", "deploy", "integrations")),
    ("Every day", ("on-call", "console", "autonomous")),
    ("How it decides", ("decisions", "guarantees")),
    ("Review, measure, operate", ("after-an-incident", "evidence", "lab", "operation")),
    (
        "Reference",
        (
            "reference-configuration",
            "reference-variables",
            "reference-commands",
            "reference-api",
            "reference-metrics",
            "reference-notices",
        ),
    ),
    ("Contributing", ("contributing",)),
)
"""Every existing or planned page, by the name of its file, in the order of the contents."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the handbook."""

    name: str  # of its file, without `.md`; part of its address
    title: str  # its first heading
    group: str  # under which it stands in the contents
    text: str  # the whole file, Markdown


@cache
def pages() -> tuple[Page, ...]:
    """Return the pages that exist, in the order of the contents; read once in a process."""
    return tuple(
        Page(name, headings(text)[0].text, group, text)
        for group, names in GROUPS
        for name in names
        if (path := HERE / f"{name}.md").is_file()
        for text in [path.read_text(encoding="utf-8")]
    )


def page(name: str) -> Page | None:
    """Return the page of that name; None for an unknown one."""
    return next((one for one in pages() if one.name == name), None)


@cache
def pictures() -> Mapping[str, bytes]:
    """Return the pictures by the names of their files; read once in a process."""
    return {path.name: path.read_bytes() for path in sorted(HERE.iterdir()) if path.suffix in PICTURES}


def near(name: str) -> list[str]:
    """Return the names of similar pages, the nearest first: by spelling, else by a word of theirs."""
    known = {one.name: one.title.lower() for one in pages()}
    wanted = name.lower()
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
    return close or [one for one, title in known.items() if wanted and (wanted in one or wanted in title)][:3]

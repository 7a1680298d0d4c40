"""The pages of the handbook, and their order."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from watchdog.docs.headings import headings
from watchdog.domain.commands.command_line import command_line

HERE = Path(__file__).parent
PICTURES = "pictures"
"""The folder of the pictures, which pages show by `![description](pictures/file.png)`."""
GENERATED = "reference"
"""The folder of the pages that are generated, and the begin of their names."""
HELP = "/help/"
"""Where the console serves the handbook."""
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Set up", ("start", "probes", "signals", "secrets", "deploy", "integrations", "moving-over")),
    ("Every day", ("on-call", "console", "gate", "autonomous", "remedies", "database")),
    ("How it decides", ("decisions", "guarantees", "runbook")),
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
            "reference-alerts",
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


@dataclass(frozen=True, slots=True)
class Hit:
    """A heading whose text has the words."""

    page: Page  # where it stands
    heading: str  # its text
    anchor: str  # the fragment that links to it; empty: the beginning of the page
    line: str  # the first line below it, or itself, that holds the words


@cache
def pages() -> tuple[Page, ...]:
    """Return the pages that exist, in the order of the contents; read once in a process."""
    return tuple(
        Page(name, headings(text)[0].text, group, text)
        for group, names in GROUPS
        for name in names
        if (path := file_of(name)).is_file()
        for text in [path.read_text(encoding="utf-8")]
    )


def file_of(name: str) -> Path:
    """Return the file of a page."""
    return (HERE / GENERATED if name.startswith(f"{GENERATED}-") else HERE) / f"{name}.md"


def name_of(path: str) -> str:
    """Return the name of the page that a link's path leads to: that of its file, whatever folder it is in."""
    return PurePosixPath(path).name.removesuffix(".md")


def page(name: str) -> Page | None:
    """Return the page of that name; None for an unknown one."""
    return next((one for one in pages() if one.name == name), None)


@cache
def pictures() -> Mapping[str, bytes]:
    """Return the pictures by the names of their files; read once in a process."""
    return {path.name: path.read_bytes() for path in sorted((HERE / PICTURES).iterdir())}


def near(name: str) -> list[str]:
    """Return the names of similar pages, the nearest first: by spelling, else by a word of theirs."""
    known = {one.name: one.title.lower() for one in pages()}
    wanted = name.lower()
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
    return close or [one for one, title in known.items() if wanted and (wanted in one or wanted in title)][:3]


def link(place: str, console_url: str | None = None) -> str:
    """Return the address of a place in the console that is served at `console_url`, else the command that shows it."""
    return f"{console_url.rstrip('/')}{HELP}{place}" if console_url else shell_place(place)


def shell_place(place: str) -> str:
    """Return the command that shows the page of a place; without its heading, as some shells expand a `#`."""
    return command_line("docs", place.partition("#")[0])


def search(words: str) -> list[Hit]:
    """Return the headings below which one line has all the words, in any case: titles and headings first."""
    wanted = words.lower().split()
    hits = [hit for one in pages() for hit in _hits(one, wanted)] if wanted else []
    return sorted(hits, key=lambda hit: not all(word in hit.heading.lower() for word in wanted))


def _hits(one: Page, wanted: list[str]) -> list[Hit]:
    found, lines = headings(one.text), one.text.splitlines()
    hits = []
    for place, heading in enumerate(found):
        end = found[place + 1].line if place + 1 < len(found) else len(lines)
        for line in lines[heading.line : end]:
            if all(word in line.lower() for word in wanted):
                # The title needs no anchor: its place is the page itself.
                hits.append(Hit(one, heading.text, heading.anchor if heading.level > 1 else "", line.strip("# ")))
                break
    return hits

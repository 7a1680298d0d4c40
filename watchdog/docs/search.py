"""Finds words in the handbook."""

from dataclasses import dataclass

from watchdog.docs.headings import headings
from watchdog.docs.pages import Page, pages


@dataclass(frozen=True, slots=True)
class Hit:
    """A heading whose text has the words."""

    page: Page  # where it stands
    heading: str  # its text
    anchor: str  # the fragment that links to it; empty: the beginning of the page
    line: str  # the first line below it, or itself, that holds the words


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

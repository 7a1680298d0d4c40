"""The headings of a page, and their anchors: the same as GitHub makes of the text."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r"(#{1,6}) +(.*?)(?: +#+)? *")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading of a page."""

    level: int  # 1 for the page's title
    text: str  # without the marks of Markdown
    anchor: str  # the fragment that links to it, unique on its page
    line: int  # number of its line, from 0


def headings(text: str) -> list[Heading]:
    """Return the headings of a Markdown text in their order; code blocks have none."""
    found: list[Heading] = []
    seen: Counter[str] = Counter()
    for number, line in prose_lines(text):
        heading = _HEADING.fullmatch(line)
        if heading is None:
            continue
        plain = plain_text(heading[2])
        anchor = anchor_of(plain)
        # GitHub numbers repeated anchors from the second one on: `#name`, `#name-1`.
        seen[anchor] += 1
        again = f"-{seen[anchor] - 1}" if seen[anchor] > 1 else ""
        found.append(Heading(len(heading[1]), plain, anchor + again, number))
    return found


def prose_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines outside code blocks, each with its number from 0."""
    fence = ""
    for number, line in enumerate(text.splitlines()):
        mark = _FENCE.match(line)
        if fence:
            # A fence ends only with the same mark, at least as long: CommonMark lets a longer one hold shorter ones.
            fence = "" if mark and mark[1].startswith(fence) else fence
        elif mark:
            fence = mark[1]
        else:
            yield number, line


def plain_text(text: str) -> str:
    """Return the text of a heading without code marks, emphasis and links."""
    return re.sub(r"[`*]", "", _LINK.sub(r"\1", text)).strip()


def anchor_of(text: str) -> str:
    """Return the anchor of a heading: small letters, digits, `-` and `_`; a space is a `-`, all else is left out."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def section(text: str, anchor: str) -> str | None:
    """Return the part of a page from that heading to the next of its level or above; None for an unknown anchor."""
    found, lines = headings(text), text.splitlines()
    for place, heading in enumerate(found):
        if heading.anchor == anchor:
            ends = [later.line for later in found[place + 1 :] if later.level <= heading.level]
            return "\n".join(lines[heading.line : ends[0] if ends else None]).rstrip() + "\n"
    return None

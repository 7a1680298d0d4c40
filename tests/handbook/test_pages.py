"""The handbook's pages: each is in the table, can be found, and links to what exists."""

import re
from pathlib import Path

import pytest

from watchdog.docs import (
    GROUPS,
    Page,
    anchor_of,
    file_of,
    headings,
    link,
    name_of,
    near,
    page,
    pages,
    pictures,
    search,
    section,
)
from watchdog.docs.headings import prose_lines
from watchdog.docs.page_table import HERE

NAMES = [name for _, names in GROUPS for name in names]
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
TAKEN = {"main", "stale", "answer"}
"""Ids of the console's own page: a heading with such an anchor could not be linked to."""


@pytest.mark.parametrize("one", pages(), ids=lambda one: one.name)
def test_a_page_begins_with_its_title_and_links_to_what_exists(one: Page) -> None:
    """One heading of the first level, at the top; other pages as `name.md#anchor`; no HTML but comments and <br>."""
    found = headings(one.text)
    assert [heading.line for heading in found if heading.level == 1] == [0]
    assert not TAKEN & {heading.anchor for heading in found}
    prose = "\n".join(line for _, line in prose_lines(one.text))
    assert [broken for picture, target in LINK.findall(prose) if (broken := wrong(picture, target, one))] == []
    assert "![](" not in prose, "say what the picture shows"
    plain = re.sub(r"`[^`\n]*`|<!--.*?-->|<br>|<https?://[^>]+>", "", prose, flags=re.DOTALL)
    assert re.findall(r"</?[a-zA-Z][^>]*>", plain) == []


def wrong(picture: str, target: str, at: Page) -> str:
    """Return what is wrong with a link of a page; nothing if it leads somewhere."""
    if picture:
        return "" if target in {f"pictures/{name}" for name in pictures()} else f"{target}: no picture of the handbook"
    if target.startswith("https://"):
        return ""
    path, _, anchor = target.partition("#")
    other = page(name_of(path)) if path else at
    # As a file as well: that is how GitHub shows it.
    if other is None or (path and (file_of(at.name).parent / path).resolve() != file_of(other.name)):
        return f"{target}: not a page of the handbook"
    if anchor and anchor not in {heading.anchor for heading in headings(other.text)}:
        return f"{target}: no such heading"
    return ""


def test_a_broken_link_would_be_found() -> None:
    at = page("guarantees")
    assert at is not None and wrong("!", "nowhere.png", at)
    unknown = ("nowhere.md", "operation.md#nowhere", "#nowhere", "../../README.md", "operation")
    for target in (*unknown, "reference-api.md", "../operation.md"):
        assert wrong("", target, at), target
    for target in ("operation.md#overload", "reference/reference-api.md", "#what-remains"):
        assert not wrong("", target, at), target


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("What remains", "what-remains"),
        ("An upgrade of the watchdog itself", "an-upgrade-of-the-watchdog-itself"),
        ("`--json`: what it prints, (and why)", "--json-what-it-prints-and-why"),
        ("Go – slowly", "go--slowly"),
        ("a_b C", "a_b-c"),
    ],
)
def test_anchors_are_those_of_github(text: str, anchor: str) -> None:
    assert anchor_of(text.replace("`", "")) == anchor
    assert headings(f"# x\n\n## {text}\n")[1].anchor == anchor


def test_headings_are_counted_and_a_place_is_an_address_or_a_command() -> None:
    """The second of the same text gets a number; a comment in a shell is no heading."""
    text = "# T\n```sh\n# no heading\n```\n## A\n~~~\n## no\n~~~\n## A ##\n### [B](x.md)\ntext\n"
    assert [(one.level, one.text, one.anchor) for one in headings(text)] == [
        *((1, "T", "t"), (2, "A", "a"), (2, "A", "a-1"), (3, "B", "b"))
    ]
    assert section(text, "a-1") == "## A ##\n### [B](x.md)\ntext\n"
    assert section(text, "b") == "### [B](x.md)\ntext\n" and section(text, "c") is None
    assert link("on-call#approvals", "https://watchdog.acme.example/") == (
        "https://watchdog.acme.example/help/on-call#approvals"
    )
    assert link("on-call#approvals") == "watchdog docs on-call"


def test_places_that_the_code_names_are_in_the_handbook() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in HERE.parent.rglob("*.py"))
    named = re.findall(r"""\b(?:link|shell_place)\(["']([\w#-]+)["']""", code)
    assert "reference-variables" in named
    for place in named:
        name, _, anchor = place.partition("#")
        found = page(name)
        assert name in NAMES, place
        assert not (found and anchor) or section(found.text, anchor), place


def test_near_names_and_search() -> None:
    """By spelling, by a word of the title; words are found in any case, headings first."""
    assert near("operatoin") == ["operation"] and near("INTEGRATIONS")[0] in ("integrations", "operation")
    assert near("xyzzy") == [] and near("") == []
    hits = search("OVERLOAD")
    assert (hits[0].page.name, hits[0].heading) == ("operation", "Overload")
    assert ("operation", "overload") in {(hit.page.name, hit.anchor) for hit in hits}
    assert search("xyzzy") == [] and search(" ") == []


def test_every_file_is_in_the_table_once() -> None:
    """A page that is not listed could be read by nobody; a page that is listed may still be missing."""
    assert sorted(path.stem for path in HERE.rglob("*.md")) == sorted(one.name for one in pages())
    assert len(set(NAMES)) == len(NAMES)
    assert [one.name for one in pages()] == [name for name in NAMES if file_of(name).is_file()]
    assert Path(__file__).parents[2] / "watchdog" / "docs" == HERE

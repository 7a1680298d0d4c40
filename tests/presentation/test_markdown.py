"""Words of strangers in Markdown: rendered, they are what they were."""

import re

import pytest
from markdown_it import MarkdownIt

from watchdog.presentation.markdown import code, fenced, link, plain, table

WORDS = (
    "**bold** _it_ `code` ~~gone~~",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:b) ![c](d) <http://e>",
    "&lt;b&gt; \\* a | b",
    "ends with \\",
    "`starts and ends`",
    "$x$ # 12 !",
)
RENDER = MarkdownIt("commonmark", {"html": True}).enable("table")


def tokens_of(text: str) -> list[tuple[str, str]]:
    """Return what a paragraph consists of, text runs joined."""
    (inline,) = [token for token in RENDER.parse(text) if token.type == "inline"]
    return [(child.type, child.content) for child in inline.children or ()]


@pytest.mark.parametrize("words", WORDS)
def test_plain_text_is_text(words: str) -> None:
    """It renders as one run of the same characters."""
    assert "".join(content for _, content in tokens_of(f"it said {plain(words)}")) == f"it said {words}"
    assert {kind for kind, _ in tokens_of(f"it said {plain(words)}")} == {"text"}


@pytest.mark.parametrize(
    "words", ["fixes #12", "closes GH-12, gh-3", "acme/web#4", "@ann@bob", "@#1", "www.evil.example"]
)
def test_no_forge_finds_a_reference_or_a_mention(words: str) -> None:
    """It looks in the text that is rendered, where an escaped sign is a sign: code is all that it leaves alone."""
    found = tokens_of(f"it {plain(words)}")
    assert "".join(content for _, content in found) == f"it {words}"
    assert not [text for kind, text in found if kind == "text" and re.search(r"@|#\d|gh-\d|www", text, re.IGNORECASE)]
    assert plain("high-5 through-2 # x") == "high-5 through-2 \\# x"


@pytest.mark.parametrize("words", [words for words in WORDS if "|" not in words])
def test_code_is_code(words: str) -> None:
    """Backticks in it do not end it."""
    assert tokens_of(f"x {code(words)}") == [("text", "x "), ("code_inline", words)]


@pytest.mark.parametrize("words", WORDS)
def test_a_cell_stays_one_cell(words: str) -> None:
    """Bars do not make columns, in text nor in code."""
    for cell in (plain(words), code(words)):
        cells = [
            token for token in RENDER.parse("\n".join(table(("a", "b"), [(cell, "end")]))) if token.type == "td_open"
        ]
        assert len(cells) == 2


def test_a_block_cannot_be_ended_from_within() -> None:
    """Its fence is longer than any in it."""
    (block,) = RENDER.parse("\n".join(fenced(["a", "````", "<b>"])))
    assert (block.type, block.content) == ("fence", "a\n````\n<b>\n")


def test_only_web_addresses_become_links_and_only_where_one_is_made() -> None:
    """Nothing that runs, and no early end; forges make links of bare addresses, and call whoever is behind an @."""
    assert plain("see https://evil.example @team") == "see https\\://evil.example `@`team"
    assert link("x", "javascript:alert(1)") == link("x", None) == "x"
    assert link("a]b", "https://a.example/>(1) 2") == "[a\\]b](<https://a.example/%3E(1)%202>)"

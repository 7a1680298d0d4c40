"""A page of the handbook as HTML, the same for the console and for the static site: the two differ in addresses only.

Rule 1: raw HTML of a page is not passed on, except for a line break in a table's cell.
Rule 2: the HTML keeps the console's content security policy: no inline style, no script, no picture of another site.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath, PurePosixPath
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape
from starlette.responses import Response

from watchdog.docs import Heading, Page, headings, name_of, page, pages

WEB = ("https://", "http://")
LINE_BREAK = "<br>"
TYPES = {".png": "image/png", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Addresses:
    """The address scheme of pages and pictures."""

    before: str = ""  # in front of a name, as in `/help/`
    after: str = ""  # behind the name of a page, as in `.html`

    def page(self, name: str) -> str:
        """Return the address of a page."""
        return f"{self.before}{name}{self.after}"

    def picture(self, file: str) -> str:
        """Return the address of a picture, by the name of its file."""
        return f"{self.before}{file}"


@dataclass(frozen=True, slots=True)
class PageView:
    """A page of the handbook to be laid out."""

    name: str  # of its file, without `.md`
    title: str  # its first heading
    html: Markup  # the whole page
    contents: Sequence[Heading]  # headings of level 2 and 3, for the contents beside it


@dataclass(frozen=True, slots=True)
class GroupView:
    """Some pages of the list of all pages."""

    title: str  # of the group
    pages: Sequence[tuple[str, str, str]]  # name, title and address of each


def page_view(name: str, at: Addresses) -> PageView | None:
    """Return a page, with links to other pages made by `at`; None for an unknown page."""
    found = page(name)
    return _rendered(found, at) if found is not None else None


# The pages ship with the package, so each is rendered once in a process.
@cache
def _rendered(found: Page, at: Addresses) -> PageView:
    contents = [one for one in headings(found.text) if one.level in (2, 3)]
    return PageView(found.name, found.title, Markup(_html(found, at)), contents)  # noqa: S704  see rule 1


def group_views(at: Addresses) -> list[GroupView]:
    """Return the list of all pages."""
    groups = dict.fromkeys(one.group for one in pages())
    return [
        GroupView(group, [(one.name, one.title, at.page(one.name)) for one in pages() if one.group == group])
        for group in groups
    ]


def target(href: str, at: Addresses) -> str:
    """Return the address of a link on a page: `other.md#part` to that page, a web address and `#part` as they stand."""
    if href.startswith((*WEB, "#")):
        return href
    name, found, anchor = href.partition("#")
    return at.page(name_of(name)) + (f"#{anchor}" if found else "")


def _html(shown: Page, at: Addresses) -> str:
    markdown = MarkdownIt("commonmark", renderer_cls=_Renderer).enable("table")
    tokens = markdown.parse(shown.text)
    # Our own anchors, not the renderer's: terminal, console and static site must link alike.
    anchors = iter(headings(shown.text))
    for token in tokens:
        if token.type == "heading_open":
            token.attrSet("id", next(anchors).anchor)
        for part in token.children or ():
            if part.type == "link_open":
                part.attrSet("href", target(str(part.attrGet("href")), at))
            if part.type == "image":
                part.attrSet("src", at.picture(PurePosixPath(str(part.attrGet("src"))).name))
    made: str = markdown.renderer.render(tokens, markdown.options, {})
    return made


class _Renderer(RendererHTML):
    """Renders tables and code so that a keyboard can scroll them, and raw HTML as nothing or as text."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Render a block of code; its language stands in a class."""
        language = (tokens[idx].info.split() or ["text"])[0]
        return (
            f'<pre tabindex="0"><code class="language-{escape(language)}">{escape(tokens[idx].content)}</code></pre>\n'
        )

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Render an indented block of code."""
        return f'<pre tabindex="0"><code>{escape(tokens[idx].content)}</code></pre>\n'

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Begin a table, inside a container that scrolls it sideways."""
        # A region needs a name of its own, or a screen reader lists several alike.
        number = sum(token.type == "table_open" for token in tokens[: idx + 1])
        return f'<div class="wide" tabindex="0" role="region" aria-label="Table {number}"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """End it."""
        return "</table></div>\n"

    def html_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Leave out raw HTML, such as the comments that tests read."""
        return ""

    def html_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Render a line break; show any other raw HTML as text."""
        raw = tokens[idx].content
        return "<br>\n" if raw == LINE_BREAK else str(escape(raw))


def values(name: str, at: Addresses, home: str) -> Mapping[str, Any] | None:
    """Return the template values of a page; without a name those of the list of pages. None for an unknown page."""
    shown = page_view(name, at) if name else None
    if name and shown is None:
        return None
    return {"shown": shown, "groups": group_views(at), "home": home}


def picture(file: str, known: Mapping[str, bytes]) -> Response | None:
    """Return one of the known pictures; None for an unknown name."""
    # Looked up, never joined to a path: the name comes from an address.
    content = known.get(file)
    return Response(content, media_type=TYPES[PurePath(file).suffix]) if content is not None else None

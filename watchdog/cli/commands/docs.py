"""The command `watchdog docs`: the handbook in the terminal, and as a static site.

Rule: it needs no configuration and no network; the pages are part of the package.
"""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from watchdog.cli.command_context import usage_error
from watchdog.cli.options import It
from watchdog.docs.page_table import shell_place
from watchdog.domain.commands.command_line import command_line

if TYPE_CHECKING:
    from watchdog.docs import Page

LISTS = f"`{command_line('docs')}` lists the pages"
LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?!https?:)(?:[\w./-]*/)?(?P<page>[\w-]*)(?:\.md)?(?:#[^)]*)?\)")
"""A link to a page, or to a heading of this one."""


async def docs(
    page: str = "",
    /,
    *,
    search: Annotated[str, Parameter(show_default=False)] = "",
    site: Annotated[Path | None, Parameter(show_default=False)] = None,
    ctx: It,
) -> int:
    """Read the handbook: a page, the list of pages, or search it for words.

    Parameters
    ----------
    page
        Its name, as in `on-call`, or with a heading: `on-call#approvals`. Without it, list the pages.
    search
        List the pages and headings with these words.
    site
        Write all pages as a static site into this folder instead; needs the extra `console`.
    """
    from watchdog.cli import output

    if site is not None:
        return _write_site(ctx.cwd / site)
    if search:
        return _show_hits(search)
    if not page:
        output.show_lines(_contents())
        return output.DONE
    _show(*_found(page))
    return output.DONE


def _contents() -> list[str]:
    from watchdog.docs import pages

    width, group, lines = max(len(one.name) for one in pages()), "", [f"Read a page: {command_line('docs', 'PAGE')}"]
    for one in pages():
        if one.group != group:
            lines += ["", one.group]
            group = one.group
        lines.append(f"  {one.name:{width}}  {one.title}")
    return lines


def _show_hits(words: str) -> int:
    from watchdog.cli import output
    from watchdog.docs import search

    hits = search(words)
    if not hits:
        output.print_error(f"no page holds {words!r}; {LISTS}")
        return output.FAILED
    places = [f"{hit.page.name}#{hit.anchor}" if hit.anchor else hit.page.name for hit in hits]
    width = max(map(len, places))
    output.show_lines([f"{place:{width}}  {hit.heading}" for place, hit in zip(places, hits, strict=True)])
    return output.DONE


def _found(place: str) -> "tuple[Page, str]":
    """Return the page, and the text to show. Raises ConfigurationError with the names of similar pages."""
    from watchdog.docs import headings, name_of, near, search, section
    from watchdog.docs import page as page_of

    path, _, anchor = place.removesuffix(".md").partition("#")
    name = name_of(path)
    found = page_of(name)
    if found is None:
        meant = near(name)
        found_by = f"search for it: {command_line('docs', '--search', name)}" if search(name) else LISTS
        usage_error(name, "no such page", f"did you mean {' or '.join(meant)}? Or {found_by}" if meant else found_by)
    text = section(found.text, anchor) if anchor else found.text
    if text is None:
        # Without the title: its anchor would show the whole page.
        known = ", ".join(one.anchor for one in headings(found.text)[1:])
        usage_error(place, "no such heading on that page", f"one of: {known}")
    return found, text


def _show(page: "Page", text: str) -> None:
    """Write Markdown: unchanged to a pipe, formatted on a terminal."""
    from watchdog.cli import output

    if not sys.stdout.isatty():
        sys.stdout.write(text)
        return
    from watchdog.cli.commands.markdown_view import show_markdown

    show_markdown(for_terminal(text, page.name), output.console())


def for_terminal(text: str, name: str) -> str:
    """Return the Markdown without comments, and with commands in place of links to pages."""
    # Comments of the pages are for tests and for those who edit them.
    plain = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL).replace("<br>", " ")
    return LINK.sub(lambda found: _command(found, name), plain)


def _command(found: re.Match[str], name: str) -> str:
    """Return a link's text, followed by the command that shows the page, unless it is this one."""
    other = found["page"] or name
    return found["text"] if other == name else f"{found['text']} (`{shell_place(other)}`)"


def _write_site(folder: Path) -> int:
    from watchdog.cli import output

    # The static site uses the console's templates, an optional extra.
    try:
        from watchdog.console.render.handbook_site import write_site
    except ModuleNotFoundError as error:
        usage_error("--site", f"{error.name} is not installed", "install the extra console: render-watchdog[console]")
    try:
        written = write_site(folder)
    except OSError as error:
        usage_error(str(folder), f"cannot be written ({error.strerror})", "name another folder")
    output.show_lines([f"Wrote {written} pages. Begin with {folder / 'index.html'}"])
    return output.DONE

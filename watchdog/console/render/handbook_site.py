"""The handbook as a static site: one file of HTML for each page, one style sheet, no script.

It is read from any web server, and from `file://`.
"""

from pathlib import Path

from watchdog import __version__
from watchdog.console.render.handbook import values
from watchdog.console.render.rendering import STATIC, Renderer
from watchdog.docs import pages

STYLES = "handbook.css"
HOME = "index.html"


def address_of(name: str) -> str:
    """Return the address of a page beside this one."""
    return f"{name}.html"


def write_site(folder: Path) -> int:
    """Write the site into a folder, which is made if it is missing; return how many pages of the handbook it has."""
    renderer = Renderer(__version__)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("", *(one.name for one in pages())):
        given = values(name, address_of, HOME)
        if given is not None:
            (folder / (address_of(name) if name else HOME)).write_bytes(renderer.body("handbook_site.html", given))
    (folder / STYLES).write_bytes((STATIC / "console.css").read_bytes())
    return len(pages())

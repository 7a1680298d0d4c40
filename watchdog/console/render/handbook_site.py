"""The handbook as a static site: one file of HTML for each page, one style sheet, no script.

It is read from any web server, and from `file://`.
"""

from pathlib import Path

from watchdog import __version__
from watchdog.console.render.handbook import Addresses, values
from watchdog.console.render.rendering import STATIC, Renderer
from watchdog.docs import pages, pictures

STYLES = "handbook.css"
HOME = "index.html"
BESIDE = Addresses(after=".html")
"""All files of the site stand in one folder."""


def write_site(folder: Path) -> int:
    """Write the site into a folder, created if missing; return the number of handbook pages."""
    renderer = Renderer(__version__)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("", *(one.name for one in pages())):
        given = values(name, BESIDE, HOME)
        if given is not None:
            (folder / (BESIDE.page(name) if name else HOME)).write_bytes(renderer.body("handbook_site.html", given))
    (folder / STYLES).write_bytes((STATIC / "console.css").read_bytes())
    for file, content in pictures().items():
        (folder / file).write_bytes(content)
    return len(pages())

"""Public status pages: checked, and their logos read."""

import base64
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path as FilePath

from watchdog.settings.rules.console_access import check_libraries
from watchdog.settings.schema.console_schema import StatusPageShape
from watchdog.settings.schema.schema import Shape
from watchdog.settings.text.validation import choose
from watchdog.settings.text.yaml_document import Document, Path

PAGE_LIBRARIES = ("jinja2",)
PAGE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
LOGO_MAX = 32 * 1024
"""Bytes of a logo: it stands in the page itself, which so needs no second request."""
LOGO_PATH = "write its path, as it is from the folder of this file"
PNG = b"\x89PNG\r\n\x1a\n"
SVG = re.compile(rb"<svg[\s>]")
SVG_HEAD_MAX = 2048
"""Bytes in which an SVG begins, behind its declaration and comments."""


def check_status_pages(document: Document, shape: Shape, folder: FilePath) -> Mapping[str, StatusPageShape]:
    """Report pages of unknown services, logos that cannot be shown, and the causes that keep any page from being
    served; return the pages with their logos as `data:` addresses. Relative paths start in `folder`.
    """
    pages = dict(shape.status_pages)
    for name, page in shape.status_pages.items():
        path: Path = ("status_pages", name)
        # The name becomes a part of a public address.
        if not PAGE_NAME.fullmatch(name):
            document.report(path, "not a name for an address", "write up to 40 small letters, digits and -")
        for place, service in enumerate(page.services):
            if service not in shape.services:
                document.report(
                    (*path, "services", place), "names no service", partial(choose, service, shape.services)
                )
            elif service in page.services[:place]:
                document.report((*path, "services", place), "named twice", "keep one")
        for service in page.names:
            if service not in page.services:
                document.report(
                    (*path, "names", service), "is not on this page", partial(choose, service, page.services)
                )
        if page.logo is not None:
            pages[name] = page.model_copy(update={"logo": _logo(document, (*path, "logo"), folder / page.logo)})
    if not shape.status_pages:
        return pages
    if not shape.metrics.listen:
        where = 'write metrics: {listen: "127.0.0.1:9464"}'
        document.report(("status_pages",), "no address to serve them on", where)
    check_libraries(document, ("status_pages",), PAGE_LIBRARIES)
    return pages


def _logo(document: Document, path: Path, file: FilePath) -> str:
    """Return a picture as a `data:` address; report one that is none, or too large, and return ""."""
    try:
        # Asked first: to open a named pipe would wait for ever.
        if not file.is_file():
            document.report(path, "there is no such file", LOGO_PATH)
            return ""
        # One byte more than allowed: a large file is not read into memory.
        with file.open("rb") as opened:
            body = opened.read(LOGO_MAX + 1)
    except (OSError, ValueError):
        document.report(path, "the file cannot be read", LOGO_PATH)
        return ""
    kind = "png" if body.startswith(PNG) else "svg+xml" if SVG.search(body[:SVG_HEAD_MAX]) else ""
    if not kind:
        document.report(path, "is neither a PNG nor an SVG", "save the picture as one of these")
        return ""
    if len(body) > LOGO_MAX:
        document.report(path, f"is larger than {LOGO_MAX // 1024} KiB", "each visitor loads it: make a smaller one")
        return ""
    return f"data:image/{kind};base64,{base64.b64encode(body).decode()}"

"""The handbook: the pages beside this file, which the terminal, the console and the static site all show.

The order and the groups of the pages are the table `GROUPS`; a page's title is the first heading of its file. A planned
page may be in the table before its file exists; a file missing in the table fails a test. The pages of
`reference/` are generated: `python -m tests.handbook --write`.
"""

from watchdog.docs.headings import Heading, anchor_of, headings, section
from watchdog.docs.page_table import (
    GROUPS,
    Hit,
    Page,
    file_of,
    link,
    name_of,
    near,
    page,
    pages,
    pictures,
    search,
    shell_place,
)

__all__ = [
    "GROUPS",
    "Heading",
    "Hit",
    "Page",
    "anchor_of",
    "file_of",
    "headings",
    "link",
    "name_of",
    "near",
    "page",
    "pages",
    "pictures",
    "search",
    "section",
    "shell_place",
]

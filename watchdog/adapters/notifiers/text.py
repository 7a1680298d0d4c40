"""A notice as text, for every channel that people read; and the cleaning of foreign text.

Rule 1: no text leaves here with a control character, a line break inside a line, or without a limit.
Rule 2: markup of one channel (Slack's `<>&`) is that channel's own business.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import quote

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.notices import Link, Notice, NoticeKind
from watchdog.presentation.notices.notice_details import now_lines
from watchdog.presentation.text import moment

MAX_TITLE = 250
MAX_LINE = 500
MAX_LINES = 40
MAX_LINKS = 10
MAX_HREF = 1000
LABELS = {
    "incident": "Open",
    "site": "Site",
    "status": "Status page",
    "dashboard": "Render",
    "logs": "Logs on Render",
    "deploy": "Deploy on Render",
    "diff": "Diff",
}
"""The captions of our own links as buttons; another link has its own caption."""
KINDS: Mapping[NoticeKind, str] = MappingProxyType(
    {
        NoticeKind.OPENED: "opened",
        NoticeKind.ASKED: "needs your answer",
        NoticeKind.ANNOUNCED: "rollback announced",
        NoticeKind.ACTED: "rolling back",
        NoticeKind.UPDATED: "update",
        NoticeKind.HUMAN_NEEDED: "needs you",
        NoticeKind.RESOLVED: "over",
        NoticeKind.SELF_ALERT: "about the watchdog",
        NoticeKind.TEST: "test",
    }
)
"""The kinds in words, for a notice without the progress of an incident."""
_URL_SIGNS = ":/?#[]@!$&()*+,;=%~"  # all that a URL may hold, less the quotes, `|` and `<>` that end one in markup


def clean(text: str, limit: int) -> str:
    """Return the text on one line of at most `limit` characters; invisible characters become a space or U+FFFD."""
    # Cut before cleaning: a commit message may be megabytes long. Four times the limit leaves room for blanks.
    seen = "".join(mark if mark.isprintable() else " " if mark.isspace() else "\ufffd" for mark in text[: 4 * limit])
    line = " ".join(seen.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def title(notice: Notice, limit: int = MAX_TITLE) -> str:
    """Return the title in one line; without one, the service and the kind."""
    return clean(notice.title, limit) or f"{clean(notice.service, 80)} {progress(notice)}"


def lines(notice: Notice) -> tuple[str, ...]:
    """Return news and details, at most 40 lines of 500 characters; a last line counts those left out."""
    return _limited(notice, (*notice.lines, *notice.details))


def news(notice: Notice) -> tuple[str, ...]:
    """Return the news alone, within the same limits, for a channel that shows the details elsewhere."""
    return _limited(notice, notice.lines)


def details(notice: Notice) -> tuple[str, ...]:
    """Return the details alone, within the same limits."""
    return _limited(notice, notice.details)


def readings(notice: Notice) -> tuple[str, ...]:
    """Return those of the details that are readings of the notice's moment: they differ with each notice."""
    now = now_lines(notice.about) if notice.about is not None else ()
    return tuple(line for line in details(notice) if line in {clean(one, MAX_LINE) for one in now})


def _limited(notice: Notice, found: tuple[str, ...]) -> tuple[str, ...]:
    kept = tuple(clean(line, MAX_LINE) for line in found[:MAX_LINES])
    left_out = len(found) - MAX_LINES
    if left_out <= 0:
        return kept
    return (*kept, f"… and {left_out} more lines: {command_line('explain', clean(notice.incident, 80))}")


def links(notice: Notice) -> tuple[Link, ...]:
    """Return the links: http(s) URLs only, in plain ASCII."""
    found = ((clean(link.text, 100) or "link", safe_href(link.href)) for link in notice.links[:MAX_LINKS])
    return tuple(Link(shown, href) for shown, href in found if href)


def safe_href(written: str) -> str:
    """Return an http(s) URL in plain ASCII, or nothing."""
    # Quoting keeps the link whole, and makes it inert in every channel's markup.
    href = quote(written, safe=_URL_SIGNS, errors="replace")
    return href if href.startswith(("https://", "http://")) and len(href) <= MAX_HREF else ""


def footer(notice: Notice) -> str:
    """Return the incident's id, its progress at that moment, and the moment."""
    return f"{clean(notice.incident, 80)}, {progress(notice)}, {moment(notice.at)}"


def progress(notice: Notice) -> str:
    """Return the progress of the incident in a few words, or the kind of the notice."""
    return clean(notice.progress, 40) or KINDS[notice.kind]


def render(notice: Notice, *, head: Callable[[Notice], str] = title) -> str:
    """Return the whole notice as plain text: the title line, the evidence, the links, and the incident's id.

    A notice for people outside engineering (`plain`) has its title and lines alone.
    """
    if notice.plain:
        return "\n".join((head(notice), "", *lines(notice)))
    parts = [head(notice), *(f"  {line}" for line in lines(notice))]
    parts += [f"  {link.text}: {link.href}" for link in links(notice)]
    parts.append(f"  {footer(notice)}")
    return "\n".join(parts)

"""A ticket in Markdown. Foreign text stands in a fenced block, where a forge sees no mention, link, image or HTML.

Rule: a ticket carries a mark, an HTML comment made of digits only, by which it is found again.
"""

import hashlib
import re
from collections.abc import Sequence

from watchdog.adapters.notifiers import text
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.notices import Link, Notice
from watchdog.presentation.markdown import plain
from watchdog.presentation.text import moment

MAX_TITLE, MAX_TASK = 250, 300
_RUNS = re.compile("`+")
_MARKUP = frozenset("\\`*_[]<>|#&~!$@()")


def title(notice: Notice) -> str:
    """Return the ticket's title, one line."""
    return text.title(notice, MAX_TITLE)


def key(notice: Notice) -> str:
    """Return the key that all notices of one incident share, and no other's."""
    return hashlib.sha256(notice.dedup_key.encode("utf-8", "replace")).hexdigest()[:32]


def mark(incident_key: str) -> str:
    """Return the first characters of a ticket's body; the rest of the line names the notice that opened it."""
    return f"<!-- watchdog incident {incident_key} "


def opening(notice: Notice) -> str:
    """Return the body of a new ticket: the evidence, the links, the next steps.

    Far below GitHub's 65,536 characters.
    """
    lines = [f"{mark(key(notice))}opened by {stamp(notice)} -->", f"**Severity {notice.severity.value}**", ""]
    explain = _explain_command(notice.incident)
    how = f"The watchdog comments here on what comes next and closes this when it is over. `{explain}`"
    return "\n".join([*lines, _markdown(notice), "", how])


def comment(notice: Notice) -> str:
    """Return the body of a later comment; the last one lists the remaining tasks."""
    if not notice.resolves or not notice.todo:
        return _markdown(notice)
    tasks = [f"- [ ] {plain(one, MAX_TASK)}" for one in notice.todo]
    return "\n".join(
        [_markdown(notice), "", "Left to you (ticks here and in the watchdog's checklists are apart):", "", *tasks]
    )


def stamp(notice: Notice) -> str:
    """Return the stamp that distinguishes one notice of an incident from another."""
    return f"{notice.kind.value} {notice.at:.6f}"


def _markdown(notice: Notice) -> str:
    """Return title and news, the details folded below them, then the links and the time."""
    parts = [*_block((text.title(notice), *(f"  {line}" for line in text.news(notice)))), ""]
    if evidence := text.details(notice):
        # Without the empty line a forge takes the block for HTML.
        parts += ["<details><summary>Evidence and arithmetic</summary>", "", *_block(evidence), "", "</details>", ""]
    parts += [f"- {_link(link)}" for link in text.links(notice)]
    parts.append(f"- {text.progress(notice)}, {moment(notice.at)}")
    return "\n".join(parts)


def _block(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the lines in a fence longer than any run of backticks in them: else foreign text could write markup."""
    fence = "`" * max(3, 1 + max(len(run) for line in lines for run in ("", *_RUNS.findall(line))))
    return (f"{fence}text", *lines, fence)


def _link(link: Link) -> str:
    return f"[{_inert(link.text)}](<{link.href}>)"


def _inert(words: str) -> str:
    """Return the text of a link, in which a forge finds no markup; mentions and references are none within a link."""
    return "".join(f"&#{ord(sign)};" if sign in _MARKUP else sign for sign in words)


def _explain_command(incident: str) -> str:
    """Return the command that explains the incident; an id that is not one of ours is left out."""
    known = re.fullmatch(r"[A-Za-z0-9_-]{1,80}", incident)
    return command_line("explain", incident) if known else command_line("incidents")

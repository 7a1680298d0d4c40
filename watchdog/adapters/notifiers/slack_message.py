"""The parts of a Slack message.

Rule 1: foreign text stands in plain_text blocks, escaped, never as markup; no link is unfurled, no user mentioned.
Rule 2: every block is within Slack's limits, whatever the notice holds.
"""

from collections.abc import Iterable
from typing import Any

from watchdog.adapters.notifiers import text
from watchdog.domain.notices import Notice

MAX_BLOCK = 3000


def escape(said: str) -> str:
    """Return text that Slack cannot take for a mention, a link or an entity."""
    return said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(said: str) -> dict[str, Any]:
    """Return a plain_text object, in which Slack reads no markup."""
    return {"type": "plain_text", "text": escape(said), "emoji": False}


def words(notice: Notice) -> tuple[str, ...]:
    """Return the title and the evidence."""
    return (text.title(notice), *text.lines(notice))


def message(notice: Notice) -> dict[str, Any]:
    """Return the body of a post: the title, the evidence, the links."""
    return {**_body(notice, words(notice)), "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}


def state(notice: Notice, began: tuple[str, ...]) -> dict[str, Any]:
    """Return the body of an edit: the lines that the incident began with, and its present state."""
    now, *evidence = words(notice)
    return _body(notice, (*began, f"Now: {now}", *evidence))


def _body(notice: Notice, lines: Iterable[str]) -> dict[str, Any]:
    blocks = _plain(lines)
    if links := _links(notice):
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": links}]})
    # Phones show `text` in the notification. It is parsed as markup unless `parse` and `link_names` say no.
    return {"text": escape(text.title(notice)), "blocks": blocks, "parse": "none", "link_names": False}


def _plain(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Return sections of whole lines, each within Slack's 3000 characters after escaping (a line has 500 at most)."""
    texts: list[str] = []
    for line in map(escape, lines):
        if texts and len(texts[-1]) + 1 + len(line) <= MAX_BLOCK:
            texts[-1] += f"\n{line}"
        elif line:
            texts.append(line)
    return [{"type": "section", "text": {"type": "plain_text", "text": said, "emoji": False}} for said in texts]


def _links(notice: Notice) -> str:
    """Return links as markup, as many as fit into one block; a label cannot end its link early."""
    kept = ""
    for link in text.links(notice):
        more = f"<{escape(link.href)}|{escape(link.text.replace('|', '/'))}>"
        # A link that does not fit is left out as a whole: half of it would lead somewhere else.
        if len(kept) + 3 + len(more) <= MAX_BLOCK:
            kept += f" · {more}" if kept else more
    return kept

"""The parts of a Slack message, by Block Kit: title, news, facts, state, buttons; the details for its thread.

A message has its title as header, and an attachment whose colour shows the state (the word beside it says the same):
news, fields of facts that these lack, a context line (progress, severity, incident), links.

Rule 1: foreign text stands in plain_text, escaped, never as markup; no link is unfurled, no user mentioned.
Rule 2: every block is within Slack's limits, whatever the notice holds: of 50 blocks the news take 40 at most.
Rule 3: links are buttons only where the app receives clicks: Slack shows an error beside a button that none receives.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.facts import facts, rows
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity
from watchdog.presentation.text import moment

Block = dict[str, Any]
MAX_BLOCK, MAX_HEADER, MAX_BUTTON, MAX_FIELD, MAX_FIELDS = 3000, 150, 75, 2000, 10
GREEN, AMBER, RED, ORANGE, GREY = "#2eb67d", "#ecb22e", "#e01e5a", "#e8912d", "#9aa0a6"
FIELDS = ("suspect", "target", "mode")
"""The rows that are fields. Title and news say the others; how long it lasts would soon be wrong in a message."""
UNDER_WAY = (NoticeKind.ACTED, NoticeKind.ANNOUNCED)


def escape(said: str) -> str:
    """Return text that Slack cannot take for a mention, a link or an entity."""
    return said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(said: str, limit: int = MAX_BLOCK) -> dict[str, Any]:
    """Return a plain_text object, in which Slack reads no markup; too long, it is cut between two characters."""
    return {"type": "plain_text", "text": _fitting(said, limit), "emoji": False}


def _fitting(said: str, limit: int) -> str:
    escaped = escape(said)
    if len(escaped) <= limit:
        return escaped
    kept = ""
    for sign in map(escape, said):
        if len(kept) + len(sign) > limit - 1:
            break
        kept += sign
    return f"{kept}…"


def message(notice: Notice, *, clicks: bool = False) -> dict[str, Any]:
    """Return the body of a post. `clicks`: the app receives them, so that links are buttons."""
    return {**_body(notice, _links(notice, clicks=clicks)), **_POSTED}


def state(notice: Notice, began: str, *, clicks: bool = False) -> dict[str, Any]:
    """Return the body of an edit: the present state, and the title that the incident began with."""
    first = [] if notice.plain or began in ("", text.title(notice)) else [_context(plain(f"Began as: {began}"))]
    return _body(notice, [*first, *_links(notice, clicks=clicks)])


def reply(notice: Notice, *, details: bool) -> dict[str, Any]:
    """Return the body of a reply in the thread: title and news, with the details if they changed, else the readings."""
    news, below = (text.title(notice), *text.news(notice)), text.details(notice) if details else text.readings(notice)
    blocks = [*_sections(news), *_below(notice, below)]
    return {**_message(notice, blocks, []), **_POSTED}


def evidence(notice: Notice) -> dict[str, Any]:
    """Return the body of the first reply: the details of a message that shows the news already."""
    return {**_message(notice, _sections(text.details(notice)), []), **_POSTED}


def whole(notice: Notice) -> dict[str, Any]:
    """Return the body for a webhook, which has no thread: the details follow the news below a divider."""
    return {**_body(notice, [*_links(notice, clicks=False), *_below(notice, text.details(notice))]), **_POSTED}


_POSTED = {"mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
"""Fields of a post that an edit may not have."""


def with_blocks(body: dict[str, Any], more: list[Block]) -> dict[str, Any]:
    """Return a message with further blocks right below its news: what to press comes before the facts."""
    (attachment,) = body["attachments"]
    blocks = attachment["blocks"]
    below = next(
        (at for at, block in enumerate(blocks) if block["type"] != "section" or "fields" in block), len(blocks)
    )
    return {**body, "attachments": [{**attachment, "blocks": [*blocks[:below], *more, *blocks[below:]]}]}


def _body(notice: Notice, more: list[Block]) -> dict[str, Any]:
    blocks = [*_sections(text.news(notice)), *_fields(notice), *_state(notice), *more]
    # An attachment without a block is refused: a notice may have a title alone.
    attached = [{"color": colour(notice), "fallback": escape(text.title(notice)), "blocks": blocks}] if blocks else []
    return _message(notice, [{"type": "header", "text": plain(text.title(notice), MAX_HEADER)}], attached)


def _message(notice: Notice, blocks: list[Block], attachments: list[dict[str, Any]]) -> dict[str, Any]:
    # Phones show `text` in the notification. It is parsed as markup unless `parse` and `link_names` say no.
    # Attachments are always given: an edit without them would keep the old ones.
    shown = {"text": escape(text.title(notice)), "blocks": blocks, "attachments": attachments}
    return {**shown, "parse": "none", "link_names": False}


def colour(notice: Notice) -> str:
    """Return the colour of the state: over, under way, or how bad."""
    if notice.resolves:
        return GREEN
    if notice.plain or notice.kind is NoticeKind.TEST:
        return GREY
    if notice.kind in UNDER_WAY:
        return AMBER
    return {Severity.CRITICAL: RED, Severity.HIGH: ORANGE}.get(notice.severity, GREY)


def _fields(notice: Notice) -> list[Block]:
    """Return the facts that title and news lack, side by side; none for a notice that is not about an incident."""
    known = facts(notice)
    if known is None:
        return []
    said = rows(notice)
    fields = [plain(f"{name.capitalize()}: {said[name]}", MAX_FIELD) for name in FIELDS if name in said]
    if not notice.resolves:
        # Slack shows such a date in the reader's own zone; the text behind the bar is for old clients.
        date = f"<!date^{int(known.began_at)}^{{date_short_pretty}} {{time_secs}}|{moment(known.began_at)}>"
        fields.insert(0, {"type": "mrkdwn", "text": f"Since: {date}", "verbatim": True})
    return [{"type": "section", "fields": fields[:MAX_FIELDS]}] if fields else []


def _state(notice: Notice) -> list[Block]:
    """Return the context line; none for people outside engineering."""
    if notice.plain:
        return []
    known = (notice.progress, notice.severity.value, text.clean(notice.incident, 80))
    return [_context(plain(" · ".join(filter(None, known))))]


def _context(*elements: dict[str, Any]) -> Block:
    return {"type": "context", "elements": list(elements)}


def _below(notice: Notice, details: Sequence[str]) -> list[Block]:
    """Return details below the news, as many as Slack's limit of 50 blocks leaves room for."""
    room = max(0, text.MAX_LINES - len(text.news(notice)))
    blocks = _sections(details[:room])
    return [{"type": "divider"}, *blocks] if blocks else []


def _sections(lines: Iterable[str]) -> list[Block]:
    """Return sections of whole lines, each within Slack's 3000 characters after escaping (a line has 500 at most)."""
    texts: list[str] = []
    for line in map(escape, lines):
        if texts and len(texts[-1]) + 1 + len(line) <= MAX_BLOCK:
            texts[-1] += f"\n{line}"
        elif line:
            texts.append(line)
    return [{"type": "section", "text": {"type": "plain_text", "text": said, "emoji": False}} for said in texts]


def _links(notice: Notice, *, clicks: bool) -> list[Block]:
    if notice.plain:
        return []
    if not clicks:
        written = _written_links(notice)
        return [_context({"type": "mrkdwn", "text": written, "verbatim": True})] if written else []
    # Without our prefix, so that a click on a link is no command.
    buttons = [
        {
            "type": "button",
            "action_id": f"link_{number}",
            "text": plain(text.LABELS.get(link.text, link.text), MAX_BUTTON),
            "url": link.href,
        }
        for number, link in enumerate(text.links(notice))
    ]
    return [{"type": "actions", "block_id": "links", "elements": buttons}] if buttons else []


def _written_links(notice: Notice) -> str:
    """Return links as markup, as many as fit into one block; a label cannot end its link early."""
    kept = ""
    for link in text.links(notice):
        label = text.LABELS.get(link.text, link.text)
        more = f"<{escape(link.href)}|{escape(label.replace('|', '/'))}>"
        # A link that does not fit is left out as a whole: half of it would lead somewhere else.
        if len(kept) + 3 + len(more) <= MAX_BLOCK:
            kept += f" · {more}" if kept else more
    return kept

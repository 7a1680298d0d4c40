"""What Slack refuses in a message: unknown blocks and fields, and texts beyond its limits (Block Kit reference)."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = dict[str, Any]
BLOCKS_MAX, ATTACHMENTS_MAX, TEXT_MAX, ID_MAX = 50, 100, 40_000, 255
ATTACHMENT_FIELDS = {"color", "fallback", "blocks", "text", "pretext", "title", "title_link", "footer", "ts", "fields"}
COLOURS = re.compile(r"#[0-9a-fA-F]{6}|good|warning|danger")
PLAIN, ANY = ("plain_text",), ("plain_text", "mrkdwn")


def blocks_of(body: Json) -> Iterator[Json]:
    """Yield the blocks of a message, those of its attachments after its own."""
    yield from body.get("blocks") or ()
    for attachment in body.get("attachments") or ():
        yield from attachment.get("blocks") or ()


def problem(body: Json) -> str:
    """Return Slack's error for a message's blocks and attachments, or an empty text."""
    attachments = body.get("attachments") or []
    if len(str(body.get("text") or "")) > TEXT_MAX:
        return "msg_too_long"
    if not isinstance(attachments, list) or len(attachments) > ATTACHMENTS_MAX:
        return "too_many_attachments"
    if any(not _is_attachment(one) for one in attachments):
        return "invalid_attachments"
    groups = [body.get("blocks") or [], *(one.get("blocks") or [] for one in attachments)]
    return "" if all(_are_blocks(group) for group in groups) else "invalid_blocks"


def _is_attachment(one: object) -> bool:
    return (
        isinstance(one, dict)
        and one.keys() <= ATTACHMENT_FIELDS
        and COLOURS.fullmatch(str(one.get("color", "good"))) is not None
        and bool(one.get("blocks") or one.get("text") or one.get("fallback"))
    )


def _are_blocks(group: object) -> bool:
    if not isinstance(group, list) or len(group) > BLOCKS_MAX:
        return False
    ids = [one["block_id"] for one in group if isinstance(one, dict) and "block_id" in one]
    return len(ids) == len(set(ids)) and all(_is_block(one) for one in group)


def _is_block(block: object) -> bool:
    if not isinstance(block, dict) or block.get("type") not in KINDS:
        return False
    allowed, check = KINDS[block["type"]]
    known = block.keys() <= {"type", "block_id", *allowed}
    return known and 0 < len(str(block.get("block_id", "x"))) <= ID_MAX and check(block)


def _text(value: object, limit: int, kinds: tuple[str, ...] = PLAIN) -> bool:
    """Return whether this is a text object of one of these kinds, neither empty nor too long."""
    if not isinstance(value, dict) or value.get("type") not in kinds:
        return False
    own = {"emoji"} if value["type"] == "plain_text" else {"verbatim"}
    said = value.get("text")
    return value.keys() <= {"type", "text", *own} and isinstance(said, str) and 0 < len(said) <= limit


def _section(block: Json) -> bool:
    fields = block.get("fields", [])
    good = isinstance(fields, list) and len(fields) <= 10 and all(_text(one, 2000, ANY) for one in fields)
    return good and (_text(block["text"], 3000, ANY) if "text" in block else bool(fields))


def _context(block: Json) -> bool:
    elements = block.get("elements")
    return isinstance(elements, list) and 1 <= len(elements) <= 10 and all(_text(one, 3000, ANY) for one in elements)


def _actions(block: Json) -> bool:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= 25 or not all(_is_button(one) for one in elements):
        return False
    ids = [one["action_id"] for one in elements if "action_id" in one]
    return len(ids) == len(set(ids))


def _is_button(one: object) -> bool:
    allowed = {"type", "action_id", "text", "url", "value", "style", "confirm", "accessibility_label"}
    if not isinstance(one, dict) or one.get("type") != "button" or not one.keys() <= allowed:
        return False
    lengths = len(str(one.get("action_id", "x"))) <= ID_MAX and len(str(one.get("value", ""))) <= 2000
    address = re.fullmatch(r"https?://\S{1,2990}", one["url"]) is not None if "url" in one else True
    style = one.get("style", "primary") in ("primary", "danger")
    return _text(one.get("text"), 75) and lengths and address and style and _confirms(one.get("confirm"))


def _confirms(one: object) -> bool:
    if one is None:
        return True
    limits = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
    return isinstance(one, dict) and all(_text(one.get(name), limit, ANY) for name, limit in limits.items())


def _rich_text(block: Json) -> bool:
    elements = block.get("elements")
    return isinstance(elements, list) and all(isinstance(one, dict) and "elements" in one for one in elements)


KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[Json], bool]]] = {
    "header": (("text",), lambda block: _text(block.get("text"), 150)),
    "section": (("text", "fields"), _section),
    "context": (("elements",), _context),
    "actions": (("elements",), _actions),
    "divider": ((), lambda _: True),
    "rich_text": (("elements",), _rich_text),
}
"""The blocks that we send: their fields, and whether they are valid. Slack knows more; another one is refused here."""

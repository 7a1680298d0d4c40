"""A reply in Slack's format: visible to its author alone, without markup, within Slack's limits. Pure."""

from typing import Any

from watchdog.adapters.notifiers.slack_message import MAX_BLOCK, escape, plain
from watchdog.ports.chat import Reply

BLOCK_CHARACTERS, BLOCKS_MAX = 2800, 4
"""Slack allows 3000 characters a block, and escaping lengthens text; more than four blocks are unreadable in a chat."""
LINE_MAX = 400
CUT = "… (shortened: the terminal and the console have all of it)"


def message(reply: Reply) -> dict[str, Any]:
    """Return the body of a reply."""
    blocks = [_block(part, fixed=reply.fixed) for part in _parts(reply.lines)]
    first = escape(next(iter(reply.lines), "") or "watchdog")[:MAX_BLOCK]
    # Never in place of the message: the buttons of an open question would vanish for everyone.
    return {"response_type": "ephemeral", "replace_original": False, "text": first, "blocks": blocks}


def _parts(lines: tuple[str, ...]) -> list[str]:
    """Return the lines in as many pieces as are shown; a last line reports that some were cut."""
    parts, shown = [""], 0
    for line in lines:
        kept = line[:LINE_MAX]
        room = BLOCK_CHARACTERS - (len(CUT) + 1 if len(parts) == BLOCKS_MAX else 0)
        # Measured after escaping: each `&` or `<` grows to five characters, and Slack counts those.
        if len(escape(parts[-1])) + len(escape(kept)) + 1 > room:
            if len(parts) == BLOCKS_MAX:
                break
            parts.append("")
        parts[-1] += f"{kept}\n"
        shown += 1
    if shown < len(lines):
        parts[-1] += CUT
    return [part.rstrip("\n") or "…" for part in parts]


def _block(said: str, *, fixed: bool) -> dict[str, Any]:
    if not fixed:
        return {"type": "section", "text": plain(said)}
    letters = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": said}]}
    return {"type": "rich_text", "elements": [letters]}

"""Slack's Block Kit as HTML, near enough to Slack's own look to judge a message by: a body in, a page out. Pure.

Rule: what a body holds and this file does not know raises KeyError: a picture leaves nothing out.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any

Block = Mapping[str, Any]
STYLE = """
body { margin: 0; padding: 14px 18px; background: #fff; color: #1d1c1d;
  font: 14px/1.46 Lato, "DejaVu Sans", sans-serif; }
.post { display: grid; grid-template-columns: 36px 1fr; gap: 0 10px; margin-bottom: 10px; }
.face { width: 36px; height: 36px; border-radius: 6px; background: #1a7f4e; color: #fff; text-align: center;
  font: bold 20px/36px sans-serif; }
.who { font-weight: 900; } .app { background: #eee; color: #616061; font-size: 10px; padding: 1px 4px;
  border-radius: 2px; font-weight: 700; }
.time, .context, .edited { color: #616061; font-size: 12px; }
.header { font-size: 16px; font-weight: 900; margin: 4px 0; } .section, .context, .actions, .fields { margin: 6px 0; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 6px 16px; }
.text { white-space: pre-line; overflow-wrap: anywhere; }
.actions { display: flex; gap: 8px; flex-wrap: wrap; }
.button { border: 1px solid #bbb; border-radius: 4px; padding: 4px 12px; font-weight: 700; font-size: 13px;
  color: #1d1c1d; }
.primary { background: #007a5a; border-color: #007a5a; color: #fff; } .danger { color: #e01e5a; border-color: #e01e5a; }
.attached { border-left: 4px solid #ddd; padding-left: 12px; margin-top: 4px; }
.thread { margin: 0 0 0 46px; border-left: 2px solid #eee; padding-left: 12px; zoom: .9; }
hr { border: 0; border-top: 1px solid #ddd; } a { color: #1264a3; text-decoration: none; }
code { background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; padding: 0 3px; color: #c01343;
  font-size: 12px; }
"""
DATE = re.compile(r"&lt;!date\^(\d+)\^([^|&]+)\|[^&]*&gt;")
"""A moment that Slack shows in the reader's zone; here UTC, and on the same day."""
SPANS = (
    (re.compile(r"&lt;(https?://[^|&]+)\|(.+?)&gt;"), r'<a href="\1">\2</a>'),
    (re.compile(r"&lt;(https?://[^|&]+)&gt;"), r'<a href="\1">\1</a>'),
    (re.compile(r"`([^`\n]+)`"), r"<code>\1</code>"),
    (re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w_])_([^_\n]+)_(?![\w_])"), r"<i>\1</i>"),
)
"""Slack's own markup, in text that is escaped already."""


def page(body: Block, replies: Iterable[Block] = (), at: str = "02:15") -> str:
    posts = [_post(body, at), *(f'<div class="thread">{_post(one, at)}</div>' for one in replies)]
    head = f'<meta charset="utf-8"><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en">{head}<body>{"".join(posts)}</body></html>'


def _post(body: Block, at: str) -> str:
    shown = _blocks(body.get("blocks", ()))
    for one in body.get("attachments", ()):
        color = re.fullmatch(r"#[0-9a-fA-F]{6}", one.get("color", "#dddddd"))
        edge = color[0] if color else "#dddddd"
        shown += f'<div class="attached" style="border-color: {edge}">{_blocks(one["blocks"])}</div>'
    who = f'<span class="who">watchdog</span> <span class="app">APP</span> <span class="time">{escape(at)}</span>'
    # Slack shows `text` only where there are no blocks.
    return f'<div class="post"><div class="face">w</div><div>{who}{shown or _text(body["text"])}</div></div>'


def _blocks(blocks: Iterable[Block]) -> str:
    return "".join(KINDS[block["type"]](block) for block in blocks)


def _section(block: Block) -> str:
    text = f'<div class="section text">{_object(block["text"])}</div>' if "text" in block else ""
    fields = "".join(f'<div class="text">{_object(field)}</div>' for field in block.get("fields", ()))
    return text + (f'<div class="fields">{fields}</div>' if fields else "")


def _context(block: Block) -> str:
    return f'<div class="context text">{" ".join(_object(one) for one in block["elements"])}</div>'


def _actions(block: Block) -> str:
    buttons = (
        f'<span class="button {one.get("style", "")}">{_object(one["text"])}</span>' for one in block["elements"]
    )
    return f'<div class="actions">{"".join(buttons)}</div>'


KINDS = {
    "header": lambda block: f'<div class="header">{_object(block["text"])}</div>',
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": lambda block: "<hr>",
}


def _object(text: Block) -> str:
    """Return a text object: `plain_text` as it is, `mrkdwn` with its markup."""
    return _text(text["text"]) if text["type"] == "plain_text" else {"mrkdwn": _markup}[text["type"]](text["text"])


def _text(said: str) -> str:
    return escape(unescape(said))


def _markup(said: str) -> str:
    shown = DATE.sub(lambda found: _moment(float(found[1]), found[2]), _text(said))
    for pattern, html in SPANS:
        shown = pattern.sub(html, shown)
    return shown


def _moment(at: float, wanted: str) -> str:
    """Return a moment as `since {date_short_pretty} {time_secs}` asks for it."""
    clock = datetime.fromtimestamp(at, UTC)
    return wanted.format(date_short_pretty="today", time=f"{clock:%H:%M}", time_secs=f"{clock:%H:%M:%S}")

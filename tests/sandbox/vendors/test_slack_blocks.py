"""Slack refuses what its documents do not allow: a block too many, a text too long, an unknown field."""

from typing import Any

import pytest

from watchdog.sandbox.vendors.slack_blocks import blocks_of, problem

SAID = {"type": "plain_text", "text": "web is down"}
BUTTON = {"type": "button", "action_id": "one", "text": SAID}
SECTION = {"type": "section", "text": SAID}


def text(length: int, kind: str = "plain_text") -> dict[str, Any]:
    return {"type": kind, "text": "x" * length}


def actions(*buttons: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(buttons), **more}


CONFIRM = {"title": SAID, "text": SAID, "confirm": SAID, "deny": SAID}
GOOD = [
    {"type": "header", "text": text(150)},
    {"type": "section", "text": text(3000, "mrkdwn"), "fields": [SAID] * 10},
    {"type": "section", "fields": [SAID]},
    {"type": "context", "elements": [SAID, {**text(5, "mrkdwn"), "verbatim": True}]},
    actions({**BUTTON, "style": "danger", "value": "v" * 2000, "confirm": CONFIRM}, block_id="b" * 255),
    actions({**BUTTON, "url": "https://x.example/a"}),
    {"type": "divider"},
    {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": []}]},
]
BAD = [
    "no block",
    {"type": "heading", "text": SAID},
    {"type": "header", "text": text(151)},
    {"type": "header", "text": text(5, "mrkdwn")},
    {"type": "header", "text": SAID, "colour": "red"},
    {"type": "section"},
    {"type": "section", "text": text(3001)},
    {"type": "section", "text": text(0)},
    {"type": "section", "text": "no object"},
    {"type": "section", "text": {**SAID, "verbatim": True}},
    {"type": "section", "text": SAID, "fields": [SAID] * 11},
    {"type": "section", "text": SAID, "block_id": "b" * 256},
    {"type": "context", "elements": []},
    {"type": "context", "elements": [SAID] * 11},
    actions(),
    actions(*[{**BUTTON, "action_id": str(number)} for number in range(26)]),
    actions(BUTTON, BUTTON),
    actions({**BUTTON, "type": "link"}),
    actions({**BUTTON, "text": text(76)}),
    actions({**BUTTON, "style": "blue"}),
    actions({**BUTTON, "value": "v" * 2001}),
    actions({**BUTTON, "url": "javascript:alert(1)"}),
    actions({**BUTTON, "confirm": {**CONFIRM, "deny": text(31)}}),
    {"type": "rich_text", "elements": ["x"]},
]


@pytest.mark.parametrize("block", GOOD)
def test_what_is_documented_is_taken(block: dict[str, Any]) -> None:
    attached = {"color": "#2eb67d", "fallback": "x", "blocks": [block]}
    body = {"text": "x", "blocks": [block], "attachments": [attached]}
    assert problem(body) == "" and list(blocks_of(body)) == [block, block]


@pytest.mark.parametrize("block", BAD)
def test_what_is_not_documented_is_refused(block: Any) -> None:
    assert problem({"blocks": [SECTION, block]}) == "invalid_blocks"
    assert problem({"attachments": [{"blocks": [block]}]}) == "invalid_blocks"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": "x"}, ""),
        ({"text": "x", "attachments": []}, ""),
        ({"blocks": [SECTION] * 50}, ""),
        ({"blocks": [SECTION] * 51}, "invalid_blocks"),
        ({"blocks": [{**SECTION, "block_id": "b"}] * 2}, "invalid_blocks"),
        ({"blocks": "x"}, "invalid_blocks"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"attachments": [{"blocks": []}]}, "invalid_attachments"),
        ({"attachments": [{"blocks": [SECTION], "color": "red"}]}, "invalid_attachments"),
        ({"attachments": [{"blocks": [SECTION], "shade": "x"}]}, "invalid_attachments"),
        ({"attachments": [{"blocks": [SECTION]}] * 101}, "too_many_attachments"),
    ],
)
def test_a_message_has_its_own_limits(body: dict[str, Any], error: str) -> None:
    assert problem(body) == error

"""A message of Slack as HTML: its markup is drawn, foreign text is not, and nothing of a body is left out."""

import pytest

from tests.browser.slack_html import page


def shown(*blocks: object, **body: object) -> str:
    """Return the page of a body with these blocks."""
    return page({"text": "for the lock screen", "blocks": list(blocks), **body}).partition("<body>")[2]


def test_markup_is_drawn_in_mrkdwn_alone() -> None:
    """A link, bold text and code; in plain_text the same characters stand as they are."""
    said = "*web is down* since `16:16`: <https://acme.example/a|the diff> &lt;b&gt;"
    drawn = shown({"type": "section", "text": {"type": "mrkdwn", "text": said}})
    link = '<a href="https://acme.example/a">the diff</a>'
    assert f"<b>web is down</b> since <code>16:16</code>: {link} &lt;b&gt;" in drawn
    assert "*web is down*" in shown({"type": "section", "text": {"type": "plain_text", "text": said}})


def test_a_moment_stands_in_the_reader_s_zone() -> None:
    """As its format asks; a token that this file does not know is refused."""
    said = "<!date^1796052506^since {date_short_pretty} {time_secs}|since 2026-11-30 15:28:26 UTC>"
    drawn = shown({"type": "context", "elements": [{"type": "mrkdwn", "text": said}]})
    assert "since today 15:28:26<" in drawn
    with pytest.raises(KeyError):
        shown({"type": "context", "elements": [{"type": "mrkdwn", "text": said.replace("time_secs", "ago")}]})


def test_all_of_a_message_is_there() -> None:
    """A picture must not hide a part of it: an unknown block is refused."""
    text = {"type": "plain_text", "text": "web is down"}
    button = {"type": "button", "text": {"type": "plain_text", "text": "Approve"}, "style": "primary"}
    blocks = [
        {"type": "header", "text": text},
        {"type": "section", "fields": [text, text]},
        {"type": "divider"},
        {"type": "context", "elements": [text]},
        {"type": "actions", "elements": [button]},
    ]
    drawn = shown(attachments=[{"color": "#d00000", "blocks": blocks}])
    assert drawn.count("web is down") == 4 and "border-color: #d00000" in drawn
    assert '<span class="button primary">Approve</span>' in drawn and "for the lock screen" in shown()
    with pytest.raises(KeyError):
        shown({"type": "carousel"})

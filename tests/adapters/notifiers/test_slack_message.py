"""The parts of a Slack message: within the limits, valid for Slack, and without foreign markup."""

from dataclasses import replace
from typing import Any

import pytest

from tests.adapters.notifiers.letters import AT, hostile_notice, notice, plain_notice
from tests.presentation.notices import PAGED, an_outage
from watchdog.adapters.notifiers import slack_message as made
from watchdog.domain.notices import IncidentNews, Link, Notice, NoticeKind, Topic
from watchdog.domain.severity import Severity
from watchdog.presentation.notices.notice_text import worded
from watchdog.sandbox.vendors.slack_blocks import blocks_of, problem


def kinds(body: dict[str, Any]) -> list[str]:
    return [block["type"] for block in blocks_of(body)]


def everything(said: Notice) -> list[dict[str, Any]]:
    bodies = [made.message(said), made.message(said, clicks=True), made.state(said, "as <b>it</b> began", clicks=True)]
    return [*bodies, made.reply(said, details=True), made.evidence(said), made.whole(said)]


@pytest.mark.parametrize(
    "said",
    [
        notice(details=("Seen: home fails",)),
        notice(lines=(), links=(), details=("x",)),
        plain_notice(details=("x",)),
        hostile_notice(details=("<" * 900,) * 50),
        notice(
            title="&" * 400,
            lines=("&" * 500,) * 60,
            details=("<" * 500,) * 60,
            links=(Link("x" * 99, "https://x.example/" + "a" * 900),) * 10,
        ),
    ],
    ids=["usual", "a title alone", "plain", "hostile", "a flood"],
)
def test_slack_takes_every_body(said: Notice) -> None:
    """As its documents state the limits, whatever the notice holds."""
    assert [problem(body) for body in everything(said)] == [""] * 6


def test_a_message_shows_news_state_and_links_and_a_webhook_the_details_too() -> None:
    """Title as header; progress, severity, incident and begin in one line; the begin in the reader's own zone."""
    about = IncidentNews(Topic.LEFT_TO_HUMAN, an_outage(**PAGED))
    said = worded(notice(NoticeKind.HUMAN_NEEDED, about=about, wakes=True), AT)
    body = made.message(said)
    header, news, facts, links = blocks_of(body)
    assert header["text"]["text"] == said.title and body["attachments"][0]["color"] == made.RED
    assert news["text"]["text"].split("\n") == list(said.lines)
    state, since = facts["elements"]
    assert state["text"] == "needs you · critical · web-1" and since["type"] == "mrkdwn"
    onset = int(about.incident.findings[0].onset_at)
    assert since["text"].startswith(f"<!date^{onset}^since {{date_short_pretty}} {{time_secs}}|since 2026-09-21 14:14:")
    assert links["elements"][0]["text"].endswith("|Render>")
    assert kinds(made.whole(said)) == ["header", "section", "context", "context", "divider", "section"]
    clicks = list(blocks_of(made.message(said, clicks=True)))[-1]["elements"]
    assert [(one["text"]["text"], one["url"]) for one in clicks] == [("Render", said.links[0].href)]
    assert not any(one["action_id"].startswith("watchdog_") for one in clicks), "a click on a link is no command"


@pytest.mark.parametrize(
    ("said", "colour"),
    [
        (notice(NoticeKind.RESOLVED), made.GREEN),
        (plain_notice(NoticeKind.RESOLVED), made.GREEN),
        (plain_notice(), made.GREY),
        (notice(NoticeKind.TEST), made.GREY),
        (notice(NoticeKind.ACTED), made.AMBER),
        (notice(NoticeKind.ANNOUNCED), made.AMBER),
        (notice(NoticeKind.ASKED), made.RED),
        (replace(notice(), severity=Severity.HIGH), made.ORANGE),
        (replace(notice(), severity=Severity.LOW), made.GREY),
    ],
)
def test_the_colour_shows_the_state(said: Notice, colour: str) -> None:
    assert made.message(said)["attachments"][0]["color"] == colour


def test_what_is_too_long_is_cut_between_characters_lines_and_links() -> None:
    """Never inside an entity: what is left of one would be read as it stands. One that came so is escaped once more."""
    assert made.escape("<!here> & &lt;@U123&gt; @channel") == "&lt;!here&gt; &amp; &amp;lt;@U123&amp;gt; @channel"
    assert made.plain("&" * 40, 150)["text"] == "&amp;" * 29 + "…" and made.plain("&" * 30, 150)["text"] == "&amp;" * 30
    flood = notice(title="t", lines=("&" * 500,) * 60, details=("<" * 500,) * 60)
    for body in (made.message(flood), made.reply(flood, details=True), made.whole(flood), made.evidence(flood)):
        texts = [block["text"]["text"] for block in blocks_of(body) if "text" in block]
        assert problem(body) == "" and all(len(text) <= made.MAX_BLOCK for text in texts)
    assert sum(one["text"]["text"].count("&amp;") for one in blocks_of(made.message(flood)) if "text" in one) == 20_000
    many = tuple(Link(f"link {number}", "https://x.example/" + "a" * 900) for number in range(10))
    context = list(blocks_of(made.message(notice(links=many))))[-1]["elements"][0]["text"]
    assert len(context) <= made.MAX_BLOCK and context.count("<") == context.count(">") == 3

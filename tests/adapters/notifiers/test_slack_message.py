"""The parts of a Slack message: within the limits, valid for Slack, and without foreign markup."""

from dataclasses import replace
from typing import Any

import pytest

from tests.adapters.notifiers.letters import AT, HOSTILE, hostile_notice, notice, plain_notice
from tests.adapters.notifiers.test_one_incident import MOMENTS
from tests.cli import examples as x
from tests.core.scenes import a_decision
from tests.presentation.notices import BY_HAND, PAGED, an_outage, read
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


def test_a_message_shows_news_facts_state_and_links_and_a_webhook_the_details_too() -> None:
    """Title as header; progress, severity and incident in one line; the begin in the reader's own zone."""
    about = IncidentNews(Topic.LEFT_TO_HUMAN, an_outage(**PAGED))
    said = worded(notice(NoticeKind.HUMAN_NEEDED, about=about, wakes=True), AT)
    body = made.message(said)
    header, news, facts, state, links = blocks_of(body)
    assert header["text"]["text"] == said.title and body["attachments"][0]["color"] == made.RED
    assert news["text"]["text"].split("\n") == list(said.lines)
    assert [one["text"] for one in state["elements"]] == ["needs you · critical · web-1"]
    since, *others = facts["fields"]
    onset = int(about.incident.findings[0].onset_at)
    date = f"<!date^{onset}^{{date_short_pretty}} {{time_secs}}|2026-09-21 14:14:00 UTC>"
    assert since == {"type": "mrkdwn", "text": f"Since: {date}", "verbatim": True}
    assert {one["type"] for one in others} == {"plain_text"}
    assert links["elements"][0]["text"].endswith("|Render>")
    assert kinds(made.whole(said)) == ["header", "section", "section", "context", "context", "divider", "section"]
    clicks = list(blocks_of(made.message(said, clicks=True)))[-1]["elements"]
    assert [(one["text"]["text"], one["url"]) for one in clicks] == [("Render", said.links[0].href)]
    assert not any(one["action_id"].startswith("watchdog_") for one in clicks), "a click on a link is no command"


SUSPECT = 'Suspect: dep-42 9f3c2ab "Refactor sessions", 99 % likely to blame (acts from 80 %)'
TARGET = 'Target: dep-40 1b7e0d4 "Add a footer", was live 3 d 4 h'
KNOWN_GOOD, MODE = "Target: dep-40 aaaaaaa, healthy for 2 h by our own record", "Mode: autonomous"


def fields(body: dict[str, Any]) -> list[str]:
    """Return the fields of a body, without the begin."""
    found = [field["text"] for block in blocks_of(body) for field in block.get("fields", ())]
    return [one for one in found if not one.startswith("Since: ")]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        *((told, [SUSPECT, TARGET, MODE]) for told in MOMENTS.values()),
        (read(an_outage(**BY_HAND), Topic.ROLLING_BACK), [KNOWN_GOOD, MODE]),
        (read(an_outage(decision=None), Topic.FOUND), []),
        (notice(), []),
        (plain_notice(), []),
        (replace(MOMENTS["found"], plain=True), []),
    ],
)
def test_fields_show_what_title_and_news_do_not(said: Notice, shown: list[str]) -> None:
    """The suspect with its probability, the target and why it is one, the mode; none of these is in the news."""
    for body in (made.message(said), made.state(said, "began"), made.whole(said)):
        assert fields(body) == shown
    assert not any(one in line for one in shown for line in said.lines)
    begins = [one for one in blocks_of(made.message(said)) for field in one.get("fields", ()) if "!date" in str(field)]
    assert bool(begins) == (said.about is not None and not said.resolves and not said.plain)
    assert fields(made.reply(said, details=True)) == fields(made.evidence(said)) == [], "they stand in the message"


def test_strangers_words_stay_words_in_fields_and_each_is_within_slack_s_limits() -> None:
    """A commit's message is plain text, and escaped; one that grows by it is cut."""
    bad = replace(x.BAD, commit_message=HOSTILE, id="&" * 600)
    target = replace(x.TARGET, deploy=replace(x.GOOD, id="<" * 600))
    decided = replace(a_decision(), blame=x.blame(suspect=bad, change=bad), target=target)
    said = replace(read(an_outage(decision=decided), Topic.FOUND), lines=("&" * 500,) * 60, details=("<" * 500,) * 60)
    for body in everything(said):
        assert problem(body) == ""
    (block,) = [one for one in blocks_of(made.message(said)) if "fields" in one]
    assert len(block["fields"]) <= made.MAX_FIELDS == 10
    _, *strangers = block["fields"]
    assert {one["type"] for one in strangers} == {"plain_text"} and not any("<" in one["text"] for one in strangers)
    assert max(len(one["text"]) for one in strangers) in range(made.MAX_FIELD - 5, made.MAX_FIELD + 1)


def test_what_to_press_stands_between_news_and_facts() -> None:
    """On a phone the fields are one below the other."""
    asked = {"type": "actions", "elements": [{"type": "button", "text": made.plain("Approve"), "action_id": "a"}]}
    body = made.with_blocks(made.message(MOMENTS["asked"]), [asked])
    assert kinds(body) == ["header", "section", "actions", "section", "context", "context"] and problem(body) == ""
    assert "fields" in list(blocks_of(body))[3]


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

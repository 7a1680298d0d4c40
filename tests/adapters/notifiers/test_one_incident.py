"""One incident through every channel, to the sandbox's vendors and a mail server: all of them say the same."""

import io
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.adapters.notifiers.letters import ROUTING_KEY, built
from tests.adapters.notifiers.mails import html_part, plain_lines
from tests.cli import examples as x
from tests.core.scenes import NOW, a_decision
from tests.presentation.notices import CLOCK, ENDED, QUESTION, SENT, an_outage, read
from tests.support.clocks import FakeClock
from tests.support.loopback import serve
from tests.support.notification_vendors import HOOK, Town
from tests.support.vendor_specs import request_problems, spec
from watchdog.adapters.notifiers import console
from watchdog.domain.decisions import Course, GuardAnswer, Verdict
from watchdog.domain.incidents import Outcome
from watchdog.domain.notices import Link, Notice, Topic
from watchdog.presentation.notices.headlines import TITLE_MAX
from watchdog.presentation.notices.notice_case import state_of_news
from watchdog.presentation.outlook import outlook
from watchdog.presentation.text import moment
from watchdog.sandbox import keys
from watchdog.sandbox.request_log import EventLog
from watchdog.sandbox.vendors.failure_modes import Modes
from watchdog.sandbox.vendors.github_issues import Issues

LINKS = (
    Link("incident", "https://watchdog.acme.example/incidents/web-1"),
    Link("diff", "https://github.com/acme/web/compare/1b7e0d4...9f3c2ab"),
    Link("deploy", "https://dashboard.render.com/web/srv-web/deploys/dep-42"),
    Link("dashboard", "https://dashboard.render.com/web/srv-web"),
    Link("site", "https://web.acme.example/?a=1&b=2"),
)
DECIDED = replace(a_decision(), blame=x.BLAME, guards=x.GUARDS, target=x.TARGET)
ASKED = replace(DECIDED, course=Course.ASK)
BUDGET = GuardAnswer("budget", Verdict.BLOCK, "2 of 2 rollbacks of this service today", clears_at=NOW + 600.0)
BLOCKED = replace(DECIDED, course=Course.PAGE, guards=(BUDGET,))
NOTICES = {
    "found": read(an_outage(decision=DECIDED), Topic.FOUND),
    "asked": read(an_outage(**{**CLOCK, "decision": ASKED}), Topic.ASKED, **QUESTION),
    "blocked": read(an_outage(decision=BLOCKED), Topic.LEFT_TO_HUMAN, escalates=True),
    "rolling back": read(an_outage(decision=DECIDED, **SENT, off=True), Topic.ROLLING_BACK),
    "over": read(an_outage(decision=DECIDED, **ENDED), Topic.CLOSED, why="home: 180 of 180 probes good"),
    "over by itself": read(
        an_outage(decision=BLOCKED, closed_at=NOW + 180.0, outcome=Outcome.BY_ITSELF), Topic.CLOSED, why="all is good"
    ),
}
MOMENTS = {name: replace(told, links=LINKS) for name, told in NOTICES.items()}
"""An incident at several moments: as its notices say it."""
AT_ALL_MOMENTS = pytest.mark.parametrize("told", MOMENTS.values(), ids=MOMENTS)
Send = Callable[[str, Notice, dict[str, Any]], Awaitable[None]]


@pytest.fixture
async def town() -> Any:
    """PagerDuty, Slack, a webhook and GitHub's issues, of the sandbox."""
    town: Any = Town(FakeClock())
    town.issues = Issues(EventLog(), Modes())
    async with serve(town) as town.url, serve(Starlette(routes=town.issues.routes())) as town.forge:
        yield town


@pytest.fixture
def send(town: Any, closing: Any) -> Send:
    async def sent(kind: str, notice: Notice, options: dict[str, Any]) -> None:
        known = {
            "WATCHDOG_PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
            "WATCHDOG_SLACK_BOT_TOKEN": keys.SLACK_BOT_TOKEN,
            "WATCHDOG_WEBHOOK_URL": town.url + HOOK,
            "WATCHDOG_GITHUB_TOKEN": keys.GITHUB_TOKEN,
        }
        url = town.forge if kind == "tickets" else town.url
        await closing(built(kind, options, url, **known)).send(notice, None)

    return sent


def facts_of(notice: Notice) -> dict[str, str]:
    """Return what a reader must find everywhere: since when, what happens next, the next step."""
    assert notice.about is not None
    incident = notice.about.incident
    coming = outlook(incident, notice.at, state=state_of_news(notice.about))
    told = {"since": moment(incident.onset_at), "next step": coming.task}
    told |= {"outcome" if incident.closed_at is not None else "what happens next": coming.sentence}
    return {name: value for name, value in told.items() if value}


def words(*lines: str) -> list[str]:
    return [" ".join(line.split()) for line in lines]


@pytest.mark.parametrize("name", [name for name, told in MOMENTS.items() if not told.resolves])
async def test_pagerduty_gets_the_facts_in_short_rows(name: str, town: Any, send: Send) -> None:
    """Accepted by the sandbox, valid by the vendor's document; the summary is the title."""
    told = replace(MOMENTS[name], wakes=True)
    await send("pagerduty", told, {})
    (alert,) = town.pagers.incidents
    event = alert.events[0]
    payload, details = event["payload"], event["payload"]["custom_details"]
    sent = event | {"routing_key": ROUTING_KEY}
    assert request_problems(spec("pagerduty-events-v2-openapi.json"), "POST", "/enqueue", {}, sent) == []
    assert payload["summary"] == told.title and len(told.title) <= TITLE_MAX
    assert (payload["component"], payload["class"], payload["severity"]) == ("web", "http", "critical")
    assert details.items() >= facts_of(told).items()
    assert details["suspect"].startswith('dep-42 9f3c2ab "Refactor sessions", 99 % likely to blame')
    # Each fact once: what happens next, and the next step, have rows of their own.
    assert told.about is not None
    coming = outlook(told.about.incident, told.at, state=state_of_news(told.about))
    rest = [line for line in words(*told.lines) if line not in (coming.sentence, coming.step)]
    assert (details["news"], details["details"]) == (rest, words(*told.details)) and len(rest) <= len(told.lines) - 1
    assert [(link["text"], link["href"]) for link in event["links"]] == [(link.text, link.href) for link in LINKS]


@AT_ALL_MOMENTS
async def test_both_parts_of_a_mail_say_the_same(told: Notice, send: Send, post: Callable[..., Any]) -> None:
    server = await post()
    to = {"smtp": server.smtp, "from": "watchdog@acme.example", "to": ["lead@acme.example"], "tls": "none"}
    await send("email", told, to)
    (mail,) = server.mails
    plain, shown = [line.strip() for line in plain_lines(mail)], html_part(mail)
    assert mail["Subject"] == plain[0] == shown.texts[0] == told.title
    for line in words(*told.lines, *told.details, *facts_of(told).values()):
        assert [one for one in plain if line in one] and [one for one in shown.texts if line in one], line
    assert shown.links == [("a", link.href) for link in LINKS]
    assert [f"{link.text}: {link.href}" for link in LINKS] == [line for line in plain if "https://" in line]
    assert shown.texts.count(told.progress) == 1 and shown.foreign == []


@AT_ALL_MOMENTS
async def test_a_webhook_gets_typed_facts(told: Notice, town: Any, send: Send) -> None:
    await send("webhook", told, {})
    (body,) = town.pagers.webhook
    said = facts_of(told)
    assert (body["version"], body["title"], body["progress"]) == (1, told.title, told.progress)
    assert body["lines"] == [*body["news"], *body["details"]] == words(*told.lines, *told.details)
    assert body["facts"]["next"]["sentence"] == said.get("what happens next", said.get("outcome"))
    assert body["facts"]["next"]["task"] == said.get("next step", "")
    assert moment(body["facts"]["since"]) == said["since"]
    assert body["facts"]["suspect"] == {"id": "dep-42", "code": x.BAD.commit, "message": "Refactor sessions"}
    assert body["facts"]["target"]["id"] == "dep-40"
    assert (body["facts"]["probability"], body["facts"]["needed"]) == (0.998529, 0.8)
    assert [Link(link["text"], link["href"]) for link in body["links"]] == list(LINKS)


@AT_ALL_MOMENTS
async def test_a_chat_gets_the_same_by_a_template(told: Notice, town: Any, send: Send) -> None:
    """Within the 2000 characters of the strictest of them, with title, facts and a link."""
    body = {"content": "**$title**\n$news", "embeds": [{"description": "$facts", "url": "$link"}], "tts": False}
    await send("webhook", told, {"body": body})
    (posted,) = town.pagers.webhook
    assert posted["content"].startswith(f"**{told.title}**\n") and len(posted["content"]) <= 2000
    (embed,) = posted["embeds"]
    assert [value for value in facts_of(told).values() if value not in embed["description"]] == []
    assert (embed["url"], posted["tts"]) == (LINKS[0].href, False)


@AT_ALL_MOMENTS
async def test_the_others_have_title_links_and_next_step_too(told: Notice, town: Any, send: Send) -> None:
    stream = io.StringIO()
    await send("slack", told, {"channel": "#incidents"})
    await send("tickets", told, {"github": "acme/web"})
    await console.Console(stream).send(told, None)
    slack = json.dumps(town.pagers.slack[0].body, ensure_ascii=False).replace("&amp;", "&")
    tickets = [f"{issue.title}\n{issue.body}" for issue in town.issues.all]
    assert len(tickets) == (not told.resolves)
    for shown in (slack, stream.getvalue(), *tickets):
        assert told.title in shown and [link.href for link in LINKS if link.href not in shown] == []
        said = {name: value for name, value in facts_of(told).items() if name in ("what happens next", "next step")}
        assert [value for value in said.values() if value not in shown] == []

"""Case 41: a stranger's words through every channel stay words, whatever they would like to be."""

import io
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.adapters.notifiers.letters import BOT_TOKEN, HOOK_PATH, ROUTING_KEY, built, notice
from tests.adapters.notifiers.mails import html_part, plain_lines
from tests.adapters.vendor import Vendor
from tests.support.mail_server import Post
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.notifiers.console import Console
from watchdog.domain.notices import Link, Notice
from watchdog.sandbox.vendors.slack_blocks import blocks_of, problem

HOSTILE = {
    "newline": "boom\nforged line\r\n\r\nforged body",
    "json": 'boom\n{"level": "error", "event": "forged"}',
    "escape": "boom \x1b[2J\x1b]0;owned\x07 \x9b31m",
    "markup": "boom <img src=x onerror=alert(1)> <script>alert(1)</script> &lt;b&gt;",
    "slack": "boom <!channel> <!here> <@U012AB3CD> <https://evil.example|click> @here @channel @everyone",
    "header": "boom\r\nBcc: all@evil.example\r\nContent-Type: text/html\r\n\r\n<h1>owned",
    "dots": "boom\r\n.\r\nMAIL FROM:<evil@evil.example>",
    "bidi": "boom \u202egnp.exe\u202c \u2066hidden\u2069 \u200f",
    "separators": "boom\u2028forged\u2029forged\x85forged\x0bforged\x0cforged",
    "nul": "boom\x00after\x00",
    "surrogate": "boom \ud800 \udfff",
    "formats": "boom %s %(secret)s {0.__class__} ${HOME} {{7*7}} $(id) `id`",
    "unseen": "boom\u200b\ufeff\U000e0041\u00ad",
    "long": "boom " + "x" * 1_000_000,
    "deep": "boom " + "[" * 5_000,
}


def letter(words: str) -> Notice:
    links = (Link(words, f"https://ok.example/{words[:900]}"),)
    return notice(title=words, lines=(words, words), incident=words, service=words, links=links)


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)


async def sent(kind: str, written: dict[str, Any], told: Notice, url: str = "", **secrets: str) -> None:
    """Send twice through a channel of that kind (the second goes another way in some)."""
    channel = built(kind, written, url, **secrets)
    reference = await channel.send(told, None)
    await channel.send(told, reference)
    await channel.close()
    assert len(reference or "") < 8000


def bodies(vendor: Vendor) -> list[Any]:
    return [seen.body for seen in vendor.seen]


async def by_console(told: Notice, vendor: Vendor, post: Post) -> list[str]:
    stream = io.StringIO()
    await Console(stream).send(told, None)
    lines = stream.getvalue().split("\n")
    assert len(lines) == 6, "title, two lines, a link, the incident, and the end: no line is forged"
    return lines


async def by_slack_bot(told: Notice, vendor: Vendor, post: Post) -> list[str]:
    """Return the lines that Slack would show; checks that nothing is markup but our own link."""
    for method in ("chat.postMessage", "chat.update"):
        vendor.say("POST", f"/api/{method}", {"ok": True, "channel": "C0INCIDENT", "ts": "1790000000.000100"})
    await sent("slack", {"channel": "#incidents"}, told, vendor.url, WATCHDOG_SLACK_BOT_TOKEN=BOT_TOKEN)
    return slack_lines(bodies(vendor))


async def by_slack_webhook(told: Notice, vendor: Vendor, post: Post) -> list[str]:
    vendor.say("POST", HOOK_PATH, (200, "ok"))
    await sent("slack", {}, told, WATCHDOG_SLACK_WEBHOOK_URL=vendor.url + HOOK_PATH)
    return slack_lines(bodies(vendor))


def slack_lines(bodies: list[Any]) -> list[str]:
    """Return the lines of Slack bodies, which hold `<` only around our own link, and mention no user."""
    found: list[str] = []
    for body in bodies:
        assert (body["parse"], body["link_names"]) == ("none", False)
        assert body.get("unfurl_links", False) is body.get("unfurl_media", False) is body.get("mrkdwn", False) is False
        assert problem(body) == ""
        for block in blocks_of(body):
            for part in [block["text"]] if "text" in block else block.get("elements", ()):
                if part["type"] == "mrkdwn":
                    assert re.fullmatch(r"<https://ok\.example/[!-~]*\|[^<>|]*>", part["text"])
                    part["text"] = ""
                assert part["type"] in ("plain_text", "mrkdwn")
        for text in leaves(body):
            assert "<" not in text and ">" not in text and not re.search(r"&(?!amp;|lt;|gt;)", text)
            found += text.split("\n")
    return found


async def by_pagerduty(told: Notice, vendor: Vendor, post: Post) -> list[str]:
    vendor.say("POST", "/v2/enqueue", (202, {"status": "success"}))
    await sent("pagerduty", {}, told, vendor.url, WATCHDOG_PAGERDUTY_ROUTING_KEY=ROUTING_KEY)
    assert {body["event_action"] for body in bodies(vendor)} == {"trigger"}
    return list(leaves(bodies(vendor)))


async def by_webhook(told: Notice, vendor: Vendor, post: Post) -> list[str]:
    vendor.say("POST", HOOK_PATH, 204)
    await sent("webhook", {}, told, WATCHDOG_WEBHOOK_URL=vendor.url + HOOK_PATH)
    return list(leaves(bodies(vendor)))


async def by_webhook_template(told: Notice, vendor: Vendor, post: Post) -> list[str]:
    """Return the lines of a body after a user's template: they mention no person and hold no markup of a chat."""
    vendor.say("POST", HOOK_PATH, 204)
    template = {"text": "$title\n$news\n$details\n$links", "of": "$service $facts"}
    await sent("webhook", {"body": template}, told, WATCHDOG_WEBHOOK_URL=vendor.url + HOOK_PATH)
    assert [set(body) for body in bodies(vendor)] == [{"text", "of"}] * 2
    texts = list(leaves(bodies(vendor)))
    said = [re.sub(r"https://ok\.example/\S*$", "", line) for text in texts for line in text.split("\n")]
    assert [line for line in said if re.search(r"[<>`\[\]*]|(?<![\w.])@\w", line)] == []
    return said


async def by_email(told: Notice, vendor: Vendor, post: Post) -> list[str]:
    """Return the lines and headers of the mails; checks that no header and no recipient was added."""
    options = {"smtp": post.smtp, "from": "watchdog@acme.example", "to": ["lead@acme.example"], "tls": "none"}
    await sent("email", options, told)
    lines: list[str] = []
    for mail, (_, to) in zip(post.mails, post.envelopes, strict=True):
        assert to == ["lead@acme.example"] and mail.get_content_type() == "multipart/alternative"
        assert len(mail["Subject"]) <= 250
        assert set(mail) - {"In-Reply-To", "References"} == {
            "Subject", "From", "To", "Date", "Auto-Submitted", "Message-ID", "Content-Type", "MIME-Version",
        }  # fmt: skip
        body, shown = plain_lines(mail), html_part(mail)
        assert len(body) == 5, "no line is forged"
        assert shown.foreign == [], "no element, attribute or comment but ours"
        assert [tag for tag, href in shown.links if href.startswith("https://ok.example/")] == ["a"]
        lines += [str(mail["Subject"]), *body, *shown.texts]
    return lines


def ticket_lines(body: str) -> list[str]:
    """Return the lines of a ticket; checks that every foreign word stands in the one block that no text can end."""
    lines = body.split("\n")
    fence = next(line.removesuffix("text") for line in lines if re.fullmatch(r"`{3,}text", line))
    begin, end = lines.index(f"{fence}text"), lines.index(fence)
    assert not any(set(line.strip()) == {"`"} and len(line.strip()) >= len(fence) for line in lines[begin + 1 : end])
    outside = [line for line in (*lines[:begin], *lines[end + 1 :]) if not line.startswith("<!-- watchdog incident ")]
    (link,) = [line for line in outside if line.startswith("- [")]
    assert re.fullmatch(r"- \[[^\[\]<>@`]*\]\(<https://ok\.example/[!-~]*>\)", link)
    assert not re.search(r"[@<\[]|!\[", "".join(line for line in outside if line != link))
    return [*lines[begin + 1 : end], *outside[: outside.index(link)], *outside[outside.index(link) + 1 :]]


async def by_tickets(told: Notice, vendor: Vendor, post: Post) -> list[str]:
    """Return the title, and the lines of the ticket and of a comment on it."""
    base = "/repos/acme/app/issues"
    vendor.say("GET", base, [])
    vendor.say("POST", base, (201, {"number": 7, "body": ""}))
    vendor.say("POST", f"{base}/7/comments", (201, {}))
    await sent("tickets", {"github": "acme/app"}, told, vendor.url, WATCHDOG_GITHUB_TOKEN="t0ken")
    _, opened, comment = bodies(vendor)
    assert len(opened["title"]) <= 256 and "\n" not in opened["title"]
    return [opened["title"], *ticket_lines(opened["body"]), *ticket_lines(comment["body"])]


async def by_alertmanager(told: Notice, vendor: Vendor, post: Post) -> list[str]:
    vendor.say("POST", "/api/v2/alerts", 200)
    await sent("alertmanager", {"urls": [vendor.url]}, told)
    alerts = [alert for body in bodies(vendor) for alert in body]
    assert {alert["generatorURL"][:19] for alert in alerts} == {"https://ok.example/"}
    texts = [text for alert in alerts for text in leaves([alert["labels"], alert["annotations"]])]
    return [line for text in texts for line in text.split("\n")]


async def by_apprise(told: Notice, vendor: Vendor, post: Post) -> list[str]:
    vendor.say("POST", "/hook", 200)
    await sent("apprise", {}, told, WATCHDOG_APPRISE_URLS=f"json://{vendor.url.removeprefix('http://')}/hook")
    texts = [text for body in bodies(vendor) for text in leaves([body["title"], body["message"]])]
    lines = [line for text in texts for line in text.split("\n")]
    said = [line for line in lines if not line.startswith("https://ok.example/")]
    assert [line for line in said if re.search(r"[<>`\[\]*]|(?<![\w.])@\w", line)] == []
    return lines


SINKS: Mapping[str, Callable[[Notice, Vendor, Post], Awaitable[list[str]]]] = {
    "console": by_console,
    "slack": by_slack_bot,
    "slack-webhook": by_slack_webhook,
    "pagerduty": by_pagerduty,
    "webhook": by_webhook,
    "webhook-template": by_webhook_template,
    "email": by_email,
    "tickets": by_tickets,
    "alertmanager": by_alertmanager,
    "apprise": by_apprise,
}


@pytest.mark.parametrize("sink", SINKS)
@pytest.mark.parametrize("words", HOSTILE)
async def test_case_41_a_stranger_s_words_stay_words(sink: str, words: str, vendor: Vendor, post: Callable) -> None:
    """Printable, on lines of ours, limited, without markup; and the readable part of them still arrives."""
    lines = await SINKS[sink](letter(HOSTILE[words]), vendor, await post())
    assert [line for line in lines if not line.isprintable()] == [] and max(map(len, lines)) <= 1200
    assert any("boom" in line for line in lines)


def test_case_41_every_channel_is_among_them() -> None:
    assert {name.partition("-")[0] for name in SINKS} == set(NOTIFIERS)

"""The webhook's presets: each service's own shape at the wire, an alert and its end with one key, no secret shown."""

import json
import re
from collections.abc import Callable
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from tests.adapters.notifiers.letters import BEARER, built, hostile_notice, leaks, notice, plain_notice
from tests.adapters.vendor import Seen, Vendor
from watchdog.adapters.notifiers.webhook import TOKEN, URL, WebhookOptions, secrets
from watchdog.adapters.notifiers.webhook_presets import PRESETS
from watchdog.domain.errors import ConfigurationError, Forbidden, Temporary
from watchdog.domain.notices import NoticeKind

LINK = "https://dashboard.example/web?a=1&b=2"
TITLE = "web CRITICAL: HTTP 503, 39 of 39 probes failed for 38 s (limit 38 s)"
HOOK = "cccccccccccccccc"
ADDRESSES = {
    "opsgenie": ("/v2/alerts", ""),
    "incident_io": (f"/v2/alert_events/http/{HOOK}", ""),
    "grafana_irm": (f"/integrations/v1/formatted_webhook/{HOOK}/", ""),
    "better_stack": (f"/api/v1/incoming-webhook/{HOOK}", ""),
    "firehydrant": (f"/v1/process/{HOOK}", ""),
    "discord": (f"/api/webhooks/123456/{HOOK}", ""),
    "telegram": (f"/bot123:{HOOK}/sendMessage", "?chat_id=-100123456789"),
    "teams": (f"/workflows/{HOOK}/triggers/manual/paths/invoke", "?api-version=1&sig=cccccccccccccccc"),
    "ntfy": (f"/{HOOK}", ""),
    "pushover": ("/1/messages.json", f"?token=a{HOOK}&user=u{HOOK}"),
}
ALERTS = [name for name, preset in PRESETS.items() if preset.alerts]
CHATS = [name for name in PRESETS if name not in ALERTS]


def short(most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and 0 < len(value) <= most


def href(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"https?://\S+", value) is not None


def card(value: Any) -> bool:
    (one,) = value
    content = one["content"]
    return one["contentType"] == "application/vnd.microsoft.card.adaptive" and content["type"] == "AdaptiveCard"


DOCUMENTS: dict[str, tuple[set[str], dict[str, Callable[[Any], bool]]]] = {
    "opsgenie": (
        {"message"},
        {
            "message": short(130),
            "alias": short(512),
            "description": short(15_000),
            "priority": lambda value: value in ("P1", "P2", "P3", "P4", "P5"),
            "source": short(100),
            "entity": short(512),
            "tags": lambda value: len(value) <= 20 and all(short(50)(one) for one in value),
            "details": lambda value: all(isinstance(one, str) for one in value.values()),
            "note": short(25_000),
        },
    ),
    "incident_io": (
        {"status", "title", "deduplication_key"},
        {
            "status": lambda value: value in ("firing", "resolved"),
            "title": short(1000),
            "description": short(10_000),
            "deduplication_key": short(255),
            "source_url": href,
            "metadata": lambda value: isinstance(value, dict),
        },
    ),
    "firehydrant": (
        {"summary", "status", "idempotency_key"},
        {
            "summary": short(255),
            "body": short(10_000),
            "status": lambda value: value in ("OPEN", "CLOSED"),
            "level": lambda value: value in ("INFO", "WARN", "ERROR", "FATAL"),
            "idempotency_key": short(255),
            "links": lambda value: all(href(one["href"]) and one["text"] for one in value),
            "tags": lambda value: all(isinstance(one, str) for one in value),
            "annotations": lambda value: value["signals.firehydrant.com/notification-priority"] in ("HIGH", "LOW"),
        },
    ),
    "discord": ({"content"}, {"content": short(2000), "allowed_mentions": lambda value: value == {"parse": []}}),
    "telegram": (
        {"chat_id", "text"},
        {
            "chat_id": lambda value: value == "-100123456789",
            "text": short(4096),
            "disable_notification": lambda value: isinstance(value, bool),
            "link_preview_options": lambda value: value == {"is_disabled": True},
        },
    ),
    "teams": ({"type", "attachments"}, {"type": lambda value: value == "message", "attachments": card}),
    "ntfy": (
        {"topic"},
        {
            "topic": lambda value: value == HOOK,
            "title": short(250),
            "message": short(4096),
            "priority": lambda value: value in (1, 2, 3, 4, 5),
            "tags": lambda value: all(isinstance(one, str) and one for one in value),
            "click": href,
        },
    ),
    "pushover": (
        {"token", "user", "message"},
        {
            "token": lambda value: value == f"a{HOOK}",
            "user": lambda value: value == f"u{HOOK}",
            "message": short(1024),
            "priority": lambda value: value in (-2, -1, 0, 1),  # 2 needs retry and expire
            "url": lambda value: href(value) and len(value) <= 512,
            "url_title": short(100),
        },
    ),
    "grafana_irm": (
        {"alert_uid", "state"},
        {"state": lambda value: value in ("alerting", "ok"), "link_to_upstream_details": href},
    ),
    "better_stack": ({"alert_id", "status"}, {"status": lambda value: value in ("firing", "resolved")}),
}
"""Of each service's document: the fields that must be there, and what a field may hold."""
OPEN_FIELDS = ("grafana_irm", "better_stack")
"""Those that take any further field, for their templates and rules."""


def problems(name: str, body: dict[str, Any]) -> list[str]:
    """Return what the service's document says against a body."""
    needed, rules = DOCUMENTS[name]
    needed = needed - {"message"} if name == "opsgenie" and "note" in body else needed
    wrong = [f"no {field}" for field in needed - set(body)]
    wrong += [f"{field}: {value!r}" for field, value in body.items() if field in rules and not rules[field](value)]
    return wrong + [f"{field}?" for field in body if field not in rules and name not in OPEN_FIELDS]


@pytest.fixture
def channel(vendor: Vendor, closing) -> Callable[[str], Any]:
    def made(name: str) -> Any:
        path, query = ADDRESSES[name]
        return closing(built("webhook", {"preset": name}, **{URL: f"{vendor.url}{path}{query}", TOKEN: BEARER}))

    return made


def takes(vendor: Vendor, name: str, *answers: Any) -> None:
    """Let the service take events and, at Opsgenie, the ends of its alerts."""
    path = "/" if name == "ntfy" else ADDRESSES[name][0]
    vendor.say("POST", path, *(answers or (202,)))
    for number in ("", "/0", "/2"):
        vendor.say("POST", f"{path}/watchdog/web/web-1{number}/close", 202)


def event(name: str, seen: Seen) -> tuple[str, str]:
    """Return what an event does, and the key of its alert."""
    body = seen.body
    if name == "opsgenie":
        closed = re.fullmatch(r"/v2/alerts/(.+)/close", seen.path)
        assert closed is None or dict(seen.query) == {"identifierType": "alias"}
        return ("closes", closed[1]) if closed else ("opens", body["alias"])
    key = next(
        body[field] for field in ("deduplication_key", "alert_uid", "alert_id", "idempotency_key") if field in body
    )
    status = body.get("status", body.get("state"))
    return "closes" if status in ("resolved", "ok", "CLOSED") else "opens", key


def urgent(body: dict[str, Any]) -> bool:
    return bool({"P1", "ERROR"} & {str(body.get("priority")), str(body.get("level"))}) or '"true"' in json.dumps(body)


def test_each_preset_is_an_option_and_has_its_document() -> None:
    """One list of names in the options (for the editors' schema), one of presets."""
    (names, _) = get_args(WebhookOptions.model_fields["preset"].annotation)
    assert set(get_args(names)) == set(PRESETS) == set(ADDRESSES) == set(DOCUMENTS)


@pytest.mark.parametrize("name", ALERTS)
async def test_a_page_opens_an_alert_of_its_own_and_the_all_clear_closes_it(name: str, vendor: Vendor, channel) -> None:
    """News first, a page, news again, a second page, the end; a late word opens nothing."""
    takes(vendor, name)
    hook = channel(name)
    said: list[tuple[str, str]] = []
    reference: str | None = None
    for wakes, kind in (
        (False, NoticeKind.OPENED),
        (True, NoticeKind.HUMAN_NEEDED),
        (False, NoticeKind.UPDATED),
        (True, NoticeKind.HUMAN_NEEDED),
        (False, NoticeKind.RESOLVED),
        (False, NoticeKind.UPDATED),
    ):
        vendor.seen.clear()
        reference = await hook.send(notice(kind, wakes=wakes), reference)
        assert [problem for seen in vendor.seen for problem in problems(name, seen.body)] == []
        said += [event(name, seen) for seen in vendor.seen]
        if wakes:
            assert urgent(vendor.seen[0].body), "the one that pages"
    quiet, page, again = "watchdog/web/web-1/0", "watchdog/web/web-1", "watchdog/web/web-1/2"
    opened = [("opens", quiet), ("opens", page), ("closes", quiet), ("opens", page), ("opens", again), ("closes", page)]
    assert said == [*opened, ("closes", again)] and reference == "2 over"
    # A recurrence pages under a new key; without any memory, the all-clear closes what may be open.
    assert await hook.send(notice(wakes=True), reference) == "3 paged"
    vendor.seen.clear()
    assert await hook.send(notice(NoticeKind.RESOLVED), None) == "1 over"
    assert [event(name, seen) for seen in vendor.seen] == [("closes", page), ("closes", quiet)]
    assert await hook.send(plain_notice(), None) == "" and await hook.send(notice(news=True), None) == ""


@pytest.mark.parametrize("name", ["opsgenie", "firehydrant"])
async def test_a_page_that_is_sent_again_joins_its_own_alert(name: str, vendor: Vendor, channel) -> None:
    """The answer was lost, or the end of the alert before it was not taken: no phone rings twice."""
    takes(vendor, name, 500, 202)
    hook = channel(name)
    with pytest.raises(Temporary):
        await hook.send(notice(wakes=True), "0 quiet")
    assert await hook.send(notice(wakes=True), "0 quiet") == "1 paged"
    keys = [event(name, seen) for seen in vendor.seen]
    assert keys[:2] == [("opens", "watchdog/web/web-1")] * 2 and keys[2] == ("closes", "watchdog/web/web-1/0")


@pytest.mark.parametrize("name", CHATS)
async def test_a_chat_gets_a_message_in_its_own_shape(name: str, vendor: Vendor, channel) -> None:
    """A page, the end, one without a link, and one of a stranger's words, as long as they come."""
    takes(vendor, name, 200)
    hook = channel(name)
    for told in (notice(wakes=True), notice(NoticeKind.RESOLVED), notice(links=(), lines=()), hostile_notice()):
        assert await hook.send(told, None) == ""
    assert [problem for seen in vendor.seen for problem in problems(name, seen.body)] == []
    page, end, bare, _ = (json.dumps(seen.body) for seen in vendor.seen)
    assert TITLE in page and LINK in page and TITLE in end and "dashboard" not in bare and '""' not in bare
    if name in ("telegram", "ntfy", "pushover"):
        assert page != end, "a page is louder"


@pytest.mark.parametrize("name", PRESETS)
async def test_a_refusal_shows_no_secret(name: str, vendor: Vendor, channel) -> None:
    """The service answers with all it was sent: address, topic, chat and keys stay hidden, its own words do not."""
    _, query = ADDRESSES[name]

    def echoes(seen: Seen) -> tuple[int, dict[str, str]]:
        return 403, {"message": f"no_service {seen.path} {query} {seen.headers.get('authorization')} {seen.body}"}

    takes(vendor, name, echoes)
    hook = channel(name)
    with pytest.raises(Forbidden) as caught:
        await hook.send(notice(wakes=True), None)
    said = f"{caught.value} {caught.value!r} {hook!r}"
    assert leaks(caught.value, hook) == [] and HOOK not in said and "-100123456789" not in said
    assert "no_service" in said and URL in said


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("opsgenie", "/v2/alerts/1"),
        ("discord", "/api/webhooks/1/token/slack"),
        ("telegram", "/bot1:canary/sendMessage"),
        ("telegram", "/bot1:canary/sendMessage?chat=1"),
        ("ntfy", "/"),
        ("ntfy", "/alerts?auth=canary"),
        ("ntfy", "/alerts%3Fauth=canary"),
        ("ntfy", "/?auth=canary/alerts"),
        ("ntfy", "/alerts#canary"),
        ("pushover", "/1/messages.json?token=canary"),
    ],
)
def test_an_address_of_another_kind_is_refused_and_not_repeated(name: str, path: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        built("webhook", {"preset": name}, **{URL: f"https://hooks.example{path}", TOKEN: BEARER})
    assert PRESETS[name].form in str(caught.value) and "canary" not in str(caught.value)


async def test_an_own_body_takes_the_place_of_the_preset_s(vendor: Vendor, closing) -> None:
    """Address, headers, keys and limits stay; of an all-clear, as well."""
    takes(vendor, "opsgenie")
    options = {"preset": "opsgenie", "body": {"message": "$title$title", "alias": "$key", "team": "$$me"}}
    hook = closing(built("webhook", options, **{URL: f"{vendor.url}/v2/alerts", TOKEN: BEARER}))
    assert await hook.send(notice(NoticeKind.RESOLVED), await hook.send(notice(wakes=True), None)) == "1 over"
    opened, closed = vendor.seen
    assert opened.headers["authorization"] == f"GenieKey {BEARER}"
    assert opened.body == {"message": (TITLE + TITLE)[:129] + "…", "alias": "watchdog/web/web-1", "team": "$me"}
    assert closed.body == {"source": "watchdog", "note": TITLE}


async def test_own_headers_hold_the_token_and_own_bodies_tell_the_end(vendor: Vendor, closing) -> None:
    """Beside a template; a header without a place for the token leaves the bearer."""
    vendor.say("POST", "/x", 204)
    options = {
        "body": {"open": "$key"},
        "resolved": {"done": "$key", "why": "$title"},
        "headers": {"X-Api-Key": "k {token}", "X-Source": "watchdog"},
    }
    hook = closing(built("webhook", options, **{URL: f"{vendor.url}/x", TOKEN: BEARER}))
    await hook.send(notice(), None)
    await hook.send(notice(NoticeKind.RESOLVED), None)
    assert [seen.body for seen in vendor.seen] == [
        {"open": "watchdog/web/web-1"},
        {"done": "watchdog/web/web-1", "why": TITLE},
    ]
    head = vendor.seen[0].headers
    assert (head["x-api-key"], head["x-source"]) == (f"k {BEARER}", "watchdog") and "authorization" not in head
    assert secrets(WebhookOptions.model_validate(options)) == (URL, TOKEN)


@pytest.mark.parametrize(
    "written",
    [
        {"resolved": {"text": "$title"}},
        {"body": {"text": "$title"}, "resolved": {"text": "$titel"}},
        {"headers": {"authorization": "GenieKey canary"}},
        {"headers": {"X Y": "1"}},
        {"headers": {"x": "a\nb"}},
        {"preset": "pager"},
        {"preset": "ntfy", "body": {"message": 5}},
        {"preset": "discord", "body": {"content": ["$title"]}},
        {"preset": "opsgenie", "resolved": {"message": None}},
    ],
)
def test_what_does_not_fit_together_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        WebhookOptions.model_validate(written)
    assert "canary" not in str(caught.value)

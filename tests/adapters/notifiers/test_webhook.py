"""The generic webhook: a versioned JSON body, a bearer token, and a URL that is a secret, as that of Slack is."""

import pytest

from tests.adapters.notifiers.letters import AT, BEARER, HOOK_PATH, context, leaks, notice, plain_notice
from tests.adapters.signals.sites import answering
from tests.adapters.vendor import Vendor
from watchdog.adapters.notifiers.notifier_http import client_for_secret_url
from watchdog.adapters.notifiers.webhook import WebhookOptions, build
from watchdog.domain.errors import ConfigurationError, Forbidden, Permanent, Temporary
from watchdog.domain.notices import NoticeKind
from watchdog.ports import Notifier

NAME = "WATCHDOG_SLACK_WEBHOOK_URL"


def hook(vendor: Vendor, bearer: str = BEARER) -> Notifier:
    secrets = {"WATCHDOG_WEBHOOK_URL": f"{vendor.url}{HOOK_PATH}?key=1"}
    return build(WebhookOptions(), context(**secrets, **({"WATCHDOG_WEBHOOK_TOKEN": bearer} if bearer else {})))


@pytest.fixture
def channel(vendor: Vendor, closing) -> Notifier:
    return closing(hook(vendor))


async def test_the_body_is_the_notice_in_version_1(vendor: Vendor, channel) -> None:
    """Every field of version 1, spelt out: receivers depend on them. A check posts nothing."""
    assert "channel test" in await channel.check() and vendor.seen == []
    vendor.say("POST", HOOK_PATH, 204)
    assert await channel.send(notice(NoticeKind.RESOLVED, todo=("Update the docs",)), None) == ""
    (seen,) = vendor.seen
    assert seen.headers["authorization"] == f"Bearer {BEARER}" and seen.query == (("key", "1"),)
    assert seen.body == {
        "version": 1,
        "at": AT,
        "dedup_key": "watchdog/web/web-1",
        "incident": "web-1",
        "service": "web",
        "severity": "critical",
        "kind": "resolved",
        "wakes": False,
        "resolves": True,
        "title": "web CRITICAL: HTTP 503, 39 of 39 probes failed for 38 s (limit 38 s)",
        "lines": ["Blame: dep-42 9f3c2ab, P 0.998 (need 0.80)", "Guards: all pass"],
        "todo": ["Update the docs"],
        "links": [{"text": "dashboard", "href": "https://dashboard.example/web?a=1&b=2"}],
        "progress": "",
        "news": ["Blame: dep-42 9f3c2ab, P 0.998 (need 0.80)", "Guards: all pass"],
        "details": [],
        "facts": None,
    }


async def test_a_2xx_is_a_delivery_also_where_its_body_is_lost(raw, closing) -> None:
    """Else a receiver that says a length it does not keep to gets the same page for as long as the incident lasts."""
    server = await raw(answering(b"ok", headers={"Content-Length": "100"}))
    channel = closing(build(WebhookOptions(), context(WATCHDOG_WEBHOOK_URL=f"{server.url}{HOOK_PATH}")))
    assert await channel.send(notice(), None) == ""


async def test_one_for_people_outside_engineering_has_its_words_alone(vendor: Vendor, closing) -> None:
    """Without a token none is sent."""
    vendor.say("POST", HOOK_PATH, 204)
    await closing(hook(vendor, bearer="")).send(plain_notice(), None)
    assert "authorization" not in vendor.seen[0].headers
    assert vendor.seen[0].body == {
        "version": 1,
        "at": AT,
        "dedup_key": "watchdog/web/web-1/stakeholders",
        "kind": "opened",
        "resolves": False,
        "plain": True,
        "title": "The shop: not available since 14:02 (UTC)",
        "lines": ["All visitors are affected.", "We are working on it."],
    }


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, Temporary), (429, Temporary), (403, Forbidden), (404, Forbidden), (302, Permanent)],
)
async def test_a_refusal_shows_neither_url_nor_token(
    vendor: Vendor, status: int, error: type[Exception], caplog: pytest.LogCaptureFixture, channel
) -> None:
    """The receiver answers with the whole request, and a part of the path: none comes out; the other words may."""
    caplog.set_level(0)
    request = f"{HOOK_PATH} {vendor.url}{HOOK_PATH}?key=1 {HOOK_PATH[-16:]} {BEARER}"
    vendor.say("POST", HOOK_PATH, (status, {"message": f"no_service at {request}"}))
    with pytest.raises(error) as caught:
        await channel.send(notice(), None)
    assert leaks(caught.value, channel, caplog.text) == []
    assert ("no_service" in str(caught.value)) is (status != 500)
    assert ("WATCHDOG_WEBHOOK_URL" in str(caught.value)) is (status < 429), "with the variable to look at"


@pytest.mark.parametrize(
    "url", ["", "hooks.example/x", "ftp://h/x", "https:///x", "https://h/a b", "https://user:pass@h/x", "https://h/ü"]
)
def test_what_is_no_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client_for_secret_url("Slack", NAME, context(**{NAME: url}))
    assert NAME in str(caught.value)
    assert not url or url not in str(caught.value)


def test_a_bearer_that_cannot_be_sent_is_refused() -> None:
    """A line break in a token would become a header of its own."""
    with pytest.raises(ConfigurationError):
        client_for_secret_url("the webhook", NAME, context(**{NAME: "https://h/x"}), token="canary\nbearer")

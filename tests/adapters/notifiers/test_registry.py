"""The registry: every kind can be built from its options and its secrets, and shows no secret."""

import pytest

from tests.adapters.notifiers.letters import (
    APP_TOKEN,
    BEARER,
    BOT_TOKEN,
    HOOK_PATH,
    PASSWORD,
    ROUTING_KEY,
    context,
    leaks,
)
from watchdog.adapters.notifiers import NOTIFIERS

SECRETS = {
    "WATCHDOG_PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
    "WATCHDOG_SLACK_BOT_TOKEN": BOT_TOKEN,
    "WATCHDOG_SLACK_APP_TOKEN": APP_TOKEN,
    "WATCHDOG_SLACK_WEBHOOK_URL": "https://hooks.example" + HOOK_PATH,
    "WATCHDOG_WEBHOOK_URL": "https://hooks.example" + HOOK_PATH,
    "WATCHDOG_WEBHOOK_TOKEN": BEARER,
    "WATCHDOG_SMTP_PASSWORD": PASSWORD,
    "WATCHDOG_GITHUB_TOKEN": BEARER,
    "WATCHDOG_ALERTMANAGER_TOKEN": BEARER,
    "WATCHDOG_APPRISE_URLS": f"mmosts://chat.example/{ROUTING_KEY}",
}
MAIL = {"smtp": "smtp.acme.example:587", "from": "dog@acme.example", "to": ["lead@acme.example"], "user": "dog"}


@pytest.mark.parametrize(
    ("kind", "written", "asked"),
    [
        ("pagerduty", {}, ("WATCHDOG_PAGERDUTY_ROUTING_KEY",)),
        ("slack", {}, ("WATCHDOG_SLACK_WEBHOOK_URL",)),
        ("slack", {"channel": "#incidents"}, ("WATCHDOG_SLACK_BOT_TOKEN",)),
        (
            "slack",
            {"channel": "#incidents", "approvals": "socket_mode"},
            ("WATCHDOG_SLACK_BOT_TOKEN", "WATCHDOG_SLACK_APP_TOKEN"),
        ),
        ("webhook", {}, ("WATCHDOG_WEBHOOK_URL",)),
        ("email", MAIL, ("WATCHDOG_SMTP_PASSWORD",)),
        ("tickets", {"github": "acme/app"}, ("WATCHDOG_GITHUB_TOKEN",)),
        ("alertmanager", {"urls": ["http://alertmanager:9093"]}, ()),
        ("alertmanager", {"urls": ["http://alertmanager:9093"], "user": "dog"}, ("WATCHDOG_ALERTMANAGER_TOKEN",)),
        ("apprise", {}, ("WATCHDOG_APPRISE_URLS",)),
        ("console", {}, ()),
    ],
)
async def test_every_kind_asks_for_its_secrets_and_shows_none(kind: str, written: dict, asked: tuple) -> None:
    """Only the secrets it asked for are given (and the optional token); its repr shows none of them."""
    entry = NOTIFIERS[kind]
    options = entry.options.model_validate(written)
    assert entry.secrets(options) == asked
    given = {name: SECRETS[name] for name in (*asked, "WATCHDOG_WEBHOOK_TOKEN")}
    channel = entry.build(options, context(**given))
    assert channel.name == kind and leaks(channel, options) == []
    await channel.close()

"""The webhook for services that take a JSON of their own: per service the bodies, as its document describes them.

Rule 1: a preset is data in the language of the user's own template (`webhook_body.py`), so it can do no more than one.
Rule 2: what is secret stands in WATCHDOG_WEBHOOK_URL or WATCHDOG_WEBHOOK_TOKEN alone: a topic of ntfy, Telegram's bot
and chat, Pushover's keys. Where the service takes them in the body, they are moved there from the address.
Rule 3: a text that is empty is left out, and so is an element of a list that lacks one: an empty link is refused there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.webhook_body import filled
from watchdog.adapters.token_headers import PLACE
from watchdog.domain.notices import Notice

BEARER = {"authorization": f"Bearer {PLACE}"}


@dataclass(frozen=True, slots=True)
class Either:
    """A value of a body: one for what pages, one for the rest."""

    page: Any
    quiet: Any


PAGES = Either("true", "false")
Limits = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Preset:
    """The requests of one service.

    `resolved` is the body of an all-clear, where it differs; `ending` what its path has behind the usual one. A service
    that keeps `alerts` knows each by `$key`. `limits` are the most characters of its fields.
    """

    form: str  # its address, as its document shows it
    shape: str  # the pattern of the address, from its path on
    body: Mapping[str, Any]
    alerts: bool = False
    resolved: Mapping[str, Any] | None = None
    ending: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=dict)
    from_query: tuple[str, ...] = ()  # fields of the body that stand in the address, behind the ?
    topic: str = ""  # the field of the body that stands as the last part of its path


_ABOUT = {"service": "$service", "incident": "$incident", "severity": "$severity", "pages": PAGES}
_INCIDENT_IO = {
    "title": "$title",
    "description": "$news\n$links",
    "deduplication_key": "$key",
    "source_url": "$link",
    "metadata": _ABOUT,
}
_GRAFANA = {
    "alert_uid": "$key",
    "title": "$title",
    "message": "$news\n$links",
    "link_to_upstream_details": "$link",
    **_ABOUT,
}
_BETTER_STACK = {"alert_id": "$key", "title": "$title", "cause": "$news", "link": "$link", **_ABOUT}
_FIREHYDRANT = {
    "summary": "$title",
    "body": "$news",
    "idempotency_key": "$key",
    "level": Either("ERROR", "INFO"),
    "links": [{"href": "$link", "text": "watchdog"}],
    "tags": ["service:$service"],
    "annotations": {"signals.firehydrant.com/notification-priority": Either("HIGH", "LOW"), "incident": "$incident"},
}
_CARD = {
    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [
        {"type": "TextBlock", "text": "$title", "weight": "Bolder", "wrap": True},
        {"type": "TextBlock", "text": "$news", "wrap": True},
    ],
    "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": "$link"}],
}
PRESETS: dict[str, Preset] = {
    # https://docs.opsgenie.com/docs/alert-api (answers 202, and does it later)
    "opsgenie": Preset(
        "https://api.opsgenie.com/v2/alerts",
        "/v2/alerts",
        {
            "message": "$title",
            "alias": "$key",
            "description": "$news\n$links",
            "priority": Either("P1", "P5"),
            "source": "watchdog",
            "entity": "$service",
            "tags": ["watchdog", "$severity"],
            "details": {"incident": "$incident", "link": "$link"},
        },
        alerts=True,
        resolved={"source": "watchdog", "note": "$title"},
        ending="/{key}/close?identifierType=alias",
        headers={"authorization": f"GenieKey {PLACE}"},
        limits={"message": 130},
    ),
    # https://docs.incident.io/api-reference/alert-events-v2/createhttp
    "incident_io": Preset(
        "https://api.incident.io/v2/alert_events/http/CONFIG",
        r"/v2/alert_events/http/[^/?]+",
        {"status": "firing", **_INCIDENT_IO},
        alerts=True,
        resolved={"status": "resolved", **_INCIDENT_IO},
        headers=BEARER,
    ),
    # Formatted Webhook of https://grafana.com/docs/grafana-cloud/alerting-and-irm/irm/ (and of Grafana OnCall)
    "grafana_irm": Preset(
        "https://oncall-prod-eu-west-0.grafana.net/oncall/integrations/v1/formatted_webhook/KEY/",
        r"/.+",
        {"state": "alerting", **_GRAFANA},
        alerts=True,
        resolved={"state": "ok", **_GRAFANA},
    ),
    # https://betterstack.com/docs/uptime/incoming-webhooks (which field means what is set there, see the handbook)
    "better_stack": Preset(
        "https://uptime.betterstack.com/api/v1/incoming-webhook/KEY",
        r"/.+",
        {"status": "firing", **_BETTER_STACK},
        alerts=True,
        resolved={"status": "resolved", **_BETTER_STACK},
    ),
    # https://docs.firehydrant.com/docs/events-data-model (a key of more than 255 characters is refused)
    "firehydrant": Preset(
        "https://signals.firehydrant.com/v1/process/KEY",
        r"/.+",
        {"status": "OPEN", **_FIREHYDRANT},
        alerts=True,
        resolved={"status": "CLOSED", **_FIREHYDRANT},
    ),
    # https://docs.discord.com/developers/resources/webhook: content of 2000 characters
    "discord": Preset(
        "https://discord.com/api/webhooks/ID/TOKEN",
        r"/api/(v\d+/)?webhooks/\d+/[^/?]+(\?.*)?",
        {"content": "**$title**\n$news\n$link", "allowed_mentions": {"parse": []}},
        limits={"content": 2000},
    ),
    # https://core.telegram.org/bots/api#sendmessage: text of 4096 characters
    "telegram": Preset(
        "https://api.telegram.org/botTOKEN/sendMessage?chat_id=CHAT",
        r"/bot[^/?]+/sendMessage\?.+",
        {
            "text": "$title\n$news\n$link",
            "disable_notification": Either(False, True),
            "link_preview_options": {"is_disabled": True},
        },
        limits={"text": 4096},
        from_query=("chat_id",),
    ),
    # An Adaptive Card for a workflow "when a webhook request is received": learn.microsoft.com/microsoftteams
    "teams": Preset(
        "https://HOST.environment.api.powerplatform.com/…/workflows/ID/triggers/manual/paths/invoke?…",
        r"/.+",
        {
            "type": "message",
            "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": _CARD}],
        },
    ),
    # https://docs.ntfy.sh/publish/#publish-as-json: to the root, with the topic in the body
    "ntfy": Preset(
        # Not `?auth=…`, which ntfy takes as well: it would be a part of the topic here, and a token has its variable.
        "https://ntfy.sh/TOPIC (an access token: WATCHDOG_WEBHOOK_TOKEN)",
        r"(/[-_.~A-Za-z0-9]+)*/[-_A-Za-z0-9]{1,64}",
        {
            "title": "$title",
            "message": "$news",
            "priority": Either(5, 3),
            "tags": [Either("rotating_light", "")],
            "click": "$link",
        },
        limits={"message": 4000},
        topic="topic",
    ),
    # https://pushover.net/api: a message of 1024 characters, url of 512
    "pushover": Preset(
        "https://api.pushover.net/1/messages.json?token=APP_TOKEN&user=USER_KEY",
        r"/1/messages\.json\?.+",
        {"message": "$title\n$news", "priority": Either(1, 0), "url": "$link", "url_title": "Open"},
        limits={"message": 1024, "url": 512},
        from_query=("token", "user"),
    ),
}
"""The services, each by the name of its preset."""


def place_of(preset: Preset, path: str) -> tuple[str, Mapping[str, str]] | None:
    """Return the path to post to, and the fields of the body that stand in it; None for another service's address."""
    if re.fullmatch(preset.shape, path) is None:
        return None
    if preset.topic:
        root, _, topic = path.rpartition("/")
        return f"{root}/", {preset.topic: topic}
    if not preset.from_query:
        return path, {}
    bare, _, query = path.partition("?")
    given = dict(parse_qsl(query))
    return (bare, given) if all(given.get(name) for name in preset.from_query) else None


def ending_of(preset: Preset, key: str) -> str:
    """Return what the path of an all-clear has behind the usual one."""
    return preset.ending.replace("{key}", quote(key, safe=""))


def request_body(preset: Preset, notice: Notice, key: str, *, pages: bool, closes: bool) -> dict[str, Any]:
    """Return the body for a notice; `key` is that of its alert, which it `closes`."""
    template = preset.resolved if closes and preset.resolved is not None else preset.body
    body: dict[str, Any] = _kept(filled(_chosen(template, pages=pages), notice, key))
    for name, most in preset.limits.items():
        if len(body.get(name, "")) > most:
            body[name] = _shortened(body[name], most)
    return {name: value for name, value in body.items() if value != ""}


def _shortened(said: str, most: int) -> str:
    # The first part of an address leads elsewhere.
    return "" if text.safe_href(said) == said else said[: most - 1] + "…"


def _chosen(piece: Any, *, pages: bool) -> Any:
    if isinstance(piece, Either):
        return piece.page if pages else piece.quiet
    if isinstance(piece, Mapping):
        return {key: _chosen(value, pages=pages) for key, value in piece.items()}
    return [_chosen(value, pages=pages) for value in piece] if isinstance(piece, list) else piece


def _kept(piece: Any) -> Any:
    """Return it without empty texts, and without elements of lists that lack one."""
    if isinstance(piece, str):
        return piece.strip()
    if isinstance(piece, Mapping):
        return {key: kept for key, value in piece.items() if (kept := _kept(value)) not in ("", [], {})}
    if isinstance(piece, list):
        whole = [one for one in piece if not (isinstance(one, Mapping) and "" in one.values())]
        return [kept for one in whole if (kept := _kept(one)) != ""]
    return piece

"""A webhook: the notice as JSON, for any receiver of the user, or as a service's own JSON by a preset.

The receiver's own is not idempotent: a notice may come twice. A service that keeps alerts gets them as follows.

Rule 1: an alert is opened by a notice and closed by the all-clear, both with one key.
Rule 2: a second event with the key of an open alert rings no phone there. So a notice that pages opens an alert with a
key of its own, and then closes the one before it: the promised second page rings. The keys are numbered, by the
reference: sent again, a page has the same key, and joins the alert that it opened.
Rule 3: a notice that does not page adds to the open alert, and keeps a page's urgency.
"""

import re
from dataclasses import replace
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from watchdog.adapters.notifiers.channel_options import ChannelOptions
from watchdog.adapters.notifiers.notifier_http import TellingClient, client_for_secret_url
from watchdog.adapters.notifiers.webhook_body import as_json, check_template, filled
from watchdog.adapters.notifiers.webhook_presets import PRESETS, Preset, ending_of, place_of, request_body
from watchdog.adapters.options import Context
from watchdog.adapters.pagers.pagerduty import alert_key
from watchdog.adapters.token_headers import PLACE, check_headers, names_token, with_token
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.ports import Notifier

URL = "WATCHDOG_WEBHOOK_URL"
TOKEN = "WATCHDOG_WEBHOOK_TOKEN"  # noqa: S105  the name of a variable, not what it holds
BEGINNINGS = (NoticeKind.OPENED, NoticeKind.SELF_ALERT, NoticeKind.TEST)
"""The notices that open an alert after the one before was closed; a late word about what is over opens none."""

QUIET, FIRST_PAGE = 0, 1
"""The numbers of the first alerts of an incident: one that pages no one, and one that does."""
SHORT = 4
"""Characters of a topic or chat; a shorter one could not be taken out of messages without harming ordinary words."""


class WebhookOptions(ChannelOptions):
    """The service; the body to post in place of its own, or of ours; its headers. URL and token are secrets."""

    preset: (
        Literal[
            "opsgenie",
            "incident_io",
            "grafana_irm",
            "better_stack",
            "firehydrant",
            "discord",
            "telegram",
            "teams",
            "ntfy",
            "pushover",
        ]
        | None
    ) = None
    body: dict[str, Any] | None = None
    resolved: dict[str, Any] | None = None
    headers: dict[str, str] = Field(default_factory=dict, max_length=20)

    @field_validator("body", "resolved")
    @classmethod
    def _known_fields(cls, body: dict[str, Any] | None) -> dict[str, Any] | None:
        if body is not None:
            check_template(body)
        return body

    @field_validator("headers")
    @classmethod
    def _sendable(cls, headers: dict[str, str]) -> dict[str, str]:
        check_headers(headers, TOKEN)
        return headers

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.resolved is not None and self.body is None and self.preset is None:
            raise ValueError("resolved is the body of an all-clear beside another one: write body, or preset")
        limited = PRESETS[self.preset].limits if self.preset is not None else {}
        for name in limited:
            if any(not isinstance((body or {}).get(name, ""), str) for body in (self.body, self.resolved)):
                raise ValueError(f"{name} of {self.preset} is a text, which is cut to its limit: write it in quotes")
        return self

    @property
    def keeps_alerts(self) -> bool:
        """Return whether the service opens and closes alerts."""
        return self.preset is not None and PRESETS[self.preset].alerts

    @property
    def all_headers(self) -> dict[str, str]:
        """Return the headers of the preset, and those of the file."""
        own = PRESETS[self.preset].headers if self.preset is not None else {}
        return {name.lower(): value for name, value in {**own, **self.headers}.items()}


class Webhook:
    """Posts each notice to one URL."""

    name = "webhook"

    def __init__(self, client: TellingClient, path: str, options: WebhookOptions) -> None:
        self._client = client
        self._path = path
        self._options = options

    async def send(self, notice: Notice, reference: str | None) -> str:
        """Post the notice; any 2xx is a delivery. There is nothing to refer to later: the reference is empty."""
        template = self._options.body
        if notice.resolves and self._options.resolved is not None:
            template = self._options.resolved
        body = as_json(notice) if template is None else filled(template, notice)
        # A receiver of the user's own may answer with any text.
        await self._client.deliver(self._path, body, pages=True)
        return ""

    async def check(self) -> str:
        """Return the result that needs no post: the URL's shape."""
        return f"the URL has the right shape; `{command_line('notify test')}` posts to it"

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()


class PresetWebhook(Webhook):
    """Posts each notice to one service. `placed` are the fields of the body that stand in its address."""

    def __init__(self, client: TellingClient, path: str, options: WebhookOptions, preset: Preset, placed: Any) -> None:
        super().__init__(client, path, options)
        self._preset = preset
        self._placed = placed

    async def send(self, notice: Notice, reference: str | None) -> str:
        """Post the notice, or open or close its alert; the reference is the number of the alert, and its state."""
        if not self._preset.alerts:
            await self._post(notice, FIRST_PAGE, pages=notice.wakes, closes=notice.resolves)
            return ""
        number, state = _known(reference)
        if notice.resolves:
            # Without memory of it, an alert of either kind may be open.
            for one in (FIRST_PAGE, QUIET) if number is None else (number,):
                await self._post(notice, one, pages=False, closes=True)
            return f"{FIRST_PAGE if number is None else number} over"
        # A digest is no alert, nor is what is written for people outside engineering.
        late = state == "over" and not (notice.wakes or notice.kind in BEGINNINGS)
        if notice.news or notice.plain or late:
            return reference or ""
        is_open = state in ("paged", "quiet")
        now = number if number is not None and is_open and not notice.wakes else _next(number, notice)
        pages = notice.wakes or (is_open and state == "paged")
        await self._post(notice, now, pages=pages)
        if number is not None and is_open and now != number:
            await self._post(notice, number, pages=False, closes=True)
        return f"{now} {'paged' if pages else 'quiet'}"

    async def _post(self, notice: Notice, number: int, *, pages: bool, closes: bool = False) -> None:
        key = ""
        if self._preset.alerts:
            key = alert_key(notice.dedup_key if number == FIRST_PAGE else f"{notice.dedup_key}/{number}")
        path = self._path + (ending_of(self._preset, key) if closes else "")
        body = request_body(self._preset, notice, key, pages=pages, closes=closes)
        await self._client.deliver(path, {**body, **self._placed})


def _next(number: int | None, notice: Notice) -> int:
    """Return the number of a new alert. Without memory a page must not join an alert that was opened quietly."""
    if number is None:
        return FIRST_PAGE if notice.wakes else QUIET
    return number + 1


def _known(reference: str | None) -> tuple[int | None, str]:
    """Return the number and the state of the alert that a reference names."""
    match = re.fullmatch(r"(\d{1,9}) (paged|quiet|over)", reference or "")
    return (int(match[1]), match[2]) if match else (None, "")


def secrets(options: WebhookOptions) -> tuple[str, ...]:
    """Return the variables that must be set (`WATCHDOG_WEBHOOK_TOKEN` may be, if no header has a place for it)."""
    # incident.io takes its token in the address as well.
    needs_token = names_token(options.all_headers) and options.preset != "incident_io"
    return (URL, TOKEN) if needs_token else (URL,)


def build(options: WebhookOptions, context: Context) -> Notifier:
    """Build the channel. Raises ConfigurationError for a text that is not a URL, or not one of the service."""
    token = context.secrets.get(TOKEN, "")
    headers = {name: value for name, value in options.all_headers.items() if token or PLACE not in value}
    if token and not names_token(headers):
        headers.setdefault("authorization", f"Bearer {PLACE}")
    client, path = client_for_secret_url("the webhook", URL, context, token, with_token(headers, token))
    if options.preset is None:
        return Webhook(client, path, options)
    preset = PRESETS[options.preset]
    place = place_of(preset, path)
    if place is None:
        raise ConfigurationError((Mistake(URL, f"not an address of {options.preset}", f"write {preset.form}"),))
    preset = replace(preset, body=options.body or preset.body, resolved=options.resolved or preset.resolved)
    path, placed = place
    client.hidden = (*client.hidden, *(value for value in placed.values() if len(value) >= SHORT))
    return PresetWebhook(client, path, options, preset, placed)

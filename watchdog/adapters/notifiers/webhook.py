"""A generic webhook: the notice as JSON, for any receiver of the user. Not idempotent: a notice may come twice."""

from typing import Any

from pydantic import field_validator

from watchdog.adapters.notifiers.channel_options import ChannelOptions
from watchdog.adapters.notifiers.notifier_http import TellingClient, client_for_secret_url
from watchdog.adapters.notifiers.webhook_body import as_json, check_template, filled
from watchdog.adapters.options import Context
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.notices import Notice
from watchdog.ports import Notifier

URL = "WATCHDOG_WEBHOOK_URL"
TOKEN = "WATCHDOG_WEBHOOK_TOKEN"  # noqa: S105  the name of a variable, not what it holds


class WebhookOptions(ChannelOptions):
    """The body to post, for a receiver that takes none of ours. URL and the optional bearer token are secrets."""

    body: dict[str, Any] | None = None

    @field_validator("body")
    @classmethod
    def _known_fields(cls, body: dict[str, Any] | None) -> dict[str, Any] | None:
        if body is not None:
            check_template(body)
        return body


class Webhook:
    """Posts each notice to one URL."""

    name = "webhook"

    def __init__(self, client: TellingClient, path: str, template: dict[str, Any] | None = None) -> None:
        self._client = client
        self._path = path
        self._template = template

    async def send(self, notice: Notice, reference: str | None) -> str:
        """Post the notice; any 2xx is a delivery. There is nothing to refer to later: the reference is empty."""
        body = as_json(notice) if self._template is None else filled(self._template, notice)
        # A receiver of the user's own may answer with any text.
        await self._client.deliver(self._path, body, pages=True)
        return ""

    async def check(self) -> str:
        """Return the result that needs no post: the URL's shape."""
        return f"the URL has the right shape; `{command_line('notify test')}` posts to it"

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()


def secrets(options: WebhookOptions) -> tuple[str, ...]:
    """Return the variables that must be set (`WATCHDOG_WEBHOOK_TOKEN` may be)."""
    return (URL,)


def build(options: WebhookOptions, context: Context) -> Notifier:
    """Build the channel. Raises ConfigurationError for a text that is not a URL."""
    client, path = client_for_secret_url("the webhook", URL, context, bearer=context.secrets.get(TOKEN, ""))
    return Webhook(client, path, options.body)

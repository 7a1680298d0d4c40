"""A generic webhook: the notice as JSON, for any receiver of the user. Not idempotent: a notice may come twice."""

from typing import Any

from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.notifier_http import TellingClient, client_for_secret_url
from watchdog.adapters.options import Context, Options
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.notices import Notice
from watchdog.ports import Notifier

URL = "WATCHDOG_WEBHOOK_URL"
TOKEN = "WATCHDOG_WEBHOOK_TOKEN"  # noqa: S105  the name of a variable, not what it holds
VERSION = 1


class WebhookOptions(Options):
    """Nothing to choose: the URL is a secret, and so is the optional bearer token."""


class Webhook:
    """Posts each notice to one URL."""

    name = "webhook"

    def __init__(self, client: TellingClient, path: str) -> None:
        self._client = client
        self._path = path

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Post the notice; any 2xx is a delivery."""
        await self._client.post_telling(self._path, as_json(notice))
        return None

    async def check(self) -> str:
        """Return the result that needs no post: the URL's shape."""
        return f"the URL has the right shape; `{command_line('notify test')}` posts to it"

    async def close(self) -> None:
        """Close connections."""
        await self._client.close()


def as_json(notice: Notice) -> dict[str, Any]:
    """Return the body of version 1: fields may be added, never changed; `dedup_key` distinguishes incidents.

    A notice for people outside engineering has its title and lines alone, and is marked with `plain`.
    """
    # People outside engineering read this one: no severity, tasks or links.
    if notice.plain:
        return {
            "version": VERSION,
            "at": notice.at,
            "dedup_key": text.clean(notice.dedup_key, 600),
            "kind": notice.kind.value,
            "resolves": notice.resolves,
            "plain": True,
            "title": text.title(notice),
            "lines": list(text.lines(notice)),
        }
    return {
        "version": VERSION,
        "at": notice.at,
        "dedup_key": text.clean(notice.dedup_key, 600),
        "incident": text.clean(notice.incident, 255),
        "service": text.clean(notice.service, 255),
        "severity": notice.severity.value,
        "kind": notice.kind.value,
        "wakes": notice.wakes,
        "resolves": notice.resolves,
        "title": text.title(notice),
        "lines": list(text.lines(notice)),
        "todo": [text.clean(line, 300) for line in notice.todo],
        "links": [{"text": link.text, "href": link.href} for link in text.links(notice)],
    }


def secrets(options: WebhookOptions) -> tuple[str, ...]:
    """Return the variables that must be set (`WATCHDOG_WEBHOOK_TOKEN` may be)."""
    return (URL,)


def build(options: WebhookOptions, context: Context) -> Notifier:
    """Build the channel. Raises ConfigurationError for a text that is not a URL."""
    client, path = client_for_secret_url("the webhook", URL, context, bearer=context.secrets.get(TOKEN, ""))
    return Webhook(client, path)

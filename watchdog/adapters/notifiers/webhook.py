"""A generic webhook: the notice as JSON, for whatever the user has."""

from watchdog.adapters.options import Context, Options
from watchdog.ports import Notifier

URL = "WATCHDOG_WEBHOOK_URL"
TOKEN = "WATCHDOG_WEBHOOK_TOKEN"


class WebhookOptions(Options):
    """Nothing to choose: the URL is a secret, and so is the optional bearer token."""


def secrets(options: WebhookOptions) -> tuple[str, ...]:
    """Return the variables that must be set (`WATCHDOG_WEBHOOK_TOKEN` may be)."""
    return (URL,)


def build(options: WebhookOptions, context: Context) -> Notifier:
    """Build the channel."""
    raise NotImplementedError

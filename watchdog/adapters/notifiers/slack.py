"""Slack: a bot with one thread per incident, or an incoming webhook."""

import re

from pydantic import field_validator

from watchdog.adapters.options import Context, Options
from watchdog.ports import Notifier

TOKEN = "WATCHDOG_SLACK_BOT_TOKEN"
URL = "WATCHDOG_SLACK_WEBHOOK_URL"


class SlackOptions(Options):
    """With a channel, a bot posts there; without one, an incoming webhook is used."""

    channel: str | None = None

    @field_validator("channel")
    @classmethod
    def _named(cls, channel: str | None) -> str | None:
        if channel is not None and not re.fullmatch(r"#[^\s#,<>&@|]{1,80}|[CGD][A-Z0-9]{6,20}", channel):
            raise ValueError('not a channel: write "#incidents" (in quotes) or its id, as in C0123ABCD')
        return channel


def secrets(options: SlackOptions) -> tuple[str, ...]:
    """Return the variables that must be set."""
    return (TOKEN,) if options.channel else (URL,)


def build(options: SlackOptions, context: Context) -> Notifier:
    """Build the channel."""
    raise NotImplementedError

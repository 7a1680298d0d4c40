"""Channels to people: one file each, one line each in `NOTIFIERS`.

Rule 1: a channel reveals no secret, neither in an error nor in a log; a webhook URL *is* one.
Rule 2: one `send` is one attempt; the outbox (daemon/outbox/outbox.py) repeats it, so a notice may arrive twice.
Rule 3: a notice holds foreign text (commit messages, answers); `text.py` makes it harmless before any channel takes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from watchdog.adapters.notifiers import alertmanager, apprise, console, email, pagerduty, slack, tickets, webhook
from watchdog.adapters.options import Context, Options
from watchdog.ports import Notifier


@dataclass(frozen=True, slots=True)
class NotifierKind:
    """One kind of channel: its options, the `WATCHDOG_*` variables these options require, and its factory.

    `build` raises ConfigurationError for a secret of the wrong form.
    """

    options: type[Options]
    secrets: Callable[[Any], tuple[str, ...]]
    build: Callable[[Any, Context], Notifier]


NOTIFIERS: dict[str, NotifierKind] = {
    "pagerduty": NotifierKind(pagerduty.PagerDutyOptions, pagerduty.secrets, pagerduty.build),
    "slack": NotifierKind(slack.SlackOptions, slack.secrets, slack.build),
    "email": NotifierKind(email.EmailOptions, email.secrets, email.build),
    "webhook": NotifierKind(webhook.WebhookOptions, webhook.secrets, webhook.build),
    "alertmanager": NotifierKind(alertmanager.AlertmanagerOptions, alertmanager.secrets, alertmanager.build),
    "tickets": NotifierKind(tickets.TicketsOptions, tickets.secrets, tickets.build),
    "apprise": NotifierKind(apprise.AppriseOptions, apprise.secrets, apprise.build),
    "console": NotifierKind(console.ConsoleOptions, console.secrets, console.build),
}

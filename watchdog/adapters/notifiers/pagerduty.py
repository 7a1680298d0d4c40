"""PagerDuty, Events API v2."""

from typing import Literal

from watchdog.adapters.options import Context, Options
from watchdog.ports import Notifier

KEY = "WATCHDOG_PAGERDUTY_ROUTING_KEY"


class PagerDutyOptions(Options):
    """Where the PagerDuty account lives."""

    region: Literal["us", "eu"] = "us"


def secrets(options: PagerDutyOptions) -> tuple[str, ...]:
    """Return the variables that must be set."""
    return (KEY,)


def build(options: PagerDutyOptions, context: Context) -> Notifier:
    """Build the channel."""
    raise NotImplementedError

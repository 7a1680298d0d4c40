"""The terminal (or whatever reads our standard error)."""

from watchdog.adapters.options import Context, Options
from watchdog.ports import Notifier


class ConsoleOptions(Options):
    """Nothing to choose."""


def secrets(options: ConsoleOptions) -> tuple[str, ...]:
    """Return the variables that must be set: none."""
    return ()


def build(options: ConsoleOptions, context: Context) -> Notifier:
    """Build the channel."""
    raise NotImplementedError

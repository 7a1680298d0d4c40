"""Open follow-ups for the daemon's metrics and reminders, in the same words as pages and commands."""

from collections.abc import Sequence

from watchdog.app.compose.composition import App
from watchdog.daemon.integrations.follow_ups import FollowUpKeeper
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.follow_ups import Left
from watchdog.presentation.follow_up_text import FollowUps, Open

NOT_REMINDED = ("pagerduty", "tickets")
"""Kinds of channels without reminders: they are no reason to page, and a ticket has its own list."""


def follow_up_keeper(app: App) -> FollowUpKeeper:
    """Return the keeper that counts and reminds; it reads the configuration anew each time, since a reload may change
    it."""
    tracked = FollowUps(app.store, app.clock)

    async def read() -> Sequence[Left]:
        settings = app.settings
        return [left(one, app) for one in await tracked.open(settings.policy, settings.owners)]

    return FollowUpKeeper(
        read,
        app.store,
        app.clock,
        app.metrics,
        reminds=lambda: app.settings.remind,
        held=lambda: app.engine.held,
        ask=app.engine.submit_and_wait,
    )


def left(one: Open, app: App) -> Left:
    """Return an open item as the daemon needs it: its channels and its text."""
    incident, item, channels = one.incident, one.item, app.settings.channels
    heard = tuple(name for name in incident.channels if name in channels and channels[name].kind not in NOT_REMINDED)
    words = f"{item.text}: {item.owner}, due {item.due}. Done? {command_line('tick', incident.id, item.id)}"
    return Left(incident.id, incident.service, incident.severity, heard, item.id, words, item.due_at)

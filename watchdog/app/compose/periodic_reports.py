"""What the daemon sums up from its store now and then: the numbers of 30 days, open follow-ups, the weekly digest.

Rule 1: nothing here delays a decision: the record is read in small steps (presentation/stats_loader.py), the store adds
up the probes, and more services cost no more queries. A failed read is logged and tried again.
Rule 2: each worker reports the services that it holds, so that each series of metrics has one source. Incomplete
numbers are not reported.
Rule 3: only the worker that holds the fleet makes a digest, and the core, which sends it, ignores a second one
(core/updates/weekly_digest.py). One that cannot be made for a day is skipped.
"""

from collections.abc import Sequence

import structlog

from watchdog.app.compose.cluster_state import state_of_all
from watchdog.app.compose.composition import App
from watchdog.app.compose.daemon_factory import Daemon
from watchdog.core.updates.weekly_digest import due
from watchdog.daemon.integrations.follow_ups import FollowUpKeeper
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import WeekSummedUp
from watchdog.domain.follow_ups import Left
from watchdog.domain.store_records import FLEET
from watchdog.presentation.digest_loader import read_week
from watchdog.presentation.digest_text import digest
from watchdog.presentation.follow_up_text import FollowUps, Open
from watchdog.presentation.stats_loader import Numbers

PERIOD_SECONDS = 30 * 86400.0
"""The time that the numbers cover."""
EVERY_SECONDS = 300.0
"""Pause between two counts of the numbers."""
READ_ON_SECONDS = 1.0
"""Pause between two steps of reading, until everything was read once."""
BUDGET_SECONDS = 0.02
"""How long one such step may compute."""
LOOK_SECONDS = 30.0
"""Pause between two looks whether a digest is due."""
NOT_REMINDED = ("pagerduty", "tickets", "alertmanager")
"""Kinds of channels without reminders: they are no reason to page or to alert, and a ticket has its own list."""

log = structlog.get_logger("watchdog")


async def keep_numbers(daemon: Daemon) -> None:
    """Update the metrics of the last 30 days, for ever."""
    numbers = Numbers(daemon.store, daemon.clock, BUDGET_SECONDS, PERIOD_SECONDS)
    while True:
        try:
            await _count(daemon, numbers)
        except (Temporary, Permanent) as error:
            log.warning("30-day statistics not read", why=str(error))
        else:
            if not numbers.complete:
                await daemon.clock.sleep(READ_ON_SECONDS)
                continue
        await daemon.clock.sleep(EVERY_SECONDS)


async def _count(daemon: Daemon, numbers: Numbers) -> None:
    await numbers.refresh()
    if not numbers.complete:
        return
    labels = await daemon.store.labels()
    # Read last: a service that moved to another worker meanwhile is reported there.
    held = daemon.engine.held
    for one in numbers.count(daemon.engine.state, labels):
        if one.service in held and one.service != FLEET:
            daemon.metrics.numbers(
                one.service,
                detect_seconds=one.detect.value,
                acknowledge_seconds=one.acknowledge.value,
                restore_seconds=one.restore.value,
                change_failure_ratio=one.change_failure_rate.value,
                rollbacks=one.rollbacks,
            )


def follow_up_keeper(app: App) -> FollowUpKeeper:
    """Return the keeper that counts open follow-ups and reminds of them; it reads the configuration anew each time,
    since a reload may change it.
    """
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
    named = tuple(name for name in incident.channels if name in channels and channels[name].kind not in NOT_REMINDED)
    words = f"{item.text}: {item.owner}, due {item.due}. Done? {command_line('tick', incident.id, item.id)}"
    return Left(incident.id, incident.service, incident.severity, named, item.id, words, item.due_at)


async def keep_digests(app: App) -> None:
    """Make each digest when it is due, for ever."""
    while True:
        try:
            await make_digest(app)
        except (Temporary, Permanent) as error:
            log.warning("weekly digest not created, retrying", why=str(error))
        await app.clock.sleep(LOOK_SECONDS)


async def make_digest(app: App) -> None:
    """Sum up the week if a digest is due and this worker makes it. Raises Temporary or Permanent."""
    engine = app.engine
    until = due(engine.state, engine.policy, app.clock.now())
    # Without its store this worker cannot read the week: the digest stays due, for a day at most.
    if until is None or FLEET not in engine.held or app.sharing.trouble:
        return
    week = await read_week(app.store, app.clock, engine.policy, await state_of_all(app), until)
    title, lines = digest(week)
    # Awaited: the digest stays due until this step is saved, and the next look would make it again.
    await engine.submit_and_wait(WeekSummedUp(app.clock.now(), until, title, lines))

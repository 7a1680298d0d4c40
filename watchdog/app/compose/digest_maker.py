"""Makes the weekly digest: sums up the week when the core says it is due, and submits it to the core, which sends it.

Rule 1: only the worker that holds the fleet makes one; the core ignores a second one (core/updates/weekly_digest.py).
Rule 2: it delays nothing: incidents are read in small steps, and the store adds up the probes. A failed read is
retried; after a day that digest is skipped.
"""

import structlog

from watchdog.app.compose.cluster_state import state_of_all
from watchdog.app.compose.composition import App
from watchdog.core.updates.weekly_digest import due
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import WeekSummedUp
from watchdog.domain.store_records import FLEET
from watchdog.presentation.digest_loader import read_week
from watchdog.presentation.digest_text import digest

LOOK_SECONDS = 30.0

log = structlog.get_logger("watchdog")


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

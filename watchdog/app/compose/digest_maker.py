"""Makes the weekly digest: sums the week up when the core says that it is due, and tells the core, which tells people.

Rule 1: only the worker that holds the fleet makes one; a second one is ignored (core/updates/weekly_digest.py).
Rule 2: beside everything else, and once a week: incidents are read a little at a time, probes added up where they lie.
A record that cannot be read is tried again; after a day that digest is left out.
"""

import structlog

from watchdog.app.compose.cluster_state import state_of_all
from watchdog.app.compose.composition import App
from watchdog.core.assess import schedule
from watchdog.core.updates.weekly_digest import due
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import WeekSummedUp
from watchdog.domain.incident_notes import root_causes
from watchdog.domain.policy import Digest
from watchdog.domain.store_records import FLEET
from watchdog.presentation.digest_text import Week, digest
from watchdog.presentation.stats_loader import Numbers

LOOK_SECONDS = 30.0
BUDGET_SECONDS = 0.02
READ_ON_SECONDS = 0.1
DAY_SECONDS = 86400

log = structlog.get_logger("watchdog")


async def keep_digests(app: App) -> None:
    """Make each digest in its time, for ever."""
    while True:
        try:
            await make_digest(app)
        except (Temporary, Permanent) as error:
            log.warning("the weekly digest could not be made yet", why=str(error))
        await app.clock.sleep(LOOK_SECONDS)


async def make_digest(app: App) -> None:
    """Sum the week up if a digest is due and ours to make. Raises Temporary or Permanent."""
    engine = app.engine
    wanted, until = engine.policy.digest, due(engine.state, engine.policy, app.clock.now())
    if wanted is None or until is None or FLEET not in engine.held or app.sharing.trouble:
        return
    title, lines = digest(await _read(app, wanted, until))
    await engine.submit_and_wait(WeekSummedUp(app.clock.now(), until, title, lines))


async def _read(app: App, wanted: Digest, until: float) -> Week:
    store, now = app.store, app.clock.now()
    since = schedule.latest(wanted.every, until - 1.0)
    numbers = Numbers(store, app.clock, BUDGET_SECONDS, now - since)
    while not numbers.complete:
        await numbers.refresh()
        await app.clock.sleep(READ_ON_SECONDS)
    return Week(
        since=since,
        until=until,
        now=now,
        zone=wanted.every.zone,
        policy=app.engine.policy,
        state=await state_of_all(app),
        incidents=[one for one in numbers.incidents if since <= one.opened_at < until],
        labels=await store.labels(),
        causes=root_causes(await store.remarks()),
        looks=await store.spans(since, until, DAY_SECONDS),
    )

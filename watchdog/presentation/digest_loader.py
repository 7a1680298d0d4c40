"""The data of the weekly digest, read from the store in small steps, so that it delays no probe.

The daemon sends the digest; the terminal shows it as it would be sent now.
"""

from watchdog.core.assess import schedule
from watchdog.domain.incident_notes import root_causes
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.domain.units import DAY_SECONDS
from watchdog.ports import Clock, StoreReader
from watchdog.presentation.digest_text import Week
from watchdog.presentation.stats_loader import Numbers

DAY = int(DAY_SECONDS)
BUDGET_SECONDS = 0.02
READ_ON_SECONDS = 0.1
WEEK_SECONDS = 7 * DAY_SECONDS


async def read_week(journal: StoreReader, clock: Clock, policy: Policy, state: State, until: float) -> Week:
    """Return the week that ends at `until` (UTC epoch seconds). Raises Temporary.

    The week begins at the previous due time of the digest; without a digest in the policy, seven days earlier.
    """
    wanted, now = policy.digest, clock.now()
    # One second earlier: at the due time itself `latest` would return that moment, and an empty week.
    since = schedule.latest(wanted.every, until - 1.0) if wanted is not None else until - WEEK_SECONDS
    numbers = Numbers(journal, clock, BUDGET_SECONDS, now - since)
    while not numbers.complete:
        await numbers.refresh()
        # Between two steps the event loop is free for the probes.
        await clock.sleep(READ_ON_SECONDS)
    return Week(
        since=since,
        until=until,
        now=now,
        zone=wanted.every.zone if wanted is not None else "UTC",
        policy=policy,
        state=state,
        incidents=[one for one in numbers.incidents if since <= one.opened_at < until],
        labels=await journal.labels(),
        causes=root_causes(await journal.remarks()),
        looks=await journal.spans(since, until, DAY),
    )

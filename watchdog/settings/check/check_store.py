"""The store in `watchdog check --live`: a database that several workers share must answer. A file needs no check."""

from collections.abc import Sequence

from watchdog.adapters.stores import is_postgres
from watchdog.domain.errors import WatchdogError
from watchdog.settings.check.check_result import CheckOutcome, CheckResult
from watchdog.settings.model.settings import Settings

FIX = "correct WATCHDOG_STORE_URL, or let this machine reach the database (one on Render: only from the same region)"


async def check_store(settings: Settings) -> Sequence[CheckResult]:
    """Return whether the database answers; nothing for SQLite. Changes nothing."""
    if not is_postgres(settings.store_url):
        return []
    from watchdog.adapters.stores.postgres_probe import look  # SQLAlchemy: a file needs none of it

    try:
        return [CheckResult("store", CheckOutcome.OK, await look(settings.store_url))]
    except WatchdogError as error:
        return [CheckResult("store", CheckOutcome.FAIL, str(error), FIX)]

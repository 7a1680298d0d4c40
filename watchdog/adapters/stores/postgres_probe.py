"""A check of a PostgreSQL that changes nothing: does it answer, do our tables exist, may we create them?"""

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from watchdog.adapters.stores.database import revision
from watchdog.adapters.stores.database_errors import translated
from watchdog.adapters.stores.postgres import Postgres
from watchdog.adapters.stores.tables import HEAD
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Permanent

READY = "answers, and its tables are there"
RIGHT = text("SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)")


async def look(url: str) -> str:
    """Return the state of the database as text for `check`.

    Raises Temporary when it does not answer, Permanent when it cannot be used.
    """
    database = Postgres(make_url(url))
    try:
        with translated():
            async with database.transaction(write=False) as connection:
                return await connection.run_sync(_seen)
    finally:
        await database.engine.dispose()


def _seen(connection: Connection) -> str:
    current = revision(connection)
    if current == HEAD:
        return READY
    if not connection.execute(RIGHT).scalar():
        raise Permanent("the store answers, but its user may not make tables: make it the owner of the database")
    then = "make its tables" if current is None else f"migrate its tables ({current})"
    return f"answers; `{command_line('run')}` will {then}"

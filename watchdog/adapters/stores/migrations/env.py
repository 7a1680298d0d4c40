"""Alembic's way in: runs the revisions on the connection that `stores.database` hands over, in its transaction."""

from alembic import context

from watchdog.adapters.stores.tables import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()

"""Steps on the databases of services (dump, migrate down, restore), in a table of their own.

Only adds; a worker of 0010 goes on and never sees it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table of steps."""
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "database_steps",
        sa.Column("number", kind, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Double, nullable=True),
        sa.Column("json", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    unfinished = sa.text("ended_at IS NULL")
    op.create_index(
        "database_steps_unfinished",
        "database_steps",
        ["service"],
        unique=True,
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )

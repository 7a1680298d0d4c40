"""Several workers: state in parts, the shared part, leases. Only adds; a worker of revision 0001 goes on meanwhile.

The row of `state` stays; the first worker that finds no parts reads it, and only workers of 0001 write it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of several workers, and fill in the service whose lease old effects and actions need."""
    op.create_table(
        "parts",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("json", sa.Text, nullable=False),
        sa.Column("saved_at", sa.Double, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    shared = op.create_table(
        "shared",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("json", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("saved_at", sa.Double, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.bulk_insert(shared, [{"id": 1, "json": "{}", "revision": 0, "saved_at": 0.0, "version": 1}])
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
    )
    op.create_index("leases_owner", "leases", ["owner"])
    op.create_table(
        "workers",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("expires", sa.Double, nullable=False),
    )
    for table in ("effects", "actions"):
        op.add_column(table, sa.Column("service", sa.Text, nullable=False, server_default=""))
    op.execute(
        "UPDATE effects SET service = COALESCE((SELECT i.service FROM incidents i WHERE i.id = effects.incident), '') "
        "WHERE status = 'pending'"
    )
    op.execute(
        "UPDATE actions SET service = COALESCE((SELECT i.service FROM incidents i WHERE i.id = actions.incident), '')"
    )

"""How long each aggregate was watched and lost. Only adds; what a worker of 0005 writes is told by its counts."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Let minutes and hours say it; those that are there already do not know."""
    for table in ("minutes", "hours"):
        for name in ("watched_seconds", "lost_seconds"):
            op.add_column(table, sa.Column(name, sa.Double, nullable=True))
        op.add_column(table, sa.Column("timed_checks", sa.Integer, nullable=True))

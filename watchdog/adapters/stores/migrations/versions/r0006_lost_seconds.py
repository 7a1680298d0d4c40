"""The seconds watched and lost in each aggregate.

Only adds; the rows of a worker of 0005 are derived from their counts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns to minutes and hours; existing rows keep NULL, which means "not known"."""
    for table in ("minutes", "hours"):
        for name in ("watched_seconds", "lost_seconds"):
            op.add_column(table, sa.Column(name, sa.Double, nullable=True))
        op.add_column(table, sa.Column("timed_checks", sa.Integer, nullable=True))

"""The events that a feed counted, by hour, in a table of their own.

Only adds; a worker of 0007 goes on and never sees them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table of feeds."""
    op.create_table(
        "feed_hours",
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("signal", sa.Text, primary_key=True),
        sa.Column("start", sa.Double, primary_key=True, autoincrement=False),
        sa.Column("count", sa.Double, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
    )
    op.create_index("feed_hours_start", "feed_hours", ["start"])

"""The ailment of each worker, for the worker that reports for all. Only adds; a worker of 0002 goes on meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column for a worker's ailment; a worker of an older version leaves it empty."""
    op.add_column("workers", sa.Column("ailment", sa.Text, nullable=False, server_default=""))

"""What is wrong with each worker, for the one that speaks for all. Only adds; a worker of 0002 goes on meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Let each worker say how it is; who does not know of this says nothing."""
    op.add_column("workers", sa.Column("ailment", sa.Text, nullable=False, server_default=""))

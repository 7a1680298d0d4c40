"""What a note is about, by name (a JSON list). Only adds; a worker of 0006 writes none."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Let notes say it; those that are there already do not."""
    op.add_column("notes", sa.Column("about", sa.Text, nullable=True))

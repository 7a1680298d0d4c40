"""The configuration with which a worker runs each service, for the command line, which has only the file.

Only adds; a worker of 0008 goes on and never sees it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table of what is in force."""
    op.create_table(
        "running",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
    )

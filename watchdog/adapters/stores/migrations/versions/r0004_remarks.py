"""Remarks of people on an incident, in a table of their own. Only adds; a worker of 0003 goes on and never sees it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of remarks."""
    op.create_table(
        "remarks",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("incident", sa.Text, sa.ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("root_cause", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("remarks_incident", "remarks", ["incident"])

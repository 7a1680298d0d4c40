"""Announcements of people and their updates, in tables of their own.

Only adds; a worker of 0006 goes on and never sees them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def _serial(name: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column(name, kind, primary_key=True, autoincrement=True)


def upgrade() -> None:
    """Make the tables of announcements."""
    op.create_table(
        "announcements",
        _serial("number"),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("services", sa.Text, nullable=False),
        sa.Column("starts_at", sa.Double, nullable=True),
        sa.Column("ends_at", sa.Double, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "announcement_updates",
        _serial("seq"),
        sa.Column(
            "announcement", sa.BigInteger, sa.ForeignKey("announcements.number", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("stage", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("announcement_updates_announcement", "announcement_updates", ["announcement"])

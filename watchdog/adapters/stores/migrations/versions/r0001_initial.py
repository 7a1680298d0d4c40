"""The first tables. Frozen: a later version's tables come in a later revision that only adds."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _serial(name: str) -> sa.Column[Any]:
    return sa.Column(name, SERIAL, primary_key=True, autoincrement=True)


def _text(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _maybe(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=True) for name in names]


def _at(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Double, nullable=nullable) for name in names]


def _whole(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def upgrade() -> None:
    """Make every table and index."""
    _journal()
    _story()
    for name in ("minutes", "hours"):
        _aggregates(name)
    op.create_table(
        "commands",
        _serial("id"),
        *_text("name", "arguments", "by"),
        *_at("at"),
        sa.Column("done", sa.Boolean, nullable=False),
        sa.Column("ok", sa.Boolean, nullable=False),
        *_text("answer"),
        *_whole("exit_code"),
        sqlite_autoincrement=True,
    )
    op.create_index("commands_done", "commands", ["done"])


def _journal() -> None:
    op.create_table(
        "state",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        *_text("json"),
        *_at("saved_at"),
        *_whole("version"),
    )
    op.create_table(
        "events",
        _serial("seq"),
        *_at("at"),
        *_text("type"),
        *_maybe("service", "incident"),
        *_text("json"),
        sqlite_autoincrement=True,
    )
    op.create_index("events_at", "events", ["at"])
    op.create_index("events_incident", "events", ["incident"])
    op.create_table(
        "effects",
        _serial("id"),
        sa.Column("event_seq", sa.BigInteger, sa.ForeignKey("events.seq", ondelete="SET NULL"), nullable=True),
        *_text("type"),
        *_maybe("incident"),
        *_text("json", "status", "outcome"),
        *_at("created_at"),
        *_at("finished_at", nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("effects_status", "effects", ["status", "finished_at"])
    op.create_index("effects_event_seq", "effects", ["event_seq"])
    op.create_table(
        "actions",
        *_text("incident", "step", "state", "target", "baseline"),
        *_maybe("deploy"),
        *_whole("attempts"),
        *_at("sent_at", nullable=True),
        *_text("note"),
        sa.PrimaryKeyConstraint("incident", "step"),
    )
    op.create_table(
        "deliveries",
        _serial("seq"),
        sa.Column("effect_id", sa.BigInteger, nullable=False),
        *_text("channel", "incident"),
        *_maybe("reference"),
        *_at("at"),
        sqlite_autoincrement=True,
    )
    op.create_index("deliveries_effect", "deliveries", ["effect_id", "channel"], unique=True)
    op.create_index("deliveries_incident", "deliveries", ["incident", "channel"])
    op.create_index("deliveries_at", "deliveries", ["at"])


def _story() -> None:
    op.create_table(
        "incidents",
        *_text("id", "service"),
        *_at("opened_at"),
        *_at("closed_at", nullable=True),
        *_text("severity", "json"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("incidents_opened_at", "incidents", ["opened_at"])
    op.create_table(
        "notes",
        _serial("seq"),
        *_at("at"),
        *_text("service"),
        *_maybe("incident"),
        *_text("label", "text"),
        sqlite_autoincrement=True,
    )
    op.create_index("notes_at", "notes", ["at"])
    op.create_index("notes_incident", "notes", ["incident"])
    op.create_table(
        "labels",
        sa.Column("incident", sa.Text, sa.ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
        *_text("verdict", "by"),
        *_at("at"),
    )


def _aggregates(name: str) -> None:
    op.create_table(
        name,
        *_text("service", "signal"),
        *_at("start"),
        *_whole("good", "bad", "unknown"),
        *_at("p50_seconds", "p95_seconds", "p99_seconds", nullable=True),
        *_text("why"),
        sa.PrimaryKeyConstraint("service", "signal", "start"),
    )
    op.create_index(f"{name}_start", name, ["start"])

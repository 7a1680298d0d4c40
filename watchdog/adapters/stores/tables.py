"""The tables, in SQL that SQLite and PostgreSQL share. `migrations/` makes them; a test compares the two.

Rule 1: times are UTC epoch seconds. JSON is plain text in ASCII: no database needs to understand it.
Rule 2: a migration only adds, so that an old worker can go on while a new one starts.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, MetaData, Table, Text, text
from sqlalchemy.types import TypeDecorator

HEAD = "0011"
"""The newest revision in `migrations/versions`, here so that an ordinary start need not load Alembic."""

VERSION_TABLE = "watchdog_schema"
"""Not Alembic's default name: the database may be shared with a site that uses Alembic too."""


class CleanText(TypeDecorator[str]):
    """Text from outside without the characters that databases refuse: NUL and lone surrogates are replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """Return text that every database takes."""
        return None if value is None else value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _serial(name: str) -> Column[Any]:
    """Return a key that is never given out twice (SQLite autoincrements a column of type INTEGER only)."""
    # Never reused: a number stands in logs and notices long after its row expired.
    return Column(name, BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def _text(name: str, **more: Any) -> Column[Any]:
    return Column(name, CleanText, nullable=more.pop("nullable", False), **more)


def _at(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Double, nullable=nullable)


METADATA = MetaData()

STATE = Table(
    "state",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _text("json"),
    _at("saved_at"),
    Column("version", Integer, nullable=False),
)
"""The whole state as revision 0001 wrote it: read once, then no longer written."""

PARTS = Table(
    "parts",
    METADATA,
    _text("name", primary_key=True),
    _text("json"),
    _at("saved_at"),
    Column("version", Integer, nullable=False),
)
"""The state of each service, and of the fleet under the name FLEET."""

SHARED = Table(
    "shared",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _text("json"),
    Column("revision", BigInteger, nullable=False),
    _at("saved_at"),
    Column("version", Integer, nullable=False),
)
"""One row: the part of the state that all workers share. Its revision grows with every change."""

LEASES = Table(
    "leases",
    METADATA,
    _text("name", primary_key=True),
    _text("owner"),
    Column("epoch", BigInteger, nullable=False),
    _at("expires"),
    Index("leases_owner", "owner"),
)
"""The worker that may write each name, until when by the store's own clock; the epoch grows with each change of hands.
"""

RUNNING = Table(
    "running",
    METADATA,
    _text("name", primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    _text("mode"),
    _text("settings"),
    _text("version"),
)
"""The configuration with which a worker runs each name, under the epoch of its lease on it: of another one it is void.
"""

WORKERS = Table(
    "workers", METADATA, _text("name", primary_key=True), _at("expires"), _text("ailment", server_default="")
)
"""The living workers, each with its ailment (empty: healthy)."""

EVENTS = Table(
    "events",
    METADATA,
    _serial("seq"),
    _at("at"),
    _text("type"),
    _text("service", nullable=True),
    _text("incident", nullable=True),
    _text("json"),
    Index("events_at", "at"),
    Index("events_incident", "incident"),
    sqlite_autoincrement=True,
)

EFFECTS = Table(
    "effects",
    METADATA,
    _serial("id"),
    # Events expire sooner than an unfinished effect, which has to survive them.
    Column("event_seq", BigInteger, ForeignKey("events.seq", ondelete="SET NULL"), nullable=True),
    _text("type"),
    _text("incident", nullable=True),
    _text("json"),
    _text("status"),
    _text("outcome"),
    _at("created_at"),
    _at("finished_at", nullable=True),
    _text("service", server_default=""),
    Index("effects_status", "status", "finished_at"),
    Index("effects_event_seq", "event_seq"),
    sqlite_autoincrement=True,
)

ACTIONS = Table(
    "actions",
    METADATA,
    _text("incident", primary_key=True),
    _text("step", primary_key=True),
    _text("state"),
    _text("target"),
    _text("baseline"),
    _text("deploy", nullable=True),
    Column("attempts", Integer, nullable=False),
    _at("sent_at", nullable=True),
    _text("note"),
    _text("service", server_default=""),
)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    _serial("seq"),
    Column("effect_id", BigInteger, nullable=False),
    _text("channel"),
    _text("incident"),
    _text("reference", nullable=True),
    _at("at"),
    # One row for each channel: a delivery that is recorded again keeps its first reference (sql.py).
    Index("deliveries_effect", "effect_id", "channel", unique=True),
    Index("deliveries_incident", "incident", "channel"),
    Index("deliveries_at", "at"),
    sqlite_autoincrement=True,
)

INCIDENTS = Table(
    "incidents",
    METADATA,
    _text("id", primary_key=True),
    _text("service"),
    _at("opened_at"),
    _at("closed_at", nullable=True),
    _text("severity"),
    _text("json"),
    Index("incidents_opened_at", "opened_at"),
)

NOTES = Table(
    "notes",
    METADATA,
    _serial("seq"),
    _at("at"),
    _text("service"),
    _text("incident", nullable=True),
    _text("label"),
    _text("text"),
    Index("notes_at", "at"),
    Index("notes_incident", "incident"),
    sqlite_autoincrement=True,
)

LABELS = Table(
    "labels",
    METADATA,
    Column("incident", CleanText, ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    _text("verdict"),
    _text("by"),
    _at("at"),
)

REMARKS = Table(
    "remarks",
    METADATA,
    _serial("seq"),
    _at("at"),
    Column("incident", CleanText, ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
    _text("by"),
    _text("text"),
    Column("root_cause", Boolean, nullable=False),
    Index("remarks_incident", "incident"),
    sqlite_autoincrement=True,
)
"""Remarks of people on an incident. They stay as long as the incident."""

TICKS = Table(
    "ticks",
    METADATA,
    _serial("seq"),
    _at("at"),
    Column("incident", CleanText, ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
    _text("item"),
    _text("by"),
    Column("undone", Boolean, nullable=False),
    Index("ticks_incident", "incident"),
    sqlite_autoincrement=True,
)
"""Ticks of an incident's checklists, undone ones included: for each item the latest row counts."""

FOLLOW_UPS = Table(
    "follow_ups",
    METADATA,
    Column("incident", CleanText, ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _at("at"),
    _text("by"),
    _text("text"),
    _text("owner"),
    _at("due_at"),
)
"""Follow-ups of an incident, numbered within it."""

ANNOUNCEMENTS = Table(
    "announcements",
    METADATA,
    _serial("number"),
    _text("page"),
    _text("title"),
    _text("services"),
    _at("starts_at", nullable=True),
    _at("ends_at", nullable=True),
    sqlite_autoincrement=True,
)
"""Announcements of people on the public status pages; `services` is a JSON list of names."""

UPDATES = Table(
    "announcement_updates",
    METADATA,
    _serial("seq"),
    Column("announcement", BigInteger, ForeignKey("announcements.number", ondelete="CASCADE"), nullable=False),
    _at("at"),
    _text("by"),
    _text("stage"),
    _text("text"),
    Index("announcement_updates_announcement", "announcement"),
    sqlite_autoincrement=True,
)
"""What an announcement says: its first text, and each update."""

DRILLS = Table(
    "drills",
    METADATA,
    _serial("number"),
    _at("at"),
    _text("service"),
    _at("ended_at", nullable=True),
    _text("json"),
    # Of two that begin at once, in two processes, the database lets one in.
    Index(
        "drills_unfinished",
        "service",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)
"""Drills, each with its scoreboard in JSON; without an end it runs, or its process was killed."""

DATABASE_STEPS = Table(
    "database_steps",
    METADATA,
    _serial("number"),
    _at("at"),
    _text("service"),
    _at("ended_at", nullable=True),
    _text("json"),
    # Of two that begin at once, on two machines, the database lets one in.
    Index(
        "database_steps_unfinished",
        "service",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)
"""Steps on the databases of services, in JSON; without an end a step runs, or its process was killed."""


def _aggregates(name: str) -> Table:
    return Table(
        name,
        METADATA,
        _text("service", primary_key=True),
        _text("signal", primary_key=True),
        Column("start", Double, primary_key=True, autoincrement=False),
        Column("good", Integer, nullable=False),
        Column("bad", Integer, nullable=False),
        Column("unknown", Integer, nullable=False),
        Column("p50_seconds", Double, nullable=True),
        Column("p95_seconds", Double, nullable=True),
        Column("p99_seconds", Double, nullable=True),
        _text("why"),
        Column("watched_seconds", Double, nullable=True),
        Column("lost_seconds", Double, nullable=True),
        Column("timed_checks", Integer, nullable=True),
        Index(f"{name}_start", "start"),
    )


MINUTES = _aggregates("minutes")
HOURS = _aggregates("hours")

FEED_HOURS = Table(
    "feed_hours",
    METADATA,
    _text("service", primary_key=True),
    _text("signal", primary_key=True),
    Column("start", Double, primary_key=True, autoincrement=False),
    Column("count", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Index("feed_hours_start", "start"),
)
"""The events that a feed counted, by hour."""

COMMANDS = Table(
    "commands",
    METADATA,
    _serial("id"),
    _text("name"),
    _text("arguments"),
    _text("by"),
    _at("at"),
    Column("done", Boolean, nullable=False),
    Column("ok", Boolean, nullable=False),
    _text("answer"),
    Column("exit_code", Integer, nullable=False),
    Index("commands_done", "done"),
    sqlite_autoincrement=True,
)

"""A store as revision 0001 made and wrote it, with the words of that version: plain SQL, the whole state in one row."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from tests.adapters.stores.steps import PIN
from watchdog.adapters.stores import codec
from watchdog.adapters.stores.database import migrate
from watchdog.domain.effects import Effect
from watchdog.domain.incidents import Incident, State


@contextmanager
def old_worker(url: str) -> Iterator[Connection]:
    """Connect for one transaction as the old worker does: no limits, no leases."""
    drivers = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
    parsed = make_url(url)
    engine = create_engine(parsed.set(drivername=drivers[parsed.drivername]))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def make_old_store(url: str, state: State | None, incident: Incident) -> None:
    """Make the tables of revision 0001 and, if there is a state, the rows that a run of it leaves behind."""
    with old_worker(url) as connection:
        migrate(connection, "0001")
        if state is not None:
            save_state(connection, state)
            values = {"id": incident.id, "service": incident.service, "json": codec.INCIDENTS.encode(incident)}
            statement = (
                "INSERT INTO incidents (id, service, opened_at, severity, json) VALUES (:id, :service, 1, 'x', :json)"
            )
            connection.execute(text(statement), values)
            save_effect(connection, PIN)
            connection.execute(
                text(
                    "INSERT INTO actions (incident, step, state, target, baseline, attempts, note) "
                    "VALUES (:id, 'rollback', 'sending', 'dep-1', 'dep-2', 1, '')"
                ),
                {"id": incident.id},
            )


def save_state(connection: Connection, state: State) -> None:
    """Save as the old worker does."""
    connection.execute(text("DELETE FROM state"))
    values = {"json": codec.STATES.encode(state)}
    connection.execute(text("INSERT INTO state (id, json, saved_at, version) VALUES (1, :json, 1.0, 1)"), values)


def save_effect(connection: Connection, effect: Effect) -> None:
    """Record an effect as the old worker does: it knows no column `service`."""
    values = {"json": codec.EFFECTS.encode(effect), "incident": getattr(effect, "incident", None)}
    statement = (
        "INSERT INTO effects (type, incident, json, status, outcome, created_at) "
        "VALUES ('x', :incident, :json, 'pending', '', 1.0)"
    )
    connection.execute(text(statement), values)

"""Steps on a service's own database: dump, migrate down, restore. A person orders each at the command line. Pure.

Rule: a step is recorded before it begins, so that a process that is killed leaves its name behind.
"""

from dataclasses import dataclass
from enum import StrEnum


class DatabaseAction(StrEnum):
    """The action of a step. Stores hold the values."""

    DUMP = "dump"
    MIGRATE_DOWN = "migrate-down"
    RESTORE = "restore"


class StepOutcome(StrEnum):
    """The outcome of a step. Stores hold the values."""

    DONE = "done"
    FAILED = "failed"  # a dump or a restore left nothing behind; a migration down may have left a part
    UNKNOWN = "unknown"  # its process was killed, and nothing tells how far it came


@dataclass(frozen=True, slots=True)
class DatabaseStep:
    """One step. Times are UTC epoch seconds."""

    at: float  # when it was begun
    service: str  # the service whose database it is
    action: DatabaseAction  # its action
    by: str  # who ordered it
    host: str  # the machine that it runs on
    number: int = 0  # its number in the store; 0: not stored
    incident: str = ""  # the incident that it is for; empty: none was named
    dump: str = ""  # name of the dump that it makes or restores
    approved: str = ""  # what the question said that its author answered
    schema: str = ""  # digest of the schema before a migration down, by which a later look compares
    transaction: str = ""  # id of the one transaction of a restore, by which the server tells its outcome
    outcome: StepOutcome | None = None  # None: it runs, or its process was killed
    note: str = ""  # the outcome in words
    ended_at: float | None = None  # when the outcome was known

    @property
    def verdict(self) -> str:
        """Return its outcome in one word."""
        return self.outcome.value if self.outcome is not None else "unfinished"

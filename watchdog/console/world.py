"""What the console is given: reading the record, what the daemon knows now, the policy, the time."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.types import Scope

from watchdog.domain.effects import Note
from watchdog.domain.incidents import Incident, State
from watchdog.domain.policy import Policy
from watchdog.domain.remarks import Remark
from watchdog.ports import Clock, Minute


class Journal(Protocol):
    """The reading half of ports.Store. Raises Temporary when it does not answer."""

    async def load(self, names: Collection[str] | None = None) -> State | None:
        """Return the saved state of these services."""

    async def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, open or closed."""

    async def incidents(self, limit: int = 50) -> Sequence[Incident]:
        """Return incidents, newest first."""

    async def notes(
        self,
        *,
        incident: str | None = None,
        service: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 500,
    ) -> Sequence[Note]:
        """Return the lines of the story, oldest first."""

    async def labels(self) -> Mapping[str, str]:
        """Return incident id to label."""

    async def remarks(self, incident_id: str | None = None) -> Sequence[Remark]:
        """Return what people said of an incident (of all, if None), oldest first."""

    async def minutes(self, service: str, since: float, until: float) -> Sequence[Minute]:
        """Return the aggregates of a service, oldest first."""

    async def spans(self, since: float, until: float, seconds: int) -> Sequence[Minute]:
        """Return the aggregates of all services, one for so many seconds."""


class Throttle(Protocol):
    """How often a peer may do something."""

    def wait_seconds(self, peer: str) -> float:
        """Return how long the peer must wait before it may."""

    def take(self, peer: str) -> None:
        """Count one."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything the pages are made from. `state` knows the services that are `held`; other workers know the others."""

    journal: Journal
    clock: Clock
    policy: Callable[[], Policy]
    state: Callable[[], State]
    held: Callable[[], Collection[str]]
    version: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may look: whoever has the token. `peer` names who asks; `requests` and `failures` bound how often."""

    token: str
    peer: Callable[[Scope], str]
    requests: Throttle
    failures: Throttle

    def __repr__(self) -> str:
        return "Access(token=***)"

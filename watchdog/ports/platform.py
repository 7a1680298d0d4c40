"""The hosting platform: what can be read, and the few calls that change it.

Rule: a read may be repeated; a call that changes production is made once and then looked up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from watchdog.domain.deploys import Deploy, ServiceFacts


@dataclass(frozen=True, slots=True)
class PlatformEvent:
    """One event the platform tells of a service. `at` is UTC epoch seconds; `bad` if something broke."""

    id: str
    at: float
    type: str
    text: str
    bad: bool = False


@runtime_checkable
class Platform(Protocol):
    """Reading a hosting platform. Raises Temporary or Permanent."""

    name: str
    can_write: bool

    async def services(self) -> Sequence[ServiceFacts]:
        """Return every service the key can see."""

    async def facts(self, service_id: str) -> ServiceFacts:
        """Return what the platform says of one service."""

    async def deploys(self, service_id: str, back_to: str | None = None) -> Sequence[Deploy]:
        """Return deploys newest first: at least 20, and paged back to `back_to` when that is given."""

    async def deploy(self, service_id: str, deploy_id: str) -> Deploy:
        """Return one deploy."""

    async def events(self, service_id: str, since: float) -> Sequence[PlatformEvent]:
        """Return events since then (UTC epoch seconds), oldest first."""

    async def close(self) -> None:
        """Close connections."""


@runtime_checkable
class GroupsServices(Protocol):
    """A platform that sorts its services into projects and environments."""

    async def groups(self) -> Mapping[str, str]:
        """Return the name of its group by service id; a service may be in none. Raises Temporary or Permanent."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """By how much our clock was ahead of a vendor's (negative: behind), read `at` (seconds, monotonic)."""

    ahead_seconds: float
    at: float


@runtime_checkable
class TellsTime(Protocol):
    """A platform whose answers are dated."""

    @property
    def clock(self) -> ClockReading | None:
        """Return the offset of our clock from the platform's, by its latest answer; None before the first."""


@runtime_checkable
class WritablePlatform(Platform, Protocol):
    """A platform that may also be changed. One call, one request: nothing below it retries."""

    async def set_auto_deploy(self, service_id: str, value: str) -> str | None:
        """Set auto-deploy to `off`, `commit` or `checksPass`. Idempotent. Return what the answer says it is set to now.

        Raises Temporary, Permanent or OutcomeUnknown.
        """

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        """Ask for a rollback, once. Return the new deploy's id, or None if accepted without one.

        Raises Temporary only when nothing happened (429), Permanent when refused (4xx),
        OutcomeUnknown otherwise (timeout, reset, 5xx, unreadable answer). Of the Permanent ones, Gone says that the
        deploy's artefact is not there (any more), Forbidden that the key may not do it.
        """

    async def redeploy(self, service_id: str, commit: str) -> str | None:
        """Ask to build and deploy a commit, once. Returns and raises what `rollback` does."""

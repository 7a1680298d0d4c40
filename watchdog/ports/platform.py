"""The hosting platform: the reads, and the few calls that change production.

Rule: a read may be repeated; a call that changes production is made once and then looked up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import Permanent, Temporary


@dataclass(frozen=True, slots=True)
class PlatformEvent:
    """One event of a service on the platform. `at` is UTC epoch seconds; `bad` marks a failure."""

    id: str
    at: float
    type: str
    text: str
    bad: bool = False


@dataclass(slots=True)
class Withheld:
    """Services that a client makes no call about, as it is not certain yet that they are the configured ones.

    Each call about one of `ids` raises `why`, which changes with each failed attempt to find that out.
    """

    ids: frozenset[str] = frozenset()
    why: Temporary | Permanent = field(default_factory=lambda: Temporary("the platform was not asked yet"))


@runtime_checkable
class Platform(Protocol):
    """The reads of a hosting platform. Each may be repeated; each raises Temporary or Permanent."""

    name: str
    can_write: bool

    async def services(self) -> Sequence[ServiceFacts]:
        """Return every service the key can see."""

    async def facts(self, service_id: str) -> ServiceFacts:
        """Return the platform's facts of one service."""

    # One page is not enough on a busy service: a lookup after a lost answer has to reach its baseline.
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
        """Return the name of each service's group by service id; ungrouped services are left out.

        Raises Temporary or Permanent.
        """


@runtime_checkable
class RestartsServices(Platform, Protocol):
    """A platform that may restart services, where a remedy of the configuration does."""

    async def restart(self, service_id: str) -> None:
        """Request a restart with the same code and configuration, once. Raises as `WritablePlatform.rollback` does."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """The number of instances of a service; None: not told. Where it is `autoscaled` the platform sets it."""

    instances: int | None
    autoscaled: bool


@runtime_checkable
class ScalesServices(Platform, Protocol):
    """A platform that may scale services, where a remedy of the configuration does."""

    async def scaling(self, service_id: str) -> Scaling:
        """Return how it is scaled now. Raises Temporary or Permanent."""

    async def scale(self, service_id: str, instances: int) -> None:
        """Request that number of instances, once. Raises as `WritablePlatform.rollback` does."""


@dataclass(frozen=True, slots=True)
class MaintenanceSetting:
    """Whether a service is in maintenance mode, and the address of its page; empty: the platform's own."""

    enabled: bool
    page: str


@runtime_checkable
class SwitchesMaintenance(Platform, Protocol):
    """A platform that may switch maintenance mode, where a remedy of the configuration does."""

    async def maintenance_mode(self, service_id: str) -> MaintenanceSetting | None:
        """Return the setting; None: it is not shown. Raises Temporary or Permanent."""

    async def set_maintenance_mode(self, service_id: str, *, on: bool, page: str) -> None:
        """Switch it, once, and keep its page. Raises as `WritablePlatform.rollback` does."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The lead of our clock over a vendor's (negative: behind), read `at` (seconds, monotonic)."""

    ahead_seconds: float
    at: float


@runtime_checkable
class TellsTime(Protocol):
    """A platform whose answers are dated."""

    @property
    def clock(self) -> ClockReading | None:
        """Return the offset of our clock from the platform's, by its latest answer; None before the first answer."""


@runtime_checkable
class WritablePlatform(Platform, Protocol):
    """A platform that may also be changed.

    Theory. One call is one request, and nothing below this port retries: after a lost answer the change may have
    happened, and a blind second request could roll back twice. The caller gets OutcomeUnknown and looks it up.
    """

    async def set_auto_deploy(self, service_id: str, value: str) -> str | None:
        """Set auto-deploy to `off`, `commit` or `checksPass`; idempotent. Return the value in the answer.

        Raises Temporary, Permanent or OutcomeUnknown.
        """

    # Render may answer 202 with an empty body, so an accepted rollback may have no id yet.
    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        """Request a rollback, once. Return the new deploy's id, or None if it was accepted without one.

        Raises Temporary only when nothing happened (429), Permanent when refused (4xx),
        OutcomeUnknown otherwise (timeout, reset, 5xx, unreadable answer). Of the Permanent errors, Gone means that the
        deploy's artefact is not there (any more), and Forbidden that the key has no such permission.
        """

    async def redeploy(self, service_id: str, commit: str) -> str | None:
        """Request a build and deploy of a commit, once. Returns and raises as `rollback` does."""

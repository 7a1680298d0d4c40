"""What a drill breaks a staging service with: one file a method, and how each is held."""

from collections.abc import Mapping
from typing import Protocol

from watchdog.app.drills.drill_ground import DrillParts
from watchdog.domain.drills.drill import Drill, DrillMethod, DrillStep
from watchdog.domain.incidents import Incident


class Fault(Protocol):
    """One way to break a staging service, and the way back. The drill times it, and calls in this order."""

    parts: DrillParts
    method: DrillMethod
    began_at: float | None
    """When the outage began (UTC epoch seconds), once that is known."""

    async def prepared(self, drill: Drill) -> Drill:
        """Return the drill with what it is about to do. Raises Refused where the daemon would not repair it, before
        anything is changed.
        """
        ...

    async def admitted(self, by: str) -> None:
        """Remove what would keep the daemon from repairing it: the drill is stored. Raises Refused."""
        ...

    async def begin(self, drill: Drill) -> Drill:
        """Break the service by one request, and return the drill with what is known of it then."""
        ...

    async def known(self, drill: Drill) -> Drill:
        """Return the drill with what a request did that was broken off."""
        ...

    async def look(self, drill: Drill) -> str:
        """Note when the outage began; return why it never will, or ""."""
        ...

    def moments(self, incident: Incident) -> Mapping[DrillStep, float | None]:
        """Return when request, repair and proof came, by the daemon's record (UTC epoch seconds)."""
        ...

    def ending(self, incident: Incident) -> str | None:
        """Return how the outage ended: None not yet, "" well, else what is wrong."""
        ...

    async def clean(self, drill: Drill, by: str) -> tuple[str, ...]:
        """Clean up, and return what is left to do by hand; it may be repeated. Raises nothing expected."""
        ...

    async def close(self) -> None:
        """Close its clients."""
        ...

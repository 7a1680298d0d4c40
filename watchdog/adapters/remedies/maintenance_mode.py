"""Render's maintenance mode, on while people work on an incident: visitors get Render's page, or one of your own.

Rule 1: without the setting before nothing is sent, and nothing where it is as wanted: a person's stays a person's.
Rule 2: the address of a page of your own is sent back as it was read, or Render would forget it.
"""

from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from watchdog.adapters.options import Context, Duration
from watchdog.adapters.remedies.options import RemedyOptions, When
from watchdog.domain.errors import Refused
from watchdog.domain.remedies.kinds import RemedyKind
from watchdog.domain.remedies.remedy import FailureType, Remedy
from watchdog.ports import Before, SwitchesMaintenance

AT_LEAST_SECONDS, AT_MOST_SECONDS = 60.0, 4 * 3600.0
NO_RIGHT = "this watchdog was given no right to change anything"


def _at_most(seconds: float) -> float:
    if not AT_LEAST_SECONDS <= seconds <= AT_MOST_SECONDS:
        raise ValueError("write something from 1m to 4h: it is switched off after that in any case")
    return seconds


class MaintenanceOptions(RemedyOptions):
    """Maintenance mode while people work on a critical incident."""

    kind: ClassVar[RemedyKind] = RemedyKind.MAINTENANCE_MODE

    at_most: Annotated[Duration, AfterValidator(_at_most)] = 1800.0
    # The page stands for the whole site: what is only slow, or counts errors, still serves people.
    when: When = (FailureType.DOWN,)

    @property
    def acted_on(self) -> str:
        """Return to what it is switched."""
        return "on"

    @property
    def has_look(self) -> bool:
        """Return that Render shows it."""
        return True

    @property
    def remedy(self) -> Remedy:
        """Return what decisions need to know of it, with its time."""
        return replace(super().remedy, at_most_seconds=self.at_most)


class MaintenanceMode:
    """The switch of one service, to one side (implements ports.RemedyAction)."""

    can_look = True
    believed = False  # Render's answer is about the service; what holds is read
    needs_before = True

    def __init__(self, options: MaintenanceOptions, context: Context, *, on: bool = True) -> None:
        self._on = on
        self._platform = context.platform
        self._service_id = context.platform_id or ""
        self._page: str | None = None

    async def before(self) -> Before:
        """Return whether it is as wanted already. Raises Temporary or Permanent: then nothing may be sent."""
        if not isinstance(self._platform, SwitchesMaintenance):
            return Before(why_not=NO_RIGHT)
        found = await self._platform.maintenance_mode(self._service_id)
        if found is None:
            return Before(why_not="Render does not show its maintenance mode (only paid web services have it)")
        self._page = found.page
        return Before(done=found.enabled is self._on)

    async def apply(self) -> None:
        """Send the request once. Raises Temporary, Permanent, Refused or OutcomeUnknown."""
        if not isinstance(self._platform, SwitchesMaintenance) or self._page is None:
            raise Refused(NO_RIGHT)
        await self._platform.set_maintenance_mode(self._service_id, on=self._on, page=self._page)

    async def look(self, baseline: str) -> bool | None:
        """Return whether it is as wanted now; None: Render does not show it. Raises Temporary or Permanent."""
        if not isinstance(self._platform, SwitchesMaintenance):
            return None
        found = await self._platform.maintenance_mode(self._service_id)
        return None if found is None else found.enabled is self._on

    async def close(self) -> None:
        """Close nothing: the platform's client is not ours."""

"""Restarts the service on Render, with the code and configuration that run: for leaks, which it cures for a time.

Render shows a restart as a new deploy of the same commit, by which a lost answer is looked up. What is not there yet
may still come, so the list tells of a restart that was made, and never that none was.

Rule: the request goes through the platform's client, whose allow-list has it for services with this remedy alone.
"""

from typing import ClassVar

from watchdog.adapters.options import Context
from watchdog.adapters.remedies.options import CureOptions, Prove
from watchdog.domain.errors import Refused
from watchdog.domain.remedies.kinds import RemedyKind
from watchdog.ports import Before, RestartsServices

PROVE_SECONDS = 120.0
"""Render starts new instances before it stops the old ones, which takes about a minute."""


class RestartOptions(CureOptions):
    """A restart of the service, before a rollback."""

    kind: ClassVar[RemedyKind] = RemedyKind.RESTART

    prove: Prove = PROVE_SECONDS

    @property
    def acted_on(self) -> str:
        """Return what is restarted: there is one."""
        return "service"

    @property
    def has_look(self) -> bool:
        """Return that Render's list of deploys shows it."""
        return True


class Restart:
    """The restart of one service (implements ports.RemedyAction)."""

    can_look = True
    needs_before = False
    believed = True  # 200 means "Service restarted"; the deploy may be listed later

    def __init__(self, options: RestartOptions, context: Context) -> None:
        self._platform = context.platform
        self._service_id = context.platform_id or ""

    async def before(self) -> Before:
        """Return the newest deploy. Raises Temporary or Permanent: without it a lost answer stays unknown."""
        if not isinstance(self._platform, RestartsServices):
            return Before(why_not="this watchdog was given no right to change anything")
        deploys = await self._platform.deploys(self._service_id)
        return Before(baseline=deploys[0].id if deploys else "")

    async def apply(self) -> None:
        """Send the request once. Raises Temporary, Permanent, Refused or OutcomeUnknown."""
        if not isinstance(self._platform, RestartsServices):
            raise Refused("this watchdog was given no right to change anything")
        await self._platform.restart(self._service_id)

    async def look(self, baseline: str) -> bool | None:
        """Return whether a deploy of the same commit came after the baseline; None: there is none, or no baseline.

        Raises Temporary, also where the list does not reach back to it, or Permanent.
        """
        if not baseline or not isinstance(self._platform, RestartsServices):
            return None
        deploys = await self._platform.deploys(self._service_id, back_to=baseline)
        ids = [one.id for one in deploys]
        newer, older = deploys[: ids.index(baseline)], deploys[ids.index(baseline) :]
        # The newest one may have failed: what served is the newest that was ever live.
        served = next((one.code for one in older if one.was_live), None)
        again = any(one.code == served and not one.is_rollback for one in newer)
        return True if served is not None and again else None

    async def close(self) -> None:
        """Close nothing: the platform's client is not ours."""

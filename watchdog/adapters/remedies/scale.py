"""Scales the service on Render to a number of instances: for surges of visitors. Nothing scales it back by itself.

The number is fixed in the configuration, so that no incident can add to what an earlier one added, and it is the most
that the platform's client may ask for. Notices show the number before, to which people scale it back.

Rule 1: without the number before nothing is sent, nor where the service has as many already: it never scales down.
Rule 2: where Render scales by itself it ignores a number, though it answers yes: nothing is sent there.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from watchdog.adapters.options import Context
from watchdog.adapters.remedies.options import CureOptions, Prove
from watchdog.domain.errors import Refused
from watchdog.domain.remedies.kinds import RemedyKind
from watchdog.ports import Before, ScalesServices

PROVE_SECONDS = 180.0
"""New instances start as those of a deploy do, and the old ones take all visitors until then."""
MOST = 100
"""Render's own limit of instances (render.com/docs/scaling)."""
NO_RIGHT = "this watchdog was given no right to change anything"


class ScaleOptions(CureOptions):
    """A number of instances, before a rollback."""

    kind: ClassVar[RemedyKind] = RemedyKind.SCALE

    to: Annotated[int, Field(strict=True, ge=2, le=MOST)]
    prove: Prove = PROVE_SECONDS

    @property
    def acted_on(self) -> str:
        """Return the number of instances."""
        return str(self.to)

    @property
    def has_look(self) -> bool:
        """Return that Render shows the number."""
        return True


class Scale:
    """The scaling of one service (implements ports.RemedyAction)."""

    can_look = True
    believed = False  # 202 is the answer to a number that Render ignores, too
    needs_before = True

    def __init__(self, options: ScaleOptions, context: Context) -> None:
        self._to = options.to
        self._platform = context.platform
        self._service_id = context.platform_id or ""

    async def before(self) -> Before:
        """Return the number of instances. Raises Temporary or Permanent: then nothing may be sent."""
        if not isinstance(self._platform, ScalesServices):
            return Before(why_not=NO_RIGHT)
        found = await self._platform.scaling(self._service_id)
        if found.autoscaled:
            return Before(why_not="Render scales it by itself (autoscaling), and would ignore the number")
        if found.instances is None:
            return Before(why_not="Render does not tell how many instances it has")
        return Before(str(found.instances), done=found.instances >= self._to)

    async def apply(self) -> None:
        """Send the request once. Raises Temporary, Permanent, Refused or OutcomeUnknown."""
        if not isinstance(self._platform, ScalesServices):
            raise Refused(NO_RIGHT)
        await self._platform.scale(self._service_id, self._to)

    async def look(self, baseline: str) -> bool | None:
        """Return whether it has as many by now; None: Render does not show it. Raises Temporary or Permanent."""
        if not isinstance(self._platform, ScalesServices):
            return None
        found = await self._platform.scaling(self._service_id)
        # Autoscaling that a person switched on meanwhile decides the number, which says nothing of our request.
        return None if found.autoscaled or found.instances is None else found.instances >= self._to

    async def close(self) -> None:
        """Close nothing: the platform's client is not ours."""

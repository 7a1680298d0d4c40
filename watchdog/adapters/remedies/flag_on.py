"""Switches a feature flag on, for a drill on a staging service; its remedy `flag_off` is the way back.

Rule 1: no part of the daemon has this client; `app/drills` makes one for each drill, and closes it.
Rule 2: right before the request the service is checked once more (`check`), and the flag has to be read as off.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from pydantic import AfterValidator

from watchdog.adapters.options import Context, Options
from watchdog.adapters.remedies.flag_off import FlagOff, FlagOffOptions, FlagRequest, check_flag
from watchdog.adapters.token_headers import names_token
from watchdog.domain.errors import Refused


class FlagOnOptions(Options):
    """A feature flag that is known to break the service, and the one request that switches it on."""

    flag: Annotated[str, AfterValidator(check_flag)]
    request: FlagRequest

    @property
    def secret(self) -> str:
        """Return the variable of the token that the request has a place for; empty: it has none."""
        return self.request.token if names_token(self.request.headers) else ""


class FlagSwitch:
    """The flag of one drill: read, switched on by the drill's request, and off by that of the remedy."""

    def __init__(
        self, on: FlagOnOptions, off: FlagOffOptions, context: Context, check: Callable[[], Awaitable[None]]
    ) -> None:
        self._off = FlagOff(off, context)
        self._on = FlagOff(off.model_copy(update={"request": on.request}), context)
        self._check = check

    async def is_off(self) -> bool:
        """Return whether it is read as off, as the remedy reads it. Raises Temporary or Permanent."""
        return await self._off.look("")

    async def switch_on(self) -> None:
        """Send the request that switches it on, once.

        Raises Refused where it is not read as off, or the check refuses; Temporary (nothing happened), Permanent or
        OutcomeUnknown.
        """
        await self._check()
        if not await self.is_off():
            raise Refused("the flag is not off: another one may use it")
        await self._on.apply()

    async def switch_off(self) -> None:
        """Send the remedy's request. Raises Temporary, Permanent, Refused or OutcomeUnknown."""
        await self._off.apply()

    async def close(self) -> None:
        """Close its clients."""
        await self._on.close()
        await self._off.close()

"""The common shell of every source, and the cleaning of foreign text for reasons that people read.

Rule 1: `read` never raises (except on cancellation): a fault of the measurement is `Unknown`.
Rule 2: foreign text is cut, and loses its control characters, before it stands in a reason.
"""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from pathlib import PurePath

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.http_exchange import plain
from watchdog.adapters.signals.options import SignalOptions
from watchdog.domain.errors import Forbidden, Permanent, WatchdogError
from watchdog.domain.readings import Unknown, Unread
from watchdog.domain.units import show_seconds
from watchdog.ports import Sample


def unknown(why: str, cause: Unread = Unread.OTHER) -> tuple[Sample, ...]:
    """Return the reading of a failed measurement: one sample, `Unknown`."""
    return (Sample(Unknown(why, cause)),)


class Source:
    """A SignalSource: subclasses write `look`; this class limits its time and turns errors into readings."""

    adaptive = False
    timed = False

    def __init__(self, name: str, kind: str, *, every_seconds: float, timeout_seconds: float) -> None:
        self.name = name
        self.kind = kind
        self.every_seconds = every_seconds
        self.timeout_seconds = timeout_seconds

    async def read(self) -> Sequence[Sample]:
        """Read once, within the total deadline."""
        try:
            async with asyncio.timeout(self.timeout_seconds) as deadline:
                return await self.look()
        except WatchdogError as error:
            return unknown(plain(str(error)), Unread.REFUSED if isinstance(error, Forbidden) else Unread.OTHER)
        except Exception as error:  # noqa: BLE001  rule 1: a fault of ours must not stop the other signals
            # A TimeoutError may also come from a library below; only the expired deadline is a late answer.
            if isinstance(error, TimeoutError) and deadline.expired():
                return self.late()
            return unknown(_own_fault(self.kind, error))

    async def look(self) -> Sequence[Sample]:
        """Read once. May raise Temporary or Permanent."""
        raise NotImplementedError

    def late(self) -> Sequence[Sample]:
        """Return the reading for a passed deadline."""
        return unknown(f"{self.kind} did not answer in {show_seconds(self.timeout_seconds)}")

    async def close(self) -> None:
        """Release the source's resources: none, unless a subclass overrides this."""


class ApiSource(Source):
    """A source that asks one API: subclasses write `ask`. Where its client cannot be made, each reading says why."""

    def __init__(self, name: str, kind: str, options: SignalOptions, make: Callable[[], ApiClient]) -> None:
        super().__init__(name, kind, every_seconds=options.every, timeout_seconds=options.timeout)
        self._client: ApiClient | None = None
        self._broken = ""
        try:
            self._client = make()
        except Permanent as error:
            self._broken = plain(str(error))

    async def look(self) -> Sequence[Sample]:
        """Read once. Raises Temporary or Permanent when the API did not answer."""
        return await self.ask(self._client) if self._client is not None else unknown(self._broken)

    async def ask(self, client: ApiClient) -> Sequence[Sample]:
        """Read once by this client. May raise Temporary or Permanent."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()


def _own_fault(kind: str, error: Exception) -> str:
    """Return the file and line where our own code broke, without the error's text: that may hold a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"internal error in {kind}: {type(error).__name__}{place}; please report it"

"""The common shell of every source, and how foreign text becomes fit for a human's eyes.

Rule 1: `read` never raises (but for cancellation): what goes wrong with the ruler is `Unknown`.
Rule 2: foreign text is cut, and loses its control characters, before it stands in a reason.
"""

import asyncio
import traceback
from collections.abc import Sequence
from pathlib import PurePath

from watchdog.domain.errors import Forbidden, WatchdogError
from watchdog.domain.readings import Unknown, Unread
from watchdog.domain.units import show_seconds
from watchdog.ports import Sample

TEXT_MAX = 200


def plain(text: str, limit: int = TEXT_MAX) -> str:
    """Return one line of printable text of at most `limit` characters."""
    cut = text[: limit * 4]
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in cut).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def unknown(why: str, cause: Unread = Unread.OTHER) -> tuple[Sample, ...]:
    """Return the reading of a broken ruler."""
    return (Sample(Unknown(why, cause)),)


class Source:
    """A SignalSource: subclasses write `look`, this class bounds it and keeps errors inside."""

    adaptive = False

    def __init__(self, name: str, kind: str, *, every_seconds: float, timeout_seconds: float) -> None:
        self.name = name
        self.kind = kind
        self.every_seconds = every_seconds
        self.timeout_seconds = timeout_seconds

    async def read(self) -> Sequence[Sample]:
        """Look once, within the total deadline."""
        try:
            async with asyncio.timeout(self.timeout_seconds) as deadline:
                return await self.look()
        except WatchdogError as error:
            return unknown(plain(str(error)), Unread.REFUSED if isinstance(error, Forbidden) else Unread.OTHER)
        except Exception as error:  # noqa: BLE001  rule 1: a fault of ours must not stop the other signals
            if isinstance(error, TimeoutError) and deadline.expired():
                return self.late()
            return unknown(_own_fault(self.kind, error))

    async def look(self) -> Sequence[Sample]:
        """Look once. May raise Temporary or Permanent."""
        raise NotImplementedError

    def late(self) -> Sequence[Sample]:
        """Return what it means that the deadline passed."""
        return unknown(f"{self.kind} did not answer in {show_seconds(self.timeout_seconds)}")

    async def close(self) -> None:
        """Give back what it holds: nothing, unless a subclass says otherwise."""


def _own_fault(kind: str, error: Exception) -> str:
    """Return where our own code broke, without the error's text: that may hold a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"a fault of our own in {kind}: {type(error).__name__}{place}; please report it"

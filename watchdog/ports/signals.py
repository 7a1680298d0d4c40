"""What is probed: a signal source and its samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from watchdog.domain.readings import MinuteCount, Phases, Reading


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of a signal, with what was measured on the way.

    `certificate_expires_at` is UTC epoch seconds; `happened_at` the moment a platform event tells of; `version` is of
    the code that answered, where the answer names one.
    """

    reading: Reading
    latency_seconds: float | None = None
    phases: Phases | None = None
    status_code: int | None = None
    counts: tuple[MinuteCount, ...] = ()
    new_issues: tuple[str, ...] = ()
    happened_at: float | None = None
    certificate_expires_at: float | None = None
    version: str = ""


class SignalSource(Protocol):
    """Something that can be looked at. Never raises: what goes wrong with the ruler is `Unknown`."""

    name: str
    kind: str
    every_seconds: float
    adaptive: bool
    """Whether it is probed faster under suspicion (probes are; feeds are not)."""

    async def read(self) -> Sequence[Sample]:
        """Look once, within its own total deadline. Usually one sample; a feed of events may give several or none."""

    async def close(self) -> None:
        """Give back what it holds."""

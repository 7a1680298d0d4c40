"""A signal source and its samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from watchdog.domain.certificates import Certificate
from watchdog.domain.readings import MinuteCount, Phases, Reading


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of a signal, with its measurements.

    `certificate` is the one of the site that answered; `happened_at` the moment of a platform event, or when a
    status page that cannot be read now was last read; `version` is that of the code that answered, where the answer
    names one.
    """

    reading: Reading
    latency_seconds: float | None = None
    phases: Phases | None = None
    status_code: int | None = None
    counts: tuple[MinuteCount, ...] = ()
    new_issues: tuple[str, ...] = ()
    happened_at: float | None = None
    certificate: Certificate | None = None
    version: str = ""


class SignalSource(Protocol):
    """A source of readings. Never raises: a failure of the measurement itself is an `Unknown`."""

    name: str
    kind: str
    every_seconds: float
    # A feed counts whole minutes: reading it faster would only use up its vendor's rate limit.
    adaptive: bool
    """Whether it is read faster under suspicion: probes are, feeds are not."""
    timed: bool
    """Whether a passed deadline can make a reading bad: one that spans a stall of ours is void, and read again."""

    async def read(self) -> Sequence[Sample]:
        """Read once, within a total deadline. Usually one sample; a feed of events may give several or none."""

    async def close(self) -> None:
        """Release connections and files."""

"""The clock: the only source of time for the shell."""

from typing import Protocol


class Clock(Protocol):
    """The only source of time, so that tests and the sandbox can run in virtual time."""

    def now(self) -> float:
        """Return UTC epoch seconds, for display and for comparison with the clocks of others."""

    # A wall clock is set back and forth by NTP and by hand, so no time limit may rest on it.
    def monotonic(self) -> float:
        """Return seconds that never jump, for durations."""

    async def sleep(self, seconds: float) -> None:
        """Return after this many seconds."""

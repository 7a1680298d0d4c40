"""Whether the store takes effects: it may take readings and refuse these, by a lock on a table or a missing right.

Rule 1: one refusal says little, as saves fail now and then: trouble is what is refused for PATIENCE_SECONDS.
Rule 2: after that time an effect that notifies no one is saved, until one is taken: a real one may be hours away.
"""

from collections.abc import Collection

from watchdog.domain.effects import OUTSIDE, Effect, Tell
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity
from watchdog.ports import Clock

PATIENCE_SECONDS = 60.0


class EffectsRefused:
    """Keeps since when effects are refused. `why` is the reason once that is trouble, else empty."""

    def __init__(self, clock: Clock) -> None:
        self.why = ""
        self._clock = clock
        self._since: float | None = None

    def refused(self, effects: Collection[Effect], why: str) -> None:
        """Note that a save with these effects failed."""
        if not _outside(effects):
            return
        if self._since is None:
            self._since = self._clock.monotonic()
        if self.in_doubt:
            self.why = why

    def taken(self, effects: Collection[Effect]) -> None:
        """Note that a save with these effects succeeded."""
        if _outside(effects):
            # One that is taken ends it: a lock on a table, or a missing right, refuses them all.
            self.why, self._since = "", None

    @property
    def in_doubt(self) -> bool:
        """Return whether it is time to try with an effect for no one."""
        return self._since is not None and self._clock.monotonic() - self._since >= PATIENCE_SECONDS

    def trial(self, ourselves: str) -> Tell:
        """Return an effect that notifies no one."""
        about = Notice(self._clock.now(), "effects", ourselves, Severity.LOW, NoticeKind.TEST, news=True)
        return Tell(about, ())


def _outside(effects: Collection[Effect]) -> bool:
    return any(isinstance(effect, OUTSIDE) for effect in effects)

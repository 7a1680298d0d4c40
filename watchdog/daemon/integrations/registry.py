"""The state of every integration; callers record the result of each call here.

Rule 1: an integration (of a kind in KINDS) has parts, such as the services read through it. Its standing is that of its
worst part, or, where one part is enough (probes), of its best.
Rule 2: a part without a result for three times its interval is silent: no event is needed to notice that.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from watchdog.domain.errors import Forbidden, Misshapen, Permanent, Temporary
from watchdog.domain.integrations import KINDS, Integration, Standing
from watchdog.domain.readings import Reading, Unknown, Unread
from watchdog.ports import Clock

ROUNDS = 3
SILENT_SECONDS = 60.0
"""Least time without a result before a part is silent."""
CAUSES = {
    Unread.TURNED_AWAY: Standing.TURNED_AWAY,
    Unread.REFUSED: Standing.REFUSED,
    Unread.SHAPE: Standing.SHAPE,
    Unread.OTHER: Standing.FAILING,
}
BY_ERROR = ((Forbidden, Standing.REFUSED), (Misshapen, Standing.SHAPE))
ORDER = tuple(Standing)


@dataclass(slots=True)
class _Part:
    """The state of one part. `reported_at` is on the monotonic clock, the others are UTC epoch seconds."""

    since: float
    reported_at: float
    every_seconds: float | None = None
    standing: Standing = Standing.UNTRIED
    ok_at: float | None = None
    why: str = ""


class IntegrationRegistry:
    """Keeps every part, by kind, name and part."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._parts: dict[tuple[str, str], dict[str, _Part]] = {}

    def expect(self, kind: str, name: str, part: str = "", *, every_seconds: float | None = None) -> None:
        """Track a part from now on; without a result for three times its interval it is silent."""
        assert kind in KINDS, f"{kind} has no row in the table"
        known = self._parts.setdefault((kind, name), {})
        if part in known:
            # After a reload: the interval may differ, the standing is still true.
            known[part].every_seconds = every_seconds
        else:
            known[part] = _Part(self._clock.now(), self._clock.monotonic(), every_seconds)

    def forget(self, kind: str, name: str, part: str = "") -> None:
        """Stop tracking a part."""
        parts = self._parts.get((kind, name), {})
        parts.pop(part, None)
        if not parts:
            self._parts.pop((kind, name), None)

    def works(self, kind: str, name: str, part: str = "") -> None:
        """Record a success."""
        one = self._reported(kind, name, part)
        one.ok_at = self._clock.now()
        self._stand(one, Standing.OK, "")

    def tried(self, kind: str, name: str, error: Exception | None) -> None:
        """Record a success (`error` None) or a failure."""
        if error is None:
            self.works(kind, name)
        else:
            self.fails(kind, name, error=error)

    def fails(self, kind: str, name: str, part: str = "", *, error: Exception) -> None:
        """Record a failure; the error's text must be free of secrets, as it is shown to users."""
        standing = next((one for kind, one in BY_ERROR if isinstance(error, kind)), Standing.FAILING)
        self._stand(self._reported(kind, name, part), standing, str(error))

    @contextmanager
    def attempt(
        self, kind: str, name: str, part: str = "", *, answers: type[Exception] | None = None
    ) -> Iterator[None]:
        """Record the outcome of the call in the `with` block.

        An error of the type `answers` that is no refusal leaves the standing as it is: the service answered.
        """
        try:
            yield
        except (Temporary, Permanent) as error:
            if answers is None or isinstance(error, Forbidden) or not isinstance(error, answers):
                self.fails(kind, name, part, error=error)
            raise
        self.works(kind, name, part)

    def read(self, kind: str, name: str, part: str, reading: Reading) -> None:
        """Record a reading: a bad one is evidence too, so the integration works."""
        if not isinstance(reading, Unknown):
            self.works(kind, name, part)
            return
        self._stand(self._reported(kind, name, part), CAUSES[reading.cause], reading.why)

    def stood_still(self, seconds: float) -> None:
        """Subtract the time in which this process was frozen from every silence."""
        for parts in self._parts.values():
            for one in parts.values():
                one.reported_at = min(one.reported_at + seconds, self._clock.monotonic())

    def rows(self) -> Sequence[Integration]:
        """Return the present standing of each integration."""
        return [self._row(kind, name, parts) for (kind, name), parts in self._parts.items()]

    def _reported(self, kind: str, name: str, part: str) -> _Part:
        parts = self._parts.setdefault((kind, name), {})
        if part not in parts:
            self.expect(kind, name, part)
        one = parts[part]
        # The silence ends with this call: the standing it records counts from now.
        if self._is_silent(one):
            one.since = self._clock.now()
        one.reported_at = self._clock.monotonic()
        return one

    def _stand(self, one: _Part, standing: Standing, why: str) -> None:
        if one.standing.works is not standing.works or one.standing is Standing.UNTRIED:
            one.since = self._clock.now()
        one.standing, one.why = standing, why

    def _row(self, kind: str, name: str, parts: dict[str, _Part]) -> Integration:
        standings = {part: self._standing(one) for part, one in parts.items()}
        # `Standing` is ordered from best to worst.
        choose = min if KINDS[kind].any_part else max
        standing = choose(standings.values(), key=ORDER.index)
        concerned = [part for part, one in standings.items() if one.works is standing.works]
        shown = next(parts[part] for part, one in standings.items() if one is standing)
        # Where one part is enough, the failure began when the last part failed.
        since = (max if KINDS[kind].any_part else min)(self._since(parts[part]) for part in concerned)
        known = [one.ok_at for one in parts.values() if one.ok_at is not None]
        why = shown.why if standing is not Standing.SILENT else "nothing was read of it"
        lasted = max(self._lasted(parts[part]) for part in concerned)
        named = tuple(filter(None, concerned))
        return Integration(kind, name, standing, since, max(known, default=None), why, named, lasted)

    def _lasted(self, one: _Part) -> float:
        """Return the seconds in this standing: a failure until its last attempt, all else until now."""
        # A failure is known until its last attempt: hourly attempts must not count as an hour of failure each.
        ended = 0.0 if one.standing.works or self._is_silent(one) else self._clock.monotonic() - one.reported_at
        return self._clock.now() - self._since(one) - ended

    def _standing(self, one: _Part) -> Standing:
        return Standing.SILENT if self._is_silent(one) else one.standing

    def _is_silent(self, one: _Part) -> bool:
        if one.every_seconds is None:
            return False
        return self._clock.monotonic() - one.reported_at > max(SILENT_SECONDS, ROUNDS * one.every_seconds)

    def _since(self, one: _Part) -> float:
        # The silence began with the last result, not when it was noticed.
        if one.standing.works and self._is_silent(one):
            return self._clock.now() - (self._clock.monotonic() - one.reported_at)
        return one.since

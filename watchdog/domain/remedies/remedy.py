"""Remedies, tried before a rollback or without a suspected deploy: what the policy wants, what came of each."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.texts.prose import Prose


class FailureType(StrEnum):
    """What fails, as a remedy may be for it: the words of `when`."""

    DOWN = "down"  # probes of a route fail
    LATENCY = "latency"  # answers are too slow
    ERRORS = "errors"  # errors are counted, as by Sentry
    CRASHES = "crashes"  # the platform reports crashes


@dataclass(frozen=True, slots=True)
class Remedy:
    """What is tried before the service is rolled back, or, if it says so, in an outage without a suspected deploy."""

    name: str  # tells it from the service's others: its kind and what it acts on; a flag's is its key (kinds.py)
    prove_seconds: float = 60.0  # so long after it was done the service may go on failing
    # Without it no one can tell what came of a request whose answer was lost.
    has_look: bool = False  # a second request reads whether it is done
    when: tuple[FailureType, ...] = ()  # it is tried where one of these fails; none: any failure
    without_deploy: bool = False  # it is also tried in an outage of which no deploy is suspected
    cooldown_seconds: float = 0.0  # so long after it was requested no later incident of the service tries it again
    # Maintenance mode: it cures nothing, so no decision takes it for a remedy to try (phases/maintenance_mode.py).
    at_most_seconds: float = 0.0  # it is switched on while people work, and off after so long; 0: it is no such remedy

    def suits(self, failing: AbstractSet[FailureType]) -> bool:
        """Return whether it is for one of these."""
        return not self.when or not failing.isdisjoint(self.when)


class RemedyResult(StrEnum):
    """What came of a remedy in an incident, of any kind. Stores and recordings hold the values, which are of flags."""

    UNDER_WAY = "under way"
    HELPED = "helped"
    NO_HELP = "did not help"
    REFUSED = "not switched off"  # nothing was changed, or it is read as not done
    DONE_ALREADY = "off already"  # it was so before, so nothing was sent
    UNKNOWN = "not known"  # sent, and its outcome is not known
    ENDED = "ended early"  # another deploy went live, a person stopped it, or its service is guarded no more


@dataclass(frozen=True, slots=True)
class RemedyAttempt:
    """One remedy of an incident, from its request to what came of it. Times are UTC epoch seconds.

    It is added in the step that emits the effect, so that no crash can lead to a second one of the same remedy; where
    that was postponed before anything was sent, it is removed again.
    """

    name: str  # the remedy
    requested_at: float  # when that was decided
    prove_seconds: float  # so long after it was done the service may go on failing
    done_at: float | None = None  # when it was known to be done; None: it is not
    result: RemedyResult = RemedyResult.UNDER_WAY  # what came of it
    ended_at: float | None = None  # when that was known
    why: Prose = ""  # that in words
    was: str = ""  # what it changes, as it was before the request; empty: not read
    told_first: bool = False  # that it is done was the first notice of the incident, and no page
    without_deploy: bool = False  # no deploy is suspected: people were paged before it, and no rollback follows it

    @property
    def unknown(self) -> bool:
        """Return whether it ended and nothing says whether it is done, as if a person stops it before its answer."""
        return self.done_at is None and self.result in (RemedyResult.UNKNOWN, RemedyResult.ENDED)

    @property
    def may_be_done(self) -> bool:
        """Return whether it is done, or may be: no look-up says that it is not."""
        return self.done_at is not None or self.unknown


Requested = Sequence[tuple[str, float]]
"""When a service's remedies were requested last: name, UTC epoch seconds."""


def untried(
    remedies: Sequence[Remedy],
    attempts: Sequence[RemedyAttempt],
    failing: AbstractSet[FailureType],
    requested: Requested,
    now: float,
) -> Sequence[Remedy]:
    """Return the remedies for what fails that an incident has not tried, in their order; none in its cooldown."""
    tried = {attempt.name for attempt in attempts}
    suitable = (one for one in remedies if not one.at_most_seconds and one.name not in tried and one.suits(failing))
    return [one for one in suitable if not cools_down(one, requested, now)]


def cools_down(remedy: Remedy, requested: Requested, now: float) -> bool:
    """Return whether it was requested less than its cooldown ago, as in an incident that ended by itself."""
    return any(name == remedy.name and now - at < remedy.cooldown_seconds for name, at in requested)

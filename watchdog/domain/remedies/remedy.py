"""Remedies that are tried before a rollback: what the configuration wants, and what came of each in an incident."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.prose import Prose


@dataclass(frozen=True, slots=True)
class Remedy:
    """A feature flag that is switched off before the service is rolled back."""

    flag: str  # its name, as people know it
    prove_seconds: float = 60.0  # so long after the switch the service may go on failing
    # Without it no one can tell what came of a request whose answer was lost.
    has_look: bool = False  # a second request reads whether the flag is off

    @property
    def name(self) -> str:
        """Return the name that tells it from others: by it two configurations are compared."""
        return self.flag


class RemedyResult(StrEnum):
    """What came of a remedy in an incident. Stores and recordings hold the values."""

    UNDER_WAY = "under way"
    HELPED = "helped"
    NO_HELP = "did not help"
    REFUSED = "not switched off"  # nothing was changed, or the flag is read as on
    OFF_ALREADY = "off already"  # it was off before, so nothing was sent
    UNKNOWN = "not known"  # sent, and its outcome is not known
    ENDED = "ended early"  # another deploy went live, or a person stopped it


@dataclass(frozen=True, slots=True)
class RemedyAttempt:
    """One remedy of an incident, from its request to what came of it. Times are UTC epoch seconds.

    It is added in the step that emits the effect, so that no crash can lead to a second one of the same flag.
    """

    flag: str  # the flag that is switched off
    requested_at: float  # when that was decided
    prove_seconds: float  # so long after the switch the service may go on failing
    off_at: float | None = None  # when it was known to be off; None: it is not
    result: RemedyResult = RemedyResult.UNDER_WAY  # what came of it
    ended_at: float | None = None  # when that was known
    why: Prose = ""  # that in words
    told_first: bool = False  # that it is off was the first notice of the incident, and no page

    @property
    def unknown(self) -> bool:
        """Return whether it ended and nothing tells whether the flag is off; a person may stop it before its answer."""
        return self.off_at is None and self.result in (RemedyResult.UNKNOWN, RemedyResult.ENDED)


def untried(remedies: Sequence[Remedy], attempts: Sequence[RemedyAttempt]) -> Sequence[Remedy]:
    """Return the remedies that an incident has not tried, in their order."""
    tried = {attempt.flag for attempt in attempts}
    return [one for one in remedies if one.flag not in tried]

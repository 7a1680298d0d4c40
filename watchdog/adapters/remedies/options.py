"""The options that remedies of all kinds have."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from watchdog.adapters.options import Duration, Options
from watchdog.domain.remedies.kinds import RemedyKind
from watchdog.domain.remedies.remedy import FailureType, Remedy

PROVE_MIN_SECONDS, PROVE_MAX_SECONDS = 10.0, 600.0
COOLDOWN_MAX_SECONDS = 7 * 86400.0


def _prove(seconds: float) -> float:
    if not PROVE_MIN_SECONDS <= seconds <= PROVE_MAX_SECONDS:
        raise ValueError("write something from 10s to 10m: two intervals in which your programs notice the change")
    return seconds


Prove = Annotated[Duration, AfterValidator(_prove)]


def _cooldown(seconds: float) -> float:
    if not 0.0 <= seconds <= COOLDOWN_MAX_SECONDS:
        raise ValueError("write something from 0s to 7d: no later incident tries it again in that time")
    return seconds


Cooldown = Annotated[Duration, AfterValidator(_cooldown)]


class RemedyOptions(Options):
    """What one remedy is told. A kind adds its own options, and says what it acts on."""

    kind: ClassVar[RemedyKind]

    prove: Prove = 60.0
    when: Annotated[tuple[FailureType, ...], Field(max_length=len(FailureType))] = ()
    without_deploy: bool = False
    cooldown: Cooldown = 1800.0

    @property
    def acted_on(self) -> str:
        """Return what it acts on, as people know it."""
        raise NotImplementedError

    @property
    def has_look(self) -> bool:
        """Return whether a second request reads what came of the first."""
        return False

    @property
    def secret(self) -> str:
        """Return the variable of the token that its request has a place for; empty: it has none."""
        return ""

    @property
    def name(self) -> str:
        """Return the name that tells it from the service's others (domain/remedies/kinds.py)."""
        return self.acted_on if self.kind is RemedyKind.FLAG_OFF else f"{self.kind}:{self.acted_on}"


def remedy_of(options: RemedyOptions) -> Remedy:
    """Return what decisions need to know of a remedy."""
    return Remedy(
        options.name,
        options.prove,
        has_look=options.has_look,
        when=options.when,
        without_deploy=options.without_deploy,
        cooldown_seconds=options.cooldown,
    )

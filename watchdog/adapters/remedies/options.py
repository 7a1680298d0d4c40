"""The options that remedies of all kinds have."""

from dataclasses import replace
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


When = Annotated[tuple[FailureType, ...], Field(max_length=len(FailureType))]


class RemedyOptions(Options):
    """What one remedy is told. A kind adds its own options, and says what it acts on."""

    kind: ClassVar[RemedyKind]

    when: When = ()
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

    @property
    def remedy(self) -> Remedy:
        """Return what decisions need to know of it."""
        return Remedy(self.name, has_look=self.has_look, when=self.when, cooldown_seconds=self.cooldown)


class CureOptions(RemedyOptions):
    """A remedy that may cure, so that the recovery is awaited after it."""

    prove: Prove = 60.0
    without_deploy: bool = False

    @property
    def remedy(self) -> Remedy:
        """Return what decisions need to know of it, with its proof."""
        return replace(super().remedy, prove_seconds=self.prove, without_deploy=self.without_deploy)

"""The quantities of the actuation protocol, their rules, and the outcomes of its lookup.

Rule 1: GUARD < lease: a worker that looked within the guard still had the lease then, or had just lost it.
Rule 2: SETTLE > POST deadline + GUARD + landing: when the window has passed, nothing sent can still arrive.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from watchdog.domain.deploys import Deploy
from watchdog.domain.effects import PinAutoDeploy, RestoreAutoDeploy, Rollback, TryRemedy

FaultPoint = Callable[[str], Awaitable[None]]
"""Called at the marked points of the protocol; does nothing outside fault tests."""


async def no_hook(point: str) -> None:
    """Do nothing."""


Change = PinAutoDeploy | Rollback | RestoreAutoDeploy | TryRemedy
"""The changes that the actuator makes in production."""
Forbids = Callable[[Change, float], str]
"""Returns why a change must not be sent at this moment, or an empty string.

Its argument is when the look that justified the change began (monotonic seconds). It waits for nothing, and nothing is
awaited between it and the call.
"""


def nothing_forbids(change: Change, looked_at: float) -> str:
    """Return nothing."""
    return ""


TooLate = Callable[[float], str]
"""Returns why a look that began then (monotonic seconds) is too old to act on, or an empty string: look again."""


def never_too_late(looked_at: float) -> str:
    """Return nothing."""
    return ""


@dataclass(frozen=True, slots=True)
class Timings:
    """The time limits of the protocol's steps, and their numbers of attempts.

    `guard_seconds`: from the last look to the send. `settle_seconds`: how long a send is looked for. `lost_seconds`:
    how long an unreadable list is waited for. `post_seconds`: total deadline of one send. `landing_seconds`: how much
    later it may still arrive (an assumption about the platform). `lease_seconds`: how long a lease on a service is
    granted for. `value_seconds`: deadline of reading auto-deploy before the switch. `restore_seconds`: total deadline
    of restoring it.
    """

    guard_seconds: float = 5.0
    settle_seconds: float = 30.0
    lost_seconds: float = 150.0
    look_every_seconds: float = 2.0
    read_patience_seconds: float = 10.0
    # Render counts its rate limits by the clock minute, so a longer wait gains nothing.
    retry_after_max_seconds: float = 60.0
    # In recorded traffic Render answered the changing calls within 1.4 s.
    post_seconds: float = 12.0
    landing_seconds: float = 8.0
    lease_seconds: float = 8.0
    value_seconds: float = 4.0
    restore_seconds: float = 30.0
    # Sends without a trace count against the first, refusals that changed nothing (429, no connection) the second.
    attempts_max: int = 2
    limited_max: int = 4

    def violations(self) -> tuple[str, ...]:
        """Return the rules that these quantities break: none for the shipped ones."""
        # The latest arrival after the deploy list was read: guard, then the whole deadline, then the platform's delay.
        may_arrive = self.post_seconds + self.guard_seconds + self.landing_seconds
        rules = {
            f"guard {self.guard_seconds:g} s < lease {self.lease_seconds:g} s": self.guard_seconds < self.lease_seconds,
            f"settle {self.settle_seconds:g} s > deadline + guard + landing {may_arrive:g} s": (
                self.settle_seconds > may_arrive
            ),
            f"lost {self.lost_seconds:g} s > settle {self.settle_seconds:g} s": self.lost_seconds > self.settle_seconds,
        }
        return tuple(rule for rule, holds in rules.items() if not holds)


SHIPPED = Timings()


class Overtaken(Exception):
    """Another worker changed the row of an action meanwhile: it may have sent the request."""


@dataclass(frozen=True, slots=True)
class Found:
    """The request arrived: this deploy is its result, or brings the same code."""

    deploy: Deploy


@dataclass(frozen=True, slots=True)
class NoTrace:
    """The request did not arrive, and cannot any more. `deploys` is the list (newest first) that shows no trace
    of it.
    """

    why: str
    deploys: Sequence[Deploy] = ()


@dataclass(frozen=True, slots=True)
class UnreadableList:
    """The deploy list could not be read: the outcome is unknown."""

    why: str


Answer = Found | NoTrace | UnreadableList
"""The outcome of a send whose answer was lost."""

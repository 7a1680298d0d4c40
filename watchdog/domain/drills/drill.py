"""Drills: an outage made on purpose on a staging service, or a test page, timed against the runbook's targets. Pure.

Rule: a drill is recorded before it changes anything, so that a process that is killed leaves its name behind.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from watchdog.domain.units import DAY_SECONDS, show_seconds


class DrillMethod(StrEnum):
    """The means of a drill. Stores hold the values."""

    BAD_COMMIT = "bad-commit"  # a commit that is known to break the service is deployed
    FLAG = "flag"  # a feature flag that is known to break the service is switched on
    PAGE = "page"  # people are paged, and must acknowledge it


class DrillStep(StrEnum):
    """A moment that a drill times, in the order of an outage. Stores hold the values."""

    DETECTED = "detected"
    DECIDED = "decided"
    REQUESTED = "requested"
    PAGED = "paged"
    RESTORED = "restored"
    VERIFIED = "verified"
    ACKNOWLEDGED = "acknowledged"


_OF_AN_OUTAGE = tuple(step for step in DrillStep if step is not DrillStep.ACKNOWLEDGED)
STEPS: Mapping[DrillMethod, tuple[DrillStep, ...]] = MappingProxyType(
    {
        DrillMethod.BAD_COMMIT: _OF_AN_OUTAGE,
        DrillMethod.FLAG: _OF_AN_OUTAGE,
        DrillMethod.PAGE: (DrillStep.PAGED, DrillStep.ACKNOWLEDGED),
    }
)
"""The steps that a drill of each method times."""


@dataclass(frozen=True, slots=True)
class DrillTarget:
    """The limit of a step, as shipped."""

    seconds: float  # since the outage began, or since the test page was begun
    meaning: str  # when the step is reached, and where the limit comes from


TARGETS: Mapping[DrillStep, DrillTarget] = MappingProxyType(
    {
        DrillStep.DETECTED: DrillTarget(75.0, "the incident is open; the runbook has no limit, this one is our own"),
        DrillStep.DECIDED: DrillTarget(75.0, "severity, blame and course are decided; our own limit"),
        DrillStep.REQUESTED: DrillTarget(75.0, "the rollback is sent to Render, or the remedy is tried; our own limit"),
        DrillStep.PAGED: DrillTarget(
            120.0, "the first channel has the notice; the runbook notifies the team before the rollback is done"
        ),
        DrillStep.RESTORED: DrillTarget(
            300.0, "the good version is live, or the flag is off; the runbook's matrix, critical: < 5 minutes"
        ),
        DrillStep.VERIFIED: DrillTarget(
            900.0, "fresh readings prove the recovery; the runbook's immediate actions: 0-15 minutes"
        ),
        DrillStep.ACKNOWLEDGED: DrillTarget(300.0, "a person answered the page; then the escalation's next step comes"),
    }
)
"""The runbook's limits, where it has one."""


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill and its scoreboard. Times are UTC epoch seconds."""

    at: float  # when it was begun
    service: str  # the staging service; of a test page: `page` and whom it called
    method: DrillMethod  # its means
    by: str  # who began it
    number: int = 0  # its number in the store; 0: not stored
    sandbox: bool = False  # it ran against the simulated cloud
    commit: str = ""  # the known-bad commit
    good: str = ""  # the deploy that was live before
    good_commit: str = ""  # its commit
    within_seconds: float = 0.0  # how long its process waits for the whole outage
    lifted: bool = False  # it takes the known-bad commit off the deny-list, where the drill's rollback puts it again
    deploy: str = ""  # the deploy that the drill made; empty: none is known
    flag: str = ""  # the feature flag that it switches on
    switched: bool = False  # it is known that the flag was switched on
    incident: str = ""  # the incident that the daemon opened, or the name by which channels know the test page
    pages: Mapping[str, str] = field(default_factory=dict)  # channel of the test page to its reference there
    acknowledged_by: str = ""  # who acknowledged the test page
    began_at: float | None = (
        None  # when the outage began: the commit is live, the flag is on, or the first failed reading before
    )
    took: Mapping[str, float] = field(default_factory=dict)  # step to seconds since then
    targets: Mapping[str, float] = field(default_factory=dict)  # step to its limit in seconds
    problems: tuple[str, ...] = ()  # what went wrong, in words
    left: tuple[str, ...] = ()  # what is left to do by hand
    ended_at: float | None = None  # when it ended; None: it runs, or was killed

    @property
    def steps(self) -> tuple[DrillStep, ...]:
        """Return the steps that it times."""
        return STEPS[self.method]

    @property
    def missed(self) -> tuple[DrillStep, ...]:
        """Return the steps that came after their limit, or never."""
        return tuple(
            step
            for step in self.steps
            if step not in self.took or self.took[step] > self.targets.get(step, TARGETS[step].seconds)
        )

    def may_run(self, now: float) -> bool:
        """Return whether its process may still be at work: it has no end, and its time is not up."""
        return self.ended_at is None and now - self.at < self.within_seconds

    @property
    def unclean(self) -> bool:
        """Return whether it has no end, or left something to do: the next drill of its service is refused."""
        return self.ended_at is None or bool(self.left)

    @property
    def waits(self) -> bool:
        """Return whether its test page is out, and waits to be acknowledged."""
        paged = self.method is DrillMethod.PAGE and DrillStep.PAGED in self.took
        return paged and self.ended_at is None and DrillStep.ACKNOWLEDGED not in self.took

    def acknowledged(self, by: str, at: float) -> "Drill":
        """Return it with who acknowledged its test page, and when."""
        took = {**self.took, DrillStep.ACKNOWLEDGED.value: round(max(0.0, at - (self.began_at or self.at)), 1)}
        return replace(self, took=took, acknowledged_by=by)

    @property
    def passed(self) -> bool:
        """Return whether every step came in time, nothing went wrong, and nothing is left."""
        return self.ended_at is not None and not (self.missed or self.problems or self.left)

    @property
    def verdict(self) -> str:
        """Return its result in one word."""
        if self.ended_at is None:
            return "unfinished"
        return "passed" if self.passed else "failed"

    @property
    def counts(self) -> bool:
        """Return whether it practised what it is for: the real service broke, or a page went out."""
        went = {
            DrillMethod.BAD_COMMIT: bool(self.deploy),
            DrillMethod.FLAG: self.switched,
            DrillMethod.PAGE: DrillStep.PAGED in self.took,
        }
        return went[self.method] and not self.sandbox


def ended_by_method(drills: Iterable[Drill]) -> Mapping[tuple[str, DrillMethod], Sequence[Drill]]:
    """Return the ended drills of each service and method that has some, in their order: another fault, other times."""
    found: dict[tuple[str, DrillMethod], list[Drill]] = {}
    for one in drills:
        if one.ended_at is not None:
            found.setdefault((one.service, one.method), []).append(one)
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class DueDrill:
    """A staging service whose next drill is due."""

    service: str  # its name
    last_at: float | None  # when the last one was begun; None: there was none

    def words(self, now: float, every_seconds: float) -> str:
        """Return `last drill 41 days ago (due every 30 days)`."""
        due = f"(due every {show_days(every_seconds)})"
        return (
            f"no drill yet {due}" if self.last_at is None else f"last drill {show_days(now - self.last_at)} ago {due}"
        )


@dataclass(frozen=True, slots=True)
class DrillFellDue:
    """The next drill of a staging service is overdue."""

    at: float  # UTC epoch seconds
    service: str  # its name
    last_at: float | None  # when its last drill was begun (UTC epoch seconds); None: there was none
    every_seconds: float  # how often one is due
    unclean: bool  # its newest drill left something behind, and the next one is refused until that is cleaned up
    channels: tuple[str, ...]  # those that page no one


def due_drills(
    services: Iterable[str], drills: Iterable[Drill], now: float, every_seconds: float
) -> Sequence[DueDrill]:
    """Return the services whose last drill is longer ago than that; `drills` in any order."""
    last: dict[str, float] = {}
    for one in drills:
        if one.counts:
            last[one.service] = max(one.at, last.get(one.service, one.at))
    late = [name for name in services if name not in last or now - last[name] > every_seconds]
    return tuple(DueDrill(name, last.get(name)) for name in late)


def show_days(seconds: float) -> str:
    """Return `41 days`, `1 day`; a shorter time as elsewhere."""
    if seconds < DAY_SECONDS:
        return show_seconds(seconds)
    days = int(seconds // DAY_SECONDS)
    return "1 day" if days == 1 else f"{days} days"

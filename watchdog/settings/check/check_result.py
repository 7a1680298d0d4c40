"""The input and the results of a live check."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from watchdog.domain.decisions import TargetChoice
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.ports import Notifier, Platform, Repository, SignalSource


class CheckOutcome(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    UNTRIED = "untried"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One attempt, its outcome, and the fix (empty on success)."""

    name: str
    outcome: CheckOutcome
    what: str
    fix: str = ""
    took_seconds: float | None = field(default=None, compare=False)  # how long trying it took; None: nothing was


TargetFinder = Callable[[str, Sequence[Deploy], ServiceFacts], TargetChoice]
"""Returns the present rollback target of a service (by our name)."""
Job = Callable[[], Awaitable[Sequence[CheckResult]]]
"""One check, or a few that belong together."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients to try: `signals` by `service/signal`, `controls` by URL, `pages` and `channels` by name."""

    platform: Platform | None = None
    repository: Repository | None = None
    channels: Mapping[str, Notifier] = field(default_factory=lambda: MappingProxyType({}))
    signals: Mapping[str, SignalSource] = field(default_factory=lambda: MappingProxyType({}))
    controls: Mapping[str, SignalSource] = field(default_factory=lambda: MappingProxyType({}))
    pages: Mapping[str, SignalSource] = field(default_factory=lambda: MappingProxyType({}))
    target: TargetFinder | None = None
    extra: Sequence[tuple[str, Job]] = ()

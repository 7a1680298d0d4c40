"""What a live check is given, and what it says."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from watchdog.domain.decisions import TargetChoice
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.ports import Notifier, Platform, Repository, SignalSource


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    UNTRIED = "untried"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was tried, what came of it, and what to do about it (empty when all is well)."""

    name: str
    outcome: Outcome
    what: str
    fix: str = ""


TargetFinder = Callable[[str, Sequence[Deploy], ServiceFacts], TargetChoice]
"""Answers where a service (by our name) would be rolled back to now."""
Job = Callable[[], Awaitable[Sequence[CheckResult]]]
"""One check, or a few that belong together."""


@dataclass(frozen=True, slots=True)
class World:
    """What is tried: `signals` by `service/signal`, `controls` by URL, `pages` and `channels` by name."""

    platform: Platform | None = None
    repository: Repository | None = None
    channels: Mapping[str, Notifier] = field(default_factory=lambda: MappingProxyType({}))
    signals: Mapping[str, SignalSource] = field(default_factory=lambda: MappingProxyType({}))
    controls: Mapping[str, SignalSource] = field(default_factory=lambda: MappingProxyType({}))
    pages: Mapping[str, SignalSource] = field(default_factory=lambda: MappingProxyType({}))
    target: TargetFinder | None = None
    extra: Sequence[tuple[str, Job]] = ()

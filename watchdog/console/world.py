"""What the console is given: reading the record, what the daemon knows now, the policy, the time."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from starlette.types import Scope

from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.ports import Clock, Journal


class Throttle(Protocol):
    """How often a peer may do something."""

    def wait_seconds(self, peer: str) -> float:
        """Return how long the peer must wait before it may."""

    def take(self, peer: str) -> None:
        """Count one."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything the pages are made from. `state` knows the services that are `held`; other workers know the others."""

    journal: Journal
    clock: Clock
    policy: Callable[[], Policy]
    state: Callable[[], State]
    held: Callable[[], Collection[str]]
    version: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may look: whoever has the token. `peer` names who asks; `requests` and `failures` bound how often."""

    token: str
    peer: Callable[[Scope], str]
    requests: Throttle
    failures: Throttle

    def __repr__(self) -> str:
        return "Access(token=***)"

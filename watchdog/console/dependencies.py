"""What the console is given: reading the record, what the daemon knows now, the policy, the time; and whom to ask."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.types import Scope

from watchdog.console.auth.proxy_auth import Proxy
from watchdog.console.auth.session import EndedSessions, Oidc
from watchdog.domain.commands.human_command import Role
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import State
from watchdog.domain.policy import Policy
from watchdog.domain.store_records import Command
from watchdog.ports import Clock, StoreReader

Ask = Callable[[str, Mapping[str, Any], str], Awaitable[Command]]
"""Has a command (name, arguments, by whom) applied and returns it with its answer. Raises Temporary without one."""

Settings = Sequence[tuple[str, Sequence[tuple[str, str]]]]
"""The configuration as it was loaded: sections of rows, no secret among them."""

Listing = Callable[[str], Awaitable[DeploysListed]]
"""Reads the deploys of a service now. Raises Temporary or Permanent."""


class Throttle(Protocol):
    """How often a peer may do something."""

    def wait_seconds(self, peer: str) -> float:
        """Return how long the peer must wait before it may."""

    def take(self, peer: str) -> None:
        """Count one."""


class TokenThrottle(Protocol):
    """How often a peer may show wrong tokens."""

    def wait_seconds(self, peer: str, token: bytes) -> float:
        """Return how long the peer must wait before it may show such a token."""

    def take(self, peer: str, token: bytes) -> None:
        """Count a wrong one."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Everything the pages are made from. `state` knows the services that are `held`; other workers know the others.

    `ask` is the only way to change anything: the daemon answers, as it does to the command line. `owners` maps roles of
    the runbook to the contacts who have them.
    """

    journal: StoreReader
    clock: Clock
    policy: Callable[[], Policy]
    state: Callable[[], State]
    held: Callable[[], Collection[str]]
    ask: Ask
    listing: Listing
    settings: Callable[[], Settings]
    version: str
    owners: Callable[[], Mapping[str, str]] = dict


@dataclass(frozen=True, slots=True)
class Access:
    """Who may look, and do what: whoever has the token of a role, or whom the proxy or the OpenID provider names.

    `peer` names who asks; the throttles bound how often. `requests` bounds everything, `guesses` wrong tokens,
    `failures` what a role does not allow, and lines of the log, `codes` what the OpenID provider did not take.
    `url` is where browsers find us, if it was said.
    """

    tokens: Mapping[Role, str]
    peer: Callable[[Scope], str]
    requests: Throttle
    guesses: TokenThrottle
    failures: Throttle
    codes: Throttle
    proxy: Proxy | None = None
    oidc: Oidc | None = None
    url: str = ""
    ended: EndedSessions = field(default_factory=EndedSessions)

    def busy(self, who: str) -> float:
        """Return how long somebody must wait; count the request if they need not."""
        wait = self.requests.wait_seconds(who)
        if wait <= 0:
            self.requests.take(who)
        return wait

    def loud(self, kind: str, who: str = "") -> bool:
        """Tell whether a refusal is written down: the first of a kind, and of `who`; then one every ten seconds."""
        keys = {f"loud {kind}", f"loud {kind} {who}"}
        if any(self.failures.wait_seconds(key) > 0 for key in keys):
            return False
        for key in keys:
            self.failures.take(key)
        return True

    def __repr__(self) -> str:
        return f"Access({', '.join(self.tokens)}: ***)"

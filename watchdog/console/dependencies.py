"""Dependencies of the console: the store, the daemon's current state, the policy, the clock, and the way to submit
commands."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.types import Scope

from watchdog.console.auth.assistant import Assistant
from watchdog.console.auth.proxy_auth import Proxy
from watchdog.console.auth.session import EndedSessions, Oidc
from watchdog.domain.commands.human_command import Role
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.domain.policy import Policy
from watchdog.domain.store_records import Command
from watchdog.ports import Clock, StoreReader
from watchdog.presentation.gate.gate_rules import GateRules
from watchdog.presentation.incident_facts import OwnChecklist
from watchdog.presentation.outlooks.other_service import unreported

Ask = Callable[[str, Mapping[str, Any], str], Awaitable[Command]]
"""Submits a command (name, arguments, author) and returns it with its answer. Raises Temporary without one."""

Settings = Sequence[tuple[str, Sequence[tuple[str, str]]]]
"""The configuration as it was loaded: sections of rows, no secret among them."""

Listing = Callable[[str], Awaitable[DeploysListed]]
"""Reads the deploys of a service now. Raises Temporary or Permanent."""


Authors = Callable[[Incident, ServiceState | None], Sequence[str]]
"""Returns the authors of an incident's suspect commits, as far as they were read; it waits for nothing."""


def unread(incident: Incident, service: ServiceState | None) -> Sequence[str]:
    """Return no authors: there is no repository to read."""
    return ()


Restrict = Callable[[str, str], GateRules]
"""Returns the gate's rules of a service, restricted by the text of a rules file. Raises ConfigurationError."""


def unrestricted(service: str, text: str) -> GateRules:
    """Return rules that let nothing through: there is no configuration that could be restricted."""
    return GateRules()


class Throttle(Protocol):
    """A rate limit by peer."""

    def wait_seconds(self, peer: str) -> float:
        """Return how long the peer must wait before its next request."""

    def take(self, peer: str) -> None:
        """Count one."""


class TokenThrottle(Protocol):
    """A rate limit on wrong tokens by peer."""

    def wait_seconds(self, peer: str, token: bytes) -> float:
        """Return how long the peer must wait before it may show such a token."""

    def take(self, peer: str, token: bytes) -> None:
        """Count a wrong token."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """Everything the pages are made from. `state` is current for the services `held` by this worker; the state of the
    others is in the store.

    `ask` is the only way to change anything: the daemon answers, as it does to the command line. `owners` maps roles of
    the runbook to contacts; `pages` names the public status pages, with the services of each. `runs`: whether a daemon
    runs, and `differences` what it runs with beside the configuration, as a command sees it.
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
    own_lists: Sequence[OwnChecklist] = ()  # checklists of the configuration
    pages: Mapping[str, Collection[str]] = field(default_factory=dict)
    authors: Authors = unread
    gates: Callable[[], Mapping[str, GateRules]] = dict  # the gate of each service
    restrict: Restrict = unrestricted
    # The console is the daemon; a command is not.
    runs: bool | None = None
    differences: Sequence[str] = ()
    # A fault of ours that costs a page only a part of it; called in the thread of `background.py`.
    report: Callable[[Exception], None] = unreported


@dataclass(frozen=True, slots=True)
class Access:
    """Who may log in, and how often: with the token of a role, or by a name that the proxy or the OpenID provider
    proves.

    `peer` names the client of a request. `requests` limits all requests, `guesses` wrong tokens, `failures` refused
    commands, wrong codes of assistants and repeated log lines, `codes` the codes that the OpenID provider refused.
    `url` is our own address for browsers, if the configuration has one. `assistant` is None without a token for one.
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
    assistant: Assistant | None = None
    ended: EndedSessions = field(default_factory=EndedSessions)

    def busy(self, who: str) -> float:
        """Return how many seconds a client must wait; at 0 the request is counted."""
        wait = self.requests.wait_seconds(who)
        if wait <= 0:
            self.requests.take(who)
        return wait

    def loud(self, kind: str, who: str = "") -> bool:
        """Return whether to log a refusal: the first of a kind and of `who`, then at most one every ten seconds."""
        # Two keys: one limits the whole kind, so that an attacker who changes names does not fill the log either.
        keys = {f"loud {kind}", f"loud {kind} {who}"}
        if any(self.failures.wait_seconds(key) > 0 for key in keys):
            return False
        for key in keys:
            self.failures.take(key)
        return True

    def __repr__(self) -> str:
        # No token may reach a log or a traceback.
        return f"Access({', '.join(self.tokens)}: ***)"

"""What a loaded configuration is: frozen, complete, and silent about secrets."""

import dataclasses
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from watchdog.adapters.options import Options
from watchdog.adapters.signals import render_events
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.domain.policy import Policy, SignalPolicy
from watchdog.settings.load.secrets import SecretMap


class Adapter(NamedTuple):
    """One signal or channel: its key in SIGNALS or NOTIFIERS, and its validated options."""

    kind: str
    options: Options


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """One guarded service; `render` is its id or exact name there, or None."""

    render: str | None
    signals: Mapping[str, Adapter]


@dataclass(frozen=True, slots=True)
class DependencySettings:
    """Something watched and blamed: a Render id or name (its events), or a status page's URL.

    `components` are those of the page that concern us; none: all.
    """

    render: str | None = None
    vendor_status: str | None = None
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """`host` None: listen on nothing. `remote_write` None: send nothing. `hosts`: other names of the server."""

    host: str | None = "127.0.0.1"
    port: int = 9464
    hosts: tuple[str, ...] = ()
    remote_write: str | None = None
    remote_write_user: str | None = None
    every_seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class PeopleSettings:
    """Who has which role by the name that somebody else proves; `everybody`: whoever is logged in there may look."""

    approvers: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    viewers: tuple[str, ...] = ()
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """The header in which a proxy says who is logged in, and the networks from which it is believed."""

    user_header: str
    sources: tuple[str, ...]
    people: PeopleSettings


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """The OpenID provider that proves who somebody is, by that claim; its secret is a variable."""

    issuer: str
    client_id: str
    claim: str
    people: PeopleSettings


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """The web console. `url` is where browsers find it; `tokens`: whoever has a role's token may come in with it."""

    enabled: bool = False
    url: str | None = None
    tokens: bool = True
    proxy: ProxySettings | None = None
    oidc: OidcSettings | None = None

    @property
    def names_are_proven(self) -> bool:
        """Tell whether a proxy or a provider says who is logged in."""
        return self.proxy is not None or self.oidc is not None


@dataclass(frozen=True, slots=True)
class StatusPageSettings:
    """A public page at /status/NAME: its services, each with the name that is shown."""

    name: str
    title: str
    services: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LogSettings:
    """`format`: auto (readable on a terminal, else JSON), json or console."""

    format: str = "auto"
    level: str = "info"


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """`folder` None: nothing is recorded."""

    folder: Path | None = None
    keep_seconds: float = 30 * 86400.0
    max_bytes: int = 200 * 1024**2


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the composition root needs.

    `path` is None when the text came from WATCHDOG_CONFIG_YAML. `vendors` maps status page to URL; `endpoints`
    maps render, sentry, pagerduty, slack to a base URL without trailing slash; `store_url` has an absolute path,
    or may hold a password: `stores.shown_url` is what may be shown of it.
    `console` is the web console, on the server of `metrics`, as are `status_pages`; `repository` names who is asked for
    suspect commits, if anybody is.
    `own_id` is the watchdog's own service on Render, which is never a target, and `own_hosts` are the names that Render
    serves it under; `private_hosts` are the names that may lead into a private network. `remind`: people are told of
    follow-ups that are overdue; `owners` maps roles of the runbook to the contacts who have them.
    """

    path: Path | None
    policy: Policy
    services: Mapping[str, ServiceSettings]
    channels: Mapping[str, Adapter]
    endpoints: Mapping[str, str]
    secrets: SecretMap
    store_url: str = field(repr=False)
    metrics: MetricsSettings = MetricsSettings()
    console: ConsoleSettings = ConsoleSettings()
    status_pages: tuple[StatusPageSettings, ...] = ()
    repository: str | None = None
    log: LogSettings = LogSettings()
    record: RecordSettings = RecordSettings()
    vendors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    dependencies: Mapping[str, DependencySettings] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()
    own_id: str | None = None
    own_hosts: tuple[str, ...] = ()
    private_hosts: tuple[str, ...] = ()
    remind: bool = False
    owners: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def guard(self) -> AddressGuard:
        """Return what judges every address that is connected to."""
        return AddressGuard(self.private_hosts)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the names by which browsers and programs may ask our server, beside its address."""
        own = urlsplit(self.console.url or "").hostname
        return (*self.metrics.hosts, *([own] if own else []), *self.own_hosts)

    @property
    def unresolved(self) -> Mapping[str, str]:
        """Return the services written by name, whose platform id is still to be looked up: service to that name."""
        return {
            name: service.render
            for name, service in self.services.items()
            if service.render and self.policy.services[name].platform_id is None
        }


def resolve_names(settings: Settings, found: Sequence[ServiceFacts]) -> Settings:
    """Return the settings with every service's platform id, given all services the key can see.

    Raises ConfigurationError for names that no service, or several, have, and for those that mean the watchdog itself
    or a service that is guarded already.
    """
    services = dict(settings.policy.services)
    mistakes: list[Mistake] = []
    for name, written in settings.unresolved.items():
        ids = [facts.id for facts in found if facts.name == written]
        taken = {service.platform_id for service in services.values()}
        why_not = _why_not(ids, settings.own_id, taken)
        if why_not is None:
            services[name] = dataclasses.replace(services[name], platform_id=ids[0])
        else:
            where = settings.path.name if settings.path else "WATCHDOG_CONFIG_YAML"
            mistakes.append(Mistake(where, f"services.{name}.render: {why_not[0]}", why_not[1]))
    if mistakes:
        raise ConfigurationError(tuple(mistakes))
    policy = dataclasses.replace(settings.policy, services=MappingProxyType(services))
    return dataclasses.replace(settings, policy=read_calmly(policy))


def read_calmly(policy: Policy) -> Policy:
    """Return the policy with events of the platform read as rarely as so many services must be (`calm_seconds`); those
    of a service without a probe as often as was written: nothing else watches it.
    """

    def calm(signal: SignalPolicy) -> SignalPolicy:
        rarely = signal.kind == render_events.KIND and signal.every_seconds < policy.calm_seconds
        return dataclasses.replace(signal, every_seconds=policy.calm_seconds) if rarely else signal

    services = {
        name: dataclasses.replace(one, signals=tuple(map(calm, one.signals))) if one.eyes else one
        for name, one in policy.services.items()
    }
    return dataclasses.replace(policy, services=MappingProxyType(services))


def _why_not(ids: Sequence[str], own_id: str | None, taken: Set[str | None]) -> tuple[str, str] | None:
    if not ids:
        return "no service of that name on Render", "write its id, srv-…, from its dashboard URL"
    if len(ids) > 1:
        return f"{len(ids)} services on Render have that name", f"write the id of one: {', '.join(ids[:5])}"
    if ids[0] == own_id:
        return "this is the watchdog itself (RENDER_SERVICE_ID)", "write the site's service"
    return ("guarded twice", "put all its signals into one service") if ids[0] in taken else None

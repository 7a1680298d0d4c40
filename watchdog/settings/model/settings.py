"""A loaded configuration: frozen, complete, and silent about secrets."""

import dataclasses
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from watchdog.adapters.options import Options
from watchdog.adapters.remedies.options import RemedyOptions
from watchdog.adapters.signals import render_events
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.domain.policy import Policy, SignalPolicy, Window
from watchdog.presentation.gate.gate_rules import GateRules
from watchdog.presentation.incident_facts import OwnChecklist
from watchdog.settings.load.secrets import SecretMap
from watchdog.settings.schema.console_schema import ConsoleShape, StatusPageShape
from watchdog.settings.schema.database_schema import DatabaseShape
from watchdog.settings.schema.drill_schema import DrillShape, ServiceDrillShape
from watchdog.settings.schema.schema import DependencyShape, LogShape, MetricsShape, RecordShape


class Adapter(NamedTuple):
    """One signal or channel: its key in SIGNALS or NOTIFIERS, and its validated options."""

    kind: str
    options: Options


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """One guarded service; `render` is its id or exact name there, or None; `remedies` are tried before a rollback.

    `database` is for the commands of a person alone; None: they refuse.
    """

    render: str | None
    signals: Mapping[str, Adapter]
    remedies: tuple[RemedyOptions, ...] = ()
    database: DatabaseShape | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the composition root needs: what is worked out of the file, and its own sections as they stand."""

    path: Path | None  # None: the text came from WATCHDOG_CONFIG_YAML
    policy: Policy
    services: Mapping[str, ServiceSettings]
    channels: Mapping[str, Adapter]  # by name; those of contacts and stakeholders too
    endpoints: Mapping[str, str]  # vendor (render, sentry, …) to base URL, without trailing slash
    secrets: SecretMap
    # Of an absolute path, or with a password: `stores.shown_url` returns the part that may be shown.
    store_url: str = field(repr=False)
    metrics: MetricsShape = field(default_factory=MetricsShape)
    console: ConsoleShape = field(default_factory=ConsoleShape)  # on the server of `metrics`
    # By name; on that server too.
    status_pages: Mapping[str, StatusPageShape] = field(default_factory=lambda: MappingProxyType({}))
    repository: str | None = None  # the code host that is asked for suspect commits
    log: LogShape = field(default_factory=LogShape)
    record: RecordShape = field(default_factory=RecordShape)
    # Status page to its URL.
    vendors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    dependencies: Mapping[str, DependencyShape] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()
    own_id: str | None = None  # the watchdog's own service on Render, which is never a target
    own_hosts: tuple[str, ...] = ()  # the names that Render serves it under
    private_hosts: tuple[str, ...] = ()  # those that may lead into a private network
    remind: bool = False  # overdue follow-ups are sent to people
    # Role of the runbook to its contact.
    owners: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    checklists: tuple[OwnChecklist, ...] = ()  # the runbook of the reader's own
    # The gate of each service, also of one without `gate:`; the windows that a rules file may name.
    gates: Mapping[str, GateRules] = field(default_factory=lambda: MappingProxyType({}))
    windows: Mapping[str, Window] = field(default_factory=lambda: MappingProxyType({}))
    drill: DrillShape = field(default_factory=DrillShape)  # how often, and how fast
    # Staging services, on which drills may be held, each with what breaks it.
    staging: Mapping[str, ServiceDrillShape] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def guard(self) -> AddressGuard:
        """Return the guard that judges every address that is connected to."""
        return AddressGuard(self.private_hosts)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the names under which browsers and programs reach our server, beside its address."""
        # Browsers send the console's own name as Host; an unknown one is refused (421).
        own = urlsplit(self.console.url or "").hostname
        return (*self.metrics.hosts, *([own] if own else []), *self.own_hosts)

    @property
    def services_of_pages(self) -> Mapping[str, Mapping[str, str]]:
        """Return the names of the public status pages, each with its services: their names, and those shown."""
        return {name: page.shown for name, page in self.status_pages.items()}

    @property
    def own_items(self) -> frozenset[str]:
        """Return the names of the items of all own checklists, by which people tick them."""
        return frozenset(item for one in self.checklists for item in one.items)

    @property
    def unresolved(self) -> Mapping[str, str]:
        """Return the services written by name, whose platform id is still to be looked up: service to that name."""
        return {
            name: service.render
            for name, service in self.services.items()
            if service.render and self.policy.services[name].platform_id is None
        }


class UnknownNames(ConfigurationError):
    """The platform lists its services, and some names mean none of them; `settings` have the ids of the others."""

    def __init__(self, mistakes: tuple[Mistake, ...], settings: Settings) -> None:
        super().__init__(mistakes)
        self.settings = settings


def resolve_names(settings: Settings, found: Sequence[ServiceFacts]) -> Settings:
    """Return the settings with every service's platform id, given all services the key can see.

    Raises UnknownNames for names that no service, or several, have, and for those that mean the watchdog itself
    or a service that is guarded already.
    """
    services = dict(settings.policy.services)
    mistakes: list[Mistake] = []
    for name, written in settings.unresolved.items():
        # Exact names only: a part of a name could belong to another team's service.
        ids = [facts.id for facts in found if facts.name == written]
        # Inside the loop: two names in this file may mean one service, and two guards would roll it back twice.
        taken = {service.platform_id for service in services.values()}
        why_not = _why_not(ids, settings.own_id, taken)
        if why_not is None:
            services[name] = dataclasses.replace(services[name], platform_id=ids[0])
        else:
            where = settings.path.name if settings.path else "WATCHDOG_CONFIG_YAML"
            mistakes.append(Mistake(where, f"services.{name}.render: {why_not[0]}", why_not[1]))
    policy = dataclasses.replace(settings.policy, services=MappingProxyType(services))
    # `calm_seconds` grows with the services that have an id, and names have just become ids.
    resolved = dataclasses.replace(settings, policy=read_calmly(policy))
    if mistakes:
        raise UnknownNames(tuple(mistakes), resolved)
    return resolved


def remember_names(settings: Settings, known: Mapping[str, str]) -> Settings:
    """Return the settings with an id for every named service: the one `known` for it, else its name, which is no id.

    For as long as the platform does not tell the ids: nothing may be read or changed by these.
    """
    services = dict(settings.policy.services)
    for name, written in settings.unresolved.items():
        taken = {service.platform_id for service in services.values()}
        remembered = known.get(name, written)
        # The service of that id has an entry of its own by now, which names it for certain.
        services[name] = dataclasses.replace(services[name], platform_id=written if remembered in taken else remembered)
    policy = dataclasses.replace(settings.policy, services=MappingProxyType(services))
    return dataclasses.replace(settings, policy=read_calmly(policy))


def read_calmly(policy: Policy) -> Policy:
    """Return the policy with the platform's events read as rarely as the number of services demands (`calm_seconds`).

    Events of a service without a probe keep their configured rate: they are its only signal.
    """

    def calm(signal: SignalPolicy) -> SignalPolicy:
        # Only ever slower: a rate that the user chose below this one stays.
        rarely = signal.kind == render_events.KIND and signal.every_seconds < policy.calm_seconds
        return dataclasses.replace(signal, every_seconds=policy.calm_seconds) if rarely else signal

    services = {
        name: dataclasses.replace(one, signals=tuple(map(calm, one.signals))) if one.deciding_probes else one
        for name, one in policy.services.items()
    }
    return dataclasses.replace(policy, services=MappingProxyType(services))


def _why_not(ids: Sequence[str], own_id: str | None, taken: Set[str | None]) -> tuple[str, str] | None:
    if not ids:
        return "no service of that name on Render", "write its id, srv-…, from its dashboard URL"
    if len(ids) > 1:
        return f"{len(ids)} services on Render have that name", f"write the id of one: {', '.join(ids[:5])}"
    # A rollback of the watchdog would end it in the middle of the rollback.
    if ids[0] == own_id:
        return "this is the watchdog itself (RENDER_SERVICE_ID)", "write the site's service"
    return ("guarded twice", "put all its signals into one service") if ids[0] in taken else None

"""Starts and stops the sources and the deploy reader of each service as it moves between workers."""

from collections.abc import Callable, Sequence

from watchdog.core.context import DEPLOYS_SUSPECT_SECONDS
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.integrations.registry import IntegrationRegistry
from watchdog.daemon.probing.deploy_poller import DeployPoller
from watchdog.daemon.probing.scheduler import ProbeScheduler
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.metrics import signal_label
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Good
from watchdog.ports import Clock, Platform, Sample, SignalSource

Sources = Callable[[str], Sequence[SignalSource]]
"""Makes the sources of a service, of `CONTROL` (the control targets) or of `VENDORS` (the status pages)."""


class ServiceWatcher:
    """Begins and ends to watch. `sources` may be replaced when the configuration changes."""

    def __init__(
        self,
        engine: Engine,
        scheduler: ProbeScheduler,
        supervisor: Supervisor,
        clock: Clock,
        platform: Platform | None,
        sources: Sources,
        integrations: IntegrationRegistry,
    ) -> None:
        self.sources = sources
        self._integrations = integrations
        self._places: dict[tuple[str, str], tuple[str, str, str]] = {}
        self._engine = engine
        self._scheduler = scheduler
        self._supervisor = supervisor
        self._clock = clock
        self._platform = platform

    async def begin(self, names: Sequence[str]) -> None:
        """Read every source of these names from now on, and their deploys; a running deploy reader goes on."""
        for name in names:
            for source in self.sources(name):
                self._scheduler.add(name, source)
                place = place_of(name, source, self._engine.policy)
                if place is not None:
                    self._places[name, source.name] = place
                    self._integrations.expect(*place, every_seconds=source.every_seconds)
            await self._follow(name)

    async def end(self, names: Sequence[str]) -> None:
        """Stop watching these names."""
        for name in names:
            await self._close_sources(name)
            await self._unfollow(name)

    async def again(self, names: Sequence[str]) -> None:
        """Watch just these names with new sources: the configuration changed."""
        # A copy, as closing changes the scheduler's table, with one entry per service.
        for service in {service: None for service, _ in self._scheduler.sources()}:
            await self._close_sources(service)
        for name in [name for name in self._engine.dispatcher.deploy_watches if name not in names]:
            await self._unfollow(name)
        await self.begin(names)

    async def _close_sources(self, service: str) -> None:
        # Removed first: `remove` waits for reads under way, and a source closed under one would fail it.
        for source in await self._scheduler.remove(service):
            place = self._places.pop(
                (service, source.name), None
            )  # by the place noted at the start: the policy may have changed
            if place is not None:
                self._integrations.forget(*place)
            await source.close()

    async def _follow(self, name: str) -> None:
        service_policy = self._engine.policy.services.get(name)
        if service_policy is None or service_policy.platform_id is None or self._platform is None:
            return
        known = self._engine.dispatcher.deploy_watches.get(name)
        # A running reader keeps its pace; only another Render service replaces it.
        if known is not None and known.platform_id == service_policy.platform_id:
            return
        await self._unfollow(name)
        watch = DeployPoller(
            name,
            service_policy.platform_id,
            self._platform,
            self._clock,
            self._engine.submit,
            self._integrations,
            self._deploys_every(name),
            # Counted at each read: the pace of other services changes meanwhile.
            lambda: sum(not one.is_calm for one in self._engine.dispatcher.deploy_watches.values()),
        )
        self._engine.dispatcher.deploy_watches[name] = watch
        self._supervisor.start(f"deploys:{name}", watch.run)

    def _deploys_every(self, name: str) -> float:
        """Return the first interval; for a service taken over in the middle of an incident, the short one."""
        known = self._engine.state.services.get(name)
        calm = known is None or known.phase is Phase.CALM
        return self._engine.policy.calm_seconds if calm else DEPLOYS_SUSPECT_SECONDS

    async def _unfollow(self, name: str) -> None:
        watch = self._engine.dispatcher.deploy_watches.pop(name, None)
        if watch is not None:
            await self._supervisor.end(f"deploys:{name}")
            watch.forget()


def noted_reads(
    engine: Engine, integrations: IntegrationRegistry
) -> Callable[[str, SignalSource, Sequence[Sample]], None]:
    """Return a listener of the engine that records each read among the integrations."""

    def noted(service: str, source: SignalSource, samples: Sequence[Sample]) -> None:
        place = place_of(service, source, engine.policy)
        if place is not None:  # a feed without events was read all the same
            integrations.read(*place, samples[-1].reading if samples else Good())

    return noted


def place_of(service: str, source: SignalSource, policy: Policy) -> tuple[str, str, str] | None:
    """Return kind, name and part of a source among the integrations.

    None for a probe (or a journey) that is none of the service's `deciding_probes`: it alone does not make the service
    watched.
    """
    if service == CONTROL:
        return "control", CONTROL, signal_label(source.name)
    if service == VENDORS:
        return "status page", source.name, ""
    service_policy = policy.services.get(service)
    signal = service_policy.signal(source.name) if service_policy is not None else None
    if service_policy is None or signal is None:  # a read that ends after a reload took its signal away
        return None
    if not signal.asks_the_site:
        return "feed", source.kind, f"{service}/{source.name}"
    return ("probes", service, source.name) if source.name in service_policy.deciding_probes else None

"""The composition root: settings in, a daemon whose parts are wired and nothing started. A test can call it."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchdog import __version__
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.options import Context
from watchdog.adapters.platforms import PLATFORMS
from watchdog.adapters.signals import SIGNALS
from watchdog.adapters.signals.control import ControlTarget
from watchdog.adapters.signals.render_events import build_dependency
from watchdog.adapters.signals.vendor_status import VendorStatus, render_components
from watchdog.adapters.stores import build_store
from watchdog.core.blame import live_deploy
from watchdog.daemon.actuator import Actuator, Hook, no_hook
from watchdog.daemon.aggregate import MinuteAggregator
from watchdog.daemon.deploy_watch import DeployWatch
from watchdog.daemon.engine import CONTROL, VENDORS, Engine, Listeners
from watchdog.daemon.health import Health
from watchdog.daemon.meter import Meter
from watchdog.daemon.metrics import Metrics
from watchdog.daemon.remote_write import RemoteWriter
from watchdog.daemon.scheduler import ProbeScheduler
from watchdog.daemon.stall import StallDetector
from watchdog.daemon.supervisor import OnError, Supervisor
from watchdog.daemon.tell import Teller
from watchdog.domain.policy import Mode
from watchdog.ports import Clock, Notifier, Platform, SignalSource, Store
from watchdog.settings import Settings, resolve_names

RENDER_KEY = "WATCHDOG_RENDER_API_KEY"


@dataclass(slots=True)
class App:
    """A daemon, wired and not started."""

    settings: Settings
    clock: Clock
    supervisor: Supervisor
    metrics: Metrics
    store: Store
    platform: Platform | None
    notifiers: Mapping[str, Notifier]
    teller: Teller
    actuator: Actuator
    engine: Engine
    scheduler: ProbeScheduler
    stall: StallDetector
    meter: Meter
    minutes: MinuteAggregator
    health: Health
    writer: RemoteWriter | None = None

    async def close(self) -> None:
        """Give every connection back."""
        for _, source in self.scheduler.sources():
            await source.close()
        for notifier in self.notifiers.values():
            await notifier.close()
        if self.platform is not None:
            await self.platform.close()
        await self.store.close()


def build_platform(settings: Settings, clock: Clock) -> Platform | None:
    """Return the Render client: it can change the services of mode assist and autonomous, and can only GET else."""
    key = settings.secrets.get(RENDER_KEY)
    if not key:
        return None
    services = [item for item in settings.policy.services.values() if item.platform_id is not None]
    writable = [item.platform_id for item in services if item.mode is not Mode.OBSERVE and item.platform_id]
    return PLATFORMS["render"](
        key,
        settings.endpoints["render"],
        clock,
        writable_ids=frozenset(writable),
        all_ids=frozenset(item.platform_id for item in services if item.platform_id),
    )


async def resolve(settings: Settings, clock: Clock) -> Settings:
    """Return the settings with every service's id. Raises ConfigurationError, Temporary or Permanent."""
    if not settings.unresolved:
        return settings
    reader = build_platform(settings, clock)
    if reader is None:
        return settings
    try:
        return resolve_names(settings, await reader.services())
    finally:
        await reader.close()


def build_notifiers(settings: Settings, clock: Clock) -> dict[str, Notifier]:
    """Return every configured channel by name, in the order in which they stand in for each other."""
    context = Context(clock=clock, endpoints=settings.endpoints, secrets=settings.secrets)
    return {
        name: NOTIFIERS[channel.kind].build(channel.options, context) for name, channel in settings.channels.items()
    }


def build_sources(
    settings: Settings, clock: Clock, platform: Platform | None, engine: Engine | None = None
) -> list[tuple[str, SignalSource]]:
    """Return every signal with its service, the control targets and the status pages among them."""
    sources: list[tuple[str, SignalSource]] = []
    for name, service in settings.services.items():
        context = _context(settings, clock, platform, engine, name)
        sources += [
            (name, SIGNALS[signal.kind].build(signal_name, signal.options, context))
            for signal_name, signal in service.signals.items()
        ]
    sources += [(CONTROL, ControlTarget(url)) for url in settings.policy.control]
    sources += [(VENDORS, source) for source in _vendor_sources(settings, clock, platform, engine)]
    return sources


def _context(settings: Settings, clock: Clock, platform: Platform | None, engine: Engine | None, name: str) -> Context:
    def live_commit() -> str | None:
        state = engine.state.services.get(name) if engine is not None else None
        live = live_deploy(state.deploys) if state is not None else None
        return live.commit if live is not None else None

    return Context(
        clock=clock,
        endpoints=settings.endpoints,
        secrets=settings.secrets,
        service=name,
        platform=platform,
        platform_id=settings.policy.services[name].platform_id,
        live_commit=live_commit,
    )


def _vendor_sources(
    settings: Settings, clock: Clock, platform: Platform | None, engine: Engine | None
) -> list[SignalSource]:
    """Return the status pages, and the dependencies on the platform itself (databases), as vendors."""

    def components() -> Sequence[str]:
        services = engine.state.services.values() if engine is not None else ()
        return render_components(item.facts for item in services if item.facts is not None)

    pages = dict(settings.vendors)
    pages |= {name: one.vendor_status for name, one in settings.dependencies.items() if one.vendor_status is not None}
    found: list[SignalSource] = [
        VendorStatus(name, url, clock, role, components if role == "platform" else tuple)
        for name, url in pages.items()
        for role in [settings.policy.vendors[name].role]
    ]
    for name, dependency in settings.dependencies.items():
        if dependency.render is None:
            continue
        context = dataclasses.replace(
            Context(clock=clock, endpoints=settings.endpoints, secrets=settings.secrets),
            service=name,
            platform=platform,
            platform_id=dependency.render,
        )
        found.append(build_dependency(name, context))
    return found


def build(
    settings: Settings,
    clock: Clock,
    *,
    on_error: OnError,
    store: Store | None = None,
    hook: Hook = no_hook,
    listeners: Listeners | None = None,
) -> App:
    """Wire a daemon for settings whose names are resolved."""
    listeners = listeners or Listeners()
    metrics = Metrics(__version__)
    supervisor = Supervisor(clock, on_error)
    store = store or build_store(settings.store_url, clock)
    platform = build_platform(settings, clock)
    notifiers = build_notifiers(settings, clock)
    teller = Teller(store, notifiers, clock, lambda channel, outcome, _notice: metrics.page(channel, outcome))
    actuator = Actuator(platform, store, clock, hook)
    engine = Engine(
        policy=settings.policy,
        store=store,
        clock=clock,
        supervisor=supervisor,
        actuator=actuator,
        teller=teller,
        listeners=listeners,
    )
    stall = StallDetector(clock, metrics.loop_lag)
    scheduler = ProbeScheduler(clock, supervisor, metrics, engine.on_samples, stall)
    meter = Meter(metrics, settings.policy)
    minutes = MinuteAggregator()
    listeners.stepped.append(meter.stepped)
    listeners.store_failed.append(lambda _why: metrics.store_error())
    engine.scheduler = scheduler
    health = Health(engine, teller, supervisor, clock)
    app = App(
        settings=settings,
        clock=clock,
        supervisor=supervisor,
        metrics=metrics,
        store=store,
        platform=platform,
        notifiers=notifiers,
        teller=teller,
        actuator=actuator,
        engine=engine,
        scheduler=scheduler,
        stall=stall,
        meter=meter,
        minutes=minutes,
        health=health,
    )
    listen_to_minutes(app)
    watch_everything(app)
    return app


def listen_to_minutes(app: App) -> None:
    """Let every sample of a service flow into the one-minute aggregates."""

    def sampled(service: str, source: SignalSource, sample: object, at: float) -> None:
        if service in app.settings.policy.services:
            app.minutes.add(service, source.name, sample, at)  # type: ignore[arg-type]

    app.engine.listeners.sampled.append(sampled)


def watch_everything(app: App) -> None:
    """Give the scheduler its sources and the engine its deploy watches; one that goes on keeps its pace."""
    for service, source in build_sources(app.settings, app.clock, app.platform, app.engine):
        app.scheduler.add(service, source)
    watched = app.engine.deploy_watches
    app.engine.deploy_watches = {
        name: watched[name]
        if name in watched and watched[name].platform_id == wishes.platform_id
        else DeployWatch(name, wishes.platform_id, app.platform, app.clock, app.engine.tell)
        for name, wishes in app.settings.policy.services.items()
        if app.platform is not None and wishes.platform_id is not None
    }

"""The composition root: settings in, a daemon whose parts are wired and nothing started. A test can call it."""

import dataclasses
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from watchdog.adapters.github import TOKEN as GITHUB_TOKEN
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.notifiers.pagerduty import PagerDuty, PagerDutyOptions
from watchdog.adapters.options import Context
from watchdog.adapters.pagers import pagerduty as pagerduty_reader
from watchdog.adapters.platforms import PLATFORMS
from watchdog.adapters.recordings import RecordingWriter
from watchdog.adapters.repositories.github import build_github
from watchdog.adapters.signals import SIGNALS
from watchdog.adapters.signals.control import ControlTarget
from watchdog.adapters.signals.probe_http import ProbeTransport
from watchdog.adapters.signals.render_events import build_dependency
from watchdog.adapters.signals.statuspage import Part
from watchdog.adapters.signals.vendor_status import VendorStatus, elsewhere_of, render_components
from watchdog.adapters.stores import build_store, codec
from watchdog.app.compose.daemon_factory import Daemon, ExternalPorts, wire
from watchdog.app.compose.optional_integrations import IntegrationPorts
from watchdog.core.assess import connectivity
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.actions.timings import FaultPoint, no_hook
from watchdog.daemon.approvals.pending import question
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.integrations.change_events import ChangeLog
from watchdog.daemon.runtime.hooks import Hooks
from watchdog.daemon.runtime.supervisor import OnError
from watchdog.daemon.supervision.service_watcher import Sources
from watchdog.daemon.supervision.step_recorder import StepRecorder
from watchdog.daemon.telemetry.aggregate import MinuteAggregator
from watchdog.daemon.telemetry.remote_write import RemoteWriter
from watchdog.domain.notices import Notice
from watchdog.domain.policy import Mode
from watchdog.domain.readings import Bad, Unknown
from watchdog.ports import Clock, Notifier, Platform, Repository, Sample, SignalSource, Store
from watchdog.ports.chat import Conversation, Question
from watchdog.settings import Settings, resolve_names

RENDER_KEY = "WATCHDOG_RENDER_API_KEY"
Asks = Callable[[Notice], Question | None]


@dataclass(slots=True, kw_only=True)
class App(Daemon):
    """A daemon of a configuration, wired and not started."""

    settings: Settings
    minutes: MinuteAggregator
    writer: RemoteWriter | None = None
    recorder: StepRecorder | None = None
    conversation: Conversation | None = None


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
        guard=settings.guard,
        calm_seconds=settings.policy.calm_seconds,
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


def build_repository(settings: Settings, clock: Clock) -> Repository | None:
    """Return the reader of merges and suspect commits; none where neither is asked for.

    Where nothing is changed, auto-deploy is never off because of us, and no merge is passed over.
    """
    if settings.repository is None and all(item.mode is Mode.OBSERVE for item in settings.policy.services.values()):
        return None
    return build_github(settings.secrets.get(GITHUB_TOKEN, ""), settings.endpoints["github"], clock, settings.guard)


def asks_nothing(notice: Notice) -> Question | None:
    """Nobody can answer us."""
    return None


def build_pager(settings: Settings, clock: Clock) -> pagerduty_reader.PagerDutyReader | None:
    """Return who tells what humans did about pages: PagerDuty, with a key to read it."""
    options = _pagerduty(settings)
    return pagerduty_reader.build(options.region, _outside(settings, clock)) if options is not None else None


def _changes(settings: Settings, notifiers: Mapping[str, Notifier]) -> ChangeLog | None:
    """Return where deploys are shown beside pages, if that is asked for."""
    options, pagerduty = _pagerduty(settings), notifiers.get("pagerduty")
    return pagerduty if options is not None and options.changes and isinstance(pagerduty, PagerDuty) else None


def _pagerduty(settings: Settings) -> PagerDutyOptions | None:
    channel = settings.channels.get("pagerduty")
    return channel.options if channel is not None and isinstance(channel.options, PagerDutyOptions) else None


def _outside(settings: Settings, clock: Clock) -> Context:
    """Return the context of what belongs to no service."""
    return Context(clock=clock, endpoints=settings.endpoints, secrets=settings.secrets, guard=settings.guard)


def build_notifiers(settings: Settings, clock: Clock, question: Asks = asks_nothing) -> dict[str, Notifier]:
    """Return every configured channel by name, in the order in which they stand in for each other.

    `question` tells what the people who get a notice are asked.
    """
    context = dataclasses.replace(_outside(settings, clock), question=question)
    return {
        name: NOTIFIERS[channel.kind].build(channel.options, context) for name, channel in settings.channels.items()
    }


def build_sources(
    settings: Settings, clock: Clock, platform: Platform | None, engine: Engine | None = None
) -> list[tuple[str, SignalSource]]:
    """Return every signal with its service, the control targets and the status pages among them."""
    sources = source_maker(settings, clock, platform, engine)
    return [(name, source) for name in (*settings.services, CONTROL, VENDORS) for source in sources(name)]


def source_maker(settings: Settings, clock: Clock, platform: Platform | None, engine: Engine | None = None) -> Sources:
    """Return what makes the sources of a service, of the control targets or of the status pages."""

    def make(name: str) -> Sequence[SignalSource]:
        if name == CONTROL:
            return [ControlTarget(url, wire=ProbeTransport(guard=settings.guard)) for url in settings.policy.control]
        if name == VENDORS:
            return _vendor_sources(settings, clock, platform, engine)
        context = _context(settings, clock, platform, engine, name)
        signals = settings.services[name].signals
        return [SIGNALS[signal.kind].build(own, signal.options, context) for own, signal in signals.items()]

    return make


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
        calm_seconds=settings.policy.calm_seconds if settings.policy.services[name].eyes else 0.0,
        live_commit=live_commit,
        guard=settings.guard,
    )


def _vendor_sources(
    settings: Settings, clock: Clock, platform: Platform | None, engine: Engine | None
) -> list[SignalSource]:
    """Return the status pages, and the dependencies on the platform itself (databases), as vendors."""

    def parts() -> Sequence[Part]:
        services = engine.state.services.values() if engine is not None else ()
        return render_components(item.facts for item in services if item.facts is not None)

    looks = ProbeTransport(guard=settings.guard)
    pages = dict(settings.vendors)
    pages |= {name: one.vendor_status for name, one in settings.dependencies.items() if one.vendor_status is not None}
    found: list[SignalSource] = [
        VendorStatus(
            name,
            url,
            clock,
            role,
            parts if role == "platform" else _chosen(settings, name),
            elsewhere=elsewhere_of(name, settings.endpoints["sentry"]),
            wire=looks,
        )
        for name, url in pages.items()
        for role in [settings.policy.vendors[name].role]
    ]
    for name, dependency in settings.dependencies.items():
        if dependency.render is None:
            continue
        context = dataclasses.replace(
            _outside(settings, clock),
            service=name,
            platform=platform,
            platform_id=dependency.render,
        )
        found.append(build_dependency(name, context))
    return found


def _chosen(settings: Settings, name: str) -> Callable[[], Sequence[Part]]:
    """Return what tells which components of an upstream's page concern us; none chosen: all."""
    one = settings.dependencies.get(name)
    parts = tuple((label,) for label in one.components) if one is not None else ()
    return lambda: parts


def build(
    settings: Settings,
    clock: Clock,
    *,
    on_error: OnError,
    store: Store | None = None,
    hook: FaultPoint = no_hook,
    listeners: Hooks | None = None,
    worker: str = "",
) -> App:
    """Wire a daemon for settings whose names are resolved; `worker` names this start of it."""
    codec.prepare()
    platform = build_platform(settings, clock)
    engines: list[Engine] = []

    def asked(notice: Notice) -> Question | None:
        return question(engines[0].state, engines[0].policy, notice, clock.now()) if engines else None

    notifiers = build_notifiers(settings, clock, asked)
    outside = ExternalPorts(
        clock=clock,
        store=store or build_store(settings.store_url, clock),
        platform=platform,
        notifiers=notifiers,
        readers=IntegrationPorts(
            repository=build_repository(settings, clock),
            tells_commits=settings.repository is not None,
            pager=build_pager(settings, clock),
            changes=_changes(settings, notifiers),
        ),
        names_are_proven=settings.console.names_are_proven,
    )
    listeners = listeners or Hooks()
    minutes = MinuteAggregator()
    daemon = wire(
        settings.policy,
        outside,
        worker=worker or new_worker(),
        sources=lambda engine: source_maker(settings, clock, platform, engine),
        on_error=on_error,
        actuator=lambda platform, store, clock: Actuator(platform, store, clock, hook),
        listeners=listeners,
    )
    engines.append(daemon.engine)
    parts = {part.name: getattr(daemon, part.name) for part in dataclasses.fields(daemon)}
    app = App(settings=settings, minutes=minutes, **parts)
    listen_to_minutes(app)
    record_steps(app)
    return app


def new_worker() -> str:
    """Return a name that no other start has: a restarted process must not share the leases of its own zombie."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def listen_to_minutes(app: App) -> None:
    """Let every sample of a service flow into the one-minute aggregates; while we are blind, no failure is theirs."""

    def sampled(service: str, source: SignalSource, sample: Sample, at: float) -> None:
        if service not in app.settings.policy.services:
            return
        if isinstance(sample.reading, Bad) and connectivity.is_blind(
            app.engine.state, app.engine.policy, app.clock.now()
        ):
            sample = dataclasses.replace(
                sample, reading=Unknown(f"{connectivity.why(app.engine.state)}: {sample.reading.why}")
            )
        app.minutes.add(service, source.name, sample, at)

    app.engine.listeners.sampled.append(sampled)


def record_steps(app: App) -> None:
    """Let every step of the core be recorded for `watchdog lab replay`, unless the configuration says otherwise."""
    record = app.settings.record
    if record.folder is None:
        return
    tape = RecordingWriter(record.folder, app.sharing.worker, record.keep_seconds, record.max_bytes)
    app.recorder = StepRecorder(tape, app.clock, app.metrics)
    app.engine.listeners.recorded.append(app.recorder.taken)

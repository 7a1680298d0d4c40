"""The composition root: settings in, a daemon with wired parts out, nothing started. A test can call it."""

import dataclasses
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

from watchdog.adapters.github import TOKEN as GITHUB_TOKEN
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.notifiers.alertmanager import Alertmanager
from watchdog.adapters.notifiers.channel_options import ChannelOptions
from watchdog.adapters.notifiers.pagerduty import PagerDuty, PagerDutyOptions
from watchdog.adapters.options import Context
from watchdog.adapters.pagers import pagerduty as pagerduty_reader
from watchdog.adapters.platforms import PLATFORMS
from watchdog.adapters.recordings import RecordingWriter
from watchdog.adapters.remedies import actions_of
from watchdog.adapters.remedies.maintenance_mode import MaintenanceOptions
from watchdog.adapters.remedies.options import RemedyOptions
from watchdog.adapters.remedies.restart import RestartOptions
from watchdog.adapters.remedies.scale import ScaleOptions
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
from watchdog.app.compose.running_configuration import recorder
from watchdog.core.assess import connectivity
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.actions.timings import FaultPoint, no_hook
from watchdog.daemon.approvals.pending import question
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.integrations.alert_keeper import AlertKeeping
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
from watchdog.ports import Clock, Notifier, Platform, RemedyAction, Repository, Sample, SignalSource, Store, Withheld
from watchdog.ports.chat import ChatQuestion, Conversation
from watchdog.settings import Settings, resolve_names
from watchdog.settings.rules.required_secrets import RENDER_KEY

Asks = Callable[[Notice], ChatQuestion | None]
Kind = TypeVar("Kind", bound=RemedyOptions)


@dataclass(slots=True, kw_only=True)
class App(Daemon):
    """A daemon of a configuration, wired and not yet started."""

    settings: Settings
    minutes: MinuteAggregator
    writer: RemoteWriter | None = None
    recorder: StepRecorder | None = None
    conversation: Conversation | None = None
    remedies: Mapping[tuple[str, str], RemedyAction] = dataclasses.field(default_factory=dict)

    async def close(self) -> None:
        """Close every connection."""
        for remedy in self.remedies.values():
            await remedy.close()
        # By name: a dataclass with slots is another class than the one that `super()` knows.
        await Daemon.close(self)


def build_platform(settings: Settings, clock: Clock, withheld: Withheld | None = None) -> Platform | None:
    """Return the Render client: it can change services in the modes assist and autonomous, and only GET others.

    About those `withheld` it makes no call.
    """
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
        # The client refuses a writable id outside this set: a fault of the wiring must not reach production.
        all_ids=frozenset(item.platform_id for item in services if item.platform_id),
        guard=settings.guard,
        calm_seconds=settings.policy.calm_seconds,
        withheld=withheld,
        restartable_ids=frozenset(_of_kind(settings, RestartOptions)),
        maintainable_ids=frozenset(_of_kind(settings, MaintenanceOptions)),
        scalable={name: {one.to for one in found} for name, found in _of_kind(settings, ScaleOptions).items()},
    )


def _of_kind(settings: Settings, kind: type[Kind]) -> dict[str, list[Kind]]:
    """Return the options of the remedies of that kind, by the id of the service that has them."""
    ids = {name: settings.policy.services[name].platform_id for name in settings.services}
    found = {
        ids[name]: [each for each in one.remedies if isinstance(each, kind)] for name, one in settings.services.items()
    }
    return {id_: each for id_, each in found.items() if id_ and each}


async def resolve(settings: Settings, clock: Clock) -> Settings:
    """Return the settings with every service's id. Raises ConfigurationError, Temporary or Permanent."""
    if not settings.unresolved:
        return settings
    # A client of its own: which ids the daemon may change is known only after this.
    reader = build_platform(settings, clock)
    if reader is None:
        return settings
    try:
        return resolve_names(settings, await reader.services())
    finally:
        await reader.close()


def build_repository(settings: Settings, clock: Clock) -> Repository | None:
    """Return the reader of merges and suspect commits; None if neither is needed.

    If every service is only observed, auto-deploy is never off because of us, and no merge is held back.
    """
    if settings.repository is None and all(item.mode is Mode.OBSERVE for item in settings.policy.services.values()):
        return None
    # Without a token GitHub still shows public repositories, to 60 requests an hour.
    return build_github(settings.secrets.get(GITHUB_TOKEN, ""), settings.endpoints["github"], clock, settings.guard)


def asks_nothing(notice: Notice) -> ChatQuestion | None:
    """Ask no question: used where no answer can arrive."""
    return None


def build_pager(settings: Settings, clock: Clock) -> pagerduty_reader.PagerDutyReader | None:
    """Return the reader of people's reactions to pages: PagerDuty, with a key to read it."""
    options = _pagerduty(settings)
    return pagerduty_reader.build(options.region, _outside(settings, clock)) if options is not None else None


def _changes(settings: Settings, notifiers: Mapping[str, Notifier]) -> ChangeLog | None:
    """Return the channel that shows deploys beside pages, if the configuration enables it."""
    options, pagerduty = _pagerduty(settings), notifiers.get("pagerduty")
    return pagerduty if options is not None and options.changes and isinstance(pagerduty, PagerDuty) else None


def _alerts(notifiers: Mapping[str, Notifier]) -> AlertKeeping | None:
    """Return the channel whose alerts have to be posted anew, if there is one."""
    alertmanager = notifiers.get("alertmanager")
    return alertmanager if isinstance(alertmanager, Alertmanager) else None


def _pagerduty(settings: Settings) -> PagerDutyOptions | None:
    channel = settings.channels.get("pagerduty")
    return channel.options if channel is not None and isinstance(channel.options, PagerDutyOptions) else None


def _zones(settings: Settings) -> dict[str, tzinfo]:
    """Return the time zone of every channel that names one; a host may have no zone database, and then only UTC."""
    options = {name: channel.options for name, channel in settings.channels.items()}
    named = {name: one.zone for name, one in options.items() if isinstance(one, ChannelOptions)}
    return {name: ZoneInfo(zone) for name, zone in named.items() if zone != "UTC"}


def _outside(settings: Settings, clock: Clock) -> Context:
    """Return the context of adapters that belong to no service."""
    return Context(clock=clock, endpoints=settings.endpoints, secrets=settings.secrets, guard=settings.guard)


def build_remedies(settings: Settings, clock: Clock, platform: Platform | None) -> dict[tuple[str, str], RemedyAction]:
    """Return every remedy that may be tried, by service and name; none of a service in mode observe."""
    outside, services = _outside(settings, clock), settings.policy.services
    return {
        (name, called): action
        for name, service in settings.services.items()
        if services[name].mode is not Mode.OBSERVE
        for options in service.remedies
        for called, action in actions_of(
            options,
            dataclasses.replace(outside, service=name, platform=platform, platform_id=services[name].platform_id),
        ).items()
    }


def build_notifiers(settings: Settings, clock: Clock, question: Asks = asks_nothing) -> dict[str, Notifier]:
    """Return every configured channel by name, in the order in which they replace each other.

    `question` returns the question that a notice puts to its recipients.
    """
    context = dataclasses.replace(_outside(settings, clock), question=question)
    return {
        name: NOTIFIERS[channel.kind].build(channel.options, context) for name, channel in settings.channels.items()
    }


def build_sources(settings: Settings, clock: Clock, platform: Platform | None) -> list[tuple[str, SignalSource]]:
    """Return every signal with its service, including the control targets and the status pages."""
    sources = source_maker(settings, clock, platform)
    return [(name, source) for name in (*settings.services, CONTROL, VENDORS) for source in sources(name)]


def source_maker(settings: Settings, clock: Clock, platform: Platform | None, engine: Engine | None = None) -> Sources:
    """Return the factory of the sources of a service, of the control targets or of the status pages."""

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
        # Read at each probe: the live deploy changes while the source lives.
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
        # Without probes only the platform's events show a failure early: then they are read at the full pace.
        calm_seconds=settings.policy.calm_seconds if settings.policy.services[name].deciding_probes else 0.0,
        live_commit=live_commit,
        guard=settings.guard,
    )


def _vendor_sources(
    settings: Settings, clock: Clock, platform: Platform | None, engine: Engine | None
) -> list[SignalSource]:
    """Return the status pages, and the dependencies on the platform itself (databases), as vendors."""

    # Evaluated at each read: the daemon learns regions and types of the services only while it runs.
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
            # Of the platform, the components of our regions and types count; of an upstream, those its entry names.
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
    """Return the function that names the relevant components of an upstream's page; none named: all."""
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
    withheld: Withheld | None = None,
) -> App:
    """Wire a daemon for settings with an id for every name; `worker` names this start of it.

    `withheld` are the ids that Render has not confirmed yet.
    """
    # Now, not at the first save: that one comes when a site fails, and would be a tenth of a second late.
    codec.prepare()
    platform = build_platform(settings, clock, withheld)
    # The channels need the engine for their questions, and the engine needs the channels: this list closes the circle.
    engines: list[Engine] = []

    def asked(notice: Notice) -> ChatQuestion | None:
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
            alerts=_alerts(notifiers),
        ),
        names_are_proven=settings.console.names_are_proven,
        pages=settings.services_of_pages,
        own_items=settings.own_items,
        zones=_zones(settings),
    )
    listeners = listeners or Hooks()
    remedies = build_remedies(settings, clock, platform)
    minutes = MinuteAggregator()
    daemon = wire(
        settings.policy,
        outside,
        worker=worker or new_worker(),
        sources=lambda engine: source_maker(settings, clock, platform, engine),
        on_error=on_error,
        actuator=lambda platform, store, clock: Actuator(platform, store, clock, hook, remedies=remedies),
        listeners=listeners,
    )
    engines.append(daemon.engine)
    # App extends Daemon: every wired part is carried over by name, later ones included.
    parts = {part.name: getattr(daemon, part.name) for part in dataclasses.fields(daemon)}
    app = App(settings=settings, minutes=minutes, remedies=remedies, **parts)
    listen_to_minutes(app)
    record_steps(app)
    app.sharing.runs = recorder(lambda: app.settings)
    # Computed now, while nothing is probed: with hundreds of services it takes some tenths of a second.
    app.sharing.runs()
    return app


def new_worker() -> str:
    """Return a name unique to this start: a restarted process must not share the leases of its own zombie."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def listen_to_minutes(app: App) -> None:
    """Add every sample of a service to the one-minute aggregates; while the daemon is blind, a failure counts as
    unknown."""

    def sampled(service: str, source: SignalSource, sample: Sample, at: float) -> None:
        # Control targets and status pages are sampled as well: they are no services, and have no availability.
        if service not in app.settings.policy.services:
            return
        # A failure of our own network would count against every service's availability.
        if isinstance(sample.reading, Bad) and connectivity.is_blind(
            app.engine.state, app.engine.policy, app.clock.now()
        ):
            sample = dataclasses.replace(
                sample, reading=Unknown(f"{connectivity.why(app.engine.state)}: {sample.reading.why}")
            )
        app.minutes.add(service, source.name, sample, at)

    app.engine.listeners.sampled.append(sampled)


def record_steps(app: App) -> None:
    """Record every step of the core for `watchdog lab replay`, unless the configuration disables it."""
    record = app.settings.record
    if record.folder is None:
        return
    # The worker names its files: its name is unique to this start, so two workers share a folder, never a file.
    tape = RecordingWriter(record.folder, app.sharing.worker, record.keep, record.max)
    app.recorder = StepRecorder(tape, app.clock, app.metrics)
    app.engine.listeners.recorded.append(app.recorder.taken)

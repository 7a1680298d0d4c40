"""The daemon's inner wiring: policy and external ports (store, platform, channels, sources) in, all parts out.

Rule: it knows no settings, no files and no network, so that a simulation runs exactly this code with ports of its own.
Other timings or another way to settle lost answers come in through `actuator`, never as a flag.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

import structlog

from watchdog import __version__
from watchdog.app.compose.optional_integrations import Beside, IntegrationPorts, beside, noted_readers, suspects_of
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.approvals.announcements import Pages
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.integrations.annotating_notifier import AnnotatingNotifier, handbook_page
from watchdog.daemon.integrations.instrumented import InstrumentedNotifier
from watchdog.daemon.integrations.monitor import IntegrationMonitor
from watchdog.daemon.integrations.registry import IntegrationRegistry
from watchdog.daemon.integrations.suspect_commits import SuspectCommits
from watchdog.daemon.outbox.outbox import Outbox
from watchdog.daemon.outbox.question_receipt import receipt_of
from watchdog.daemon.probing.certificate_watch import CertificateWatch
from watchdog.daemon.probing.scheduler import ProbeScheduler
from watchdog.daemon.runtime.hooks import Hooks
from watchdog.daemon.runtime.loop_lag import LoopLagMonitor
from watchdog.daemon.runtime.supervisor import OnError, Supervisor
from watchdog.daemon.supervision.command_poller import CommandPoller
from watchdog.daemon.supervision.health import Health
from watchdog.daemon.supervision.housekeeping import keep_minutes, keep_vitals
from watchdog.daemon.supervision.lease_manager import LeaseManager
from watchdog.daemon.supervision.probe_coverage import ProbeCoverage
from watchdog.daemon.supervision.service_watcher import ServiceWatcher, Sources, noted_reads
from watchdog.daemon.supervision.step_metrics import StepMetrics
from watchdog.daemon.telemetry.aggregate import MinuteAggregator
from watchdog.daemon.telemetry.feed_hours import FeedHours
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.domain.errors import Displaced, Permanent, Stale, Temporary
from watchdog.domain.incidents import State
from watchdog.domain.notices import Notice
from watchdog.domain.policy import Policy
from watchdog.ports import Clock, Notifier, Platform, Store

SCHEDULER_STOP_SECONDS = 1.0
WRITE_IN_HAND_SECONDS = 16.0
"""With the other limits of a shutdown, well under the 30 s after which Render kills."""
STOP_SECONDS = 5.0

log = structlog.get_logger("watchdog")


@dataclass(frozen=True, slots=True)
class ExternalPorts:
    """The daemon's external ports: everything that it reads, changes or notifies.

    `names_are_proven`: the console has a proxy or a provider, which proves people's names. `pages`: the public status
    pages, with the services of each.
    """

    clock: Clock
    store: Store
    platform: Platform | None
    notifiers: Mapping[str, Notifier]
    readers: IntegrationPorts = field(default_factory=IntegrationPorts)
    names_are_proven: bool = True
    pages: Pages = field(default_factory=dict)
    own_items: Collection[str] = ()  # of the checklists of the configuration
    zones: Mapping[str, tzinfo] = field(default_factory=dict)  # of channels, by name; a channel without one: UTC


@dataclass(slots=True)
class Daemon:
    """A daemon, wired and not yet started."""

    clock: Clock
    supervisor: Supervisor
    metrics: Metrics
    store: Store
    platform: Platform | None
    notifiers: Mapping[str, Notifier]
    outbox: Outbox
    actuator: Actuator
    engine: Engine
    scheduler: ProbeScheduler
    stall: LoopLagMonitor
    meter: StepMetrics
    watches: ServiceWatcher
    sharing: LeaseManager
    commands: CommandPoller
    health: Health
    evidence: ProbeCoverage
    integrations: IntegrationRegistry
    readers: IntegrationPorts
    beside: Beside
    suspects: SuspectCommits | None = None

    def ailment(self) -> str:
        """Return the health problems of this worker and, as far as the store knows, of the others; or an empty text."""
        return "; ".join([why for why in (self.health.health_problem(), *self.sharing.others_ailing) if why])

    async def close(self) -> None:
        """Close every connection."""
        for _, source in self.scheduler.sources():
            await source.close()
        for notifier in self.notifiers.values():
            await notifier.close()
        if self.platform is not None:
            await self.platform.close()
        await self.readers.close()
        await self.store.close()


ActuatorOf = Callable[[Platform | None, Store, Clock], Actuator]


def wire(
    policy: Policy,
    outside: ExternalPorts,
    *,
    worker: str,
    sources: Callable[[Engine], Sources],
    on_error: OnError,
    actuator: ActuatorOf = Actuator,
    listeners: Hooks | None = None,
    chance: random.Random | None = None,
) -> Daemon:
    """Return the daemon of one worker; `worker` is unique to this start."""
    clock, store = outside.clock, outside.store
    listeners = listeners or Hooks()
    metrics = Metrics(__version__)
    supervisor = Supervisor(clock, on_error)
    integrations = IntegrationRegistry(clock)
    readers = noted_readers(outside.readers, integrations)
    # `engine` is bound below: the annotator asks for it only once a notice is sent.
    suspects = suspects_of(readers, clock, lambda: engine)
    notifiers = _notifiers(outside.notifiers, integrations, suspects, lambda: engine.policy.console_url)
    attempted = _noted_attempts(metrics, supervisor, clock, lambda: engine)
    outbox = Outbox(store, notifiers, clock, attempted, aside=policy.plain_channels, zones=outside.zones)
    acting = actuator(outside.platform, store, clock)
    engine = Engine(
        policy=policy,
        store=store,
        clock=clock,
        supervisor=supervisor,
        actuator=acting,
        outbox=outbox,
        listeners=listeners,
    )
    engine.state = State(worker=worker)
    stall = LoopLagMonitor(clock, metrics.loop_lag)
    acting.stood_still = stall.stalled_since
    scheduler = ProbeScheduler(clock, supervisor, metrics, engine.on_samples, stall, chance=chance)
    engine.dispatcher.scheduler = scheduler
    meter = _metered(metrics, policy, listeners)
    health, evidence = Health(engine, outbox, supervisor, clock), ProbeCoverage(engine, scheduler, clock)
    certificates = CertificateWatch(clock, lambda: engine.state, engine.submit, supervisor.spawn)
    listeners.sampled += [health.sampled, evidence.sampled, certificates.sampled]
    listeners.read.append(noted_reads(engine, integrations))
    watches = ServiceWatcher(engine, scheduler, supervisor, clock, outside.platform, sources(engine), integrations)
    return Daemon(
        clock=clock,
        supervisor=supervisor,
        metrics=metrics,
        store=store,
        platform=outside.platform,
        notifiers=notifiers,
        outbox=outbox,
        actuator=acting,
        engine=engine,
        scheduler=scheduler,
        stall=stall,
        meter=meter,
        watches=watches,
        sharing=_sharing(worker, store, engine, clock, watches, health, outbox),
        commands=_commands(outside, engine),
        health=health,
        evidence=evidence,
        integrations=integrations,
        readers=readers,
        beside=beside(readers, suspects, engine, store, clock, listeners),
        suspects=suspects,
    )


def _commands(outside: ExternalPorts, engine: Engine) -> CommandPoller:
    """Return what applies people's commands."""
    return CommandPoller(
        outside.store,
        engine,
        outside.clock,
        names_are_proven=outside.names_are_proven,
        pages=outside.pages,
        own_items=outside.own_items,
    )


def _noted_attempts(
    metrics: Metrics, supervisor: Supervisor, clock: Clock, engine: Callable[[], Engine]
) -> Callable[[str, str, Notice], None]:
    """Return what the outbox calls after each attempt: it counts it, and submits the receipt of a question."""

    # Reported as an event, not written here: when a question was shown is the core's to decide, and to save.
    def attempted(channel: str, outcome: str, notice: Notice) -> None:
        metrics.page(channel, outcome)
        event = receipt_of(channel, outcome, notice, clock.now())
        if event is not None:
            supervisor.spawn("question receipt", engine().submit(event))

    return attempted


def _metered(metrics: Metrics, policy: Policy, listeners: Hooks) -> StepMetrics:
    """Return the keeper of the metrics, subscribed to every step."""
    meter = StepMetrics(metrics, policy)
    listeners.stepped.append(meter.stepped)
    listeners.dropped.append(meter.dropped)
    listeners.store_failed.append(lambda _why: metrics.store_error())
    return meter


def _notifiers(
    given: Mapping[str, Notifier],
    integrations: IntegrationRegistry,
    suspects: SuspectCommits | None,
    console_url: Callable[[], str],
) -> Mapping[str, Notifier]:
    """Return the channels, each wrapped to record its outcomes and to add handbook pages and suspect commits."""
    annotators = (*((suspects.lines,) if suspects is not None else ()), handbook_page(console_url))
    # The annotators are outermost: reading commits is no part of the outcome that is recorded for the channel.
    return {
        name: AnnotatingNotifier(InstrumentedNotifier(one, integrations), annotators) for name, one in given.items()
    }


def _sharing(
    worker: str, store: Store, engine: Engine, clock: Clock, watches: ServiceWatcher, health: Health, outbox: Outbox
) -> LeaseManager:
    def names() -> tuple[str, ...]:
        # Read at each renewal: a reload may have added or removed services.
        return tuple(engine.policy.services)

    begin, end, ailment = watches.begin, watches.end, health.health_problem
    return LeaseManager(
        worker, store, engine, clock, names, begin=begin, end=end, ailment=ailment, renewed=outbox.renewed
    )


async def begin(daemon: Daemon) -> None:
    """Start to watch, to take commands, and the optional integrations."""
    await watch(daemon)
    daemon.supervisor.start("commands", daemon.commands.run)
    for name, run in daemon.beside.items():
        daemon.supervisor.start(name, run)


async def watch(daemon: Daemon) -> None:
    """Open the store, take up our services and start to watch; from memory, while the store fails."""
    # Leases before tasks: the engine must not judge a service that another worker still holds.
    await daemon.sharing.begin()
    # Every worker reads these itself: whether its own network works is no fact to share.
    await daemon.watches.begin((CONTROL, VENDORS))
    start = daemon.supervisor.start
    start("engine", daemon.engine.run)
    start("time", daemon.engine.keep_time)
    start("scheduler", daemon.scheduler.run)
    start("evidence", daemon.evidence.run)
    parts = daemon.engine, daemon.metrics, daemon.sharing, daemon.clock, daemon.platform
    start("integrations", IntegrationMonitor(daemon.integrations, *parts).run)
    start("sharing", daemon.sharing.run)


async def end(daemon: Daemon) -> None:
    """Stop: no new probe, the write in flight finished, all else cancelled and taken up by the next start.

    The last state is saved; the leases are still ours.
    """
    # Marked first: the health endpoint reports `stopping` while the rest takes its time.
    daemon.health.stopping = True
    # Probes end first: no new reading may open an incident that this process will not follow.
    await daemon.supervisor.end("scheduler", SCHEDULER_STOP_SECONDS)
    halted = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WRITE_IN_HAND_SECONDS):
            # A rollback request in flight is finished: cut off, its outcome would be unknown, and the next start must
            # look it up.
            while daemon.actuator.writing:
                await daemon.clock.sleep(0.05)
            await daemon.engine.halt()
            halted = True
    stuck = await daemon.supervisor.stop(STOP_SECONDS)
    if stuck:
        log.warning("tasks did not stop in time", tasks=list(stuck))
    # Displaced or Stale: another worker has saved a newer state meanwhile, and ours must not replace it.
    with contextlib.suppress(Temporary, Permanent, Displaced, Stale):
        # Without a halted engine a step may be half-way: the state in memory is then ahead of the journal.
        if halted:
            await daemon.engine.save_final_state()


def upkeep(daemon: Daemon, minutes: MinuteAggregator) -> None:
    """Start the daemon's own upkeep: loop lag, minute counts, health."""
    start, clock, metrics = daemon.supervisor.start, daemon.clock, daemon.metrics
    start("stall", daemon.stall.run)
    start("minutes", lambda: keep_minutes(minutes, daemon.store, clock, metrics))
    engine = daemon.engine
    start("feed-hours", FeedHours(daemon.store, clock, lambda: engine.state, lambda: engine.held).run)
    start(
        "vitals",
        lambda: keep_vitals(daemon.health, daemon.supervisor, daemon.outbox, daemon.sharing, clock, metrics),
    )

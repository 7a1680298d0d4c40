"""The life of the daemon: take the role, load the store, watch, and stop without dropping a write in flight."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import FrameType
from typing import Any, TextIO

import structlog
from starlette.types import ASGIApp

from watchdog import __version__
from watchdog.adapters.ssrf_transport import GuardedTransport
from watchdog.adapters.stores import role_lock
from watchdog.adapters.stores.lock import RoleLock
from watchdog.app.compose.chat import start_hearing
from watchdog.app.compose.composition import App, build
from watchdog.app.compose.console_mount import with_pages
from watchdog.app.compose.daemon_factory import begin, end, upkeep
from watchdog.app.compose.drill_reminders import keep_drill_reminders
from watchdog.app.compose.periodic_reports import follow_up_keeper, keep_digests, keep_numbers
from watchdog.app.compose.reload import end_refusals, reload_on_demand
from watchdog.app.compose.service_names import ServiceNames, named
from watchdog.app.compose.store_outage import watch_the_record
from watchdog.app.compose.upgrade_check import decide_past_again, is_due
from watchdog.daemon.actions.timings import FaultPoint, no_hook
from watchdog.daemon.http.http_server import HttpServer, private_app
from watchdog.daemon.probing.socket_limit import raise_limit
from watchdog.daemon.runtime.gc_tuning import tune_interpreter
from watchdog.daemon.runtime.sleep import any_set
from watchdog.daemon.supervision.status import status_of
from watchdog.daemon.supervision.step_recorder import StepRecorder
from watchdog.daemon.telemetry import logs, own_errors
from watchdog.daemon.telemetry.exposition import Exposition
from watchdog.daemon.telemetry.heartbeat import Heartbeat, healthchecks, sentry_crons
from watchdog.daemon.telemetry.remote_write import RemoteWriter
from watchdog.domain.errors import ConfigurationError, Mistake, Permanent, Temporary
from watchdog.ports import Clock
from watchdog.settings import Settings
from watchdog.settings.rules.required_secrets import CRONS, HEARTBEAT, WRITE_PASSWORD, WRITE_TOKEN

SENTRY_DSN = "WATCHDOG_SENTRY_DSN"
HTTP_TOKEN = "WATCHDOG_HTTP_TOKEN"
HEARTBEATS = {HEARTBEAT: healthchecks, CRONS: sentry_crons}
STANDBY_SECONDS = 1.0
LAST_WORD_SECONDS = 2.0
BEGIN_AGAIN_SECONDS = 45.0
"""More than the limits of a graceful stop together."""

log = structlog.get_logger("watchdog")


async def run(settings: Settings, clock: Clock, hook: FaultPoint = no_hook) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP reloads a valid configuration and keeps the old one otherwise.

    `hook` is called at the marked points of an action: fault tests end the process there.
    """
    prepare_logs(settings)
    # Before any scheduler is made: it computes from this limit how many probes may run at once.
    raise_limit()
    try:
        await _run(settings, clock, hook)
    finally:
        own_errors.stop()


async def _run(settings: Settings, clock: Clock, hook: FaultPoint) -> None:
    stop, reload = asyncio.Event(), asyncio.Event()
    with heeding({signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: reload}):
        await _hold_the_role(settings, clock, stop, reload, hook)


@contextlib.contextmanager
def heeding(events: Mapping[signal.Signals, asyncio.Event]) -> Iterator[None]:
    """Set an event when its signal arrives, however busy the event loop is.

    `loop.add_signal_handler` would not do: it receives signals through the pipe that also wakes the loop for other
    threads. While the loop is busy, wake-ups of resolver threads fill that pipe, and Python drops the signal.
    """
    loop = asyncio.get_running_loop()

    def handler(event: asyncio.Event) -> Callable[[int, FrameType | None], None]:
        def heed(_number: int, _frame: FrameType | None) -> None:
            # Thread-safe, though this is the loop's own thread: only this call wakes a loop that sleeps in `select`,
            # which Python resumes after a signal (PEP 475).
            loop.call_soon_threadsafe(event.set)

        return heed

    before = {number: signal.signal(number, handler(event)) for number, event in events.items()}
    try:
        yield
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)


async def _hold_the_role(
    settings: Settings, clock: Clock, stop: asyncio.Event, reload: asyncio.Event, hook: FaultPoint
) -> None:
    """Run once no other watchdog holds this store's role, until `stop`."""
    # Before the wait for the role: a standby, too, shows what is doubtful in its configuration.
    for warning in settings.warnings:
        log.warning("configuration", warning=warning)
    lock = role_lock(settings.store_url)
    if not await _take_role(lock, clock, stop):
        return
    # The role before any call to Render: during a deploy of ours two processes run, and only one may act.
    try:
        names = await named(settings, clock)
        while not stop.is_set():
            # Once more when names that were not certain at the start have become so.
            await _live(names, clock, stop, reload, hook)
    finally:
        if lock is not None:
            lock.release()


def prepare_logs(settings: Settings, stream: TextIO | None = None) -> None:
    """Set logs (to stdout, or a stream) and our own error reporting up, with every secret redacted."""
    secrets = tuple(settings.secrets.values())
    as_json = {"auto": None, "json": True, "console": False}[settings.log.format]
    # Secrets are redacted before the first line is logged: even a warning may quote a URL with a key in it.
    logs.configure(level=settings.log.level.upper(), json=as_json, redact=lambda: secrets, stream=stream)
    try:
        own_errors.start(settings.secrets.get(SENTRY_DSN), __version__, redact=lambda: secrets)
    except Permanent:
        how = "copy the DSN from the project's client keys in Sentry"
        raise ConfigurationError((Mistake(SENTRY_DSN, "is not a DSN", how),)) from None


async def _take_role(lock: RoleLock | None, clock: Clock, stop: asyncio.Event) -> bool:
    """Wait until no other watchdog holds this store's role; two processes at once are normal during our own deploy."""
    logged = False
    while lock is not None and not lock.acquire():
        # Once: a standby beside a running daemon waits for days, and asks every second.
        if not logged:
            log.warning("another watchdog holds the store, standing by", process=lock.holder)
            logged = True
        if stop.is_set():
            return False
        await clock.sleep(STANDBY_SECONDS)
    return True


def report_errors(get_app: Callable[[], App | None]) -> Callable[[str, BaseException], None]:
    """Return the function that the supervisor calls when a task fails."""

    def on_error(name: str, error: BaseException) -> None:
        log.error("task failed", task=name, exc_info=error)
        own_errors.report(error)
        app = get_app()
        if app is not None:
            app.metrics.error(name)

    return on_error


def pages_of(app: App) -> ASGIApp | None:
    """Return what the server answers beside metrics and health: /status, the console and the public pages."""
    settings = app.settings
    private = private_app(settings.secrets.get(HTTP_TOKEN, ""), app.clock, lambda: status_now(app))
    return with_pages(app, private) if settings.console.enabled or settings.status_pages else private


def server_of(app: App, private: ASGIApp | None, *, patient: bool = False) -> HttpServer:
    """Return the HTTP server of the daemon, not listening yet; `private` answers every path that it does not know."""
    metrics = app.settings.metrics
    return HttpServer(
        f"{metrics.host}:{metrics.port}",
        Exposition(app.metrics, app.clock),
        app.health.kinds,
        app.supervisor,
        ready=app.health.not_ready,
        degraded=app.health.kinds_degraded,
        private=private,
        hosts=app.settings.hosts,
        patient=patient,
    )


async def _live(
    names: ServiceNames, clock: Clock, stop: asyncio.Event, reload: asyncio.Event, hook: FaultPoint
) -> None:
    """Watch until `stop`, or until Render has said the ids of names that are not certain yet."""
    settings, uncertain = names.settings, not names.certain.is_set()
    # Errors may occur while `build` runs, before there is an app: the list stays empty until then.
    holder: list[App] = []
    on_error = report_errors(lambda: holder[0] if holder else None)
    app = build(settings, clock, on_error=on_error, hook=hook, withheld=names.withheld)
    holder.append(app)
    # Until after `finish` the server answers: a health check sees `stopping`, not a refused connection.
    async with contextlib.AsyncExitStack() as stack:
        if settings.metrics.host is not None:
            # A port that is taken, or the address of a network that is not up yet, is no reason to watch no site.
            server = server_of(app, pages_of(app), patient=True)
            # The server listens before the store is opened: health checks are answered even while the store hangs.
            await stack.enter_async_context(server)
            if server.why_not_listening:
                log.error("not listening, retrying", why=server.why_not_listening)
            else:
                log.info("listening", host=settings.metrics.host, port=server.port)
        recordings = settings.record.folder
        # In a thread: it reads the first line of every recording, on a disk that may be slow.
        upgraded = await asyncio.to_thread(is_due, recordings)
        await start(app)
        # After the start: the hold is an event, and needs the running engine.
        if upgraded and recordings is not None:
            app.supervisor.start("upgrade", lambda: decide_past_again(app, recordings))
        # Refusals of the process before end with this start, since it took the configuration.
        app.supervisor.spawn("refusals", end_refusals(app, app.clock.now()))
        app.supervisor.start("reload", lambda: reload_on_demand(app, reload))
        app.supervisor.start("record", lambda: watch_the_record(app))
        app.supervisor.start("interpreter", lambda: tune_interpreter(app.clock))
        if uncertain:
            app.supervisor.start("names", lambda: names.ask_until_certain(app))
        log.info("watching", version=__version__, process=os.getpid(), services=list(settings.policy.services))
        await any_set(stop, *([names.certain] if uncertain else []))
        log.info("stopping")
        # No platform kills a process that only begins again: one that hangs here would be blind, and ends instead.
        async with asyncio.timeout(None if stop.is_set() else BEGIN_AGAIN_SECONDS):
            await finish(app)


def status_now(app: App) -> dict[str, Any]:
    """Return the current state as this worker knows it."""
    known = status_of(app.engine.state, app.settings.policy, app.engine.held, app.integrations.rows(), app.clock.now())
    return known | {"unwell": app.health.reasons()}


async def start(app: App) -> None:
    """Load the journal and start to watch."""
    if app.recorder is not None:
        app.supervisor.start("recorder", app.recorder.run)
    await begin(app)
    start_hearing(app)
    upkeep(app, app.minutes)
    app.supervisor.start("follow-ups", follow_up_keeper(app).run)
    app.supervisor.start("numbers", lambda: keep_numbers(app))
    app.supervisor.start("digest", lambda: keep_digests(app))
    app.supervisor.start("drills", lambda: keep_drill_reminders(app))
    _start_senders(app)


def _start_senders(app: App) -> None:
    """Start to send metrics and heartbeats, where configured."""
    settings = app.settings
    if settings.metrics.remote_write is not None:
        app.writer = RemoteWriter(
            settings.metrics.remote_write,
            app.clock,
            app.metrics,
            # One label per instance: two workers must not write the same series.
            labels={"job": "watchdog", "instance": os.environ.get("RENDER_INSTANCE_ID") or socket.gethostname()},
            user=settings.metrics.remote_write_user or "",
            password=settings.secrets.get(WRITE_PASSWORD, ""),
            token=settings.secrets.get(WRITE_TOKEN, ""),
            every_seconds=settings.metrics.every,
            transport=GuardedTransport(settings.guard),
            report=partial(app.integrations.tried, "remote write", "Prometheus"),
        )
        app.supervisor.start("remote-write", app.writer.run)
    for variable, made in HEARTBEATS.items():
        url = settings.secrets.get(variable)
        if url:
            switch, guarded = made(url), GuardedTransport(settings.guard)
            heartbeat = Heartbeat(
                switch,
                app.clock,
                app.ailment,
                app.metrics,
                guarded,
                # One worker sends the heartbeat for all: with two senders, a dead worker would go unnoticed.
                speak=lambda: app.sharing.speaks_for_all,
                report=partial(app.integrations.tried, "heartbeat", switch.name),
            )
            app.supervisor.start(f"heartbeat:{switch.name}", heartbeat.run)


async def finish(app: App) -> None:
    """Stop gracefully: save the state, release the leases, record the last steps, send the last metrics."""
    await end(app)
    with contextlib.suppress(Temporary, Permanent):
        # With the incomplete minute: without it every restart would be a gap in the charts.
        await app.store.put_minutes(app.minutes.flush())
    with contextlib.suppress(Temporary, Permanent):
        # Released only after the last state is saved: the next holder reads it at once.
        await app.store.release()
    if app.recorder is not None:
        await _last_steps(app.recorder)
    if app.writer is not None:
        await _last_metrics(app.writer)
    if app.conversation is not None:
        await app.conversation.close()
    await app.close()


async def _last_steps(recorder: StepRecorder) -> None:
    """Record the waiting steps, within two seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORD_SECONDS):
            await recorder.close()


async def _last_metrics(writer: RemoteWriter) -> None:
    """Send the current values, within two seconds: the platform waits for the process to end."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORD_SECONDS):
            await writer.collect()
            await writer.flush()
    await writer.close()

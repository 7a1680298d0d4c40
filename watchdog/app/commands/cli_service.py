"""The command line's work besides `run`: reading the journal, submitting commands, one pass, building parts."""

import asyncio
import contextlib
import dataclasses
import sys
from collections.abc import Mapping
from typing import Any

import structlog

from watchdog.adapters.stores import RoleLock, role_lock, shown_url
from watchdog.app.commands.store_reading import reading
from watchdog.app.compose.composition import App, build, build_platform, build_sources, resolve
from watchdog.app.compose.daemon_run import prepare_logs, report_errors
from watchdog.app.compose.service_names import named
from watchdog.daemon.approvals.command_client import submit_and_wait
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.events import DeploysListed, DeploysUnread
from watchdog.domain.incidents import Incident, Phase
from watchdog.domain.readings import Unknown
from watchdog.domain.reports import SignalReport
from watchdog.domain.store_records import Command
from watchdog.ports import Clock, Sample
from watchdog.presentation.situation import Situation, situation
from watchdog.settings import Settings

SETTLED = (Phase.CALM, Phase.PAGED, Phase.ASKING, Phase.SUSPECT)
ACTS = ("rollback", "undo", "approve")
"""Commands that begin a rollback: without a daemon this process stays until recovery is verified."""
BY_HAND_SECONDS = 1500.0
"""How long a manual rollback without a daemon is followed: longer than the daemon itself would wait."""
LAST_EFFECTS_SECONDS = 60.0
"""How long this process then waits for notices, and for auto-deploy to be restored; the next start does the rest."""

log = structlog.get_logger("watchdog")


async def once(settings: Settings) -> list[SignalReport]:
    """Read every signal once, with the control targets and status pages."""
    clock = SystemClock()
    settings = await resolve(settings, clock)
    platform = build_platform(settings, clock)
    sources = build_sources(settings, clock, platform)
    try:
        reports = []
        for service, source in sources:
            # A source may have nothing to report yet, as an error count before its first full minute.
            samples = await source.read() or (Sample(Unknown("no reading")),)
            name = {CONTROL: "control", VENDORS: "status"}.get(service, service)
            last = samples[-1]
            reports.append(SignalReport(name, source.name, last.reading, last.latency_seconds))
        return reports
    finally:
        for _, source in sources:
            await source.close()
        if platform is not None:
            await platform.close()


async def command(settings: Settings, name: str, arguments: Mapping[str, Any], by: str) -> Command:
    """Let the daemon apply a command and return its answer; without a daemon, take the role and apply it here.

    Raises Temporary if a daemon has the role and does not answer.
    """
    # Taking the lock is the test for a daemon: with its own lock held, no daemon can start half-way through.
    clock = SystemClock()
    lock = role_lock(settings.store_url)
    if lock is not None and lock.acquire(by_command=True):
        try:
            return await _apply_here(settings, clock, lock, name, arguments, by)
        finally:
            lock.release()
    # Also without a lock, as on PostgreSQL: there leases decide which worker acts, and a command takes none over.
    async with reading(settings, clock, outdated=True) as store:
        return await submit_and_wait(store, clock, name, arguments, by)


async def _apply_here(
    settings: Settings, clock: Clock, lock: RoleLock, name: str, arguments: Mapping[str, Any], by: str
) -> Command:
    """Run just enough of the daemon for one command, through the same journal and protocol."""
    # To stderr: stdout carries the command's answer.
    prepare_logs(settings, stream=sys.stderr)
    # At once, as a rollback takes minutes: on another machine the same configuration names another file.
    log.warning("no daemon holds this store, acting without one", command=name, store=shown_url(settings.store_url))
    # A pause needs no Render: while that cannot say which services are meant, the command goes without their deploys.
    names = await named(settings, clock)
    app = build(names.settings, clock, on_error=report_errors(lambda: None), withheld=names.withheld)
    try:
        # Lease first: the engine persists nothing for services that this worker does not hold.
        await app.sharing.renew()
        app.supervisor.start("engine", app.engine.run)
        # The guards judge by the deploy list, and no probe loop has read one in this process.
        await _tell_deploys(app)
        command_id = await app.store.submit(name, arguments, by)
        # Applied directly: the poller runs only while a rollback is followed.
        await app.commands.apply_all()
        answered = await app.store.command(command_id)
        if answered is None:
            raise Permanent("the command vanished from the journal")
        # The incident is looked up before following it: at its end the service may have another one.
        if answered.ok and name in ACTS:
            incident_id = arguments["incident"] if name == "approve" else await _begun(app, arguments)
            await _follow(app, lock)
            return _with_outcome(answered, await app.store.incident(incident_id))
        await _last_effects(app)
        # In the answer, too: people on another machine than the daemon's would take its "PAUSED" for the daemon's.
        alone = f"no daemon runs on {shown_url(settings.store_url)}, and one elsewhere learns nothing of this"
        return dataclasses.replace(answered, answer=f"{answered.answer}; {alone}")
    finally:
        # Halt before stopping tasks: a step in progress is saved, and no new one begins.
        await app.engine.halt()
        await app.supervisor.stop(5.0)
        with contextlib.suppress(Temporary, Permanent):
            await app.engine.save_final_state()
        await app.close()


async def _begun(app: App, arguments: Mapping[str, Any]) -> str:
    """Return the incident that a manual rollback, or an undo, has just begun."""
    undone = await app.store.incident(arguments["incident"]) if "incident" in arguments else None
    incident = app.engine.state.services[undone.service if undone else arguments["service"]].incident
    assert incident is not None, "a rollback by hand that was not refused has one"
    return incident.id


def _with_outcome(answered: Command, incident: Incident | None) -> Command:
    """Return the answer with the outcome: without a daemon no later notice reports it."""
    if incident is not None and situation(incident) is Situation.SCHEDULED:
        return dataclasses.replace(answered, answer=f"{answered.answer}; a watchdog has to run by then")
    if incident is None or incident.rollback.verified_at is not None:
        outcome = incident.rollback.verification if incident is not None else ""
        return dataclasses.replace(answered, answer="; ".join(filter(None, (answered.answer, outcome))))
    why = incident.human_needed or incident.outcome or f"not proved yet; see {command_line('explain', incident.id)}"
    return dataclasses.replace(answered, ok=False, answer=why, exit_code=1)


async def _tell_deploys(app: App) -> None:
    """Submit the current deploys of every service to the core."""
    for name, service_policy in app.settings.policy.services.items():
        if app.platform is None or service_policy.platform_id is None:
            continue
        try:
            at = app.clock.now()
            facts = await app.platform.facts(service_policy.platform_id)
            deploys = tuple(await app.platform.deploys(service_policy.platform_id))
            await app.engine.submit_and_wait(DeploysListed(at, name, deploys, facts))
        except (Temporary, Permanent) as error:
            # Submitted as well: the refusal of the command then names the reason why no list is known.
            await app.engine.submit_and_wait(DeploysUnread(app.clock.now(), name, str(error)))


async def _follow(app: App, lock: RoleLock) -> None:
    """Follow a manual rollback until it is verified or left to a person, since no daemon does.

    Commands of others are answered meanwhile: for minutes this process alone could stop, acknowledge or pause.
    """
    app.supervisor.start("commands", app.commands.run)
    # Only now: an annotation waits for the answer of a holder that is not marked as a command.
    lock.write_holder()
    try:
        await _until_settled(app)
        await _last_effects(app)
    except asyncio.CancelledError:
        how = f"Render goes on; the next `{command_line('run')}` follows it"
        log.warning("interrupted, no process follows the rollback now", next=how)
        raise
    finally:
        await app.supervisor.end("commands")
        lock.write_holder(by_command=True)


async def _until_settled(app: App) -> None:
    """Watch every service until none is in an action, or until BY_HAND_SECONDS are over."""
    # Control targets and status pages as well: verification must tell a dead site from a dead network.
    await app.watches.begin((CONTROL, VENDORS))
    app.supervisor.start("time", app.engine.keep_time)
    app.supervisor.start("scheduler", app.scheduler.run)
    app.supervisor.start("stall", app.stall.run)
    give_up = app.clock.monotonic() + BY_HAND_SECONDS
    while app.clock.monotonic() < give_up:
        if all(service.phase in SETTLED or service.is_kept for service in app.engine.state.services.values()):
            break
        await app.clock.sleep(0.5)


async def _last_effects(app: App) -> None:
    """Wait for the effects of the command: a notice, auto-deploy to be restored."""
    give_up = app.clock.monotonic() + LAST_EFFECTS_SECONDS
    while app.clock.monotonic() < give_up and await app.store.pending():
        await app.clock.sleep(0.2)

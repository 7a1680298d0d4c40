"""SIGHUP: a new configuration is applied at run time if it is valid and needs no restart; else the old one stays."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import structlog

from watchdog.app.compose.composition import App, resolve, source_maker
from watchdog.app.compose.safety_diff import changes, loosened
from watchdog.background import run_in_background
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.supervision.service_watcher import Sources
from watchdog.domain.errors import ConfigurationError, Mistake, Permanent, Temporary
from watchdog.domain.events import IntegrationJudged
from watchdog.domain.incidents import State
from watchdog.domain.integrations import CONFIGURATION, Integration, Standing
from watchdog.domain.policy import Mode
from watchdog.settings import Settings
from watchdog.settings.load.load import load

REFUSED = "reload refused, keeping the previous configuration"
HALF_TAKEN = "reload failed half-way, configuration partly applied"
HOW_TO_APPLY = "restart the watchdog (after the incident, if one is open)"
LINES_MAX = 20
"""Mistakes or changes shown; the others follow once these are corrected."""

log = structlog.get_logger("watchdog")


async def reload_on_demand(app: App, reload: asyncio.Event) -> None:
    """Reload on every request, for ever; people are notified of a refusal, and of its end.

    Refusals are kept in the state that all workers share, so that the next start can end them as well.
    """
    while True:
        await reload.wait()
        # Cleared before loading: a second SIGHUP during the load must load again.
        reload.clear()
        refused, now = await reload_settings(app), app.clock.now()
        if refused:
            await app.engine.submit(_refusal(refused, now))
        else:
            # Not awaited: it waits as long as the store is away, and the next SIGHUP must be heard meanwhile.
            app.supervisor.spawn("refusals", end_refusals(app, now))


async def end_refusals(app: App, taken_at: float) -> None:
    """End each refusal older than a configuration in force, taken by a reload or by a start.

    At a start it waits for the store and the first load, which has the refusals of the process before. A worker without
    any service reads the shared state as well.
    """
    await app.sharing.in_step.wait()
    before = [one.integration(key) for key, one in app.engine.state.failing.items() if one.at <= taken_at]
    for one in before:
        if one.kind == CONFIGURATION:
            now = app.clock.now()
            await app.engine.submit(IntegrationJudged(now, Integration(one.kind, one.name, Standing.OK, now)))


def _refusal(why: str, at: float) -> IntegrationJudged:
    # Without its zone: `isoformat` would write +00:00 in front of the word UTC.
    moment = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    # Milliseconds in the name: two refusals within a second are two pages.
    name = f"{moment.isoformat(' ', 'milliseconds')} UTC"
    mistakes = "; ".join(why.splitlines()[:LINES_MAX])
    return IntegrationJudged(at, Integration(CONFIGURATION, name, Standing.REFUSED, at, why=mistakes))


async def reload_settings(app: App) -> str:
    """Apply a new configuration if it is valid, loosens nothing and needs no restart; else return the reason."""
    try:
        return await _reload(app)
    except (ConfigurationError, Temporary, Permanent) as error:
        log.error(REFUSED, mistakes=str(error))
        return str(error)
    # Any fault here is ours, and must not end the daemon: the old configuration still watches.
    except Exception as error:
        log.error(REFUSED, exc_info=error)
        return f"the watchdog failed to apply it, an internal error ({type(error).__name__}): {HOW_TO_APPLY}"


async def _reload(app: App) -> str:
    # In a thread: parsing a large YAML file takes longer than a probe may be late.
    read = await run_in_background(_read, app.settings.path)
    # Ids before the comparison: the same name with another id is another service on the platform.
    fresh = await resolve(read, app.clock)
    different = changes(app.settings, fresh)[:LINES_MAX]
    why = needs_restart(app.settings, fresh, app.engine.state)
    if why:
        log.error(REFUSED, why=f"{why}: {HOW_TO_APPLY}", changes=different)
        return f"{why}: {HOW_TO_APPLY}"
    half = await _put_or_undo(app, fresh)
    if half:
        return half
    log.info("configuration reloaded", services=list(fresh.policy.services), changes=different)
    await _take_up_at_once(app)
    return ""


def _read(path: Path | None) -> Settings:
    # A pipe or a terminal may never answer, and the console waits for the same thread.
    if path is not None and path.exists() and not path.is_file():
        what, instead = "no longer a file", "start the watchdog with -c and a file that it can read again"
        raise ConfigurationError((Mistake(path.name, what, instead),))
    return load(path, dict(os.environ), Path.cwd())


async def _put_or_undo(app: App, fresh: Settings) -> str:
    """Apply a configuration; if that fails, restore the previous one and raise. If both fail, return a text saying
    so."""
    # Kept before anything changes: restoring needs the old factory as well.
    before, sources = app.settings, app.watches.sources
    try:
        await _put(app, fresh, source_maker(fresh, app.clock, app.platform, app.engine))
    except Exception as error:
        try:
            await _put(app, before, sources)
        except Exception as again:
            log.error(HALF_TAKEN, exc_info=error)
            log.error(HALF_TAKEN, exc_info=again)
            why = f"{type(error).__name__}, then {type(again).__name__}"
            return f"{HALF_TAKEN}: the change and its undoing both failed ({why}): restart the watchdog"
        raise
    return ""


async def _take_up_at_once(app: App) -> None:
    """Take up new services now; if that fails, the next lease renewal retries."""
    try:
        await app.sharing.renew()
    # The configuration is in force already: a failure here is no refusal.
    except Exception as error:
        log.warning("new services start at the next lease renewal", exc_info=error)


async def _put(app: App, settings: Settings, sources: Sources) -> None:
    """Apply a configuration: its policy, and its probes instead of the previous ones."""
    app.settings = settings
    app.engine.policy = settings.policy
    app.meter.set_policy(settings.policy)
    app.watches.sources = sources
    # A service that the new configuration lacks stays held until the next renewal; it gets no probes here.
    held = [name for name in app.engine.held if name in settings.policy.services]
    # Probes last: from their first sample on, the engine judges by the new policy.
    await app.watches.again((*held, CONTROL, VENDORS))


FIXED = (
    "store_url",
    "endpoints",
    "private_hosts",
    "channels",
    "metrics",
    "console",
    "status_pages",
    "checklists",
    "repository",
    "log",
    "record",
)
"""Settings that a reload cannot change."""


def needs_restart(old: Settings, new: Settings, state: State) -> str:
    """Return the first change that needs a restart, or an empty text. More rights to act always need one."""
    why = _other_services(old, new) or _strands_an_incident(new, state)
    if why:
        return why
    for what in FIXED:
        if getattr(old, what) != getattr(new, what):
            return f"{what} changed"
    # Clients and channels were built with the old secrets, and keep them.
    if dict(old.secrets) != dict(new.secrets):
        return "a secret changed"
    looser = loosened(old, new)
    return f"safety would be loosened ({'; '.join(looser[:LINES_MAX])})" if looser else ""


def _other_services(old: Settings, new: Settings) -> str:
    """Return the change that makes a name another service, or changes its rights; the client got its rights at the
    start."""
    for name, now in new.policy.services.items():
        was = old.policy.services.get(name)
        # A new service counts as observed before: the client in use has no right to change it.
        observed = was is None or was.mode is Mode.OBSERVE
        if was is not None and was.platform_id != now.platform_id:
            return f"{name} would be another service on the platform ({was.platform_id} -> {now.platform_id})"
        if observed and now.mode is not Mode.OBSERVE:
            return f"{name} may be changed now and was only observed"
        if not observed and now.mode is Mode.OBSERVE:
            return f"{name} would only be observed, and the client in use can still change it"
    return ""


def _strands_an_incident(new: Settings, state: State) -> str:
    """Return the open incident that the new configuration could no longer follow."""
    for name, service in state.services.items():
        incident = service.incident
        if incident is None or incident.closed_at is not None:
            continue
        service_policy = new.policy.services.get(name)
        if service_policy is None:
            return f"{incident.id} is open and its service {name} would be gone"
        # Without that signal the other checks would prove a recovery while this one may still fail.
        lost = [item.signal for item in incident.findings if service_policy.signal(item.signal) is None]
        if lost:
            return f"{incident.id} is open and the signal {lost[0]} of {name}, which it judges, would be gone"
    return ""

"""Live queries of the command line: checks, deploys, the plan of a rollback, channels.

Rule: nothing here changes production; a manual rollback is only *planned* here, by the same pure core.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from watchdog.adapters.platforms import PLATFORMS
from watchdog.adapters.stores import is_postgres
from watchdog.app.commands.seen_daemon import seen_daemon
from watchdog.app.commands.store_reading import reading
from watchdog.app.compose.composition import (
    build_notifiers,
    build_pager,
    build_platform,
    build_repository,
    build_sources,
    resolve,
)
from watchdog.core.assess.rollback_target import TargetQuery, choose_target
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.docs.places import VARIABLES
from watchdog.domain.code_comparison import Comparison
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Decision, TargetChoice
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import ConfigurationError, Gone, Mistake, Outdated, Permanent, Temporary, WatchdogError
from watchdog.domain.events import DeploysListed
from watchdog.domain.incidents import Incident, ServiceState, State
from watchdog.ports import GroupsServices, Notifier, Platform, Repository, SignalSource
from watchdog.presentation.rollback_plan import planned, planned_undo
from watchdog.settings import Settings
from watchdog.settings.check.check import CheckResult, Clients, live_checks
from watchdog.settings.check.check_clock import clock_result
from watchdog.settings.check.check_dependencies import check_dependencies
from watchdog.settings.check.check_oidc import check_oidc
from watchdog.settings.check.check_result import CheckOutcome, Job
from watchdog.settings.check.check_sentry import check_sentry
from watchdog.settings.check.check_store import check_store
from watchdog.settings.load.build import ENDPOINTS
from watchdog.settings.load.secrets import read_dotenv, read_secrets
from watchdog.settings.rules.required_secrets import RENDER_KEY

OFFLINE = (
    "this machine must reach it directly, proxies are not used; to write a configuration without Render: "
    f"{command_line('init', '--site', 'https://…')}"
)
MANY_SERVICES = 3
"""From this number on, services are grouped by their projects and environments."""
INCIDENTS_MAX = 500
"""So many incidents show which services fail together: those of some months."""
COMPARE_SECONDS = 5.0
"""The timeout of a comparison of commits: `explain` is read during incidents, and works without it."""


async def check(settings: Settings) -> Sequence[CheckResult]:
    """Run every live check once, and return the results."""
    state, incidents, unread = await _recorded(settings)
    # A name that cannot be resolved is reported by the check of the key, or of that service.
    with suppress(WatchdogError):
        settings = await resolve(settings, SystemClock())
    platform = build_platform(settings, SystemClock())
    async with AsyncExitStack() as open_things:
        if platform is not None:
            open_things.push_async_callback(platform.close)
        channels, wrong = _channels(settings)
        wrong = [*wrong, *unread]
        repository = build_repository(settings, SystemClock())
        if repository is not None:
            open_things.push_async_callback(repository.close)
        sources = build_sources(settings, SystemClock(), platform)
        for one in channels.values():
            open_things.push_async_callback(one.close)
        for _, source in sources:
            open_things.push_async_callback(source.close)
        world = world_of(settings, state, platform, channels, sources, repository, incidents, wrong)
        results = await live_checks(settings, world)
        # Only now: the platform's clock is known by the answers to the checks.
        return [*results, *clock_result(platform)]


def _channels(settings: Settings) -> tuple[Mapping[str, Notifier], Sequence[tuple[str, Job]]]:
    """Return the channels that can be built, and a failing check with the reason for each other one."""
    channels: dict[str, Notifier] = {}
    wrong: list[tuple[str, Job]] = []
    for name, adapter in settings.channels.items():
        try:
            # One at a time: a malformed token of one channel must not keep the others from being checked.
            channels |= build_notifiers(dataclasses.replace(settings, channels={name: adapter}), SystemClock())
        except WatchdogError as error:
            wrong.append((f"channel {name}", partial(_raised, error)))
    return channels, wrong


async def _raised(error: WatchdogError) -> Sequence[CheckResult]:
    raise error


async def deploys(settings: Settings, service: str) -> tuple[Sequence[Deploy], TargetChoice | None]:
    """Return the deploys, and the target of a rollback now."""
    settings, state = await _as_it_runs(settings)
    async with _open_platform(settings, service) as (settings, platform, platform_id):
        found = await platform.deploys(platform_id)
    return found, target_now(settings, state, service, found)


async def plan(settings: Settings, service: str, to: str | None, blamed: str | None = None) -> tuple[Decision, Deploy]:
    """Return the decision of a manual rollback now, and the live deploy. Raises Refused with the guard's reason, or
    where the `blamed` deploy is not live any more."""
    settings, state = await _as_it_runs(settings)
    settings, listed = await _listed(settings, service)
    decision, live = planned(settings.policy, state, listed, to, blamed), live_deploy(listed.deploys)
    assert live is not None, "refused without one"
    return decision, live


async def plan_undo(settings: Settings, incident: Incident) -> tuple[Decision, str]:
    """Return the decision of an undo now, and its text. Raises Refused with the reason."""
    settings, state = await _as_it_runs(settings)
    settings, listed = await _listed(settings, incident.service)
    return planned_undo(settings.policy, state, listed, incident)


async def compare(settings: Settings, repo: str, base: str, head: str) -> Comparison:
    """Compare two commits in the repository. Raises Temporary after a few seconds."""
    repository = build_repository(settings, SystemClock())
    if repository is None:
        raise Permanent("no repository is configured: write repository: github")
    try:
        async with asyncio.timeout(COMPARE_SECONDS):
            return await repository.compare(repo, base, head)
    except TimeoutError:
        raise Temporary(f"the repository did not answer in {COMPARE_SECONDS:.0f} s") from None
    finally:
        await repository.close()


@asynccontextmanager
async def notifiers(settings: Settings) -> AsyncIterator[Mapping[str, Notifier]]:
    """Open the channels, and close them at the end."""
    channels = build_notifiers(settings, SystemClock())
    try:
        yield channels
    finally:
        for channel in channels.values():
            await channel.close()


async def services(
    environ: Mapping[str, str], cwd: Path, base_url: str | None
) -> tuple[Sequence[ServiceFacts], Mapping[str, str]]:
    """Return the services that the key can see, and the group of each service, if the key may read groups.

    A failure for now names the host that was asked.
    """
    from_file, mistakes, _ = read_dotenv(cwd)
    secrets, more = read_secrets({**from_file, **environ})
    if mistakes or more:
        raise ConfigurationError((*mistakes, *more))
    if RENDER_KEY not in secrets:
        how = "create a key (Render: Account Settings, API Keys) and set the variable, or put it into .env"
        raise ConfigurationError((Mistake(RENDER_KEY, "not set", how),), place=VARIABLES)
    address = (base_url or ENDPOINTS["render"]).rstrip("/")
    # No writable id: this client can only GET, whatever happens below.
    client = PLATFORMS["render"](
        secrets[RENDER_KEY],
        address,
        SystemClock(),
        writable_ids=frozenset(),
        all_ids=frozenset(),
    )
    try:
        found = await client.services()
        groups: Mapping[str, str] = {}
        if len(found) >= MANY_SERVICES and isinstance(client, GroupsServices):
            # Groups only sort the services: the list is useful without them.
            with suppress(Temporary, Permanent):
                groups = await client.groups()
        return found, groups
    except Temporary as error:
        why = f"{error} at {urlsplit(address).hostname}: {OFFLINE}"
        raise Temporary(why, retry_after_seconds=error.retry_after_seconds) from None
    finally:
        await client.close()


def world_of(
    settings: Settings,
    state: State,
    platform: Platform | None,
    channels: Mapping[str, Notifier],
    sources: Sequence[tuple[str, SignalSource]],
    repository: Repository | None = None,
    incidents: Sequence[Incident] = (),
    extra: Sequence[tuple[str, Job]] = (),
) -> Clients:
    """Return the input of a live check: signals, control targets and status pages apart, and the rollback target."""
    return Clients(
        platform=platform,
        repository=repository,
        channels=channels,
        signals={f"{name}/{source.name}": source for name, source in sources if name not in (CONTROL, VENDORS)},
        controls={source.name: source for name, source in sources if name == CONTROL},
        pages={source.name: source for name, source in sources if name == VENDORS},
        target=lambda name, deploys, _: target_now(settings, state, name, deploys),
        extra=(
            ("store", lambda: check_store(settings)),
            ("console.oidc", lambda: check_oidc(settings, SystemClock())),
            ("sentry", lambda: check_sentry(settings, SystemClock(), platform)),
            ("pager", lambda: _check_pager(settings)),
            ("dependencies", lambda: check_dependencies(settings, incidents)),
            *extra,
        ),
    )


async def _check_pager(settings: Settings) -> Sequence[CheckResult]:
    """Check the key that reads the pager, if there is one."""
    pager = build_pager(settings, SystemClock())
    if pager is None:
        return []
    name = f"{pager.name}, who responded"
    try:
        return [CheckResult(name, CheckOutcome.OK, await pager.check())]
    except (Temporary, Permanent) as error:
        return [CheckResult(name, CheckOutcome.FAIL, str(error), "see the reason")]
    finally:
        await pager.close()


async def _resolved(settings: Settings) -> tuple[Settings, Platform | None]:
    """Return the settings with ids resolved, and a Render client if there is a key."""
    clock = SystemClock()
    settings = await resolve(settings, clock)
    return settings, build_platform(settings, clock)


async def _as_it_runs(settings: Settings) -> tuple[Settings, State]:
    """Return the settings with the modes in force, and the state that the daemon saved last, or an empty one."""
    # Before the first start there is no store: then nothing is deny-listed, paused or held.
    with suppress(Gone):
        async with reading(settings) as store:
            daemon = await seen_daemon(settings, store)
            return dataclasses.replace(settings, policy=daemon.policy), await store.load() or State()
    return settings, State()


async def _recorded(settings: Settings) -> tuple[State, Sequence[Incident], Sequence[tuple[str, Job]]]:
    """Return the state that the daemon saved last, its newest incidents, and a failing check if a file cannot be read;
    of a database, check_store.py says that.
    """
    try:
        async with reading(settings) as store:
            return await store.load() or State(), await store.incidents(INCIDENTS_MAX), ()
    # The next start of the daemon makes or migrates it.
    except (Gone, Outdated):
        return State(), (), ()
    except (Temporary, Permanent) as error:
        found = () if is_postgres(settings.store_url) else (("store", partial(_raised, error)),)
        return State(), (), found


@asynccontextmanager
async def _open_platform(settings: Settings, service: str) -> AsyncIterator[tuple[Settings, Platform, str]]:
    settings, platform = await _resolved(settings)
    if platform is None:
        raise Permanent(f"deploys cannot be read without a key: set {RENDER_KEY}")
    try:
        platform_id = settings.policy.services[service].platform_id
        if platform_id is None:
            raise Permanent(f"{service} is not on Render: add services.{service}.render")
        yield settings, platform, platform_id
    finally:
        await platform.close()


async def _listed(settings: Settings, service: str) -> tuple[Settings, DeploysListed]:
    """Return the platform's current list for a service, and the settings with its id."""
    async with _open_platform(settings, service) as (settings, platform, platform_id):
        facts = await platform.facts(platform_id)
        found = tuple(await platform.deploys(platform_id))
    return settings, DeploysListed(SystemClock().now(), service, found, facts)


def target_now(settings: Settings, state: State, service: str, deploys: Sequence[Deploy]) -> TargetChoice:
    """Return the target of a rollback of the live deploy, by our own record of healthy deploys."""
    live = live_deploy(deploys)
    if live is None:
        return TargetChoice(None, "the platform names no live deploy")
    known = state.services.get(service) or ServiceState(service, watching_since=SystemClock().now())
    return choose_target(
        TargetQuery(
            deploys=deploys,
            suspect=live,
            change=live,
            configuration=False,
            denied=state.denied,
            blamed=state.blamed,
            undone=known.undone,
            observed_healthy_seconds=known.observed_healthy_seconds,
            watching_since=known.watching_since,
            limits=settings.policy.verification,
        )
    )

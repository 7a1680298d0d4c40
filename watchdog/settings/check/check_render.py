"""Render, as `watchdog check --live` tries it: the key, each service, and its present rollback target."""

import asyncio
from collections.abc import Sequence
from functools import partial

from watchdog.adapters.signals.options import ProbeOptions
from watchdog.core.assess import maintenance
from watchdog.core.fold.served_versions import is_of
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import Forbidden, MissingPermission, WatchdogError
from watchdog.ports import Platform, Repository
from watchdog.settings.check.check_permissions import check_permissions
from watchdog.settings.check.check_result import CheckOutcome, CheckResult, Clients, Job
from watchdog.settings.model.settings import Settings
from watchdog.settings.schema.schema import PLATFORM_ID


def render_jobs(settings: Settings, clients: Clients) -> list[tuple[str, Job]]:
    """Return the checks, each with its name: the key and its permissions, each service, each dependency on Render.

    They run side by side, and each has a deadline of its own: one that fails hides no other.
    """
    platform, on_render = clients.platform, [name for name, one in settings.services.items() if one.render]
    if platform is None:
        return [("render key", _without_a_key)] if on_render else []
    listed = _Listed(platform)
    jobs: list[tuple[str, Job]] = [("render key", lambda: _key(settings, platform, listed))]
    jobs += [(f"service {name}", partial(_service, settings, clients, platform, name, listed)) for name in on_render]
    for name, dependency in settings.dependencies.items():
        if dependency.render:
            jobs.append((f"dependency {name}", partial(_dependency, platform, name, dependency.render)))
    return jobs


class _Listed:
    """The services that the key can see, read once for all checks."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._lock = asyncio.Lock()
        self._found: Sequence[ServiceFacts] | WatchdogError | None = None

    async def services(self) -> Sequence[ServiceFacts]:
        """Return them. Raises the error of the platform."""
        # All checks start at once; the lock makes the first one read while the others wait for its result.
        async with self._lock:
            if self._found is None:
                try:
                    self._found = await self._platform.services()
                except WatchdogError as error:
                    # The error is kept as well: twenty services would otherwise send twenty requests that fail.
                    self._found = error
        if isinstance(self._found, WatchdogError):
            raise self._found
        return self._found


async def _without_a_key() -> Sequence[CheckResult]:
    fix = "set WATCHDOG_RENDER_API_KEY"
    return [CheckResult("render key", CheckOutcome.WARN, "not set: no deploy is seen, blame stays unknown", fix)]


async def _key(settings: Settings, platform: Platform, listed: _Listed) -> Sequence[CheckResult]:
    """Try the key, then its read permissions; a key that is refused altogether has no permissions to try."""
    # Names are resolved by the list of services, so only ids help where that list is refused.
    known = [one.render for one in settings.services.values() if one.render and PLATFORM_ID.fullmatch(one.render)]
    try:
        found = await listed.services()
    except MissingPermission as error:
        works = CheckResult("render key", CheckOutcome.OK, "works; what it may read stands below")
        # The key works, though it may not list services; an id from the configuration serves for the other trials.
        return [works, *await check_permissions(settings, platform, next(iter(known), None), error)]
    except WatchdogError as error:
        fix = "create a key (Render: Account Settings, API Keys) and set WATCHDOG_RENDER_API_KEY"
        return [CheckResult("render key", CheckOutcome.FAIL, str(error), fix)]
    written = {one.render for one in settings.services.values()}
    one = next((facts.id for facts in found if {facts.id, facts.name} & written), next(iter(known), None))
    works = CheckResult("render key", CheckOutcome.OK, f"works; sees {len(found)} services")
    return [works, *await check_permissions(settings, platform, one, None)]


async def _service(
    settings: Settings, clients: Clients, platform: Platform, name: str, listed: _Listed
) -> Sequence[CheckResult]:
    written = settings.services[name].render or ""
    place = f"service {name}"
    try:
        found = await listed.services()
    except WatchdogError as error:
        if isinstance(error, Forbidden) and not isinstance(error, MissingPermission):
            return []  # the row of the key says so
        unseen = CheckResult(place, CheckOutcome.WARN, f"cannot be looked up: {error}", "see the render key above")
        if not PLATFORM_ID.fullmatch(written):
            return [unseen]
        return [unseen, await _target(clients, platform, name, ServiceFacts(written, written))]
    matches = [facts for facts in found if written in (facts.id, facts.name)]
    if len(matches) != 1:
        what = (
            "Render knows no service of that id or name" if not matches else f"{len(matches)} services have that name"
        )
        return [CheckResult(place, CheckOutcome.FAIL, what, f"correct services.{name}.render: {_listing(found)}")]
    return [*_state(settings, name, matches[0]), *await _history(settings, clients, platform, name, matches[0])]


def _state(settings: Settings, name: str, facts: ServiceFacts) -> Sequence[CheckResult]:
    """Return Render's facts of a service, and those that forbid a rollback."""
    place = f"service {name}"
    results = [CheckResult(place, CheckOutcome.OK, f"{facts.name} is {facts.id}, a {facts.kind}", "")]
    if facts.suspended or facts.maintenance:
        state = "suspended" if facts.suspended else "in maintenance mode"
        quiet = ", and failures are not notified" if maintenance.meant(facts) else ""
        what = f"it is {state}: nothing is rolled back{quiet}"
        results.append(CheckResult(place, CheckOutcome.WARN, what, "resume it on Render"))
    # Such a command often migrates a database; run by the old code, it may harm the new schema.
    if facts.pre_deploy_command and not settings.policy.services[name].rollback_safe:
        what = "it has a pre-deploy command, which a rollback may run again: the daemon asks for approval instead"
        results.append(
            CheckResult(place, CheckOutcome.WARN, what, f"services.{name}.rollback_safe: true, if that is harmless")
        )
    return results


async def _history(
    settings: Settings, clients: Clients, platform: Platform, name: str, facts: ServiceFacts
) -> Sequence[CheckResult]:
    """Return the rollback target, the served version, and whether the service's merges can be read."""
    results = [await _target(clients, platform, name, facts)]
    results.extend(await _served_versions(settings, clients, name, facts))
    if clients.repository is not None and facts.repo and facts.branch:
        asks = (
            bool(settings.policy.services[name].migrations.paths) and not settings.policy.services[name].rollback_safe
        )
        results.append(await _merges(clients.repository, name, facts.repo, facts.branch, asks=asks))
    return results


async def _served_versions(settings: Settings, clients: Clients, name: str, facts: ServiceFacts) -> list[CheckResult]:
    """Read each signal of a service that says where its answers name a version: is it the live deploy's?"""
    # One that never matches would silently hold back every acquittal and every proof that depends on it.
    signals = settings.services[name].signals
    naming = [one for one, (_, options) in signals.items() if isinstance(options, ProbeOptions) and options.version]
    sources = {one: clients.signals[f"{name}/{one}"] for one in naming if f"{name}/{one}" in clients.signals}
    if not sources or clients.platform is None:
        return []
    try:
        deploys = await clients.platform.deploys(facts.id)
    except WatchdogError:
        return []  # the rollback target says so
    found = []
    for one, source in sources.items():
        samples = await source.read()
        found.append(_version(f"{name}.signals.{one}", samples[0].version if samples else "", deploys))
    return found


def _version(signal: str, version: str, deploys: Sequence[Deploy]) -> CheckResult:
    live = next((deploy for deploy in deploys if deploy.is_live), None)
    place = f"version of {signal.replace('.signals.', '/')}"
    if not version:
        fix = f"let the site name its commit there, or correct services.{signal}.version"
        return CheckResult(place, CheckOutcome.WARN, "its answer names none", fix)
    if live is None:
        return CheckResult(place, CheckOutcome.WARN, f"answers name {version[:20]}; nothing is live to compare it with")
    code = (live.code or "no commit")[:7]
    # The same comparison as the core's: commits may be shortened, and images have digests.
    if is_of(version, live):
        return CheckResult(place, CheckOutcome.OK, f"answers name {version[:20]}, which is that of {live.id}, live")
    fix = "it must be the commit, or the image's digest, of the deploy; services.{0}.version names its place"
    what = f"answers name {version[:20]}, and live is {live.id} {code}: it would be compared in vain"
    return CheckResult(place, CheckOutcome.WARN, what, fix.format(signal))


async def _merges(repository: Repository, name: str, repo: str, branch: str, *, asks: bool) -> CheckResult:
    """Try the read that runs while auto-deploy is off because of us: the merges that do not ship.

    `asks`: the files of deploys are to be read there as well, and a rollback is asked about while they are not.
    """
    place = f"merges of {name}"
    try:
        commits = await repository.commits(repo, branch)
    except WatchdogError as error:
        fix = "merges that do not ship after a rollback are not reported; all else works"
        if asks:
            fix = f"until then each rollback of {name} is asked about: its deploys may migrate a database"
        return CheckResult(place, CheckOutcome.WARN, f"cannot be seen: {error}", fix)
    return CheckResult(place, CheckOutcome.OK, f"{len(commits)} commits of {branch} can be read")


async def _target(clients: Clients, platform: Platform, name: str, facts: ServiceFacts) -> CheckResult:
    place = f"rollback target of {name}"
    try:
        deploys = await platform.deploys(facts.id)
    except WatchdogError as error:
        return CheckResult(place, CheckOutcome.FAIL, str(error), "the key must be able to read the service's deploys")
    live = next((deploy for deploy in deploys if deploy.is_live), None)
    if live is None:
        return CheckResult(place, CheckOutcome.WARN, "nothing is live", "deploy it once")
    if clients.target is None:
        return CheckResult(place, CheckOutcome.OK, f"{len(deploys)} deploys can be read; live is {live.id}")
    choice = clients.target(name, deploys, facts)
    if choice.deploy is None:
        fix = "an earlier deploy of another commit must have been live for a while; until then the daemon asks"
        return CheckResult(place, CheckOutcome.WARN, f"none: {choice.why}", fix)
    code = (choice.deploy.code or "")[:7]
    what = f"from {live.id} to {choice.deploy.id} {code}: {choice.why}"
    return CheckResult(place, CheckOutcome.WARN if choice.ask else CheckOutcome.OK, what, choice.ask)


async def _dependency(platform: Platform, name: str, render: str) -> Sequence[CheckResult]:
    try:
        facts = await platform.facts(render)
    except WatchdogError as error:
        return [CheckResult(f"dependency {name}", CheckOutcome.FAIL, str(error), f"correct dependencies.{name}.render")]
    return [CheckResult(f"dependency {name}", CheckOutcome.OK, f"{facts.name} is a {facts.kind}")]


def _listing(found: Sequence[ServiceFacts]) -> str:
    names = ", ".join(f"{facts.id} ({facts.name[:40]})" for facts in found[:10])
    return f"the key sees {names}" if names else "the key sees no service"

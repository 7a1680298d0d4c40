"""Render, as `watchdog check --live` tries it: the key, each service, where it would be rolled back to now."""

from collections.abc import Sequence

from watchdog.core.assess import maintenance
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import WatchdogError
from watchdog.ports import Platform, Repository
from watchdog.settings.check.check_result import CheckResult, Outcome, World
from watchdog.settings.check.check_version import served_versions
from watchdog.settings.model.settings import Settings


async def check_render(settings: Settings, world: World) -> list[CheckResult]:
    """Try the key, then each service and dependency on Render."""
    if world.platform is None:
        if not any(service.render for service in settings.services.values()):
            return []
        fix = "set WATCHDOG_RENDER_API_KEY"
        return [CheckResult("render key", Outcome.WARN, "not set: no deploy is seen, blame stays unknown", fix)]
    try:
        found = await world.platform.services()
    except WatchdogError as error:
        fix = "create a key (Render: Account Settings, API Keys) and set WATCHDOG_RENDER_API_KEY"
        return [CheckResult("render key", Outcome.FAIL, str(error), fix)]
    results = [CheckResult("render key", Outcome.OK, f"works; sees {len(found)} services")]
    for name in settings.services:
        results.extend(await _service(settings, world, world.platform, name, found))
    for name, dependency in settings.dependencies.items():
        if dependency.render:
            results.append(await _dependency(world.platform, name, dependency.render))
    return results


async def _service(
    settings: Settings, world: World, platform: Platform, name: str, found: Sequence[ServiceFacts]
) -> list[CheckResult]:
    written = settings.services[name].render
    if written is None:
        return []
    place = f"service {name}"
    matches = [facts for facts in found if written in (facts.id, facts.name)]
    if len(matches) != 1:
        what = (
            "Render knows no service of that id or name" if not matches else f"{len(matches)} services have that name"
        )
        return [CheckResult(place, Outcome.FAIL, what, f"correct services.{name}.render: {_listing(found)}")]
    facts = matches[0]
    results = [CheckResult(place, Outcome.OK, f"{facts.name} is {facts.id}, a {facts.kind}", "")]
    if facts.suspended or facts.maintenance:
        state = "suspended" if facts.suspended else "in maintenance mode"
        quiet = ", and nobody is told of what fails" if maintenance.meant(facts) else ""
        what = f"it is {state}: nothing is rolled back{quiet}"
        results.append(CheckResult(place, Outcome.WARN, what, "resume it on Render"))
    if facts.pre_deploy_command and not settings.policy.services[name].rollback_safe:
        what = "it has a pre-deploy command, which a rollback may run again: a human is asked instead"
        results.append(
            CheckResult(place, Outcome.WARN, what, f"services.{name}.rollback_safe: true, if that is harmless")
        )
    results.append(await _target(world, platform, name, facts))
    results.extend(await served_versions(settings, world, name, facts))
    if world.repository is not None and facts.repo and facts.branch:
        results.append(await _merges(world.repository, name, facts.repo, facts.branch))
    return results


async def _merges(repository: Repository, name: str, repo: str, branch: str) -> CheckResult:
    """Try what is read while auto-deploy is off because of us: which merges do not ship."""
    place = f"merges of {name}"
    try:
        commits = await repository.commits(repo, branch)
    except WatchdogError as error:
        fix = "merges that do not ship after a rollback will not be told of; the rest works without"
        return CheckResult(place, Outcome.WARN, f"cannot be seen: {error}", fix)
    return CheckResult(place, Outcome.OK, f"{len(commits)} commits of {branch} can be read")


async def _target(world: World, platform: Platform, name: str, facts: ServiceFacts) -> CheckResult:
    place = f"rollback target of {name}"
    try:
        deploys = await platform.deploys(facts.id)
    except WatchdogError as error:
        return CheckResult(place, Outcome.FAIL, str(error), "the key must be able to read the service's deploys")
    live = next((deploy for deploy in deploys if deploy.is_live), None)
    if live is None:
        return CheckResult(place, Outcome.WARN, "nothing is live", "deploy it once")
    if world.target is None:
        return CheckResult(place, Outcome.OK, f"{len(deploys)} deploys can be read; live is {live.id}")
    choice = world.target(name, deploys, facts)
    if choice.deploy is None:
        fix = "one earlier deploy of another commit must have been live for a while; until then a human is asked"
        return CheckResult(place, Outcome.WARN, f"none: {choice.why}", fix)
    code = (choice.deploy.code or "")[:7]
    what = f"from {live.id} to {choice.deploy.id} {code}: {choice.why}"
    return CheckResult(place, Outcome.WARN if choice.ask else Outcome.OK, what, choice.ask)


async def _dependency(platform: Platform, name: str, render: str) -> CheckResult:
    try:
        facts = await platform.facts(render)
    except WatchdogError as error:
        return CheckResult(f"dependency {name}", Outcome.FAIL, str(error), f"correct dependencies.{name}.render")
    return CheckResult(f"dependency {name}", Outcome.OK, f"{facts.name} is a {facts.kind}")


def _listing(found: Sequence[ServiceFacts]) -> str:
    names = ", ".join(f"{facts.id} ({facts.name[:40]})" for facts in found[:10])
    return f"the key sees {names}" if names else "the key sees no service"

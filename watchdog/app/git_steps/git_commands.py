"""What the commands on a service's branch run: the parts of an order, from the incident's record."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from watchdog.adapters.github import is_on_github
from watchdog.adapters.repositories.github_git import TOKEN as WRITE_TOKEN
from watchdog.adapters.repositories.github_git import build_github_git
from watchdog.adapters.repositories.plain_git import PlainGit
from watchdog.app.commands.annotate import add_to_record
from watchdog.app.commands.store_reading import incident_of, reading
from watchdog.app.compose.composition import resolve
from watchdog.app.git_steps.commit_deploy import CommitDeploy
from watchdog.app.git_steps.deploy_ground import SHORT_ID, DeployGround
from watchdog.app.git_steps.reset import Ask, Reset
from watchdog.app.git_steps.revert import Revert
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.code_comparison import MigrationRules, is_commit
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.errors import ConfigurationError, Mistake, Refused, WatchdogError
from watchdog.domain.incidents import Incident
from watchdog.domain.remedies.git_steps import (
    BranchOrder,
    BranchPlan,
    Deployed,
    DeployOrder,
    GitStep,
    Reverted,
    RevertOrder,
    TakeBackOrder,
    WasReset,
)
from watchdog.ports import Clock, Store
from watchdog.ports.code_host import CodeHost
from watchdog.presentation.git_steps import revert_text as text
from watchdog.presentation.outlooks.safe_order import DatabaseSteps
from watchdog.settings import Settings

Tell = Callable[[str], None]
Note = Callable[[str], Awaitable[None]]
WHOLE_ID = 40
"""The digits of a whole commit id (64 in a repository of the newer kind)."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What an order needs: the incident, its repository, the branch that is deployed, the stable commit, the record."""

    incident: Incident
    branch: str
    stable: str
    rules: MigrationRules
    host: CodeHost
    store: Store
    clock: Clock
    add: Callable[[str, Mapping[str, Any]], Awaitable[None]]

    async def note(self, line: str) -> None:
        """Add a line to the incident's record."""
        await self.add("note", {"text": line})


@asynccontextmanager
async def parts_of(
    settings: Settings, order: BranchOrder, environ: Mapping[str, str], *, plain: bool = False
) -> AsyncIterator[Parts]:
    """Yield the parts of an order; `plain`: by git alone, with the person's credentials and never a token of ours.

    Raises ConfigurationError for what neither the record nor the order says.
    """
    clock = SystemClock()
    async with reading(settings, clock) as store:
        incident = await incident_of(store, order.incident)
        facts = await saved_facts(store, incident.service)
        stable = _given("--to", order.to or incident.rollback.target_code, "the stable commit, as in 1b7e0d4")
        if not is_commit(stable):
            raise ConfigurationError((Mistake("--to", f"{stable[:60]!r} is not a commit's id", "as in 1b7e0d4"),))
        branch = _given("--branch", order.branch or (facts.branch if facts else None), "the branch that is deployed")
        policy = settings.policy.services.get(incident.service)
        rules = policy.migrations if policy is not None else MigrationRules()
        token = "" if plain else settings.secrets.get(WRITE_TOKEN, "")
        host = _host(settings, order, facts, environ, clock, token)
        add = partial(add_to_record, settings, clock, incident.id, order.by)
        try:
            yield Parts(incident, branch, stable, rules, host, store, clock, add)
        finally:
            await host.close()


@asynccontextmanager
async def _reverting(
    settings: Settings, order: RevertOrder, environ: Mapping[str, str], tell: Tell
) -> AsyncIterator[Revert]:
    async with parts_of(settings, order, environ) as it:
        yield Revert(order, it.incident, it.branch, it.stable, it.rules, it.host, it.store, it.clock, it.note, tell)


@asynccontextmanager
async def _resetting(
    settings: Settings, order: TakeBackOrder, environ: Mapping[str, str], tell: Tell
) -> AsyncIterator[Reset]:
    async with parts_of(settings, order, environ, plain=True) as it:
        assert isinstance(it.host, PlainGit), "it is made by git alone"
        steps = DatabaseSteps.of(settings.policy, it.incident.service, it.incident.id)
        parts = (it.incident, it.branch, it.stable, it.rules, it.host, it.store, it.clock, it.note, tell)
        yield Reset(order, *parts, steps)


async def plan_reset(settings: Settings, order: TakeBackOrder, environ: Mapping[str, str], tell: Tell) -> BranchPlan:
    """Return the plan of a reset; nothing is changed."""
    async with _resetting(settings, order, environ, tell) as ordered:
        return await ordered.plan()


async def reset(
    settings: Settings, order: TakeBackOrder, environ: Mapping[str, str], tell: Tell, ask: Ask
) -> tuple[WasReset, str]:
    """Reset, if the person at the terminal approves; return what came of it, with the branch."""
    async with _resetting(settings, order, environ, tell) as ordered:
        return await ordered.run(ask), ordered.branch


async def plan_revert(
    settings: Settings, order: RevertOrder, environ: Mapping[str, str], tell: Tell
) -> tuple[BranchPlan, Incident]:
    """Return the plan of a revert, and its incident; nothing is changed."""
    async with _reverting(settings, order, environ, tell) as revert:
        plan = await revert.plan()
        if order.deploy:
            ground = await _ground(settings, revert)
            plan = replace(plan, no_deploy=await ground.why_not(plan.stable))
        return plan, revert.incident


async def revert(
    settings: Settings, order: RevertOrder, environ: Mapping[str, str], tell: Tell
) -> tuple[Reverted, str]:
    """Revert, have the commit deployed where that is ordered, and return what came of it, with the branch."""
    async with _reverting(settings, order, environ, tell) as ordered:
        ground = await _ground(settings, ordered) if order.deploy else None
        if ground is not None:
            refused = "nothing is reverted, as it could not be deployed"
            await _check(ground, ordered.incident, ordered.stable, ordered.clock, refused)
        done = await ordered.run()
        if ground is None:
            return done, ordered.branch
        if done.pull_request:
            tell("not deployed: it is only proposed; once that is merged, run this command again")
            return done, ordered.branch
        try:
            return replace(done, deployed=await _deployed(ground, ordered, done.commit or done.head)), ordered.branch
        except WatchdogError:
            for line in text.outcome(done, ordered.branch):
                tell(line)
            raise


async def _ground(settings: Settings, ordered: Revert) -> DeployGround:
    """Return the ground of the deploy, with the service's id as Render names it."""
    return DeployGround(await resolve(settings, ordered.clock), ordered.incident.service, ordered.store)


async def _check(ground: DeployGround, incident: Incident, code: str, clock: Clock, refused: str) -> None:
    """Raise Refused before anything is done, where the deploy would be: unless one was ordered, which is looked up."""
    row = await ground.store.action(incident.id, GitStep.DEPLOY)
    if (row is None or row.state == "failed") and (why := await ground.why_not(code)):
        raise Refused(f"{refused}: {why}")
    # Raises without a key, or without an id at Render.
    await ground.client(code, clock).close()


async def _deployed(ground: DeployGround, ordered: Revert, commit: str) -> Deployed:
    """Have a commit of the branch deployed."""

    async def includes(head: str) -> bool:
        return await ordered.host.holds(head, commit)

    place = (ordered.incident, ordered.clock, ordered.note, ordered.tell)
    return await _order(ground, commit, ordered.stable, *place, includes)


async def _order(
    ground: DeployGround,
    commit: str,
    restores: str,
    incident: Incident,
    clock: Clock,
    note: Note,
    tell: Tell,
    includes: Callable[[str], Awaitable[bool]],
) -> Deployed:
    client, key = ground.client(commit, clock), (incident.id, GitStep.DEPLOY)
    try:
        return await CommitDeploy(key, commit, restores, ground, client, clock, note, tell, includes).run()
    finally:
        await client.close()


async def deploy(settings: Settings, order: DeployOrder, tell: Tell) -> Deployed:
    """Have a commit built and deployed for an incident; the branch stays as it is. Return what came of it."""
    async with _deploying(settings, order) as (incident, ground, commit, clock):
        await _check(ground, incident, commit, clock, f"{commit[:SHORT_ID]} is not deployed")

        async def includes(head: str) -> bool:
            # To go back to older code is what was ordered.
            return False

        async def note(line: str) -> None:
            await add_to_record(settings, clock, incident.id, order.by, "note", {"text": line})

        return await _order(ground, commit, "", incident, clock, note, tell, includes)


async def plan_deploy(settings: Settings, order: DeployOrder) -> tuple[str, str]:
    """Return the commit that would be deployed, and why it would not be now, or ""; nothing is changed."""
    async with _deploying(settings, order) as (_, ground, commit, _):
        return commit, await ground.why_not(commit)


@asynccontextmanager
async def _deploying(
    settings: Settings, order: DeployOrder
) -> AsyncIterator[tuple[Incident, DeployGround, str, Clock]]:
    """Yield the parts. Raises ConfigurationError without a whole commit: Render's list is searched for it."""
    clock = SystemClock()
    async with reading(settings, clock) as store:
        incident = await incident_of(store, order.incident)
        commit = _given("--commit", order.commit or incident.rollback.target_code, "the stable commit")
        if not is_commit(commit) or len(commit) < WHOLE_ID:
            raise ConfigurationError((Mistake("--commit", f"{commit[:60]!r} is not a whole commit id", "40 digits"),))
        yield incident, DeployGround(await resolve(settings, clock), incident.service, store), commit, clock


async def saved_facts(store: Store, service: str) -> ServiceFacts | None:
    """Return Render's facts of a service, as the daemon saved them last."""
    state = await store.load_readonly((service,))
    known = state.services.get(service) if state is not None else None
    return known.facts if known is not None else None


def _host(
    settings: Settings,
    order: BranchOrder,
    facts: ServiceFacts | None,
    environ: Mapping[str, str],
    clock: Clock,
    token: str,
) -> CodeHost:
    """Return the repository: that of the order, by git; else the one that Render names, on GitHub by its API."""
    address = _given("--remote", order.remote or (facts.repo if facts else None), "the repository's address")
    if token and not order.remote and is_on_github(address):
        return build_github_git(address, token, settings.endpoints["github"], clock, settings.guard)
    return PlainGit(address, environ, clock)


def _given(option: str, value: str | None, what: str) -> str:
    if not value:
        raise ConfigurationError((Mistake(option, f"the record does not say {what}", "say it"),))
    return value

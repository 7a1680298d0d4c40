"""Commands on a service's branch, after a rollback or in its place: people order each, and no daemon does any.

They run in this process, with the rights of the person who types: the daemon needs none to write code.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from watchdog.cli.command_context import Context, no_such_incident, usage_error
from watchdog.cli.options import As, Flag, It
from watchdog.cli.typed_approval import approval, named_person

if TYPE_CHECKING:
    from watchdog.domain.incidents import Incident
    from watchdog.domain.remedies.git_steps import RevertOrder


async def revert(
    incident: str,
    /,
    *,
    to: str | None = None,
    branch: str | None = None,
    remote: str | None = None,
    head: str | None = None,
    pull_request: Flag = False,
    with_migrations: Flag = False,
    deploy: Flag = False,
    dry_run: Flag = False,
    by: As = None,
    ctx: It,
) -> int:
    """Take the branch back to the stable code: ONE commit with its tree, merges undone too, pushed without force.

    A branch that takes no push gets a pull request. A person who pushes meanwhile is never overwritten. Run again after
    a crash, it finds the commit that is there, and the deploy that brings it.

    Parameters
    ----------
    incident
        Its id, as in web-1 (`watchdog incident list` lists them).
    to
        The stable commit; by default that of the incident's rollback target.
    branch
        The branch; by default the one that Render deploys.
    remote
        The repository's address; by default the one that Render names.
    head
        The head of the branch, as the plan names it: with another one by then, it is refused.
    pull_request
        Propose it in a pull request, and push nothing to the branch.
    with_migrations
        Do it although migrations are among the commits: a revert undoes none in the database.
    deploy
        Have the commit deployed at Render as well, once: after a rollback auto-deploy is off. Refused in mode observe,
        during a pause, and while the daemon acts on the service.
    dry_run
        Only print the plan.
    by
        The person who orders it, if not you.
    """
    from watchdog.cli import output
    from watchdog.domain.remedies.git_steps import RevertOrder
    from watchdog.presentation.git_steps import revert_text

    if deploy and pull_request:
        usage_error("--deploy", "a commit that is only proposed is not deployed", "merge it, then run this again")
    settings = ctx.settings()
    service = (await known_incident(ctx, incident)).service
    given = _given(to, branch, remote, head)
    order = RevertOrder(
        incident,
        ctx.author(by),
        **given,
        pull_request=pull_request,
        with_migrations=with_migrations,
        deploy=deploy,
    )
    if dry_run:
        return await _planned(ctx, order, by)
    done, at = await ctx.app().revert(settings, order, ctx.environ, output.print_error)
    output.show_lines(revert_text.outcome(done, at, service))
    return output.FAILED if done.deployed is not None and done.deployed.failed else output.DONE


async def reset(
    incident: str,
    /,
    *,
    to: str | None = None,
    branch: str | None = None,
    remote: str | None = None,
    head: str | None = None,
    with_migrations: Flag = False,
    dry_run: Flag = False,
    by: As = None,
    ctx: It,
) -> int:
    """Move the branch back to the stable commit by force, after saying which commits disappear.

    A revert has the same code, loses no commit and needs no force. The person named by `--as` types the name of the
    service at this terminal. The push is bound to the head that the question shows: if anyone pushes meanwhile, it is
    refused. By plain git, with your own credentials.

    Parameters
    ----------
    incident
        Its id, as in web-1 (`watchdog incident list` lists them).
    to
        The stable commit; by default that of the incident's rollback target.
    branch
        The branch; by default the one that Render deploys.
    remote
        The repository's address; by default the one that Render names.
    head
        The head of the branch, as the plan names it: with another one by then, it is refused.
    with_migrations
        Do it although migrations are among the commits: a reset undoes none in the database.
    dry_run
        Only print the question.
    by
        The person who approves it; must be given.
    """
    from watchdog.cli import output
    from watchdog.domain.remedies.git_steps import TakeBackOrder
    from watchdog.presentation.git_steps import reset_text
    from watchdog.presentation.outlooks.safe_order import DatabaseSteps

    given, settings = _given(to, branch, remote, head), ctx.settings()
    service = (await known_incident(ctx, incident)).service
    who = ctx.author(by if dry_run else named_person(by))
    order = TakeBackOrder(incident, who, **given, with_migrations=with_migrations)
    if dry_run:
        plan = await ctx.app().plan_reset(settings, order, ctx.environ, output.print_error)
        same = plan.head == plan.stable
        end = plan.obstacle or ("" if same else f"To do it: {reset_text.go_ahead(plan, order, by)}")
        database = DatabaseSteps.of(settings.policy, service, incident)
        lines = reset_text.question(plan, service, incident, database)
        output.show_lines([*lines, "", f"Nothing was changed. {end}".rstrip()])
        return output.REFUSED if plan.obstacle else output.DONE
    ask = approval("reset", service)
    done, at = await ctx.app().reset(settings, order, ctx.environ, output.print_error, ask)
    output.show_lines([reset_text.outcome(done, at)])
    return output.DONE


async def deploy(incident: str, /, *, commit: str | None = None, dry_run: Flag = False, by: As = None, ctx: It) -> int:
    """Have Render BUILD and deploy one commit anew: no rollback, which brings the build back that Render has kept.

    Requested once; the branch stays as it is. Killed or without an answer, the next run looks it up first. Refused in
    mode observe, during a pause, while the daemon acts on the service, and for a commit on the deny-list.

    Parameters
    ----------
    incident
        The incident that it is for, as in web-1 (`watchdog incident list` lists them).
    commit
        The commit's whole id; by default that of the incident's rollback target.
    dry_run
        Only print what would be requested.
    by
        The person who orders it, if not you.
    """
    from watchdog.cli import output
    from watchdog.domain.remedies.git_steps import DeployOrder
    from watchdog.presentation.git_steps import deploy_text

    if commit == "":
        usage_error("--commit", "there is nothing in it to read", "leave it out, or say which")
    settings, service = ctx.settings(), (await known_incident(ctx, incident)).service
    order = DeployOrder(incident, ctx.author(by), commit or "")
    if dry_run:
        chosen, why = await ctx.app().plan_deploy(settings, order)
        output.show_lines(deploy_text.plan_lines(chosen, service, incident, why))
        return output.DONE
    done = await ctx.app().deploy(settings, order, output.print_error)
    output.show_lines([deploy_text.outcome(done, service)])
    return output.FAILED if done.failed else output.DONE


def _given(to: str | None, branch: str | None, remote: str | None, head: str | None) -> dict[str, str]:
    """Return the options of an order. Raises ConfigurationError for an empty one."""
    nothing_empty({"--to": to, "--branch": branch, "--remote": remote, "--head": head})
    return {"to": to or "", "branch": branch or "", "remote": remote or "", "head": head or ""}


async def _planned(ctx: Context, order: "RevertOrder", by: str | None) -> int:
    """Show the plan of a revert, and the command that does just that."""
    from watchdog.cli import output
    from watchdog.presentation.git_steps import revert_text
    from watchdog.presentation.outlooks.safe_order import DatabaseSteps

    settings = ctx.settings()
    plan, found = await ctx.app().plan_revert(settings, order, ctx.environ, output.print_error)
    database = DatabaseSteps.of(settings.policy, found.service, found.id)
    end = plan.obstacle or ("" if plan.same_tree else f"To do it: {revert_text.go_ahead(plan, order, by)}")
    lines = [*revert_text.plan_lines(plan, database), *(revert_text.deploy_lines(plan) if order.deploy else ())]
    output.show_lines([*lines, "", f"Nothing was changed. {end}".rstrip()])
    return output.REFUSED if plan.obstacle else output.DONE


def nothing_empty(given: Mapping[str, str | None]) -> None:
    """Raise ConfigurationError for an option without a text: with an unset variable (`--to "$UNSET"`) another commit
    would be meant.
    """
    for option, value in given.items():
        if value == "":
            usage_error(option, "there is nothing in it to read", "leave it out, or say which")


async def known_incident(ctx: Context, incident: str) -> "Incident":
    """Return an incident. Raises ConfigurationError for an unknown id."""
    async with ctx.app().reading(ctx.settings()) as store:
        found = await store.incident(incident)
    if found is None:
        no_such_incident(incident)
    return found

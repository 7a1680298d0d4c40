"""Commands that only read: status, incidents, explain, why-not, history, deploys, once. They change nothing."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from watchdog.cli.command_context import Context, known_service, usage_error

if TYPE_CHECKING:
    from watchdog.domain.incidents import Incident

It = Annotated[Context, Parameter(parse=False)]
INCIDENTS_READ = 500


async def status(*, ctx: It) -> int:
    """Show every service: mode, phase, live deploy, signals, open incident."""
    from watchdog.cli import output, tables
    from watchdog.presentation import status_text

    settings = ctx.settings()
    async with ctx.app().reading(settings) as store:
        state = await store.load()
    if state is None:
        output.show_lines(["Nothing is recorded yet. Start the daemon: watchdog run"])
        return output.DONE
    now = ctx.clock().now()
    output.show_lines(status_text.all_lines(state, settings.policy, now))
    output.show_table(tables.status(state, settings.policy))
    return output.DONE


async def incidents(*, limit: Annotated[int, Parameter(name=["--limit", "-n"])] = 20, ctx: It) -> int:
    """List incidents, newest first.

    Parameters
    ----------
    limit
        How many at most.
    """
    from watchdog.cli import output, tables

    async with ctx.app().reading(ctx.settings()) as store:
        found, labels = await store.incidents(max(1, min(limit, INCIDENTS_READ))), await store.labels()
    if not found:
        output.show_lines(["No incident yet."])
        return output.DONE
    output.show_table(tables.incidents(found, labels))
    return output.DONE


async def explain(
    incident: str,
    /,
    *,
    all_vetoes: Annotated[bool, Parameter(name="--all", negative="", show_default=False)] = False,
    ctx: It,
) -> int:
    """Explain one incident: what was seen, the arithmetic, what was done, what stays unsure.

    Parameters
    ----------
    incident
        Its id, as in web-1 (`watchdog incidents` lists them).
    all_vetoes
        Also list the vetoes that did not apply.
    """
    from watchdog.cli import output
    from watchdog.cli.commits import compared
    from watchdog.presentation.explain import explain as explained

    settings = ctx.settings()
    async with ctx.app().reading(settings) as store:
        found = await store.incident(incident)
        if found is None:
            usage_error(incident, "no such incident", "`watchdog incidents` lists them")
        notes, labels, state = await store.notes(incident=incident), await store.labels(), await store.load()
        remarks = await store.remarks(incident)
    service = state.services.get(found.service) if state is not None else None
    facts = service.facts if service is not None else None
    asked = await compared(ctx, settings, found, facts)
    lines = explained(
        found,
        notes,
        labels.get(found.id),
        all_vetoes=all_vetoes,
        target_seconds=settings.policy.matrix[found.severity].within_seconds,
        repo=facts.repo if facts is not None else None,
        commits=asked.found.summary if asked.found is not None else f"not known: {asked.why}" if asked.why else "",
        remarks=remarks,
    )
    output.show_lines(lines)
    return output.DONE


async def why_not(service: str, time: str, /, *, ctx: It) -> int:
    """Say why nothing was done for a service at some moment.

    Parameters
    ----------
    service
        Its name in the configuration.
    time
        03:12, '2026-11-25 03:12' or ISO 8601; UTC unless a zone is given, as in '03:12 Europe/Berlin'.
    """
    from watchdog.cli import output
    from watchdog.cli import why_not as answer
    from watchdog.cli.time_argument import parse_moment

    settings = ctx.settings()
    known_service(settings, service)
    try:
        at = parse_moment(time, ctx.clock().now())
    except ValueError as error:
        usage_error(time, str(error), "")
    since, until = at - answer.AROUND_SECONDS, at + answer.AROUND_SECONDS
    async with ctx.app().reading(settings) as store:
        notes = await store.notes(service=service, since=since, until=until, limit=40)
        minutes = await store.minutes(service, since, until)
        found = [one for one in await store.incidents(INCIDENTS_READ) if one.service == service and _open(one, at)]
        state = await store.load()
    known = state.services.get(service) if state is not None else None
    checks = known.checks if known is not None else {}
    detection = settings.policy.detection
    output.show_lines(answer.why_not(service, at, notes, minutes, found, detection=detection, checks=checks))
    return output.DONE


def _open(incident: "Incident", at: float) -> bool:
    """Tell whether the incident was going on at that moment (UTC epoch seconds)."""
    return incident.onset_at <= at and (incident.closed_at is None or at <= incident.closed_at)


async def history(
    *,
    style: Annotated[Literal["table", "markdown", "csv", "json"], Parameter(name="--format")] = "table",
    limit: Annotated[int, Parameter(name=["--limit", "-n"])] = 50,
    ctx: It,
) -> int:
    """Show the rollbacks; as Markdown it is the table of the runbook.

    Parameters
    ----------
    style
        How to print them.
    limit
        How many incidents to look through, newest first.
    """
    from watchdog.cli import output
    from watchdog.domain.incident_notes import root_causes
    from watchdog.presentation.history_table import history as rollbacks

    async with ctx.app().reading(ctx.settings()) as store:
        found, labels = await store.incidents(max(1, min(limit, INCIDENTS_READ))), await store.labels()
        causes = root_causes(await store.remarks())
    output.show_lines(rollbacks(found, labels, style, causes))
    return output.DONE


async def deploys(service: str, /, *, ctx: It) -> int:
    """List a service's deploys: which is live, where a rollback would lead now, and why not to the others.

    Parameters
    ----------
    service
        Its name in the configuration.
    """
    from watchdog.cli import output, tables

    settings = ctx.settings()
    found, choice = await ctx.app().deploys(settings, known_service(settings, service))
    output.show_table(tables.deploys(found, choice))
    if choice is not None and choice.deploy is None:
        output.show_lines([f"No rollback target: {choice.why}."])
    return output.DONE


async def once(*, ctx: It) -> int:
    """Read every signal once and show what each says; decide nothing, tell nobody."""
    from watchdog.cli import output, tables

    output.show_table(tables.once(await ctx.app().once(ctx.settings())))
    return output.DONE


async def silences(*, ctx: It) -> int:
    """List silences and action holds: of what, until when, by whom, why."""
    from watchdog.cli import output
    from watchdog.domain.incidents import State
    from watchdog.presentation import status_text

    settings = ctx.settings()
    async with ctx.app().reading(settings) as store:
        state = await store.load() or State()
    lines = status_text.quiet_lines(state, settings.policy, ctx.clock().now())
    output.show_lines(lines or [status_text.NO_QUIET])
    return output.DONE

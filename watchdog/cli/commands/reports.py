"""Reports over many incidents: the rollbacks, the statistics, the weekly digest. They only read."""

from typing import Annotated, Literal

from cyclopts import Parameter

from watchdog.cli.command_context import usage_error
from watchdog.cli.options import AsJson, It, Limit

INCIDENTS_SHOWN_MAX = 500
INCIDENTS_READ = 2000
NOTES_READ = 5000


async def history(
    *,
    style: Annotated[Literal["table", "markdown", "csv", "json"], Parameter(name="--format")] = "table",
    limit: Limit = 50,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Show the rollbacks; as Markdown, in the runbook's table.

    Parameters
    ----------
    style
        The output format.
    limit
        The number of incidents to search, newest first.
    as_json
        The same as --format json.
    """
    from watchdog.cli import output
    from watchdog.domain.incident_notes import root_causes
    from watchdog.presentation.history_table import history as rollbacks

    most = max(1, min(limit, INCIDENTS_SHOWN_MAX))
    async with ctx.app().reading(ctx.settings()) as store:
        found, labels = await store.incidents(most), await store.labels()
        causes = root_causes(await store.remarks())
    output.show_lines(rollbacks(found, labels, "json" if as_json else style, causes, ctx.zone()))
    return output.DONE


async def stats(
    *,
    since: str = "90d",
    style: Annotated[Literal["text", "json", "markdown"], Parameter(name="--format")] = "text",
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Show MTTD, MTTA and MTTR of incidents, and DORA's metrics of deploys.

    Parameters
    ----------
    since
        The period, as in 90d or 12h.
    style
        The output format.
    as_json
        The same as --format json.
    """
    from watchdog.cli import output
    from watchdog.domain.units import parse_duration
    from watchdog.presentation import stats as numbers
    from watchdog.presentation import stats_text
    from watchdog.presentation.timeline import human_acts

    try:
        seconds = parse_duration(since)
    except ValueError as error:
        usage_error("--since", str(error), "write a duration, as in 90d")
    now = ctx.clock().now()
    async with ctx.app().reading(ctx.settings()) as store:
        state, labels, remarks = await store.load(), await store.labels(), await store.remarks()
        found = [one for one in await store.incidents(INCIDENTS_READ) if one.opened_at >= now - seconds]
        acts = {one.id: human_acts(one, await store.notes(incident=one.id, limit=NOTES_READ), remarks) for one in found}
    watched = numbers.watched(state.services if state is not None else {}, now)
    # MTTA counts to the first act of a person: an incident without one counts in no mean.
    first = {name: moments[0] for name, moments in acts.items() if moments}
    result = numbers.stats(found, watched, first, labels, now - seconds, now)
    output.show_lines(stats_text.show(result, "json" if as_json else style))
    return output.DONE


async def digest(*, as_json: AsJson = False, ctx: It) -> int:
    """Show the weekly digest as it would be sent now.

    Parameters
    ----------
    as_json
        Print one JSON object: title, lines, begin and end of the week.
    """
    from watchdog.cli import output
    from watchdog.domain.incidents import State
    from watchdog.presentation.digest_loader import read_week
    from watchdog.presentation.digest_text import digest as summed_up

    settings, clock = ctx.settings(), ctx.clock()
    async with ctx.app().reading(settings) as store:
        state = await store.load() or State()
        week = await read_week(store, clock, settings.policy, state, clock.now())
    title, lines = summed_up(week)
    if as_json:
        return output.show_json({"since": week.since, "until": week.until, "title": title, "lines": lines})
    unsent = [] if settings.policy.digest is not None else ["", "It is not sent: `digest:` is not configured."]
    output.show_wrapped([title, "", *lines, "", f"Times are {week.zone}.", *unsent])
    return output.DONE

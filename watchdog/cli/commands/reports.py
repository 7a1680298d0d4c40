"""Reports over many incidents: the rollbacks, the statistics, the weekly digest. They only read."""

from math import inf
from typing import Annotated, Literal

from cyclopts import Parameter

from watchdog.cli.command_context import usage_error
from watchdog.cli.options import AsJson, It, Limit

INCIDENTS_SHOWN_MAX = 500


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
    from watchdog.presentation import history_table

    most = max(1, min(limit, INCIDENTS_SHOWN_MAX))
    async with ctx.app().reading(ctx.settings()) as store:
        found, labels = await store.incidents(most), await store.labels()
        causes = root_causes(await store.remarks())
    if as_json or style == "json":
        return output.show_json(history_table.records(found, labels, causes))
    output.show_lines(history_table.history(found, labels, style, causes, ctx.zone()))
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
    from watchdog.domain.incidents import State
    from watchdog.domain.units import parse_duration
    from watchdog.presentation import stats_text
    from watchdog.presentation.stats_loader import Numbers

    try:
        seconds = parse_duration(since)
    except ValueError as error:
        usage_error("--since", str(error), "write a duration, as in 90d")
    async with ctx.app().reading(ctx.settings()) as store:
        numbers = Numbers(store, ctx.clock(), budget_seconds=inf, period_seconds=seconds)
        await numbers.refresh()
        result = numbers.count(await store.load() or State(), await store.labels())
    if as_json or style == "json":
        return output.show_json([stats_text.record(one) for one in result])
    output.show_lines(stats_text.show(result, style))
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

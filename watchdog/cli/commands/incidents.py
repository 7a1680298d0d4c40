"""Incidents: the list, and one of them explained. They only read."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from watchdog.cli.command_context import Context, no_such_incident
from watchdog.cli.options import AsJson, It, Limit
from watchdog.cli.watching import Watch, shown

if TYPE_CHECKING:
    from watchdog.ports import Store

INCIDENTS_READ = 500
AllVetoes = Annotated[bool, Parameter(name="--all", negative="", show_default=False)]


async def incidents(*, limit: Limit = 20, as_json: AsJson = False, ctx: It) -> int:
    """List incidents, newest first.

    Parameters
    ----------
    limit
        The most incidents to list.
    as_json
        Print one JSON object, as the console's API answers /incidents.
    """
    from watchdog.cli import output, tables

    settings, clock = ctx.settings(), ctx.clock()
    # The limit of the console's API, whose answer `--json` prints.
    most = max(1, min(limit, INCIDENTS_READ))
    async with ctx.app().reading(settings) as store:
        if as_json:
            from watchdog.cli.api_views import queries

            return output.show_json(await (await queries(store, settings, clock)).incidents(most))
        found, labels = await store.incidents(most), await store.labels()
    if not found:
        output.show_lines(["No incident yet."])
        return output.DONE
    output.show_table(tables.incidents(found, labels, clock.now(), ctx.zone()))
    return output.DONE


async def show(
    incident: str,
    /,
    *,
    all_vetoes: AllVetoes = False,
    as_json: AsJson = False,
    watch: Watch = False,
    ctx: It,
) -> int:
    """Show one incident as `explain` does, once or repeatedly.

    Parameters
    ----------
    incident
        Its id, as in web-1 (`watchdog incident list` lists them).
    all_vetoes
        Also list the vetoes that did not apply.
    as_json
        Print one JSON object, as the console's API answers /incidents/ID.
    watch
        Show it again every two seconds, until Ctrl-C; with --json, one object a line.
    """
    async with ctx.app().reading(ctx.settings()) as store:

        async def draw() -> int:
            return await _explain(ctx, store, incident, all_vetoes=all_vetoes, as_json=as_json, compact=watch)

        return await shown(draw, ctx.clock(), watch=watch, as_json=as_json)


async def explain(incident: str, /, *, all_vetoes: AllVetoes = False, as_json: AsJson = False, ctx: It) -> int:
    """Explain one incident: the readings, the arithmetic, the actions, the doubts.

    Parameters
    ----------
    incident
        Its id, as in web-1 (`watchdog incident list` lists them).
    all_vetoes
        Also list the vetoes that did not apply.
    as_json
        Print one JSON object, as the console's API answers /incidents/ID.
    """
    async with ctx.app().reading(ctx.settings()) as store:
        return await _explain(ctx, store, incident, all_vetoes=all_vetoes, as_json=as_json, compact=False)


async def _explain(
    ctx: Context, store: "Store", incident: str, *, all_vetoes: bool, as_json: bool, compact: bool
) -> int:
    from watchdog.cli import output

    if not as_json:
        output.show_lines(await _words(ctx, store, incident, all_vetoes=all_vetoes))
        return output.DONE
    from watchdog.cli.api_views import queries

    settings = ctx.settings()
    daemon = await ctx.app().daemon(settings, store)
    view = await (await queries(store, settings, ctx.clock(), daemon)).incident(incident)
    if view is None:
        no_such_incident(incident)
    return output.show_json(view, compact=compact)


async def _words(ctx: Context, store: "Store", incident: str, *, all_vetoes: bool) -> list[str]:
    from watchdog.cli.commits import compared
    from watchdog.presentation.explain import explain as explained
    from watchdog.presentation.follow_up_text import open_tasks
    from watchdog.presentation.outlooks.current_state import current_state
    from watchdog.presentation.status_text import readings_now

    settings, found = ctx.settings(), await store.incident(incident)
    if found is None:
        no_such_incident(incident)
    notes, labels, state = await store.notes(incident=incident), await store.labels(), await store.load()
    remarks, daemon = await store.remarks(incident), await ctx.app().daemon(settings, store)
    service = state.services.get(found.service) if state is not None else None
    facts, now = service.facts if service is not None else None, ctx.clock().now()
    asked = await compared(ctx, settings, found, facts)
    left = await open_tasks(store, found, settings.policy, settings.checklists)
    around = (
        current_state(found, state, daemon.policy, now, runs=daemon.runs, open_tasks=left)
        if state is not None
        else None
    )
    return explained(
        found,
        notes,
        labels.get(found.id),
        all_vetoes=all_vetoes,
        target_seconds=settings.policy.matrix[found.severity].within_seconds,
        repo=facts.repo if facts is not None else None,
        commits=asked.found.summary if asked.found is not None else f"not known: {asked.why}" if asked.why else "",
        remarks=remarks,
        readings=readings_now(found, service, daemon.policy, now),
        now=now,
        tz=ctx.zone(),
        state=around,
    )

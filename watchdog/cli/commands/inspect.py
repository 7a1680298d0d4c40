"""Commands that show the current state: status, once, deploys, why-not, silences. They change nothing."""

from dataclasses import replace
from typing import TYPE_CHECKING

from watchdog.cli.command_context import Context, known_service, known_tag, usage_error
from watchdog.cli.options import AsJson, It
from watchdog.cli.watching import Watch, shown
from watchdog.domain.commands.command_line import command_line

if TYPE_CHECKING:
    from watchdog.app.commands.seen_daemon import SeenDaemon
    from watchdog.domain.policy import Policy
    from watchdog.ports import Store
    from watchdog.settings import Settings


async def status(*, tag: str | None = None, as_json: AsJson = False, watch: Watch = False, ctx: It) -> int:
    """Show open incidents, and every service: mode, state, live deploy, signals.

    Parameters
    ----------
    tag
        Show only services with this tag; open incidents and warnings of all services stay.
    as_json
        Print one JSON object, as the console's API answers /services.
    watch
        Show it again every two seconds, until Ctrl-C; with --json, one object a line.
    """
    settings = ctx.settings()
    if tag is not None:
        known_tag(settings, tag)
    async with ctx.app().reading(settings) as store:

        async def draw() -> int:
            # At each turn: a daemon may start, stop or take another configuration meanwhile.
            daemon = await ctx.app().daemon(settings, store)
            if as_json:
                return await _status_json(ctx, settings, store, daemon, tag, compact=watch)
            return await _status(ctx, settings, daemon, store, tag)

        return await shown(draw, ctx.clock(), watch=watch, as_json=as_json)


async def _status(ctx: Context, settings: "Settings", daemon: "SeenDaemon", store: "Store", tag: str | None) -> int:
    from watchdog.cli import output, tables
    from watchdog.cli.commands.drills import reminders
    from watchdog.presentation import status_text, table_rows
    from watchdog.presentation.text import zone

    state, now, tz, policy = await store.load(), ctx.clock().now(), ctx.zone(), daemon.policy
    output.show_wrapped(daemon.differences)
    if state is None:
        how = f"Start the daemon: {command_line('run')}; if it runs on another machine, look there"
        output.show_lines([f"Nothing is recorded yet. {'The daemon has just started' if daemon.runs else how}"])
        return output.DONE
    output.show_wrapped(table_rows.open_incidents(state, policy, now, tz, daemon.runs))
    output.show_wrapped(status_text.all_lines(state, policy, now, tz, daemon.runs))
    output.show_wrapped(await reminders(settings, store, now))
    output.show_table(tables.status(state, _tagged(policy, tag), now, daemon.runs))
    output.show_lines(["", f"Times are {zone(now, tz)}."])
    return output.DONE


def _tagged(policy: "Policy", tag: str | None) -> "Policy":
    """Return the policy with the services that have the tag; with all of them for None."""
    services = {name: one for name, one in policy.services.items() if tag is None or tag in one.tags}
    return replace(policy, services=services)


async def _status_json(
    ctx: Context, settings: "Settings", store: "Store", daemon: "SeenDaemon", tag: str | None, *, compact: bool
) -> int:
    from watchdog.cli import output
    from watchdog.cli.api_views import queries

    view = await queries(store, settings, ctx.clock(), daemon)
    return output.show_json(await view.overview(tag), compact=compact)


async def why_not(service: str, time: str, /, *, as_json: AsJson = False, ctx: It) -> int:
    """Explain why the watchdog took no action on a service at some moment.

    Parameters
    ----------
    service
        Its name in the configuration.
    time
        03:12 or '2026-11-25 03:12' in your time zone (with --utc in UTC), ISO 8601, or '03:12 Europe/Berlin'.
    as_json
        Print one JSON object, as the console's API answers /services/SERVICE/why-not.
    """
    from watchdog.cli import output
    from watchdog.cli import why_not as answer
    from watchdog.cli.time_argument import parse_moment
    from watchdog.presentation.inaction.past_moment import past_moment

    settings, tz = ctx.settings(), ctx.zone()
    known_service(settings, service)
    try:
        at = parse_moment(time, ctx.clock().now(), tz)
    except ValueError as error:
        usage_error(time, str(error), "")
    async with ctx.app().reading(settings) as store:
        state = await store.load()
        known = state.services.get(service) if state is not None else None
        asked = await past_moment(store, known, service, at, settings.policy.detection)
    if as_json:
        from watchdog.console.views.why_not_views import why_not_view

        return output.show_json(why_not_view(asked))
    output.show_lines(answer.why_not(asked, tz))
    return output.DONE


async def deploys(service: str, /, *, as_json: AsJson = False, ctx: It) -> int:
    """List a service's deploys: the live one, the target of a rollback now, and why the others were passed over.

    Parameters
    ----------
    service
        Its name in the configuration.
    as_json
        Print one JSON object: deploys and target, as the console's API has them.
    """
    from watchdog.cli import output, tables

    settings, now = ctx.settings(), ctx.clock().now()
    found, choice = await ctx.app().deploys(settings, known_service(settings, service))
    if as_json:
        from watchdog.cli.api_views import deploys_view

        return output.show_json(deploys_view(service, found, choice, now))
    output.show_table(tables.deploys(found, choice, now, ctx.zone()))
    # The table marks the target on its row: where there is none, no row could say why.
    if choice is not None and choice.deploy is None:
        output.show_lines([f"No rollback target: {choice.why}."])
    return output.DONE


async def once(*, as_json: AsJson = False, ctx: It) -> int:
    """Read every signal once and show its reading, which is no verdict; decide nothing, send nothing.

    Parameters
    ----------
    as_json
        Print one JSON array, one object per signal.
    """
    from watchdog.cli import output, tables
    from watchdog.presentation.status_text import report_record, single_reading_lines

    settings = ctx.settings()
    read = await ctx.app().once(settings)
    if as_json:
        return output.show_json([report_record(one) for one in read])
    output.show_table(tables.once(read))
    output.show_wrapped(single_reading_lines(settings.policy.detection))
    return output.DONE


async def silences(*, as_json: AsJson = False, ctx: It) -> int:
    """List silences and action holds, with scope, end, author and reason.

    Parameters
    ----------
    as_json
        Print one JSON array, as the console's API has them.
    """
    from watchdog.cli import output
    from watchdog.domain.incidents import State
    from watchdog.presentation import status_text
    from watchdog.presentation.text import zone

    settings, now, tz = ctx.settings(), ctx.clock().now(), ctx.zone()
    async with ctx.app().reading(settings) as store:
        state = await store.load() or State()
    if as_json:
        from watchdog.console.views.approval_views import quiet_views

        return output.show_json(quiet_views(state, settings.policy, None, now))
    lines = status_text.quiet_lines(state, settings.policy, now, tz)
    output.show_wrapped([*lines, f"Times are {zone(now, tz)}."] if lines else [status_text.NO_QUIET])
    return output.DONE

"""Announcements on the public status pages, listed. The commands that post them: see human_commands.py."""

from watchdog.cli.options import AsJson, It
from watchdog.domain.commands.command_line import command_line

HEAD = ("announcement", "page", "services", "state", "from", "until", "title")


async def announcements(*, as_json: AsJson = False, ctx: It) -> int:
    """List announcements on the public status pages, those that are not over first.

    Parameters
    ----------
    as_json
        Print one JSON array, with every update and its author.
    """
    from watchdog.cli import output, tables
    from watchdog.console.views.announcement_views import announcement_views
    from watchdog.presentation.text import in_column, zone

    settings, now, tz = ctx.settings(), ctx.clock().now(), ctx.zone()
    async with ctx.app().reading(settings) as store:
        views = announcement_views(await store.announcements(), now)
    if as_json:
        return output.show_json(views)
    rows = [
        (
            one.id,
            one.page,
            ",".join(one.services) or "all",
            one.state,
            in_column(one.begins_at, now, tz, seconds=False),
            in_column(one.ends_at, now, tz, seconds=False) if one.ends_at is not None else "",
            one.title,
        )
        for one in views
    ]
    if rows:
        output.show_table(tables.table(HEAD, rows))
        output.show_lines(["", f"Times are {zone(now, tz)}."])
    else:
        output.show_lines([f"None yet; `{command_line('announce')}` posts one."])
    return output.DONE

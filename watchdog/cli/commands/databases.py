"""The commands on databases of services: dump, migrate down, restore, each ordered by a person here."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from watchdog.cli.command_context import known_service
from watchdog.cli.options import As, AsJson, Flag, It
from watchdog.cli.typed_approval import approval, named_person
from watchdog.domain.commands.command_line import pasted

if TYPE_CHECKING:
    from watchdog.domain.remedies.database_step import DatabaseStep

Tell = Callable[[str], None]


async def dump(
    service: str, /, *, incident: str = "", by: As = None, dry_run: Flag = False, as_json: AsJson = False, ctx: It
) -> int:
    """Dump the database of a service with pg_dump, read the dump back, and write its checksum beside it.

    Needs `database:` of the service in the configuration, and its variable in this shell. The daemon connects to no
    database of a service.

    Parameters
    ----------
    service
        Its name in the configuration.
    incident
        The incident that it is for, as in web-1: its timeline gets a line.
    by
        The person who orders it, if not you.
    dry_run
        Only print what would be done.
    as_json
        Print one JSON object.
    """
    from watchdog.domain.remedies.database_step import DatabaseAction

    settings, who = ctx.settings(), ctx.author(by)
    known_service(settings, service)
    if dry_run:
        found = await ctx.app().database_plan(settings, service, ctx.environ, _tell, DatabaseAction.DUMP, "")
        return _planned(found, pasted("database dump", service, options={"--incident": incident, "--as": by}))
    done = await ctx.app().database_dump(settings, service, ctx.environ, _tell, who, incident)
    return _shown(done, as_json=as_json)


async def migrate_down(
    service: str,
    /,
    *,
    incident: str,
    by: As = None,
    again: Flag = False,
    dry_run: Flag = False,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Run the command of the configuration that migrates the database of a service down, once an incident.

    Refused without a dump that is young enough (database.fresh), and without `--as`. Killed, its outcome is unknown:
    look at the schema before you repeat it.

    Parameters
    ----------
    service
        Its name in the configuration.
    incident
        The incident that it is for, as in web-1.
    by
        The person who orders it; must be given.
    again
        Run it once more for this incident: each run goes down further.
    dry_run
        Only print what would be done.
    as_json
        Print one JSON object.
    """
    from watchdog.domain.remedies.database_step import DatabaseAction

    settings = ctx.settings()
    known_service(settings, service)
    if dry_run:
        found = await ctx.app().database_plan(settings, service, ctx.environ, _tell, DatabaseAction.MIGRATE_DOWN, "")
        more = {"--incident": incident, "--again": again, "--as": by or "NAME"}
        return _planned(found, pasted("database migrate-down", service, options=more))
    who = ctx.author(named_person(by))
    done = await ctx.app().database_migrate_down(settings, service, ctx.environ, _tell, who, incident, again=again)
    return _shown(done, as_json=as_json)


async def restore(
    service: str,
    /,
    *,
    dump: str,
    incident: str = "",
    by: As = None,
    dry_run: Flag = False,
    as_json: AsJson = False,
    ctx: It,
) -> int:
    """Put a dump of the database of a service back, in one transaction, after saying what is lost by it.

    The person named by `--as` types the name of the service at this terminal. Refused without a dump that is young
    enough (database.fresh). Killed at any moment, all of it is in force or nothing: the next command looks.

    Parameters
    ----------
    service
        Its name in the configuration.
    dump
        The dump's name in the folder, or its path.
    incident
        The incident that it is for, as in web-1: its timeline gets a line.
    by
        The person who approves it; must be given.
    dry_run
        Only print what would be done, and what is lost by it.
    as_json
        Print one JSON object.
    """
    from watchdog.domain.remedies.database_step import DatabaseAction

    settings = ctx.settings()
    known_service(settings, service)
    if dry_run:
        found = await ctx.app().database_plan(settings, service, ctx.environ, _tell, DatabaseAction.RESTORE, dump)
        more = {"--dump": dump, "--incident": incident, "--as": by or "NAME"}
        return _planned(found, pasted("database restore", service, options=more))
    who = ctx.author(named_person(by))
    ask = approval("restore", service)
    done = await ctx.app().database_restore(settings, service, ctx.environ, _tell, who, incident, dump, ask)
    return _shown(done, as_json=as_json)


async def status(service: str, /, *, settle: Flag = False, as_json: AsJson = False, ctx: It) -> int:
    """List the steps on the database of a service, with their outcomes.

    Parameters
    ----------
    service
        Its name in the configuration.
    settle
        Look up what came of a step that another machine began and did not end, if it is over there for certain.
    as_json
        Print one JSON array.
    """
    from watchdog.cli import output, tables
    from watchdog.presentation.databases import database_text as words

    settings = ctx.settings()
    known_service(settings, service)
    if settle:
        await ctx.app().database_settle(settings, service, ctx.environ, _tell)
    async with ctx.app().reading(settings) as store:
        found = await store.database_steps(service)
    if as_json:
        return output.show_json([words.record(one) for one in found])
    if found:
        output.show_table(tables.table(words.STEPS, words.rows(found, ctx.zone())))
    else:
        output.show_lines([f"No step on the database of {service} yet."])
    return output.DONE


def _tell(line: str) -> None:
    """Show progress: on standard error, as the result goes to standard output."""
    from watchdog.cli import output

    output.print_error(line)


def _planned(lines: Sequence[str], command: str) -> int:
    from watchdog.cli import output

    output.show_lines([*lines, "", f"Nothing was changed. To do it: {command}"])
    return output.DONE


def _shown(step: "DatabaseStep", *, as_json: bool) -> int:
    from watchdog.cli import output
    from watchdog.domain.remedies.database_step import StepOutcome
    from watchdog.presentation.databases import database_text as words

    if as_json:
        output.show_json(words.record(step))
    else:
        output.show_lines(words.done_lines(step))
    return output.DONE if step.outcome is StepOutcome.DONE else output.FAILED

"""The commands `backup` and `restore`, of the watchdog's own store."""

import shlex
from pathlib import Path

from watchdog.cli.options import It


async def backup(file: Path, /, *, ctx: It) -> int:
    """Copy the watchdog's own store to a new file, also while the daemon runs; the copy is read back.

    A store of PostgreSQL is dumped by pg_dump, which must be on PATH.

    Parameters
    ----------
    file
        The file to write; one that is there is never overwritten.
    """
    from watchdog.cli import output
    from watchdog.domain.commands.command_line import command_line
    from watchdog.domain.units import show_bytes

    size = await ctx.app().backup(ctx.settings(), ctx.environ, ctx.cwd / file)
    back = command_line("restore", shlex.quote(str(file)))
    output.show_lines([f"Wrote {ctx.cwd / file}, {show_bytes(size)}, read back. To put it back: {back}"])
    return output.DONE


async def restore(file: Path, /, *, ctx: It) -> int:
    """Put a copy in the place of the watchdog's own store, while no daemon runs; what was there is kept beside.

    Parameters
    ----------
    file
        What `watchdog backup` wrote.
    """
    from watchdog.app.store_copies.store_copies import next_steps
    from watchdog.cli import output

    output.show_wrapped(next_steps(await ctx.app().restore(ctx.settings(), ctx.environ, ctx.cwd / file)))
    return output.DONE

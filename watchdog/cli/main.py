"""The command `watchdog`: tokens become a command that runs, and its result an exit code.

0 done · 1 failed · 2 configuration or usage · 3 refused by a guard · 130 interrupted. An expected error is a sentence,
not a traceback.
"""

import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import CycloptsError, Parameter

from watchdog.cli import output
from watchdog.cli.command_context import Context, Services
from watchdog.cli.command_tree import build
from watchdog.cli.old_spellings import renamed
from watchdog.domain.errors import WatchdogError

LAB = "lab"
app = build()
Prepared = Callable[[Context], Coroutine[Any, Any, int]]
Typed = tuple[Prepared, Path | None, bool]


@app.meta.default
def prepare(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    utc: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> Typed | None:
    """Parse the command and return the function to run.

    Parameters
    ----------
    config
        The configuration file; else ./watchdog.yaml, else the text in WATCHDOG_CONFIG_YAML.
    utc
        Show times in UTC, not in the local time zone (TZ).
    """
    # Errors are raised, not printed: `main` puts them into words, and chooses the exit code.
    command, bound, ignored = app.parse_args(tokens, exit_on_error=False, print_error=False)
    if "ctx" not in ignored:
        # `--help` and `--version` of cyclopts itself take no context: they run here, without an event loop.
        command(*bound.args, **bound.kwargs)
        return None
    started = partial(command, *bound.args, **bound.kwargs)
    # Only the lab computes for long without an await: see interrupts.py.
    if tokens[0] != LAB:
        return (lambda ctx: started(ctx=ctx)), config, utc
    from watchdog.cli.interrupts import interruptible

    return (lambda ctx: interruptible(started(ctx=ctx))), config, utc


def main(tokens: Sequence[str] | None = None, load_roof: Callable[[], Services] | None = None) -> int:
    """Run one command and return its exit code."""
    # Replaced before cyclopts reads them: as commands of its own, old spellings would stand in every help.
    typed = renamed(sys.argv[1:] if tokens is None else tokens)
    try:
        # The parsed command is wanted as a value: by default cyclopts would print a result and end the process.
        found = app.meta(typed, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        from watchdog.cli.usage_errors import usage_hint

        output.print_error(usage_hint(error))
        return output.USAGE
    if found is None:
        return output.DONE
    prepared, config, utc = found
    return _run(prepared, Context(config, os.environ, Path.cwd(), load_roof or _real_roof, utc=utc))


def _run(prepared: Prepared, ctx: Context) -> int:
    # Imported late: it is a fifth of the time of `--help`.
    import asyncio

    try:
        code = asyncio.run(prepared(ctx))
        # Flushed inside the `try`: a closed pipe may show only here.
        sys.stdout.flush()
        return code
    except WatchdogError as error:
        return output.explain_error(error)
    except KeyboardInterrupt:
        return output.INTERRUPTED
    except BrokenPipeError:
        # `| head` closed the pipe: Python flushes stdout once more at exit, and would print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return output.DONE


def _real_roof() -> Services:
    from watchdog.cli.services import AppServices

    return AppServices()

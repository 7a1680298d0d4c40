"""The command `watchdog`: tokens become a command that runs, and its result an exit code.

0 done · 1 failed · 2 configuration or usage · 3 refused by a guard · 130 interrupted. An expected error is a sentence,
not a traceback.

Rule 1: spellings from before commands were grouped still work (`approve web-1` is `watchdog incident approve web-1`),
and no help lists them. At a terminal only, a hint on stderr names the new spelling, so that scripts read no extra line.
Rule 2: what Ctrl-C (SIGINT) does to a running command is defined here alone: see `interruptible`. Only two replace it:
the daemon (`watchdog run`), by its graceful shutdown on SIGTERM and SIGINT alike, and `watchdog mcp`, ended at once.
"""

import difflib
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import CycloptsError, Parameter, UnknownCommandError

from watchdog.cli import output
from watchdog.cli.command_context import Context
from watchdog.cli.command_tree import HELP, build
from watchdog.docs.page_table import shell_place
from watchdog.domain.commands.command_line import OLD_SPELLINGS, PLACES, PROGRAM
from watchdog.domain.errors import WatchdogError

if TYPE_CHECKING:
    from watchdog.cli.services import AppServices

LAB = "lab"
app = build()
Prepared = Callable[[Context], Coroutine[Any, Any, int]]
Typed = tuple[Prepared, Path | None, bool]
WITH_A_VALUE = frozenset({"--config", "-c"})
"""Options before the command that take a value."""
NEAR = 0.6
"""How alike two words must be, from 0 to 1, for one to be suggested for the other."""
AGAIN_SECONDS = 0.01
"""So soon after Python dropped an interruption it is raised again."""


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
    # Only the lab computes for long without an await: see `interruptible`.
    if tokens[0] != LAB:
        return (lambda ctx: started(ctx=ctx)), config, utc
    return (lambda ctx: interruptible(partial(started, ctx=ctx))), config, utc


def main(
    tokens: Sequence[str] | None = None,
    load_services: Callable[[], "AppServices"] | None = None,
    before_it_runs: Callable[[], object] = lambda: None,
) -> int:
    """Run one command and return its exit code; `before_it_runs` is called when it is parsed, and its loop made."""
    # Replaced before cyclopts reads them: as commands of its own, old spellings would stand in every help.
    typed = renamed(sys.argv[1:] if tokens is None else tokens)
    if typed[:1] in ([], ["--help"], ["-h"]):
        app.help = HELP + _how_it_is_typed()
    try:
        # The parsed command is wanted as a value: by default cyclopts would print a result and end the process.
        found = app.meta(typed, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        output.print_error(usage_hint(error))
        return output.USAGE
    if found is None:
        return output.DONE
    prepared, config, utc = found
    ctx = Context(config, os.environ, Path.cwd(), load_services or _app_services, utc=utc)
    return _run(prepared, ctx, before_it_runs, "".join(typed[_command_at(typed) :][:1]))


def _how_it_is_typed() -> str:
    # Imported late, as it looks through the shell's folders.
    from watchdog.cli.namesake import own_name

    name = own_name()
    return f"\nIn this shell `{PROGRAM}` is typed `{name}`.\n" if name else ""


def _run(prepared: Prepared, ctx: Context, before_it_runs: Callable[[], object], command: str) -> int:
    # Imported late: it is a fifth of the time of `--help`.
    import asyncio

    try:
        with asyncio.Runner() as runner:
            runner.get_loop()
            before_it_runs()
            code = runner.run(prepared(ctx))
        # Flushed inside the `try`: a closed pipe may show only here.
        sys.stdout.flush()
        return code
    except WatchdogError as error:
        return output.explain_error(error, command)
    except KeyboardInterrupt:
        return output.INTERRUPTED
    except BrokenPipeError:
        # `| head` closed the pipe: Python flushes stdout once more at exit, and would print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return output.DONE


def _app_services() -> "AppServices":
    from watchdog.cli.services import AppServices

    return AppServices()


def renamed(tokens: Sequence[str]) -> list[str]:
    """Return the tokens, with an old spelling replaced by the present one."""
    place = _command_at(tokens)
    for old, now in OLD_SPELLINGS.items():
        words = old.split()
        if list(tokens[place : place + len(words)]) == words:
            if sys.stderr.isatty():
                output.print_error(f"({PROGRAM} {old} is now {PROGRAM} {now})")
            return [*tokens[:place], *now.split(), *tokens[place + len(words) :]]
    return list(tokens)


def _command_at(tokens: Sequence[str]) -> int:
    """Return the place of the first word that is neither an option nor an option's value."""
    place = 0
    while place < len(tokens) and tokens[place].startswith("-"):
        place += 2 if tokens[place] in WITH_A_VALUE else 1
    return place


def usage_hint(error: CycloptsError) -> str:
    """Return one sentence for a mistake: what is wrong, what was probably meant, which help to read."""
    # Imported late: it loads notices and incidents, which `--help` does without.
    from watchdog.docs.places import COMMANDS

    command = " ".join((PROGRAM, *(error.command_chain or ())))
    said = str(error).rstrip(".")
    if isinstance(error, UnknownCommandError) and error.unused_tokens:
        # The library lists the first eight commands of the level, which need not be those that are meant.
        word = error.unused_tokens[0]
        said = f'{command} has no command "{word}"{_meant(word)}'
    return f"{said} (see {command} --help, or {shell_place(COMMANDS)})"


def _meant(word: str) -> str:
    """Return a question with the commands whose last word is like this one, in any group; nothing if none is."""
    ends = {words.split()[-1]: words for words in PLACES.values()}
    near = [word] if word in ends else difflib.get_close_matches(word, ends, n=2, cutoff=NEAR)
    return f": did you mean {' or '.join(f'`{PROGRAM} {ends[one]}`' for one in near)}?" if near else ""


async def interruptible(command: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run a command within `asyncio.run`. Raises KeyboardInterrupt if Ctrl-C arrives while it computes.

    A waiting command is cancelled by asyncio: its `finally` blocks end the processes it started. A command that changes
    something is cancelled as well, but never between two steps that belong together. A command of the lab computes
    without yielding to the event loop, so that asyncio could cancel it only at its end: it is interrupted at once.
    """
    import asyncio

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    # `asyncio.run` has installed its own handler, which cancels the task: ours goes in front of it.
    cancel = signal.getsignal(signal.SIGINT)

    def interrupt(number: int, frame: FrameType | None) -> None:
        # The command itself is running, not waiting: cancelling would take effect only at its next await.
        if asyncio.current_task(loop) is task:
            raise KeyboardInterrupt
        if callable(cancel):
            cancel(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        with _raised_again(interrupt):
            # Ctrl-C just before has only asked for a cancellation: here it takes effect.
            await asyncio.sleep(0)
            return await command()
    finally:
        # Only ours is removed: the daemon installs handlers of its own.
        if signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, cancel)


@contextmanager
def _raised_again(interrupt: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Call `interrupt` again where Python dropped the KeyboardInterrupt that it raised.

    No exception escapes from a finalizer, or from a callback of a weak reference; the import system has one for each
    module, a hundredth of what a command does while it imports.
    """

    def dropped(unraisable: "sys.UnraisableHookArgs") -> None:
        # Not raised here, where it would be dropped again.
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        else:
            hook(unraisable)

    hook, before = sys.unraisablehook, signal.signal(signal.SIGALRM, interrupt)
    sys.unraisablehook = dropped
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        sys.unraisablehook = hook

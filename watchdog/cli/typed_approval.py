"""A named person's approval at the terminal: the question, and the one word that is typed to it."""

import sys
from collections.abc import Awaitable, Callable, Sequence

from watchdog.cli.command_context import usage_error
from watchdog.domain.errors import Refused


def named_person(by: str | None) -> str:
    """Return the name of the person. Raises ConfigurationError without one."""
    if by is None:
        usage_error("--as", "not given", "write --as and the name of the person who orders it")
    return by


def approval(what: str, service: str) -> Callable[[Sequence[str]], Awaitable[str]]:
    """Return what shows a question, and returns the line that was typed. Raises Refused where there is no terminal."""
    if not sys.stdin.isatty():
        raise Refused(f"a person approves a {what} at a terminal, and there is none; --dry-run shows the question")
    return lambda lines: _typed(what, service, lines)


async def _typed(what: str, service: str, lines: Sequence[str]) -> str:
    import asyncio

    from watchdog.cli import output

    output.show_flushed([*lines, "", f"To {what}, type the name of the service ({service}); anything else ends it:"])
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    # Not a thread: Ctrl-C must end the command while nothing is typed.
    loop.add_reader(sys.stdin.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline().strip()

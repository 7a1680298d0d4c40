"""`--watch`: the same picture every two seconds, until Ctrl-C.

Rule: a terminal is cleared for each picture; anything else gets a separator before each but the first, and no control
character. An error of the store is printed, and the next picture tries again.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from watchdog.domain.errors import Temporary

if TYPE_CHECKING:
    from watchdog.ports import Clock

EVERY_SECONDS = 2.0
SEPARATOR = "---"
Watch = Annotated[bool, Parameter(name="--watch", negative="", show_default=False)]
Draw = Callable[[], Awaitable[int]]


async def shown(draw: Draw, clock: "Clock", *, watch: bool, as_json: bool = False) -> int:
    """Draw once and return the exit code; with `watch`, draw repeatedly. Raises KeyboardInterrupt on Ctrl-C.

    With `as_json` nothing stands between the pictures: each is a line of its own.
    """
    from watchdog.cli import output

    if not watch:
        return await draw()
    first = True
    while True:
        if sys.stdout.isatty() and not as_json:
            output.console().clear()
        elif not first and not as_json:
            output.show_lines([SEPARATOR])
        first = False
        try:
            code = await draw()
            if code != output.DONE:
                return code
        # Nothing else: an error that does not pass would be repeated every two seconds.
        except Temporary as error:
            output.explain_error(error)
        # A reader behind a pipe must see this picture now, not with the next one.
        sys.stdout.flush()
        await clock.sleep(EVERY_SECONDS)

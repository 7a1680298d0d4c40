"""Python itself, set so that what happens beside a probe makes it late by no more than some milliseconds.

Turns: a thread that computes (a page for people, a large scrape) gives way after a fifth of Python's usual 5 ms.
Garbage: a full collection goes through everything that lives and holds every thread meanwhile, 0.1 to 0.2 s for our
code, the state of some hundred services and months of incidents. What outlived one is set aside (`gc.freeze`), so that
the next goes through what came since; reference counts free it as before. Cycles within it (of a connection that was
open just then: some kilobytes) are found a few times a day.
"""

import gc
import sys

from watchdog.ports import Clock

TURN_SECONDS = 0.001
YOUNG_MAX = 5_000
"""New objects before a collection among them, instead of Python's 700: most die by their reference counts."""
ALL_OF_IT_EVERY_SECONDS = 6 * 3600.0


async def tune_interpreter(clock: Clock) -> None:
    """Set Python up, set aside what outlives a full collection, and now and then look through everything. For ever."""
    sys.setswitchinterval(TURN_SECONDS)
    gc.set_threshold(YOUNG_MAX, *gc.get_threshold()[1:])
    if _set_aside not in gc.callbacks:
        gc.callbacks.append(_set_aside)
    while True:
        gc.unfreeze()
        gc.collect()
        await clock.sleep(ALL_OF_IT_EVERY_SECONDS)


def _set_aside(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()

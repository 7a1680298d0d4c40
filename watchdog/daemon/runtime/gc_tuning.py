"""Tunes the interpreter, so that other work delays a probe by a few milliseconds at most.

Turns: a thread that computes (a page view, a large scrape) gives way after TURN_SECONDS instead of Python's 5 ms. The
loop gives its turn away with each system call, a dozen times a probe, and waits as long each time to get it back:
beside a busy thread a dozen calls took 15 ms with turns of 5 ms, 2.2 ms with 1 ms, 0.3 ms with 0.2 ms. Two busy threads
lose 2 % of their speed by turns of 0.2 ms, and 10 % by half of that.

Garbage: a full collection walks all live objects and holds every thread meanwhile. That takes 0.1 to 0.2 s for the
code, the state of some hundred services and months of incidents. Survivors of a collection are frozen (`gc.freeze`), so
that the next one walks newer objects only; reference counts free frozen objects as before. Cycles among frozen objects
(of a connection open at that moment: some kilobytes) are found a few times a day.
"""

import gc
import sys

from watchdog.ports import Clock

TURN_SECONDS = 0.0002
YOUNG_MAX = 1_000
"""New objects before a collection among them: it holds the loop for less than 2 ms, one of 5,000 for 3 to 10 ms.

Under hostile HTTP a collection of 5,000 came every two seconds, and made the probes' p99 lateness 8 ms instead of 5.
"""
ALL_OF_IT_EVERY_SECONDS = 6 * 3600.0


async def tune_interpreter(clock: Clock) -> None:
    """Tune the interpreter, freeze the survivors of full collections, and unfreeze a few times a day. For ever."""
    sys.setswitchinterval(TURN_SECONDS)
    gc.set_threshold(YOUNG_MAX, *gc.get_threshold()[1:])
    # The supervisor may start this task again.
    if _set_aside not in gc.callbacks:
        gc.callbacks.append(_set_aside)
    gc.collect()
    while True:
        await clock.sleep(ALL_OF_IT_EVERY_SECONDS)
        # Once per period all objects are walked: cycles among frozen ones are freed here only.
        gc.unfreeze()
        gc.collect()


def _set_aside(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()

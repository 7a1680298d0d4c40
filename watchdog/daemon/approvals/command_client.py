"""Submits a command to the worker that holds the service, and waits for the answer: for all who give commands."""

from collections.abc import Mapping
from typing import Any

from watchdog.domain.errors import Temporary
from watchdog.domain.store_records import Command
from watchdog.ports import Clock, Store

ANSWER_SECONDS = 15.0
POLL_SECONDS = 0.1


async def submit_and_wait(store: Store, clock: Clock, name: str, arguments: Mapping[str, Any], by: str) -> Command:
    """Return the command with the daemon's answer. Raises Temporary if it does not answer in time.

    Then the command is withdrawn: it must not be done a minute after its author was told that it was not.
    """
    number = await store.submit(name, arguments, by)
    give_up = clock.monotonic() + ANSWER_SECONDS
    while clock.monotonic() < give_up:
        found = await store.command(number)
        if found is not None and found.done:
            return found
        await clock.sleep(POLL_SECONDS)
    await store.answer(number, ok=False, text="withdrawn: nobody answered in time", exit_code=1)
    raise Temporary("the running watchdog did not answer; the command was withdrawn. Is it healthy?")

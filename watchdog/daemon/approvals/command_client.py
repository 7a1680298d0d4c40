"""Submits a command to the worker that holds the service, and waits for the answer: used by every surface."""

from collections.abc import Mapping
from typing import Any

from watchdog.daemon.approvals.annotations import RECORDED
from watchdog.daemon.approvals.announcements import POSTED
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import Temporary
from watchdog.domain.store_records import Command
from watchdog.ports import Clock, Store
from watchdog.ports.chat import REFUSED

ANSWER_SECONDS = 15.0
POLL_SECONDS = 0.1
WITHDRAWN = "the running watchdog did not answer; the command was withdrawn. Is it healthy?"
NONE_WATCHES = (
    "no watchdog watches a service on this store now; the command was withdrawn: "
    f"start one (`{command_line('run')}`), or ask again once it is up"
)
UNKNOWN = "the running watchdog did not answer; whether it was added is not known: look, then ask again"
KEPT = f"the running watchdog did not answer yet, and the command may still be done: look at `{command_line('status')}`"


async def submit_and_wait(store: Store, clock: Clock, name: str, arguments: Mapping[str, Any], by: str) -> Command:
    """Return the command with the daemon's answer. Raises Temporary if it does not answer within ANSWER_SECONDS.

    Then the command is withdrawn, so that the daemon does not apply it after this error was shown. An event's changes
    are saved together with the answer, and only while there is none. An addition to an incident's record,
    or to a status page, has no such transaction: for it the error says that the outcome is unknown. A refusal changes
    nothing, and stays.
    """
    number = await store.submit(name, arguments, by)
    give_up = clock.monotonic() + ANSWER_SECONDS
    while clock.monotonic() < give_up:
        found = await store.command(number)
        if found is not None and found.done:
            return found
        await clock.sleep(POLL_SECONDS)
    if name == REFUSED:
        raise Temporary("the running watchdog did not answer")
    words = UNKNOWN if name in RECORDED or name in POSTED else await _why_unanswered(store)
    # The store accepts one answer per command: withdrawal and the daemon's answer exclude each other.
    if await _withdrawn(store, number, words):
        raise Temporary(words)
    answered = await store.command(number)
    # Neither withdrawn nor readable: the command may still be applied.
    if answered is None:
        raise Temporary(KEPT)
    return answered


async def _why_unanswered(store: Store) -> str:
    try:
        # By the leases: without one no worker could have answered, be it that none runs, or that it still starts.
        return WITHDRAWN if await store.is_served() else NONE_WATCHES
    except Temporary:
        return WITHDRAWN


async def _withdrawn(store: Store, number: int, words: str) -> bool:
    """Return whether the command was withdrawn; False: it was answered at this very moment."""
    try:
        return await store.answer(number, ok=False, text=words, exit_code=1)
    except Temporary:
        raise Temporary(KEPT) from None

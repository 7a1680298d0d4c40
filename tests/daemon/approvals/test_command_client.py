"""What the author of a command reads when no daemon answers: only what is true of it."""

import pytest

from tests.support.clocks import FakeClock
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.approvals.command_client import NONE_WATCHES, UNKNOWN, WITHDRAWN, submit_and_wait
from watchdog.domain.errors import Temporary


@pytest.mark.parametrize(
    ("name", "worker", "words"),
    [
        ("silence", "w1", WITHDRAWN),
        ("silence", "", NONE_WATCHES),
        ("note", "w1", UNKNOWN),
        ("follow-up", "w1", UNKNOWN),
        ("announce", "w1", UNKNOWN),
        ("update-announcement", "", UNKNOWN),
    ],
)
async def test_a_command_without_an_answer_is_withdrawn_and_what_is_known_is_said(
    name: str, worker: str, words: str
) -> None:
    """An event is saved together with the answer; what is added to the record may be there without one."""
    clock = FakeClock()
    store = MemoryStore(clock)
    if worker:
        await store.renew_leases(worker, ("web",), ttl_seconds=60.0)
    with pytest.raises(Temporary) as raised:
        await submit_and_wait(store, clock, name, {}, "ann")
    assert str(raised.value) == words
    assert [(one.name, one.done, one.answer) for one in await store.asked()] == [(name, True, words)]


class AnsweredJustThen(MemoryStore):
    """A store in which the daemon answers in the moment in which the author gives up."""

    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
        await super().answer(command_id, ok=True, text="SILENCED web for 2 h", exit_code=0)
        return await super().answer(command_id, ok=ok, text=text, exit_code=exit_code)


async def test_what_was_answered_in_the_moment_of_giving_up_was_done() -> None:
    """Its author reads that, and not that it was withdrawn."""
    clock = FakeClock()
    done = await submit_and_wait(AnsweredJustThen(clock), clock, "silence", {}, "ann")
    assert (done.ok, done.answer) == (True, "SILENCED web for 2 h")

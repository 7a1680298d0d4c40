"""What the author of a command reads when no daemon answers: only what is true of it."""

import pytest

from tests.support.clocks import FakeClock
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.approvals.command_client import UNKNOWN, WITHDRAWN, submit_and_wait
from watchdog.domain.errors import Temporary


@pytest.mark.parametrize(("name", "words"), [("silence", WITHDRAWN), ("note", UNKNOWN), ("follow-up", UNKNOWN)])
async def test_a_command_without_an_answer_is_withdrawn_and_its_author_reads_what_is_known(
    name: str, words: str
) -> None:
    """An event is saved together with the answer; what is added to the record may be there without one."""
    clock = FakeClock()
    store = MemoryStore(clock)
    with pytest.raises(Temporary) as raised:
        await submit_and_wait(store, clock, name, {}, "ann")
    assert str(raised.value) == words
    assert [(one.name, one.done, one.answer) for one in await store.asked()] == [(name, True, words)]

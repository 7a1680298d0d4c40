"""What is computed beside the loop: in one thread, first come first served, while the loop goes on."""

import asyncio
import threading

import pytest

from tests.support.clocks import PATIENCE_SECONDS
from watchdog.background import run_in_background


async def test_however_much_is_asked_for_one_thread_does_it_in_order() -> None:
    """Twelve at once: the loop does none of them, and no second thread helps."""
    done: list[int] = []

    def work(number: int) -> threading.Thread:
        done.append(number)
        return threading.current_thread()

    threads = await asyncio.gather(*(run_in_background(work, number) for number in range(12)))
    assert done == list(range(12))
    assert len(set(threads)) == 1 and threading.current_thread() not in threads


async def test_the_loop_goes_on_meanwhile_and_is_told_of_a_failure() -> None:
    """What is waited for in the thread is done by the loop; what is raised there is raised here."""
    go_on = threading.Event()

    def work() -> None:
        if not go_on.wait(PATIENCE_SECONDS):
            raise TimeoutError
        raise ValueError("no")

    waiting = asyncio.ensure_future(run_in_background(work))
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(ValueError, match="no"):
        await waiting

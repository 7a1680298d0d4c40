"""The seeded loop: virtual time, drawn order, processes that die and freeze; and what it leans on in asyncio."""

import asyncio
import inspect
from asyncio import base_events
from collections.abc import Coroutine
from contextvars import Context
from random import Random
from typing import Any

import pytest

from watchdog.lab.storm.loop import DEAD, FROZEN, PROCESS, Deadlock, Process, StormLoop


def run(work: Coroutine[Any, Any, Any], seed: int = 1, loop: StormLoop | None = None) -> Any:
    """Run a coroutine to its end on that loop, or on one of its own, and close it."""
    loop = loop or StormLoop(Random(seed))
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


def spawn(process: Process, work: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine as a process."""
    context = Context()
    context.run(PROCESS.set, process)
    asyncio.get_running_loop().create_task(work, context=context)


def test_python_still_runs_its_loop_as_we_replace_it() -> None:
    """A Python whose loop no longer turns on `_run_once`, `_ready` and `_scheduled` fails here, loudly."""
    source = inspect.getsource(base_events.BaseEventLoop)
    assert "self._run_once()" in source, "run_forever calls the one method that the storm replaces"
    assert "self._ready" in source and "self._scheduled" in source
    assert set(inspect.signature(base_events.BaseEventLoop._run_once).parameters) == {"self"}
    ran: list[str] = []

    async def count() -> None:
        for number in range(3):
            ran.append(f"{asyncio.get_running_loop().time():g} {number}")
            await asyncio.sleep(10)

    loop = StormLoop(Random(1))
    run(count(), loop=loop)
    assert ran == ["0 0", "10 1", "20 2"]
    assert loop.time() == 30
    assert loop.steps > 5, "every step went through the storm's own _run_once"


def test_time_is_virtual_and_a_day_takes_no_time() -> None:
    """Sleeping and timeouts move the clock; nothing waits."""

    async def day() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(86_400):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run(day()) == 86_400


def test_waiting_for_nothing_is_a_deadlock_and_threads_are_refused() -> None:
    """Where nothing can ever go on that is said, not waited for; threads would not be deterministic."""
    with pytest.raises(Deadlock):
        run(asyncio.Event().wait())
    with pytest.raises(RuntimeError, match="no threads"):
        run(asyncio.to_thread(print))


async def lose_an_update() -> int:
    """Increase a counter from two tasks, with an await between reading and writing whenever it is unlucky."""
    counter = 0
    gate = asyncio.Lock()

    async def careful() -> None:
        nonlocal counter
        async with gate:
            seen = counter
            await asyncio.sleep(0)
            counter = seen + 1

    async def hasty() -> None:
        nonlocal counter
        await asyncio.sleep(0)
        seen = counter
        await asyncio.sleep(0)
        counter = seen + 1

    async with asyncio.TaskGroup() as group:
        group.create_task(careful())
        group.create_task(hasty())
    return counter


def test_some_seeds_lose_an_update_and_others_do_not() -> None:
    """The order is drawn: a race is won in some seeds and lost in others."""
    assert {run(lose_an_update(), seed) for seed in range(50)} == {1, 2}


def test_the_same_seed_draws_the_same_order() -> None:
    """All of it comes from the seed."""

    async def order() -> list[int]:
        done: list[int] = []

        async def one(number: int) -> None:
            await asyncio.sleep(0)
            done.append(number)

        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(one(number))
        return done

    assert run(order(), 5) == run(order(), 5)
    assert len({tuple(run(order(), seed)) for seed in range(10)}) > 5


def test_a_killed_process_runs_no_finally() -> None:
    """Kill -9: no step of any of its tasks comes after, and nothing of it is cleaned up."""
    process, said = Process("a"), list[str]()

    async def work(name: str) -> None:
        try:
            while True:
                said.append(name)
                await asyncio.sleep(1)
        finally:
            said.append(f"{name} ended")

    async def world() -> int:
        spawn(process, work("one"))
        spawn(process, work("two"))
        await asyncio.sleep(2.5)
        process.state = DEAD
        count = len(said)
        await asyncio.sleep(100)
        return count

    assert run(world()) == len(said) == 6
    assert process.buried, "what was left of it is kept until the seed is over"


def test_a_frozen_process_goes_on_where_it_was() -> None:
    """SIGSTOP stops all tasks at once; after SIGCONT the timers that ran out meanwhile fire."""
    loop = StormLoop(Random(1))
    process, said = Process("a"), list[float]()

    async def work() -> None:
        for _ in range(4):
            await asyncio.sleep(1)
            said.append(loop.time())

    async def world() -> None:
        spawn(process, work())
        await asyncio.sleep(1.5)
        process.state = FROZEN
        await asyncio.sleep(20)
        loop.thaw(process)
        await asyncio.sleep(10)

    run(world(), loop=loop)
    assert said == [1, 21.5, 22.5, 23.5]


def test_a_fuse_strikes_before_a_chosen_step() -> None:
    """Fate may look before any handle of a process, and only of that process."""
    struck: list[str] = []
    loop = StormLoop(Random(1), lambda process: struck.append(process.name))
    process = Process("a")
    process.fuse = 3

    async def work() -> None:
        for _ in range(10):
            await asyncio.sleep(1)

    async def world() -> None:
        spawn(process, work())
        await asyncio.sleep(60)

    run(world(), loop=loop)
    assert struck == ["a"]


def test_what_a_callback_dies_of_is_remembered() -> None:
    """An error nobody awaits is no secret: the score counts it."""

    async def world() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(1)

    loop = StormLoop(Random(1))
    run(world(), loop=loop)
    assert ["ZeroDivisionError" in complaint for complaint in loop.complaints] == [True]

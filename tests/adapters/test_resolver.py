"""Names are resolved beside the loop, and a hanging one costs one thread."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.adapters.signals.sites import Hanging, hanging_lookup, row
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.adapters.resolver import Resolver, ResolverBusyError
from watchdog.adapters.ssrf_guard import as_address


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    with hanging_lookup() as made:
        yield made


async def test_a_real_name_resolves() -> None:
    assert {"127.0.0.1", "::1"} & set(await Resolver().addresses("localhost", 80))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "2001:db8::1"])
async def test_an_address_needs_no_lookup(host: str) -> None:
    def never(*_: Any, **__: Any) -> list[Any]:
        raise AssertionError("looked up")

    assert await Resolver(lookup=never).addresses(host, 80) == (host.strip("[]"),)
    assert as_address("example.com") is None


async def test_a_thread_that_has_answered_takes_the_next_name_also_after_a_failure() -> None:
    """Starting one costs more than a lookup in the system's cache; two names at once still need two."""
    threads: list[int] = []
    both = threading.Barrier(2, timeout=PATIENCE_SECONDS)

    def lookup(host: str, *_: Any, **__: Any) -> list[Any]:
        threads.append(threading.get_ident())
        if host == "missing.example":
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        if host.startswith("both"):
            both.wait()
        return [row("192.0.2.1")]

    resolver = Resolver(lookup=lookup)

    async def found(host: str) -> tuple[str, ...]:
        return await asyncio.wait_for(resolver.addresses(host, 80), PATIENCE_SECONDS)

    assert await found("a.example") == ("192.0.2.1",)
    await until_idle(resolver, 1)
    with pytest.raises(socket.gaierror):
        await found("missing.example")
    await until_idle(resolver, 1)
    assert await found("b.example") == ("192.0.2.1",) and len(set(threads)) == 1
    await until_idle(resolver, 1)
    await asyncio.gather(found("both.example"), found("both-2.example"))
    assert len(set(threads)) == 2


async def until_idle(resolver: Resolver, threads: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while resolver.idle_threads < threads:
            await asyncio.sleep(0.001)


async def test_who_asks_meanwhile_waits_for_the_same_answer(hanging: Hanging) -> None:
    """One lookup per name; a caller who gives up does not take the answer from the others."""
    resolver = Resolver(lookup=hanging)
    tasks = [asyncio.ensure_future(resolver.addresses("acme.example", 80)) for _ in range(3)]
    while not hanging.asked:
        await asyncio.sleep(0.01)
    tasks[0].cancel()
    await asyncio.sleep(0)
    hanging.answer.set()
    assert await tasks[1] == await tasks[2] == ("192.0.2.1", "192.0.2.2")
    assert tasks[0].cancelled() and hanging.asked == ["acme.example"]


async def test_case_27_hanging_lookups_are_bounded_and_then_the_fault_is_ours(hanging: Hanging) -> None:
    """A probe that repeats every second must not collect threads."""
    resolver = Resolver(lookups_max=2, lookup=hanging)
    for name in ("a.example", "b.example", "a.example", "b.example"):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(resolver.addresses(name, 80), 0.05)
    with pytest.raises(ResolverBusyError):
        await resolver.addresses("c.example", 80)
    assert hanging.asked == ["a.example", "b.example"]
    hanging.answer.set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                assert await resolver.addresses("c.example", 80) == ("192.0.2.1", "192.0.2.2")
                break
            except ResolverBusyError:
                await asyncio.sleep(0.01)


async def test_a_failed_lookup_raises_and_leaves_room() -> None:
    def failing(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    resolver = Resolver(lookups_max=1, lookup=failing)
    for _ in range(3):
        with pytest.raises(socket.gaierror):
            await resolver.addresses("acme.example", 80)


async def test_a_thread_that_cannot_be_started_is_no_hanging_name() -> None:
    """Later probes of that name would wait for an answer that never comes, and find the site bad."""
    resolver = Resolver(lookup=lambda *_, **__: [row("192.0.2.1")])
    size = threading.stack_size(2**46)  # more than a machine has
    try:
        with pytest.raises(ResolverBusyError):
            await resolver.addresses("a.example", 80)
    finally:
        threading.stack_size(size)
    assert await asyncio.wait_for(resolver.addresses("a.example", 80), PATIENCE_SECONDS) == ("192.0.2.1",)


WITHOUT_DESCRIPTORS = """
import asyncio, os, resource
from watchdog.adapters.resolver import Resolver

async def failure():
    try:
        await Resolver().addresses("localhost", 80)
    except OSError as error:
        return type(error).__name__, error.errno

async def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    try:
        while True:
            os.open("/dev/null", os.O_RDONLY)
    except OSError as error:
        assert await failure() == ("OSError", error.errno), await failure()

asyncio.run(main())
"""


def test_a_first_lookup_without_a_free_descriptor_is_a_fault_of_ours() -> None:
    """In a process of its own: the C library says `no such name` there, as it could read none of its files."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_DESCRIPTORS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

"""Who comes in when many knock, over real sockets and from several addresses of this machine."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator

import pytest

from tests.support.clocks import eventually
from watchdog.daemon.http.http_door import REQUESTS_AT_ONCE, REQUESTS_PER_SECOND, Door, TokenBucket

CROWD, OTHER = "127.0.1.1", "127.0.1.2"


def test_the_pace_gives_out_some_moments_at_once_and_then_one_after_the_other() -> None:
    now = 1000.0
    pace = TokenBucket(lambda: now)
    for _ in range(2):
        waits = [pace.reserve() for _ in range(REQUESTS_AT_ONCE + 3)]
        assert waits == pytest.approx([0.0] * REQUESTS_AT_ONCE + [n / REQUESTS_PER_SECOND for n in (1, 2, 3)])
        now += 1000.0


class Hall:
    """A door on a free port; who came in, by address, in that order."""

    def __init__(self, sock: socket.socket) -> None:
        self.entered: list[str] = []
        self.port = sock.getsockname()[1]
        self.clients: list[socket.socket] = []

    def let_in(self, one: socket.socket) -> None:
        self.entered.append(one.getpeername()[0])
        one.close()

    def knock(self, address: str, times: int) -> None:
        """Connect so often, before the loop can accept any."""
        for _ in range(times):
            self.clients.append(socket.create_connection(("127.0.0.1", self.port), source_address=(address, 0)))


@contextlib.asynccontextmanager
async def hall(waiting_max: int = 64) -> AsyncIterator[Hall]:
    """Open a door that lets ten a second in, one at once."""
    loop = asyncio.get_running_loop()
    sock = socket.create_server(("127.0.0.1", 0))
    made = Hall(sock)
    door = Door(loop, sock, TokenBucket(loop.time, 10.0, 1), made.let_in, waiting_max)
    door.open()
    try:
        yield made
    finally:
        door.close()
        sock.close()
        for client in made.clients:
            client.close()


async def test_addresses_take_turns() -> None:
    """Who comes from another address than the crowd does not wait behind it."""
    async with hall() as made:
        made.knock(CROWD, 20)
        made.knock(OTHER, 1)
        await eventually(lambda: len(made.entered) >= 3)
        assert OTHER in made.entered[:3]


async def test_more_addresses_than_places_leave_the_door_working() -> None:
    """Each has one connection, so the refused one is the only one of its address."""
    async with hall(waiting_max=3) as made:
        for last in range(1, 10):
            made.knock(f"127.0.2.{last}", 1)
        await eventually(lambda: len(made.entered) >= 3)
        made.knock(OTHER, 1)
        await eventually(lambda: OTHER in made.entered)


async def test_where_too_many_wait_the_oldest_of_the_crowd_are_refused() -> None:
    """A reset for them; the others come in, whether they came before the crowd or after it."""
    async with hall(waiting_max=6) as made:
        made.knock(OTHER, 2)
        made.knock(CROWD, 20)
        made.knock(OTHER, 1)
        await eventually(lambda: made.entered.count(OTHER) == 3)
        refused = [client for client in made.clients if _was_reset(client)]
        assert len(refused) >= 10 and all(client.getsockname()[0] == CROWD for client in refused)


def _was_reset(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        client.recv(1)
    except BlockingIOError:
        return False
    except ConnectionResetError as error:
        return error.errno == errno.ECONNRESET
    return False

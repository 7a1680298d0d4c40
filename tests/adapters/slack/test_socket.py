"""The socket: acknowledged at once, opened anew with a fresh ticket after every trouble, and never in a storm."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from tests.adapters.notifiers.letters import APP_TOKEN, leaks
from tests.adapters.slack.slacks import OPEN, HastyClock, Socket, for_ever, slack, typed
from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock, eventually
from watchdog.adapters.options import Context
from watchdog.adapters.slack.socket import AT_ONCE_MAX, LINGER_SECONDS, PAUSE_MAX_SECONDS, SocketMode
from watchdog.adapters.slack.socket_url import app_client, open_address
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.domain.errors import ConfigurationError, Permanent, Temporary


def given(vendor: Vendor, clock: Any) -> Context:
    return Context(clock, {"slack": f"{vendor.url}/api"}, {"WATCHDOG_SLACK_APP_TOKEN": APP_TOKEN})


class Ears:
    """The envelopes that were handed over, and whether a connection stands."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.up: list[bool] = []
        self.slow = asyncio.Event()
        self.slow.set()

    async def handle(self, envelope: dict[str, Any]) -> None:
        self.heard.append(envelope["envelope_id"])
        await self.slow.wait()


@pytest.fixture
def ears() -> Ears:
    return Ears()


@asynccontextmanager
async def listening(vendor: Vendor, ears: Ears, clock: Any = None, **more: Any) -> AsyncIterator[HastyClock]:
    clock = clock or HastyClock()
    client = app_client(given(vendor, clock))

    def report(error: Exception | None) -> None:
        ears.up.append(error is None)

    mode = SocketMode(client, f"{vendor.url}/api", clock, report=report, chance=random.Random(1), **more)
    task = asyncio.create_task(mode.run(ears.handle))
    try:
        yield clock
    finally:
        task.cancel()
        await asyncio.wait([task])
        await client.close()
        assert task.cancelled(), task.exception()


async def test_an_envelope_is_acknowledged_before_it_is_handled(vendor: Vendor, ears: Ears) -> None:
    """However long that takes; and the next one is not kept waiting."""

    async def two(socket: Socket, connection: ServerConnection) -> None:
        for number in (1, 2):
            await connection.send(json.dumps(typed("status", number)))
            await socket.ack(connection)
        await for_ever(socket, connection)

    ears.slow.clear()
    async with slack(vendor, two) as socket, listening(vendor, ears):
        await eventually(lambda: socket.acked == ["e1", "e2"])
        await eventually(lambda: ears.heard == ["e1", "e2"])
        assert ears.up == [True]
    assert vendor.seen[0].headers["authorization"] == f"Bearer {APP_TOKEN}"


async def test_what_is_delivered_again_is_acknowledged_and_not_handled_again(vendor: Vendor, ears: Ears) -> None:
    async def three_times(socket: Socket, connection: ServerConnection) -> None:
        for _ in range(3):
            await connection.send(json.dumps(typed("status")))
            await socket.ack(connection)

    async with slack(vendor, three_times, three_times, for_ever) as socket, listening(vendor, ears):
        await eventually(lambda: len(socket.paths) == 3)
    assert socket.acked == ["e1"] * 6 and ears.heard == ["e1"]


async def test_more_than_we_can_handle_at_once_is_left_to_slack_to_say(vendor: Vendor, ears: Ears) -> None:
    """One too many is not acknowledged, one that we know is; Slack says it again, and there is room by then."""
    again = f"e{AT_ONCE_MAX + 1}"
    ears.slow.clear()

    async def many(socket: Socket, connection: ServerConnection) -> None:
        for number in (*range(1, AT_ONCE_MAX + 2), 1):
            await connection.send(json.dumps(typed("status", number)))
        for _ in range(AT_ONCE_MAX + 1):
            await socket.ack(connection)
        ears.slow.set()
        await connection.send(json.dumps(typed("status", AT_ONCE_MAX + 1)))
        await socket.ack(connection)
        await for_ever(socket, connection)

    async with slack(vendor, many) as socket, listening(vendor, ears):
        await eventually(lambda: again in ears.heard)
    taken = [f"e{number}" for number in range(1, AT_ONCE_MAX + 1)]
    assert (socket.acked, ears.heard) == ([*taken, "e1", again], [*taken, again])


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_after_a_goodbye_the_next_is_open_before_the_old_one_ends(
    vendor: Vendor, ears: Ears, reason: str
) -> None:
    """With a ticket of its own; envelopes that still come on the old one are handled."""
    renewed = asyncio.Event()

    async def old(socket: Socket, connection: ServerConnection) -> None:
        await connection.send(json.dumps({"type": "disconnect", "reason": reason}))
        await renewed.wait()
        await connection.send(json.dumps(typed("status", 7)))
        await socket.ack(connection)

    async def new(socket: Socket, connection: ServerConnection) -> None:
        renewed.set()
        await for_ever(socket, connection)

    clock = FakeClock(auto=False)
    async with slack(vendor, old, new) as socket, listening(vendor, ears, clock):
        await eventually(lambda: clock.sleepers)  # before it connects again, as the first one did not last
        await clock.advance(PAUSE_MAX_SECONDS)
        await eventually(lambda: ears.heard == ["e7"])
        assert len(set(socket.paths)) == len(socket.paths) == 2 and False not in ears.up


async def test_an_old_connection_that_slack_keeps_open_is_closed_after_a_while(vendor: Vendor, ears: Ears) -> None:
    """Not before: clicks may still come on it."""
    ended: list[str] = []

    async def old(socket: Socket, connection: ServerConnection) -> None:
        await connection.send(json.dumps({"type": "disconnect", "reason": "warning"}))
        await for_ever(socket, connection)
        ended.append("old")

    clock = FakeClock(auto=False)
    async with slack(vendor, old, for_ever) as socket, listening(vendor, ears, clock):
        await eventually(lambda: clock.sleepers)
        await clock.advance(PAUSE_MAX_SECONDS)
        await eventually(lambda: len(socket.paths) == len(ears.up) == 2 and clock.sleepers)
        await clock.advance(LINGER_SECONDS - 1.0)
        assert not ended
        await clock.advance(1.0)
        await eventually(lambda: ended == ["old"])


@pytest.mark.long
async def test_a_connection_that_is_silent_to_pings_is_dead(vendor: Vendor, ears: Ears) -> None:
    """Nothing is closed, nothing answers: another is opened."""
    over = asyncio.Event()

    async def deaf(socket: Socket, connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await over.wait()
        connection.transport.abort()

    async with slack(vendor, deaf, for_ever) as socket, listening(vendor, ears, ping_seconds=0.2):
        await eventually(lambda: len(socket.paths) == 2)
        await eventually(lambda: ears.up == [True, False, True])
        over.set()


async def test_connections_that_end_at_once_are_no_storm(vendor: Vendor, ears: Ears) -> None:
    """The pause grows to a minute, with luck in it; so does that of a Slack that cannot be reached."""

    async def closes(socket: Socket, connection: ServerConnection) -> None:
        await connection.close()

    async with slack(vendor, closes) as socket, listening(vendor, ears) as clock:
        await eventually(lambda: len(socket.paths) >= 7)
    pauses = clock.slept[:6]
    assert all(2.0**number / 2 <= pause <= 2.0**number for number, pause in enumerate(pauses)), pauses
    assert pauses != [2.0**number for number in range(6)]


async def test_a_slack_that_refuses_is_asked_seldom_and_told_of(
    vendor: Vendor, ears: Ears, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """503 with growing pauses to a bound; a revoked token every five minutes; a rate limit as long as it says."""
    answers = [503] * 9 + [{"ok": False, "error": "invalid_auth"}, (429, {"ok": False}, {"retry-after": "77"}), 503]
    vendor.say(*OPEN, *answers)
    clock = FakeClock()
    async with listening(vendor, ears, clock):
        await eventually(lambda: len(vendor.seen) >= len(answers))
    assert clock.elapsed <= 9 * PAUSE_MAX_SECONDS + 300 + 77 + 60 * 30 and clock.elapsed >= 300 + 77
    assert set(ears.up) == {False} and leaks(caplog.text, *capsys.readouterr()) == []


@pytest.mark.parametrize(("counts", "warned"), [(1, False), (4, False), (5, True), ("many", False), (None, False)])
async def test_more_connections_than_ours_are_told_of(
    vendor: Vendor, ears: Ears, counts: object, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Slack sends each click to one of them: one that goes to a forgotten connection is lost.

    An unknown number is no reason.
    """
    async with slack(vendor, for_ever, counts=counts), listening(vendor, ears):
        await eventually(lambda: ears.up == [True])
    assert ("more connections than expected" in capsys.readouterr().out) is warned


async def test_what_goes_wrong_holds_no_address_and_no_ticket(vendor: Vendor) -> None:
    """No listener; a malformed greeting; an address that is not Slack's; a private one."""
    clock = HastyClock()
    context = given(vendor, clock)
    client = app_client(context)
    mode = SocketMode(client, f"{vendor.url}/api", clock)
    for address, error in (
        ("ws://127.0.0.1:1/?ticket=secret-ticket", Temporary),
        ("wss://evil.example/?ticket=secret-ticket", Permanent),
        ("ws://localhost:1/?ticket=secret-ticket", Permanent),
        ("nonsense secret-ticket", Permanent),
    ):
        vendor.say(*OPEN, {"ok": True, "url": address})
        with pytest.raises(error) as caught:
            await mode._open()
        assert "secret-ticket" not in f"{caught.value!r}" and caught.value.__cause__ is None
    async with slack(vendor, lambda socket, connection: connection.send('{"type": "bye"}'), greets=False):
        with pytest.raises(Temporary, match="did not greet"):
            await mode._open()
    inside = SocketMode(client, "https://slack.com/api", clock, guard=AddressGuard())
    with pytest.raises(Temporary, match="redirected into a private network"):
        await inside._connect("ws://127.0.0.1:1/?ticket=secret-ticket")
    await client.close()


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ({"ok": False, "error": "not_allowed_token_type"}, Permanent, "put the app token"),
        ({"ok": False, "error": "missing_scope"}, Permanent, "connections:write"),
        ({"ok": False, "error": f"odd {APP_TOKEN}"}, Permanent, "WATCHDOG_SLACK_APP_TOKEN"),
        ({"ok": False, "error": "ratelimited"}, Temporary, "ratelimited"),
        ("<html>", Temporary, "no reason"),
        ({"ok": True}, Permanent, "not Slack's"),
        (500, Temporary, "500"),
    ],
)
async def test_a_no_of_slack_says_what_to_do(vendor: Vendor, answer: Any, error: type[Exception], says: str) -> None:
    vendor.say(*OPEN, answer)
    client = app_client(given(vendor, HastyClock()))
    with pytest.raises(error, match=says) as caught:
        await open_address(client, f"{vendor.url}/api")
    await client.close()
    assert leaks(caught.value) == [] and APP_TOKEN not in str(caught.value)


@pytest.mark.parametrize("token", ["", "xapp canary", "ü"])
def test_a_token_that_cannot_be_one_is_a_configuration_mistake(token: str) -> None:
    context = Context(FakeClock(), {}, {"WATCHDOG_SLACK_APP_TOKEN": token})
    with pytest.raises(ConfigurationError, match="WATCHDOG_SLACK_APP_TOKEN"):
        app_client(context)

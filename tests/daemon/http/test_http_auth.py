"""The token in front of everything but health and metrics; in virtual time, over the real application."""

from typing import Any

import httpx
import pytest

from tests.support.clocks import FakeClock
from watchdog.daemon.http.http_auth import (
    FAILURES_AT_ONCE,
    GUESSES_AT_ONCE,
    REQUESTS_AT_ONCE,
    Buckets,
    TokenAuth,
    peer_of,
)
from watchdog.daemon.http.http_hosts import Hosts
from watchdog.daemon.http.http_server import make_app, private_app
from watchdog.daemon.telemetry.exposition import Exposition
from watchdog.daemon.telemetry.metrics import Metrics

TOKEN = "canary-0123456789-0123456789"
RIGHT = {"authorization": f"Bearer {TOKEN}"}


def asking(clock: FakeClock | None = None, token: str = TOKEN, peer: str = "10.0.0.1") -> httpx.AsyncClient:
    """Return a client of the whole application."""
    clock = clock or FakeClock(auto=False)
    private = private_app(token, clock, lambda: {"services": {}})
    app = make_app(Hosts("x"), Exposition(Metrics("9.9"), clock), tuple, tuple, private=private)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(peer, 1)), base_url="http://x")


async def test_the_owner_of_the_token_reads_the_status() -> None:
    async with asking() as client:
        answer = await client.get("/status", headers=RIGHT)
        shouted = await client.get("/status", headers={"authorization": f"BEARER  {TOKEN}"})
        nowhere = [(await client.get(path, headers=RIGHT)).status_code for path in ("/nowhere", "/status/")]
    assert (answer.status_code, answer.json()) == (200, {"services": {}})
    assert (shouted.status_code, nowhere) == (200, [404, 404]), "a redirect would lead wherever the request names"


def strangers(token: str) -> list[list[tuple[str, str | bytes]]]:
    """Return headers that prove nothing, at every gate: of two tokens a proxy and we might read different ones."""
    right = f"Bearer {token}"
    wrong = ("", "Bearer", "Bearer ", token, f"Basic {token}", f"Bearer {token}x", f"Bearer {token[:-1]}")
    wrong += (f"Bearer {token.upper()}", f"{right}, {right}", b"Bearer \xff\xfe\x00")
    pairs = ((right, "Bearer other"), ("Bearer other", right), (right, right), ("", right), (right, ""))
    alone = [[("authorization", one)] for one in wrong]
    return [
        *([], [("cookie", f"token={token}")], [("x-api-key", token)], *alone),
        *([("authorization", first), ("Authorization", second)] for first, second in pairs),
    ]


@pytest.mark.parametrize("headers", strangers(TOKEN))
async def test_a_stranger_learns_nothing(headers: list[tuple[str, str | bytes]]) -> None:
    """The same 401 whether the path exists or not, with nothing of what was sent."""
    async with asking() as client:
        known = await client.get("/status", headers=headers)
        unknown = await client.get("/nowhere", headers=headers)
        in_url = await client.get(f"/status?token={TOKEN}", headers=headers)
    assert known.status_code == unknown.status_code == in_url.status_code == 401
    assert known.content == unknown.content == in_url.content == b'{"ok":false}'
    assert known.headers == unknown.headers == in_url.headers and known.headers["www-authenticate"] == "Bearer"


async def test_without_a_token_there_is_nothing() -> None:
    async with asking(token="") as client:
        assert (await client.get("/status", headers=RIGHT)).status_code == 404
        assert (await client.get("/status", headers={"authorization": "Bearer "})).status_code == 404
    with pytest.raises(ValueError, match="no token"):
        TokenAuth(httpx.ASGITransport, "", FakeClock())  # type: ignore[arg-type]


async def test_health_and_metrics_need_none() -> None:
    async with asking() as client:
        for _ in range(int(REQUESTS_AT_ONCE) + 10):
            assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/metrics")).status_code == 200


async def test_guessing_is_slowed_down_and_the_right_token_is_not() -> None:
    """After a few wrong ones that address waits with others that begin so; however many there are, the owner reads."""
    clock = FakeClock(auto=False)
    private = private_app(TOKEN, clock, dict)
    app = make_app(Hosts("x"), Exposition(Metrics("9.9"), clock), tuple, tuple, private=private)

    async def get(peer: str, token: str) -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get("/status", headers={"authorization": f"Bearer {token}"})

    for number in range(int(FAILURES_AT_ONCE)):
        assert (await get("10.0.0.1", f"wrong-token-{number}")).status_code == 401
    waits = await get("10.0.0.1", "wrong-token-9")
    assert (waits.status_code, waits.headers["retry-after"]) == (429, "11")
    assert (
        (await get("10.0.0.1", "mistyped")).status_code == (await get("10.0.0.2", "wrong-token-9")).status_code == 401
    )
    for _ in range(int(REQUESTS_AT_ONCE)):
        await get("10.0.0.1", "")
    assert (await get("10.0.0.1", TOKEN)).status_code == 200
    await clock.advance(10.5)
    assert (await get("10.0.0.1", "wrong-token-9")).status_code == 401


async def test_the_owner_is_bounded_too() -> None:
    """A mad script with the token costs so much and no more; what strangers of its address send is not of that."""
    clock = FakeClock(auto=False)
    async with asking(clock) as client:
        for number in range(int(GUESSES_AT_ONCE)):
            await client.get("/status", headers={"authorization": f"Bearer {number}-wrong"})
        codes = [(await client.get("/status", headers=RIGHT)).status_code for _ in range(int(REQUESTS_AT_ONCE) + 1)]
        await clock.advance(0.2)
        again = (await client.get("/status", headers=RIGHT)).status_code
    assert codes == [200] * int(REQUESTS_AT_ONCE) + [429] and again == 200


async def test_tokens_that_all_begin_otherwise_are_guesses_of_one_address() -> None:
    """Their first letters are the guesser's to choose: thirty at once, then one a second; the owner reads on."""
    clock, codes = FakeClock(auto=False), []
    async with asking(clock) as client:
        for number in range(300):
            await clock.advance(0.1)
            answer = await client.get("/status", headers={"authorization": f"Bearer {number}-wrong"})
            codes.append(answer.status_code)
        assert (await client.get("/status", headers=RIGHT)).status_code == 200
    assert codes.count(401) <= GUESSES_AT_ONCE + 30 and codes[:20] == [401] * 20


def test_the_table_of_peers_is_bounded() -> None:
    """Whoever was not seen longest is forgotten."""
    buckets = Buckets(FakeClock(), at_once=1.0, per_second=1.0, peers_max=3)
    for number in range(100):
        buckets.take(f"10.0.0.{number}")
    assert len(buckets) == 3 and buckets.wait_seconds("10.0.0.99") == 1.0 and buckets.wait_seconds("10.0.0.1") == 0.0


@pytest.mark.parametrize(
    ("client", "peer"),
    [
        (("10.0.0.1", 5), "10.0.0.1"),
        (("2001:db8::1:2:3:4", 5), "2001:db8::/64"),
        (("2001:db8::ffff", 5), "2001:db8::/64"),
        (("::ffff:10.0.0.1", 5), "10.0.0.1"),
        (("somewhere", 5), ""),
        (None, ""),
    ],
)
def test_a_peer_is_a_machine(client: Any, peer: str) -> None:
    """Not one of the billions of addresses a machine has in IPv6."""
    assert peer_of({"type": "http", "client": client}) == peer

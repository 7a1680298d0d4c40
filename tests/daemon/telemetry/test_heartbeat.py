"""The sign of life, against a real receiver on loopback, in simulated time."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.support.clocks import FakeClock, eventually
from tests.support.loopback import serve
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.heartbeat import Heartbeat, Switch, healthchecks, sentry_crons
from watchdog.daemon.telemetry.metrics import Metrics

Made = Callable[[str], Switch]


class Outside:
    """A dead-man's switch that keeps what it was asked, and a daemon whose health the test sets."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.status = 200
        self.sick: str | Exception = ""
        self.speaks = True
        self.clock = FakeClock(auto=False)
        self.metrics = Metrics("1")
        self.errors: list[str] = []

    async def take(self, request: Request) -> PlainTextResponse:
        self.asked.append((request.method, str(request.url.path) + "?" + request.url.query))
        return PlainTextResponse("OK", self.status)

    def healthy(self) -> str:
        if isinstance(self.sick, Exception):
            raise self.sick
        return self.sick

    def count(self, outcome: str) -> float:
        samples = [sample for family in self.metrics.collect() for sample in family.samples]
        pings = [sample for sample in samples if sample.name == "watchdog_heartbeat_pings_total"]
        return sum(sample.value for sample in pings if sample.labels["outcome"] == outcome)

    async def minute(self) -> None:
        """Let a minute pass, and wait until its ping was judged."""
        judged = sum(map(self.count, ("ok", "sick", "failed")))
        await eventually(lambda: self.clock.sleepers)
        await self.clock.advance(60)
        await eventually(lambda: sum(map(self.count, ("ok", "sick", "failed"))) > judged)


@asynccontextmanager
async def beating(path: str = "/s3cret-uuid?create=1", made: Made = healthchecks) -> AsyncIterator[Outside]:
    """Run a switch and a supervised heartbeat."""
    switch = Outside()
    supervisor = Supervisor(switch.clock, lambda name, error: switch.errors.append(repr(error)))
    async with serve(Starlette(routes=[Route("/{rest:path}", switch.take)])) as base:
        given = (made(f"{base}{path}"), switch.clock, switch.healthy, switch.metrics)
        heartbeat = Heartbeat(*given, speak=lambda: switch.speaks)
        supervisor.start("heartbeat", heartbeat.run)
        yield switch
        assert await supervisor.stop(5) == ()
    assert switch.errors == []


async def test_one_get_a_minute_while_healthy() -> None:
    """Nothing at once, then one a minute; the moment of the last success is told."""
    async with beating() as switch:
        await eventually(lambda: switch.clock.sleepers)
        await switch.clock.advance(59)
        assert switch.asked == []
        await switch.clock.advance(1)
        await eventually(lambda: switch.count("ok") == 1)
        await switch.minute()
        await switch.minute()
    assert switch.asked == [("GET", "/s3cret-uuid?create=1")] * 3
    name, labels = "watchdog_heartbeat_last_success_timestamp_seconds", {"switch": "healthchecks"}
    at = switch.metrics.registry.get_sample_value(name, labels)
    assert at == switch.clock.start + 180


async def test_who_no_longer_speaks_for_all_is_silent_and_not_late() -> None:
    """Another worker pings now: nothing is asked, and the moment of our last success would only grow old."""
    async with beating() as switch:
        await switch.minute()
        switch.speaks = False
        await switch.clock.advance(120)
        name, labels = "watchdog_heartbeat_last_success_timestamp_seconds", {"switch": "healthchecks"}
        assert len(switch.asked) == 1 and switch.metrics.registry.get_sample_value(name, labels) is None
        switch.speaks = True
        await switch.minute()
        assert len(switch.asked) == 2


HEALTHCHECKS, CRONS = "/s3cret-uuid?create=1", "/api/1/cron/watchdog/s3cretkey/?environment=production"


@pytest.mark.parametrize(
    ("path", "made", "sick", "asked"),
    [
        (HEALTHCHECKS, healthchecks, "the store does not answer", ["/s3cret-uuid/fail?create=1", HEALTHCHECKS]),
        (HEALTHCHECKS, healthchecks, KeyError("broken check"), ["/s3cret-uuid/fail?create=1", HEALTHCHECKS]),
        (CRONS, sentry_crons, "the store does not answer", [f"{CRONS}&status=error", f"{CRONS}&status=ok"]),
    ],
)
async def test_sickness_is_reported_as_such(path: str, made: Made, sick: str | Exception, asked: list[str]) -> None:
    """A reason, or a check that raises, goes to /fail; health again goes to the plain address. The same in Sentry's
    words; an environment in the address is kept.
    """
    async with beating(path, made) as switch:
        switch.sick = sick
        await switch.minute()
        switch.sick = ""
        await switch.minute()
        assert (switch.count("sick"), switch.count("ok")) == (1, 1)
    assert switch.asked == [("GET", one) for one in asked]


async def test_a_refusing_switch_is_counted_and_asked_again_next_minute() -> None:
    """HTTP 500 and 302 are failures, never followed, never hurried."""
    async with beating() as switch:
        switch.status = 500
        await switch.minute()
        switch.status = 302
        await switch.minute()
        switch.status = 200
        await switch.minute()
        assert (switch.count("failed"), switch.count("ok")) == (2, 1)
    assert len(switch.asked) == 3


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/hunter2", "nonsense://hunter2", "http://[hunter2"])
async def test_nobody_there_names_no_secret(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection and impossible addresses: counted; the address is nowhere in the log."""
    switch = Outside()
    async with httpx.AsyncClient(trust_env=False) as client:
        for made in (healthchecks(url), sentry_crons(url)):
            switch.sick = ""
            heartbeat = Heartbeat(made, switch.clock, switch.healthy, switch.metrics, speak=lambda: True)
            await heartbeat.ping(client)
            switch.sick = "ill"
            await heartbeat.ping(client)
            assert "hunter2" not in caplog.text + repr(heartbeat) + repr(made)
    assert switch.count("failed") == 4


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://hc.test/uuid", "https://hc.test/uuid/fail"),
        ("https://hc.test/key/slug/?create=1", "https://hc.test/key/slug/fail?create=1"),
    ],
)
def test_the_failure_address(url: str, expected: str) -> None:
    """`/fail` after the path, before the query."""
    assert str(healthchecks(url).address(False)) == expected and str(healthchecks(url).address(True)) == url

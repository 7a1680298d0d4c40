"""What scrapers are given, over real HTTP: which format, how fresh, and how often it is made."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import httpx
import pytest
from prometheus_client.metrics_core import Metric

from tests.support.clocks import FakeClock
from watchdog.daemon.http.http_server import HttpServer
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.exposition import (
    CLASSIC,
    FRESH_SECONDS_MAX,
    OPENMETRICS,
    Exposition,
    Format,
    format_of,
    fresh_seconds,
    written,
)
from watchdog.daemon.telemetry.metrics import Metrics

PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;"
    "q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


class Tally:
    """A collector of the registry's that notes each time it is asked, and by which thread its answer is read."""

    def __init__(self) -> None:
        self.asked: list[threading.Thread] = []
        self.read: list[threading.Thread] = []

    def collect(self) -> Iterable[Metric]:
        self.asked.append(threading.current_thread())
        return [_Watched("watchdog_tally", "Nothing.", "gauge", tally=self)]


class _Watched(Metric):
    def __init__(self, name: str, text: str, kind: str, *, tally: Tally) -> None:
        super().__init__(name, text, kind)
        self._tally = tally

    @property
    def documentation(self) -> str:
        self._tally.read.append(threading.current_thread())
        return "Nothing."

    @documentation.setter
    def documentation(self, text: str) -> None:
        return


@asynccontextmanager
async def serving(metrics: Metrics, clock: FakeClock) -> AsyncIterator[httpx.AsyncClient]:
    supervisor = Supervisor(clock, lambda name, error: None)
    async with (
        HttpServer("127.0.0.1:0", Exposition(metrics, clock), tuple, supervisor) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client,
    ):
        yield client
    await supervisor.stop(5)


async def test_however_many_ask_it_is_made_once() -> None:
    """Thirty scrapers at once are given one page; some time later it is made anew, and tells what happened since."""
    metrics, tally, clock = Metrics("1"), Tally(), FakeClock(auto=False)
    metrics.registry.register(tally)  # asks once, for its names
    tally.asked.clear()
    async with serving(metrics, clock) as client:
        for expected in (1, 2):
            metrics.store_error()
            crowd = await asyncio.gather(*(client.get("/metrics") for _ in range(30)))
            assert {answer.status_code for answer in crowd} == {200} and len(tally.asked) == expected
            assert all(f"watchdog_store_errors_total {expected}.0" in answer.text for answer in crowd)
            clock.freeze(FRESH_SECONDS_MAX)


async def test_it_is_made_beside_the_loop() -> None:
    """Hundreds of services are long to read and to write: no probe waits for it."""
    metrics, tally = Metrics("1"), Tally()
    metrics.registry.register(tally)
    tally.asked.clear()
    async with serving(metrics, FakeClock(auto=False)) as client:
        assert "watchdog_tally" in (await client.get("/metrics")).text
    here = threading.current_thread()
    assert tally.asked and tally.read and here not in {*tally.asked, *tally.read}


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        *((accept, CLASSIC) for accept in ("", "*/*", "text/plain;version=0.0.4", "text/plain;version=1.x")),
        (PROMETHEUS_3, OPENMETRICS),
        ("application/openmetrics-text", OPENMETRICS),
        ("text/html, application/OpenMetrics-Text ; Version=1.0.0 ;q=0.5", OPENMETRICS),
        *((f"application/openmetrics-text;version={one}", CLASSIC) for one in ("0.0.1", "2.0.0", "banana", "1!2.0")),
        ("application/openmetrics-text;version=1.0.0;version=x", CLASSIC),
        *((odd, CLASSIC) for odd in (";;=,,;version=;\xff\xfe,=", "," * 5000)),
    ],
)
async def test_an_accept_header_chooses_a_format_and_can_do_no_more(accept: str, form: Format) -> None:
    """Whatever it says: one of two content types, and never a failure of ours."""
    assert format_of(accept) is form
    metrics = Metrics("1")
    async with serving(metrics, FakeClock(auto=False)) as client:
        answer = await client.get("/metrics", headers={"accept": accept.encode("latin-1")})
    assert (answer.status_code, answer.headers["content-type"]) == (200, form.content_type)
    assert answer.text.endswith("# EOF\n") is (form is OPENMETRICS)


def test_both_formats_tell_the_same() -> None:
    """Sample for sample, but for what the process does meanwhile."""
    families = [family for family in Metrics("1").collect() if not family.name.startswith("process_")]
    classic, modern = (written(families, form).decode().splitlines() for form in (CLASSIC, OPENMETRICS))
    assert [line for line in classic if line[0] != "#"] == [line for line in modern if line[0] != "#"] != []


@pytest.mark.parametrize(("size", "kept"), [(0, 1.0), (15_000, 1.0), (60_000, 4.0), (10_000_000, 10.0)])
def test_a_large_page_is_kept_for_longer(size: int, kept: float) -> None:
    """However often strangers ask, so much is written on average."""
    assert fresh_seconds(size) == pytest.approx(kept)

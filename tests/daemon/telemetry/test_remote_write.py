"""Remote write: byte by byte, against a receiver that misbehaves, and against a real Prometheus."""

import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.clocks import FakeClock, eventually
from tests.support.loopback import serve
from tests.support.prometheus_server import running_prometheus
from watchdog.daemon.http.http_server import HttpServer
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.daemon.runtime.supervisor import Supervisor
from watchdog.daemon.telemetry.exposition import Exposition, written
from watchdog.daemon.telemetry.metrics import Metrics
from watchdog.daemon.telemetry.remote_write import SENT_AT_ONCE_MAX, RemoteWriter, encode, series_of, snappy_literals
from watchdog.domain.readings import Bad, Good
from watchdog.ports import Sample

LABELS = {"job": "pushed", "instance": "test"}


def unsnappy(block: bytes) -> bytes:
    """Decode a snappy block of literals; an independent reading of the format description."""
    size, at = varint(block, 0)
    out = b""
    while at < len(block):
        tag = block[at]
        assert tag & 3 == 0, "a literal"
        length, at = tag >> 2, at + 1
        if length >= 60:
            extra = length - 59
            length, at = int.from_bytes(block[at : at + extra], "little"), at + extra
        out, at = out + block[at : at + length + 1], at + length + 1
    assert len(out) == size
    return out


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value, shift = value | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> Iterator[tuple[int, bytes | int | float]]:
    """Yield field number and content of a protobuf message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 2:
            size, at = varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size
        elif key & 7 == 1:
            yield key >> 3, struct.unpack("<d", data[at : at + 8])[0]
            at += 8
        else:
            value, at = varint(data, at)
            yield key >> 3, value


def decode(body: bytes) -> list[tuple[list[tuple[str, str]], float, int]]:
    """Return labels in their order, value and milliseconds of each series of a request."""
    series = []
    for _, one in fields(unsnappy(body)):
        parts = list(fields(one))  # type: ignore[arg-type]
        labels = [tuple(text.decode() for _, text in fields(part)) for number, part in parts if number == 1]  # type: ignore
        sample = dict(fields(next(part for number, part in parts if number == 2)))  # type: ignore[arg-type]
        series.append((labels, sample[1], sample[2]))
    return series  # type: ignore[return-value]


class Receiver:
    """A remote-write receiver on loopback that answers what it is told to, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.default = (204, dict[str, str]())
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []

    async def take(self, request: Request) -> Response:
        status, headers = self.answers.pop(0) if self.answers else self.default
        body = await request.body()
        self.headers.append(dict(request.headers))
        if status < 300:
            self.bodies.append(body)
        return Response(status_code=status, headers=headers)


@asynccontextmanager
async def writing(batches_max: int = 5, **how: str) -> AsyncIterator[tuple[Receiver, RemoteWriter, FakeClock, Metrics]]:
    """Run a receiver, and a writer that is driven by hand in simulated time."""
    receiver, clock, metrics = Receiver(), FakeClock(auto=False), Metrics("1")
    app = Starlette(routes=[Route("/api/v1/write", receiver.take, methods=["POST"])])
    async with serve(app) as base:
        url = f"{base}/api/v1/write?token=s3cret"
        writer = RemoteWriter(url, clock, metrics, labels=LABELS, batches_max=batches_max, **how)  # type: ignore[arg-type]
        yield receiver, writer, clock, metrics
        await writer.close()


def count(metrics: Metrics, outcome: str) -> float:
    return metrics.registry.get_sample_value("watchdog_remote_write_batches_total", {"outcome": outcome}) or 0.0


@pytest.mark.parametrize("size", [0, 1, 60, 61, 127, 128, 65_535, 65_536, 65_537, 200_000])
def test_snappy_literals_decode_to_what_went_in(size: int) -> None:
    data = bytes(number * 31 % 251 for number in range(size))
    assert unsnappy(snappy_literals(data)) == data


def test_labels_are_sorted_and_include_the_name_and_the_external_ones() -> None:
    """One series, decoded again: `__name__` sorts before lower-case names; a value and milliseconds."""
    body = snappy_literals(
        encode([({"service": "api", "__name__": "watchdog_up", "job": "j"}, -1.5)], 1_750_000_000_123)
    )
    assert decode(body) == [([("__name__", "watchdog_up"), ("job", "j"), ("service", "api")], -1.5, 1_750_000_000_123)]


def test_names_are_those_of_the_scrape() -> None:
    """The same sample names and label sets as in the exposition, none of them `_created`."""
    metrics = Metrics("1")
    metrics.read("api", "health", [Sample(Good())], 0.2)
    pushed = {labels["__name__"] for labels, _ in series_of(metrics, LABELS)}
    text = written(metrics.collect()).decode()
    scraped = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")}
    assert pushed == scraped and not [name for name in pushed if name.endswith("_created")]
    assert all(labels["job"] == "pushed" for labels, _ in series_of(metrics, LABELS))


async def test_headers_are_those_of_the_protocol_and_credentials_are_sent() -> None:
    """Content type, encoding, version; basic and bearer."""
    async with writing(user="bob", password="pw") as (receiver, writer, _, _):
        await writer.collect()
        await writer.flush()
    async with writing(token="t0k3n") as (other, writer, _, _):
        await writer.collect()
        await writer.flush()
    sent = receiver.headers[0]
    assert sent["content-type"] == "application/x-protobuf" and sent["content-encoding"] == "snappy"
    assert sent["x-prometheus-remote-write-version"] == "0.1.0" and sent["authorization"] == "Basic Ym9iOnB3"
    assert other.headers[0]["authorization"] == "Bearer t0k3n"


async def test_the_newest_batches_survive_an_outage_in_order() -> None:
    """Nine collections while the receiver answers 503: five are kept, the newest, and arrive oldest first."""
    async with writing(batches_max=5) as (receiver, writer, clock, metrics):
        receiver.default = (503, {})
        for _ in range(9):
            await writer.collect()
            await writer.flush()
            await clock.advance(15)
        assert (writer.pending, receiver.bodies) == (5, [])
        assert (count(metrics, "failed"), count(metrics, "overflowed")) == (9, 4)
        receiver.default = (204, {})
        await writer.flush()
        moments = [decode(body)[0][2] for body in receiver.bodies]
        assert moments == [int(clock.start * 1000) + 15_000 * number for number in range(4, 9)]
        assert (writer.pending, count(metrics, "sent")) == (0, 5)
        assert metrics.registry.get_sample_value("watchdog_remote_write_pending_batches") == 0


@pytest.mark.parametrize("status", [400, 401, 404, 413, 301])
async def test_what_was_refused_is_dropped_and_counted(status: int) -> None:
    """A 4xx (or a redirect) would be refused again: the next batch is tried instead."""
    async with writing() as (receiver, writer, _, metrics):
        receiver.answers = [(status, {"location": "http://127.0.0.1:1/"})]
        await writer.collect()
        await writer.collect()
        await writer.flush()
        assert (count(metrics, "rejected"), count(metrics, "sent"), writer.pending) == (1, 1, 0)


async def test_retry_after_is_obeyed_and_capped() -> None:
    """429 with 60 s: nothing is sent for 60 s; one that says a year is asked again after 5 min."""
    async with writing() as (receiver, writer, clock, metrics):
        receiver.answers = [(429, {"retry-after": "60"}), (429, {"retry-after": "31536000"})]
        await writer.collect()
        await writer.flush()
        await clock.advance(59)
        await writer.flush()
        assert len(receiver.headers) == 1
        await clock.advance(2)
        await writer.flush()
        await clock.advance(301)
        await writer.flush()
        assert (len(receiver.headers), len(receiver.bodies), count(metrics, "failed")) == (3, 1, 2)


async def test_a_backlog_is_sent_in_portions() -> None:
    """After an outage, twenty batches an interval."""
    async with writing(batches_max=50) as (receiver, writer, _, _):
        for _ in range(30):
            await writer.collect()
        await writer.flush()
        assert len(receiver.bodies) == SENT_AT_ONCE_MAX
        await writer.flush()
        assert len(receiver.bodies) == 30


async def test_nobody_there_keeps_the_batch_and_names_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """A refused connection is tried again later; an address that cannot be one is given up; neither is printed."""
    clock, metrics = FakeClock(auto=False), Metrics("1")
    for url, outcome in (("http://bob:hunter2@127.0.0.1:1/x", "failed"), ("nonsense://hunter2", "rejected")):
        writer = RemoteWriter(url, clock, metrics, labels=LABELS)
        await writer.collect()
        await writer.flush()
        assert count(metrics, outcome) == 1 and "hunter2" not in repr(writer)
        await writer.close()
    assert "hunter2" not in caplog.text


async def test_the_loop_collects_at_its_interval() -> None:
    """Started by the supervisor: a batch at once and one each 15 s."""
    async with writing(batches_max=100) as (receiver, writer, clock, _):
        receiver.default = (204, {})
        supervisor = Supervisor(clock, lambda name, error: None)
        supervisor.start("remote-write", writer.run)
        for number in range(1, 4):
            await eventually(lambda n=number: len(receiver.bodies) == n and clock.sleepers)  # type: ignore[misc]
            await clock.advance(14)
            assert len(receiver.bodies) == number
            await clock.advance(1)
        await supervisor.stop(5)


@pytest.mark.long
async def test_prometheus_has_the_same_series_by_scrape_and_by_remote_write(tmp_path: Path) -> None:
    """A real Prometheus scrapes one daemon's metrics and is sent the same ones; names, labels and values agree."""
    clock, metrics = SystemClock(), Metrics("1")
    metrics.watch("api", "health")
    metrics.read("api", "health", [Sample(Good())], 0.04)
    metrics.read("api", "health", [Sample(Bad("HTTP 503"))], 4.0)
    metrics.page('odd "name"\nwith a break', "delivered")
    metrics.remote_write("sent", 0, clock.now())
    supervisor = Supervisor(clock, lambda name, error: None)
    async with (
        HttpServer("127.0.0.1:0", Exposition(metrics, clock), tuple, supervisor) as server,
        running_prometheus(tmp_path, {"scraped": [f"127.0.0.1:{server.port}"]}) as prometheus,
    ):
        writer = RemoteWriter(prometheus.write_url, clock, metrics, labels=LABELS, every_seconds=1.0)
        supervisor.start("remote-write", writer.run)

        async def both() -> bool:
            scraped, pushed = await prometheus.names("scraped"), await prometheus.names("pushed")
            return bool(pushed) and "watchdog_probe_total" in scraped

        await prometheus.wait_for(both)
        added = {name for name in await prometheus.names("scraped") if name.startswith("scrape_") or name == "up"}
        assert await prometheus.names("scraped") - added == await prometheus.names("pushed")
        for query in (
            'watchdog_probe_total{job="%s"}',
            'watchdog_pages_total{job="%s"}',
            'watchdog_probe_duration_seconds_bucket{job="%s"}',
            'histogram_quantile(0.9, watchdog_probe_duration_seconds_bucket{job="%s"})',
        ):
            answers = []
            for job in ("scraped", "pushed"):
                rows = await prometheus.values(query % job)
                answers.append(sorted((sorted(bare(labels).items()), value) for labels, value in rows))
            assert answers[0] == answers[1] != [], query
        await supervisor.end("remote-write")
        await writer.close()
    await supervisor.stop(5)


def bare(labels: dict[str, str]) -> dict[str, str]:
    """Return labels without those that say where a series came from."""
    return {name: value for name, value in labels.items() if name not in ("job", "instance")}

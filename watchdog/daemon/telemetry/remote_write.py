"""Sends the metrics by Prometheus remote write 1.0, for hosts that no Prometheus can scrape.

Rule 1: the same names as /metrics, read from the same registry.
Rule 2: while the receiver is away the newest batches are kept and the oldest dropped, and counted.
Rule 3: only network failures, 5xx and 429 are retried; a refused batch is dropped, and counted.
Rule 4: the address may hold a secret: it is never printed, nor is any text of an httpx exception.

Protocol: https://prometheus.io/docs/specs/prw/remote_write_spec/ ; snappy's block format allows literals only, so no
library is needed: https://github.com/google/snappy/blob/main/format_description.txt
"""

import struct
from asyncio import timeout, to_thread
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

import httpx

from watchdog import __version__
from watchdog.daemon.telemetry.metrics import Delivery, Metrics
from watchdog.domain.errors import Forbidden, Permanent, Temporary
from watchdog.ports import Clock

EVERY_SECONDS = 15.0
BATCHES_MAX = 240
"""An hour at 15 s; a batch of six services is about 30 kB."""
DEADLINE_SECONDS = 10.0
RETRY_AFTER_MAX_SECONDS = 300.0
SENT_AT_ONCE_MAX = 20
"""After an outage the backlog is sent in such portions, one per interval, so that it does not flood the receiver."""
_LITERAL_MAX = 65_536

Series = tuple[dict[str, str], float]
"""Labels (with `__name__`) and a value."""


class RemoteWriter:
    """Collects every `every_seconds`, keeps unsent batches, and sends them in order.

    `labels` (job, instance) are added to every series that lacks them. `user` and `password` give basic authentication,
    `token` a bearer one. `transport` decides where connections may go; `report` receives each batch's outcome.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        metrics: Metrics,
        *,
        labels: Mapping[str, str],
        user: str = "",
        password: str = "",
        token: str = "",
        every_seconds: float = EVERY_SECONDS,
        batches_max: int = BATCHES_MAX,
        transport: httpx.AsyncBaseTransport | None = None,
        report: Callable[[Exception | None], None] = lambda error: None,
    ) -> None:
        self._url = url
        self._clock = clock
        self._metrics = metrics
        self._labels = dict(labels)
        self._every = every_seconds
        self._batches: deque[bytes] = deque(maxlen=batches_max)
        self._not_before = 0.0
        self._report = report
        headers = {
            "content-type": "application/x-protobuf",
            "content-encoding": "snappy",
            "x-prometheus-remote-write-version": "0.1.0",
            "user-agent": f"render-watchdog/{__version__}",
        }
        self._client = httpx.AsyncClient(
            headers=headers | ({"authorization": f"Bearer {token}"} if token else {}),
            auth=(user, password) if user else None,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
        )

    async def run(self) -> None:
        """Collect and send for ever."""
        while True:
            await self.collect()
            await self.flush()
            await self._clock.sleep(self._every)

    async def close(self) -> None:
        """Close the connection; unsent batches are lost. Call `collect` and `flush` before, for a last batch."""
        await self._client.aclose()

    @property
    def pending(self) -> int:
        """Return the number of batches waiting for the receiver."""
        return len(self._batches)

    async def collect(self) -> None:
        """Put the present values into the buffer; a full one drops its oldest batch. The batch is encoded in a
        thread.
        """
        batch = await to_thread(self._batch, int(self._clock.now() * 1000))
        if len(self._batches) == self._batches.maxlen:
            self._batches.popleft()
            # Counted by hand: a bounded deque drops its oldest element silently.
            self._count("overflowed")
        self._batches.append(batch)

    def _batch(self, at_milliseconds: int) -> bytes:
        return snappy_literals(encode(series_of(self._metrics, self._labels), at_milliseconds))

    async def flush(self) -> None:
        """Send waiting batches, oldest first, until one must be retried later."""
        for _ in range(min(len(self._batches), SENT_AT_ONCE_MAX)):
            if self._clock.monotonic() < self._not_before:
                return
            outcome, error = await self._send(self._batches[0])
            if outcome != "failed":
                self._batches.popleft()
            self._count(outcome)
            self._report(error)
            if outcome == "failed":
                return

    async def _send(self, batch: bytes) -> tuple[Delivery, Exception | None]:
        try:
            async with (
                timeout(DEADLINE_SECONDS),
                self._client.stream("POST", self._url, content=batch) as response,
            ):
                return self._judge(response)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            return "rejected", Permanent(f"the address cannot be used ({type(error).__name__})")
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            return "failed", Temporary(f"no answer ({type(error).__name__})")

    def _judge(self, response: httpx.Response) -> tuple[Delivery, Exception | None]:
        code = response.status_code
        if 200 <= code < 300:
            return "sent", None
        if code != 429 and code < 500:
            # A refused batch would be refused again, and block the newer ones.
            refusal = Forbidden if code in (401, 403) else Permanent
            return "rejected", refusal(f"the receiver refused it (HTTP {code})")
        asked = response.headers.get("retry-after", "")
        if asked.isascii() and asked.isdigit():
            self._not_before = self._clock.monotonic() + min(float(asked), RETRY_AFTER_MAX_SECONDS)
        return "failed", Temporary(f"the receiver cannot take it now (HTTP {code})")

    def _count(self, outcome: Delivery) -> None:
        self._metrics.remote_write(outcome, len(self._batches), self._clock.now())


def series_of(metrics: Metrics, labels: Mapping[str, str]) -> Iterator[Series]:
    """Yield every sample of /metrics, named as there, with the external labels added."""
    for family in metrics.collect():
        for sample in family.samples:
            given = {name: value for name, value in sample.labels.items() if value}  # an empty label is no label
            yield {**labels, **given, "__name__": sample.name}, float(sample.value)


def encode(series: Iterator[Series] | Sequence[Series], at_milliseconds: int) -> bytes:
    """Return a protobuf WriteRequest: `repeated TimeSeries{repeated Label{1 name, 2 value}, repeated Sample}`."""
    return b"".join(_field(1, _series(labels, value, at_milliseconds)) for labels, value in series)


def _series(labels: Mapping[str, str], value: float, at_milliseconds: int) -> bytes:
    # The protocol requires labels sorted by name.
    pairs = (_field(1, name.encode()) + _field(2, text.encode()) for name, text in sorted(labels.items()))
    sample = b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(at_milliseconds)
    return b"".join(_field(1, pair) for pair in pairs) + _field(2, sample)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def snappy_literals(data: bytes) -> bytes:
    """Return a snappy block of literals only: valid, and as large as its content."""
    parts = [_varint(len(data))]
    for start in range(0, len(data), _LITERAL_MAX):
        literal = data[start : start + _LITERAL_MAX]
        parts.append(b"\xf4" + struct.pack("<H", len(literal) - 1) + literal)  # 0xf4: literal, two bytes of length
    return b"".join(parts)

"""Heartbeats to external dead-man's switches, which alert when the daemon falls silent or reports itself unhealthy.

Rule 1: at most one request a minute and switch, and only from a working loop: `ailment` judges by work done.
Rule 2: the address is the secret: it is never printed, nor is any text of an httpx exception.
Rule 3: of several workers one reports for all; a healthy one would revert the unhealthy one's report.
Rule 4: each switch has a heartbeat of its own, so that a hanging or removed switch does not silence the other.
"""

from asyncio import timeout
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from watchdog import __version__
from watchdog.daemon.telemetry.metrics import Metrics, Ping
from watchdog.domain.errors import Temporary
from watchdog.ports import Clock

EVERY_SECONDS = 60.0
"""healthchecks.io takes up to five a minute and check; Sentry Crons up to six a minute and monitor."""
DEADLINE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Switch:
    """One dead-man's switch: its name in metrics and logs, and its address while healthy or not (`well` False)."""

    name: str
    address: Callable[[bool], httpx.URL] = field(repr=False)


def healthchecks(url: str) -> Switch:
    """Return a healthchecks-style switch: the address itself, or `/fail` after its path, the query kept."""

    def address(well: bool) -> httpx.URL:
        parsed = httpx.URL(url)
        return parsed if well else parsed.copy_with(path=parsed.path.rstrip("/") + "/fail")

    return Switch("healthchecks", address)


def sentry_crons(url: str) -> Switch:
    """Return a Sentry Crons monitor: `/api/PROJECT/cron/SLUG/PUBLIC_KEY/` with `status=ok` or `status=error`."""

    def address(well: bool) -> httpx.URL:
        return httpx.URL(url).copy_set_param("status", "ok" if well else "error")

    return Switch("sentry_crons", address)


class Heartbeat:
    """Reports to a switch once a minute whether `ailment()` returns a reason, while `speak()` is True for this worker.

    `transport` decides where connections may go.
    """

    def __init__(
        self,
        switch: Switch,
        clock: Clock,
        ailment: Callable[[], str],
        metrics: Metrics,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        speak: Callable[[], bool],
        report: Callable[[Exception | None], None] = lambda error: None,
    ) -> None:
        self._transport = transport
        self._switch = switch
        self._clock = clock
        self._ailment = ailment
        self._speak = speak
        self._metrics = metrics
        self._report = report

    async def run(self) -> None:
        """Ping for ever: the first a minute after the start, when there is work to judge."""
        async with httpx.AsyncClient(
            headers={"user-agent": f"render-watchdog/{__version__}"},
            transport=self._transport,
            # No proxy and no .netrc of the environment: `transport` alone decides where connections go.
            trust_env=False,
            # A redirect could lead to a host that is not configured.
            follow_redirects=False,
        ) as client:
            while True:
                await self._clock.sleep(EVERY_SECONDS)
                if self._speak():
                    await self.ping(client)
                else:
                    self._metrics.heartbeat_elsewhere(self._switch.name)

    async def ping(self, client: httpx.AsyncClient) -> None:
        """Send one heartbeat, healthy or not; a failure is counted, reported, and retried a minute later."""
        sick = self._why_sick()
        trouble = await self._get(client, well=not sick)
        outcome: Ping = "failed" if trouble else "sick" if sick else "ok"
        self._metrics.heartbeat(self._switch.name, outcome, self._clock.now())
        self._report(Temporary(trouble) if trouble else None)

    def _why_sick(self) -> str:
        try:
            return self._ailment()
        except Exception as error:  # noqa: BLE001  a broken check is not a healthy daemon
            return f"the check itself failed: {type(error).__name__}"

    async def _get(self, client: httpx.AsyncClient, *, well: bool) -> str:
        """Return the failure, or an empty string."""
        try:
            url = self._switch.address(well)
            # Streamed: the status suffices, and a large body is never read.
            async with timeout(DEADLINE_SECONDS), client.stream("GET", url) as response:
                return "" if response.is_success else f"HTTP {response.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            return type(error).__name__

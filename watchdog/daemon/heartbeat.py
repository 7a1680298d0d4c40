"""A sign of life to a healthchecks-style dead man's switch, which rings when we fall silent.

Rule 1: at most one request a minute, and only from a loop that really works: `healthy` judges by what was done.
Rule 2: the address is the secret: it is never printed, nor is any text of an httpx exception.
"""

from asyncio import timeout
from collections.abc import Callable

import httpx

from watchdog import __version__
from watchdog.daemon.logs import get_logger
from watchdog.daemon.metrics import Metrics
from watchdog.ports import Clock

EVERY_SECONDS = 60.0
"""healthchecks.io takes up to five a minute and check."""
DEADLINE_SECONDS = 10.0


class Heartbeat:
    """Pings `url` while `healthy()` returns nothing, and `url/fail` while it returns a reason.

    `transport` decides where connections may go.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        healthy: Callable[[], str],
        metrics: Metrics,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._transport = transport
        self._url = url
        self._clock = clock
        self._healthy = healthy
        self._metrics = metrics
        self._trouble = ""

    async def run(self) -> None:
        """Ping for ever: the first a minute from now, when there is something to judge by."""
        async with httpx.AsyncClient(
            headers={"user-agent": f"render-watchdog/{__version__}"},
            transport=self._transport,
            trust_env=False,
            follow_redirects=False,
        ) as client:
            while True:
                await self._clock.sleep(EVERY_SECONDS)
                await self.ping(client)

    async def ping(self, client: httpx.AsyncClient) -> None:
        """Send one sign of life, or of sickness; a failure is counted, logged once, and tried again next time."""
        sick = self._why_sick()
        trouble = await self._get(client, fail=bool(sick))
        self._metrics.heartbeat("failed" if trouble else "sick" if sick else "ok", self._clock.now())
        if trouble != self._trouble:
            self._trouble = trouble
            log = get_logger(__name__)
            if trouble:
                log.warning("heartbeat fails", why=trouble)
            else:
                log.info("heartbeat works again")

    def _why_sick(self) -> str:
        try:
            return self._healthy()
        except Exception as error:  # noqa: BLE001  a broken check is not a healthy daemon
            return f"the check itself failed: {type(error).__name__}"

    async def _get(self, client: httpx.AsyncClient, *, fail: bool) -> str:
        """Return what went wrong, or nothing."""
        try:
            url = fail_url(self._url) if fail else httpx.URL(self._url)
            async with timeout(DEADLINE_SECONDS), client.stream("GET", url) as response:
                return "" if response.is_success else f"HTTP {response.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            return type(error).__name__


def fail_url(url: str) -> httpx.URL:
    """Return the address that reports a failure: `/fail` after the path, the query kept."""
    parsed = httpx.URL(url)
    return parsed.copy_with(path=parsed.path.rstrip("/") + "/fail")

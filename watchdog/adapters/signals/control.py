"""Control targets: sites of other operators. They test only our own network: when all of them fail, we are blind.

Rule: any HTTP answer is good, even a 500 or a redirect: it crossed the network, the name servers and TLS.
"""

from collections.abc import Sequence

import httpx

from watchdog.adapters.signals.options import check_url
from watchdog.adapters.signals.phase_timer import Stopwatch
from watchdog.adapters.signals.probe_failures import Failure
from watchdog.adapters.signals.probe_http import ProbeTransport
from watchdog.adapters.signals.redirects import within
from watchdog.adapters.signals.source import Source
from watchdog.domain.readings import Bad, Good, Unknown
from watchdog.ports import Sample

DEFAULT_CONTROL = ("https://example.com", "https://example.org")
EVERY_SECONDS, DEADLINE_SECONDS = 10.0, 3.0


class ControlTarget(Source):
    """One control target, named by its URL as the policy does. Raises ValueError for a URL that cannot be probed."""

    adaptive = timed = True

    def __init__(
        self, url: str, *, deadline_seconds: float = DEADLINE_SECONDS, wire: ProbeTransport | None = None
    ) -> None:
        self.url = httpx.URL(check_url(url))
        super().__init__(url, "control", every_seconds=EVERY_SECONDS, timeout_seconds=deadline_seconds + 1.0)
        self._deadline_seconds = deadline_seconds
        self._wire = wire or ProbeTransport()
        self._turn = 0

    async def look(self) -> Sequence[Sample]:
        """Send one request; any answer counts as good."""
        self._turn += 1
        watch = Stopwatch()
        # No byte of the body is read: a status line already proves the network, and the site is not ours to load.
        answer = self._wire.get(self.url, watch, max_body=0, turn=self._turn)
        came = await within(self._deadline_seconds, watch, answer)
        if isinstance(came, Failure):
            return (Sample(Unknown(came.why) if came.ours else Bad(came.why, came.kind), phases=watch.phases()),)
        phases = watch.phases()
        good = Good(f"HTTP {came.status}")
        return (Sample(good, latency_seconds=phases.total_seconds, phases=phases, status_code=came.status),)

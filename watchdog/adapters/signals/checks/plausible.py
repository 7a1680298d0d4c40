"""The signal `plausible`: do as many visitors' events arrive as this hour of the week usually brings?

`visitors: {plausible: acme.example, api_key: "${WATCHDOG_PROBE_PLAUSIBLE}"}`

A page that is up may be of no use: a script that a policy blocks, a snippet that a deploy dropped, a form that no one
can send. Then the events of Plausible end.

Rule 1: what is usual is the median of the same minutes one, two, three and four weeks before: each hour of the week has
its own traffic, and one holiday does not change a median. It is held for half an hour, and asked for again before
anything is bad: at the end of an evening fewer are due each minute.
Rule 2: few events are bad only where chance does not explain them: the Poisson probability of so few, where so many are
usual, is at most that of none where ten are due (e^-10, once in 22,000 looks).
Rule 3: where too few are due to tell, the minutes are widened, up to a day; if that is not enough it is `Unknown`.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from math import exp, lgamma, log
from statistics import median
from typing import Annotated, Literal

from pydantic import Field

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.json_values import mapping
from watchdog.adapters.options import Context, Duration
from watchdog.adapters.signals.checks.keyed_api import KeyedOptions, key_of
from watchdog.adapters.signals.options import ApiUrl, Every, NeverCriticalOptions, Timeout, probe_policy
from watchdog.adapters.signals.source import ApiSource, unknown
from watchdog.domain.errors import Misshapen
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good
from watchdog.domain.units import show_seconds
from watchdog.ports import Sample

KIND = "plausible"
QUERY = "/api/v2/query"
BODY_BYTES_MAX = 64 * 1024
DUE_MIN = 10.0
"""Events that must be due in the minutes that are looked at."""
CHANCE_MAX = exp(-DUE_MIN)
"""The probability of none where `DUE_MIN` are due."""
WEEKS, WEEK_SECONDS = 4, 7 * 86_400.0
WIDER, WIDEST_SECONDS = 4, 86_400.0
USUAL_HOLDS_SECONDS = 1800.0
"""What is usual is asked for again after so long."""
COUNT_MAX = 10**15
"""A larger count is no count of visitors; floats hold each smaller one exactly."""
LATE_SECONDS = 60.0
"""An event is counted so long after it was sent, at most."""


class PlausibleOptions(NeverCriticalOptions, KeyedOptions):
    """Options of `plausible`; the site, as Plausible names it, is the value of the key that names the kind.

    `less_than` is the share (0 to 1) of what is usual below which it is bad. With the defaults it takes about 40 of the
    600 requests an hour that a key has.
    """

    plausible: Annotated[
        str,
        Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._/-]+$"),
        written_as(r"^[A-Za-z0-9._/-]{1,200}$", "acme.example"),
    ]
    api: ApiUrl = "https://plausible.io"
    count: Literal["events", "pageviews", "visitors"] = "events"
    span: Duration = Field(default=1800.0, ge=600.0, le=21_600.0)
    less_than: float = Field(default=0.1, gt=0.0, le=0.9)
    every: Every = 120.0
    timeout: Timeout = 30.0


class Plausible(ApiSource):
    """Asks one server for the counts of one site."""

    def __init__(self, name: str, options: PlausibleOptions, context: Context) -> None:
        super().__init__(name, KIND, options, lambda: _client(options, context))
        self._options = options
        self._clock = context.clock
        self._usual: dict[
            float, tuple[float, float]
        ] = {}  # by the seconds looked at: until when it was asked for, and it

    async def ask(self, client: ApiClient) -> tuple[Sample, ...]:
        """Read once. Raises Temporary or Permanent when the server did not answer."""
        until = client.theirs(self._clock.now()) - LATE_SECONDS
        seconds, what = self._options.span, self._options.count
        while (usual := await self._usually(client, until, seconds)) < DUE_MIN and seconds < WIDEST_SECONDS:
            seconds = min(seconds * WIDER, WIDEST_SECONDS)
        came = await self._count(client, until, seconds)
        if self._is_few(came, usual):
            usual = await self._usually(client, until, seconds, held_seconds=0.0)
        seen = f"{came} {what} in {show_seconds(seconds)}, {usual:g} are usual"
        if usual < DUE_MIN:
            return unknown(f"{seen}: too few are due to tell")
        return (Sample(Bad(seen) if self._is_few(came, usual) else Good(seen)),)

    def _is_few(self, came: int, usual: float) -> bool:
        return came < usual * self._options.less_than and chance_of_so_few(came, usual) <= CHANCE_MAX

    async def _usually(
        self, client: ApiClient, until: float, seconds: float, held_seconds: float = USUAL_HOLDS_SECONDS
    ) -> float:
        """Return the count that so many seconds up to this moment of the week usually have, or had so long ago."""
        asked_at, usual = self._usual.get(seconds, (0.0, 0.0))
        if abs(until - asked_at) > held_seconds:
            weeks = (self._count(client, until - week * WEEK_SECONDS, seconds) for week in range(1, WEEKS + 1))
            usual = float(median(await asyncio.gather(*weeks)))
            self._usual[seconds] = until, usual
        return usual

    async def _count(self, client: ApiClient, until: float, seconds: float) -> int:
        end = datetime.fromtimestamp(until, UTC).replace(second=0, microsecond=0)
        asked = {
            "site_id": self._options.plausible,
            "metrics": [self._options.count],
            "date_range": [(end - timedelta(seconds=seconds)).isoformat(), end.isoformat()],
        }
        rows = mapping((await client.post(QUERY, asked)).json).get("results")
        # Without dimensions there is one row, also where nothing came: no row is another answer than none.
        metrics = mapping(rows[0]).get("metrics") if isinstance(rows, list) and len(rows) == 1 else None
        count = metrics[0] if isinstance(metrics, list) and len(metrics) == 1 else None
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= COUNT_MAX:
            raise Misshapen("the answer is not that of Plausible's API v2: is api: the address of its server?")
        return count


def chance_of_so_few(came: int, usual: float) -> float:
    """Return a bound of the probability (0 to 1) of at most `came` events where `usual` are due, after Poisson.

    The bound is P(came) / (1 - came / usual): of the terms below that of `came` each is at most came / usual times the
    one above it, so their sum is at most that of a geometric series. It is exact for none, and near it where chance
    explains little. In logarithms, since e^-746 is no float any more, and without a loop over the events.
    """
    if came >= usual:
        return 1.0
    log_term = came * log(usual) - usual - lgamma(came + 1)
    return min(1.0, exp(log_term) / (1.0 - came / usual))


def _client(options: PlausibleOptions, context: Context) -> ApiClient:
    """Return the client. Raises Permanent where the key is not set."""
    variable, key = key_of(options, context, "Plausible")
    return ApiClient(
        "Plausible",
        options.api,
        headers={"authorization": f"Bearer {key}"},
        clock=context.clock,
        guard=context.guard,
        # Three rounds fit into the deadline of one reading.
        timeout_seconds=max(options.timeout * 0.3, 0.05),
        max_body_bytes=BODY_BYTES_MAX,
        allow=lambda method, path, json: (method, path) == ("POST", QUERY),
        hints={
            400: "is plausible: the site as Plausible names it",
            401: f"set {variable} to a key of the Stats API that may read this site",
            402: "the plan of this site lacks the Stats API, or the site is locked",
            429: "a key has 600 requests an hour: write a longer every:",
        },
    )


def build(name: str, options: PlausibleOptions, context: Context) -> Plausible:
    """Return the source."""
    return Plausible(name, options, context)


def policy_of(name: str, options: PlausibleOptions) -> SignalPolicy:
    """Return the core's policy for this signal."""
    return probe_policy(name, KIND, options)

"""The signal `prometheus`: one instant query in PromQL, judged by limits.

Prometheus, Thanos, Mimir and VictoriaMetrics answer it alike; their differences are the address and the headers.

`errors: {prometheus: https://prometheus.example.com, query: 'sum(rate(…))', above: 0.05}`

Rule 1: exactly one series with a number is evidence. No series, several, NaN, an infinity, a histogram, a warning or a
part of an answer is `Unknown`: a monitoring that is broken says nothing about the site.
Rule 2: the age of the data is the server's: the moment of its evaluation less that of the sample, never by our clock.
The moment of an expression is that of its evaluation; its age is that of the series which `age_of` names.
"""

import base64
import math
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from watchdog.adapters.api_client import ApiClient, PermanentAnswer
from watchdog.adapters.http_exchange import plain
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.options import Context, Duration, travels_in_clear
from watchdog.adapters.signals.checks.limits import ABOVE, Limits, check_limits
from watchdog.adapters.signals.options import ApiUrl, Every, SignalOptions, Timeout, probe_policy
from watchdog.adapters.signals.source import ApiSource, unknown
from watchdog.domain.errors import Permanent
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Unread
from watchdog.domain.units import show_seconds
from watchdog.ports import Sample

KIND = "prometheus"
TOKEN, PASSWORD = "WATCHDOG_PROMETHEUS_TOKEN", "WATCHDOG_PROMETHEUS_PASSWORD"
BODY_BYTES_MAX = 1024 * 1024
"""The largest answer that is read: of one series it has a few hundred bytes."""
_HINTS = {
    400: "try the query in the console of that server",
    401: f"write auth: bearer and set {TOKEN}, or auth: basic with user: and {PASSWORD}",
    404: "is the prefix missing in the address, as in https://mimir.example.com/prometheus",
    422: "try the query in the console of that server",
}


def _check_query(query: str) -> str:
    if not query.strip() or not query.replace("\n", " ").isprintable():
        raise ValueError("not a query: write PromQL, as in sum(rate(http_errors_total[2m]))")
    return query


Query = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_check_query)]


class PrometheusOptions(SignalOptions):
    """Options of `prometheus`; the address of the server is the value of the key that names the kind.

    `max_age: null` accepts data of any age; `tenant` is sent as X-Scope-OrgID.
    """

    prometheus: ApiUrl
    query: Query
    above: ABOVE = None
    below: ABOVE = None
    max_age: Duration | None = Field(default=300.0, gt=0)
    age_of: Query | None = None
    auth: Literal["none", "bearer", "basic"] = "none"
    user: str | None = Field(default=None, min_length=1, max_length=200, pattern=r"^[\x21-\x39\x3b-\x7e]+$")
    tenant: str | None = Field(default=None, min_length=1, max_length=150, pattern=r"^[A-Za-z0-9!_.*'()|-]+$")
    every: Every = 30.0
    timeout: Timeout = 10.0

    @model_validator(mode="after")
    def _fits(self) -> "PrometheusOptions":
        check_limits(self.above, self.below, needed=True)
        if (self.user is not None) != (self.auth == "basic"):
            raise ValueError("user: and auth: basic belong together")
        if self.auth != "none" and travels_in_clear(self.prometheus):
            raise ValueError("the credentials would travel in clear: write https://")
        return self


class PrometheusQuery(ApiSource):
    """Asks one server for one number, and for its age."""

    def __init__(self, name: str, options: PrometheusOptions, context: Context) -> None:
        super().__init__(name, KIND, options, lambda: _client(options, context))
        self._options = options
        self._limits = Limits(options.above, options.below)

    async def ask(self, client: ApiClient) -> tuple[Sample, ...]:
        """Read once. Raises Temporary or Permanent when the server did not answer."""
        value, why = one_number(await self._get(client, self._options.query))
        if value is None:
            return unknown(why, Unread.SHAPE)
        if self._options.max_age is not None and (stale := await self._stale(client, self._options.max_age)):
            return unknown(stale)
        return (Sample(self._limits.judge(value)),)

    async def _stale(self, client: ApiClient, max_age: float) -> str:
        """Return why the data is no evidence of now, or an empty text."""
        # On lines of their own: the query may end in a comment.
        try:
            answer = await self._get(client, f"max(timestamp(\n{self._options.age_of or self._options.query}\n))")
        except PermanentAnswer as error:
            # A scalar has no series: the server refuses it, though it answered the query itself.
            if error.status not in (400, 422):
                raise
            return "the age of its data is not known: name a series in age_of:, or write max_age: null"
        sampled_at, why = one_number(answer)
        if sampled_at is None:
            return f"the age of its data is not known: {why}"
        age = _evaluated_at(answer) - sampled_at
        if math.isnan(age) or age > max_age:
            return f"its data is {age:.0f} s old (max_age {show_seconds(max_age)})"
        return ""

    async def _get(self, client: ApiClient, query: str) -> object:
        # Whole milliseconds: Prometheus takes no fractions. `partial_response` is Thanos': an error is better than a
        # part. The others leave it unread.
        limit = f"{round(self._options.timeout * 1000)}ms"
        params = [("query", query), ("timeout", limit), ("partial_response", "false")]
        return (await client.get("/api/v1/query", params)).json


def one_number(answer: object) -> tuple[float | None, str]:
    """Return the one number of an answer; or None, with why there is none."""
    data = mapping(mapping(answer).get("data"))
    if mapping(answer).get("status") != "success" or not data:
        return None, "the answer is not that of a Prometheus: is the address the server's, with its prefix?"
    if mapping(answer).get("isPartial"):
        return None, "only a part of the data answered"
    if warnings := mapping(answer).get("warnings"):
        said = warnings[0] if isinstance(warnings, list) else warnings
        return None, f"the server warns: {plain(str(said), 120)}"
    kind, result = text(data.get("resultType")), data.get("result")
    if kind not in ("vector", "scalar") or not isinstance(result, list):
        return None, f"the query gives a {plain(kind or 'thing', 20)}, and no number: write an instant query"
    if kind == "vector" and len(result) != 1:
        return None, _no_series() if not result else f"{len(result)} series, where there must be one: write sum(…)"
    return _number(result if kind == "scalar" else mapping(result[0]).get("value"))


def _no_series() -> str:
    return "no series: nothing is measured, or the query is wrong"


def _number(pair: object) -> tuple[float | None, str]:
    """Return the number of a pair [moment, number as text]."""
    try:
        value = float(str(pair[1]))  # type: ignore[index]
    except (TypeError, ValueError, IndexError, KeyError):
        return None, "its series has no number: a histogram needs histogram_quantile(…)"
    if not math.isfinite(value):
        return None, f"the value is {value:g}: no number to compare"
    return value, ""


def _evaluated_at(answer: object) -> float:
    """Return when the server evaluated a query that gave one number (UTC epoch seconds, by its clock)."""
    result = mapping(mapping(answer).get("data")).get("result")
    pair = mapping(result[0]).get("value") if isinstance(result, list) and result else None
    try:
        return float(pair[0])  # type: ignore[index]
    except (TypeError, ValueError):
        return math.nan


def _client(options: PrometheusOptions, context: Context) -> ApiClient:
    """Return the client. Raises Permanent where the secret is not set."""
    return ApiClient(
        "Prometheus",
        options.prometheus,
        headers=_headers(options, context),
        clock=context.clock,
        guard=context.guard,
        # Two requests, and one attempt more, fit into the deadline of one reading.
        timeout_seconds=max(options.timeout * 0.4, 0.05),
        max_body_bytes=BODY_BYTES_MAX,
        read_only=True,
        hints=_HINTS,
        attempts=2,
    )


def _headers(options: PrometheusOptions, context: Context) -> dict[str, str]:
    """Return the headers of a request. Raises Permanent where the secret is not set."""
    found = {"x-scope-orgid": options.tenant} if options.tenant is not None else {}
    for variable in secrets(options):
        secret = context.secrets.get(variable, "")
        if not secret:
            raise Permanent(f"no secret for Prometheus: set {variable}")
        pair = base64.b64encode(f"{options.user}:{secret}".encode()).decode()
        found["authorization"] = f"Bearer {secret}" if options.auth == "bearer" else f"Basic {pair}"
    return found


def secrets(options: PrometheusOptions) -> tuple[str, ...]:
    """Return the variable of the secret that is needed."""
    return {"bearer": (TOKEN,), "basic": (PASSWORD,)}.get(options.auth, ())


def build(name: str, options: PrometheusOptions, context: Context) -> PrometheusQuery:
    """Return the source."""
    return PrometheusQuery(name, options, context)


def policy_of(name: str, options: PrometheusOptions) -> SignalPolicy:
    """Return the core's policy for this signal."""
    return probe_policy(name, KIND, options)

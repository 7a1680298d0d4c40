"""The signal `lighthouse`: the score of a page by Lighthouse, as PageSpeed Insights measures it in its own laboratory.

`speed: {lighthouse: https://www.acme.example, api_key: "${WATCHDOG_PROBE_PAGESPEED}"}`

One run varies by several points: five in a row below the limit, as for every kind that is judged as a probe, are what
people read of.

Rule 1: a score that is missing is no zero. A page that Lighthouse could not load, and a server that is away or has no
quota left, are `Unknown`: whether the site answers is what probes are for.
Rule 2: only lab values are read. Field data are those of the last 28 days, and are being withdrawn.
"""

from typing import Literal

from pydantic import Field

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.http_exchange import plain
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.options import Context, Duration
from watchdog.adapters.signals.checks.keyed_api import KeyedOptions, key_of
from watchdog.adapters.signals.options import ApiUrl, Every, NeverCriticalOptions, Url, probe_policy
from watchdog.adapters.signals.source import ApiSource, unknown
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.readings import Bad, Good, Unread
from watchdog.ports import Sample

KIND = "lighthouse"
PATH = "/pagespeedonline/v5/runPagespeed"
FIELDS = "lighthouseResult(categories,audits,runtimeError,lighthouseVersion)"
BODY_BYTES_MAX = 8 * 1024 * 1024
"""The largest answer that is read: it holds pictures of the page."""
METRICS = {
    "largest-contentful-paint": "largest paint",
    "total-blocking-time": "blocked",
    "cumulative-layout-shift": "layout shift",
}
"""The audits that are shown with a score of performance; those that weigh most in it."""


class LighthouseOptions(NeverCriticalOptions, KeyedOptions):
    """Options of `lighthouse`; the page, which Google must reach, is the value of the key that names the kind."""

    lighthouse: Url
    strategy: Literal["mobile", "desktop"] = "mobile"
    category: Literal["performance", "accessibility", "best-practices", "seo"] = "performance"
    below: float = Field(default=70.0, gt=0.0, le=100.0)
    api: ApiUrl = "https://pagespeedonline.googleapis.com"
    every: Every = 900.0
    timeout: Duration = Field(default=120.0, ge=0.05, le=300.0)


class Lighthouse(ApiSource):
    """Asks for one run of one page."""

    def __init__(self, name: str, options: LighthouseOptions, context: Context) -> None:
        super().__init__(name, KIND, options, lambda: _client(options, context))
        self._options = options

    async def ask(self, client: ApiClient) -> tuple[Sample, ...]:
        """Read once. Raises Temporary or Permanent when the server did not answer."""
        wanted = self._options
        # Without a strategy the API measures as a desktop does, unlike Lighthouse itself.
        asked = [
            ("url", wanted.lighthouse),
            ("strategy", wanted.strategy.upper()),
            ("category", wanted.category.replace("-", "_").upper()),
            ("fields", FIELDS),
        ]
        found = mapping(mapping((await client.get(PATH, asked)).json).get("lighthouseResult"))
        failed = mapping(found.get("runtimeError"))
        if code := text(failed.get("code")):
            return unknown(f"Lighthouse could not measure the page: {plain(code, 60)}")
        score = mapping(mapping(found.get("categories")).get(wanted.category)).get("score")
        if isinstance(score, bool) or not isinstance(score, (int, float)) or not 0.0 <= score <= 1.0:
            return unknown("Lighthouse gave no score", Unread.SHAPE)
        points = round(score * 100)
        shown = f"{wanted.category} {points} of 100 ({wanted.strategy})"
        if points >= wanted.below:
            return (Sample(Good(shown)),)
        slow = _metrics(found) if wanted.category == "performance" else ""
        return (Sample(Bad(f"{shown}, bad below {wanted.below:g}{slow}")),)


def _metrics(found: object) -> str:
    """Return what weighs most in the score, as Lighthouse shows it: `: largest paint 4.2 s, blocked 900 ms`."""
    audits = mapping(mapping(found).get("audits"))
    said = {word: text(mapping(audits.get(name)).get("displayValue")) for name, word in METRICS.items()}
    known = ", ".join(f"{word} {plain(value, 20)}" for word, value in said.items() if value)
    return f": {known}" if known else ""


def _client(options: LighthouseOptions, context: Context) -> ApiClient:
    """Return the client. Raises Permanent where the key is not set."""
    variable, key = key_of(options, context, "PageSpeed Insights")
    return ApiClient(
        "PageSpeed Insights",
        options.api,
        # As a header: an address is logged on the way.
        headers={"x-goog-api-key": key},
        clock=context.clock,
        guard=context.guard,
        timeout_seconds=options.timeout,
        max_body_bytes=BODY_BYTES_MAX,
        read_only=True,
        hints={
            400: f"can Google reach the page, and is {variable} a key for the PageSpeed Insights API",
            403: f"allow the PageSpeed Insights API for the key in {variable}",
            429: "its quota is used up: write a longer every:",
        },
        attempts=1,
    )


def build(name: str, options: LighthouseOptions, context: Context) -> Lighthouse:
    """Return the source."""
    return Lighthouse(name, options, context)


def policy_of(name: str, options: LighthouseOptions) -> SignalPolicy:
    """Return the core's policy for this signal."""
    return probe_policy(name, KIND, options)

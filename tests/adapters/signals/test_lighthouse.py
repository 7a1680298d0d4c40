"""A page's score by PageSpeed Insights, at the wire: a score that is missing is no zero."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.vendor import HANGS, Vendor
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.signals.checks.lighthouse import Lighthouse, LighthouseOptions, build, policy_of
from watchdog.domain.readings import Bad, Good, Reading, Unknown, Unread
from watchdog.domain.severity import Severity

PATH = "/pagespeedonline/v5/runPagespeed"
PAGE = "https://www.acme.example/"
VARIABLE = "WATCHDOG_PROBE_SCORES"
KEY = {VARIABLE: "canary-of-google"}


def result(score: object, category: str = "performance", **more: Any) -> dict[str, Any]:
    """Return an answer of the API v5 in the fields that are asked for."""
    audits = {
        "largest-contentful-paint": {"numericValue": 4210.5, "displayValue": "4.2\u00a0s", "score": 0.4},
        "total-blocking-time": {"displayValue": "910\u00a0ms"},
        "cumulative-layout-shift": {"score": None},
    }
    categories = {category: {"id": category, "title": "x", "score": score}}
    return {"lighthouseResult": {"lighthouseVersion": "13.4.1", "categories": categories, "audits": audits, **more}}


def source(url: str, secrets: dict[str, str] | None = None, **options: Any) -> Lighthouse:
    given = {"lighthouse": PAGE, "api": url, "api_key": f"${{{VARIABLE}}}", **options}
    context = Context(FakeClock(0.0), {}, KEY if secrets is None else secrets)
    return build("speed", LighthouseOptions.model_validate(given), context)


async def read(made: Lighthouse) -> Reading:
    (sample,) = await made.read()
    await made.close()
    return sample.reading


@pytest.mark.parametrize(
    ("answer", "options", "expected"),
    [
        (result(0.93), {}, Good("performance 93 of 100 (mobile)")),
        (result(0.7), {}, Good("performance 70 of 100 (mobile)")),
        (
            result(0.69),
            {},
            Bad("performance 69 of 100 (mobile), bad below 70: largest paint 4.2 s, blocked 910 ms"),
        ),
        (result(0), {"below": 90}, "performance 0 of 100"),
        (result(0.8, "seo"), {"category": "seo", "below": 90}, Bad("seo 80 of 100 (mobile), bad below 90")),
        (result(1, "best-practices"), {"category": "best-practices"}, Good("best-practices 100 of 100 (mobile)")),
        # No evidence: there is no score, or no answer.
        (result(None), {}, Unknown("Lighthouse gave no score", Unread.SHAPE)),
        (result(True), {}, Unknown("Lighthouse gave no score", Unread.SHAPE)),
        (result(93), {}, Unknown("Lighthouse gave no score", Unread.SHAPE)),
        (result(0.9, "seo"), {}, Unknown("Lighthouse gave no score", Unread.SHAPE)),
        ({}, {}, Unknown("Lighthouse gave no score", Unread.SHAPE)),
        (
            result(None, runtimeError={"code": "NO_FCP", "message": "x"}),
            {},
            "Lighthouse could not measure the page: NO_FCP",
        ),
        (400, {}, "can Google reach the page"),
        (403, {}, f"allow the PageSpeed Insights API for the key in {VARIABLE}"),
        (429, {}, "429"),
        (500, {}, "500"),
        (HANGS, {"timeout": "250ms"}, "did not answer"),
    ],
)
async def test_good_bad_or_unknown(vendor: Vendor, answer: Any, options: dict[str, Any], expected: Any) -> None:
    vendor.say("GET", PATH, answer)
    reading = await read(source(vendor.url, **options))
    if isinstance(expected, str):
        found = reading.detail if isinstance(reading, Good) else reading.why
        assert expected in found and isinstance(reading, Bad if "0 of 100" in expected else Unknown), reading
    else:
        assert reading == expected


async def test_what_is_asked(vendor: Vendor) -> None:
    """The strategy always: the default of the API is not Lighthouse's; the key in a header, not in the URL."""
    vendor.say("GET", PATH, result(1, "best-practices"))
    await read(source(vendor.url, category="best-practices", strategy="desktop"))
    (seen,) = vendor.seen
    assert seen.headers["x-goog-api-key"] == KEY[VARIABLE] and "canary" not in f"{seen.query}"
    assert dict(seen.query) == {
        "url": PAGE,
        "strategy": "DESKTOP",
        "category": "BEST_PRACTICES",
        "fields": "lighthouseResult(categories,audits,runtimeError,lighthouseVersion)",
    }
    assert await read(source("https://p.example", {})) == Unknown(f"no key for PageSpeed Insights: set {VARIABLE}")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"api": "http://p.example"}, "in clear"),
        ({"critical": True}, "this kind never rolls back by itself"),
        ({"strategy": "tablet"}, "'mobile' or 'desktop'"),
        ({"below": 0}, "greater than 0"),
        ({"timeout": "10m"}, "less than or equal to 300"),
    ],
)
def test_what_cannot_be_asked_is_a_mistake_of_the_file(options: dict[str, Any], says: str) -> None:
    given = {"lighthouse": PAGE, "api_key": f"${{{VARIABLE}}}", **options}
    with pytest.raises(ValidationError, match=re.escape(says)):
        LighthouseOptions.model_validate(given)


def test_people_read_it_and_nothing_is_rolled_back_for_it() -> None:
    options = LighthouseOptions.model_validate({"lighthouse": PAGE, "api_key": f"${{{VARIABLE}}}"})
    policy = policy_of("speed", options)
    assert (policy.source, policy.critical, policy.severity) == ("lighthouse", False, Severity.MEDIUM)

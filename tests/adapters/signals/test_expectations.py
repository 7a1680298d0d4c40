"""The expectations of an answer."""

import json
from typing import Any

import httpx
import pytest

from watchdog.adapters.signals.expectations import Expectations
from watchdog.adapters.signals.http import HttpOptions
from watchdog.adapters.signals.probe_http import Answer
from watchdog.domain.readings import Bad, FailureKind, Good, Reading, Unknown

HEALTH = json.dumps({"status": "down", "n": 1, "on": True, "none": None, "list": [1], "map": {}}).encode()
DEEP = b"[" * 200_000


def judge(
    body: bytes = b"hello", got: int = 200, headers: dict[str, str] | None = None, seconds: float = 0.1, **more: Any
) -> Reading:
    """Judge an answer; `more` are options as in YAML and fields of the answer."""
    fields = {key: more.pop(key) for key in ("too_large", "coding") if key in more}
    options = HttpOptions.model_validate({"http": "https://acme.example", **more})
    answer = Answer(got, httpx.Headers(headers or {}), body, "192.0.2.1", **fields)
    return Expectations.of(options, options.max_latency).judge(answer, seconds)


GOOD: list[dict[str, Any]] = [
    {},
    {"got": 204},
    {"got": 404, "status": 404},
    {"got": 429, "status": [200, 429]},
    {"got": 301, "status": ["2xx", "3xx"]},
    {"contains": "ell"},
    {"matches": "^h.llo$"},
    {"body": "größe".encode("latin-1"), "headers": {"content-type": "text/html; charset=ISO-8859-1"}, "contains": "ö"},
    {"body": "größe".encode(), "contains": "größe"},
    {"body": "größe".encode("utf-16"), "headers": {"content-type": 'text/html; charset="utf-16"'}, "contains": "größe"},
    {"body": HEALTH, "json": {"$.status": "down", "$.n": 1, "$.on": True, "$.none": None, "$.list[0]": 1}},
    {"headers": {"Content-Type": "text/html; charset=utf-8"}, "header": {"content-type": "text/html"}},
    {"max_latency": "100ms"},
    {"coding": "br", "body": b""},
]


@pytest.mark.parametrize("case", GOOD)
def test_what_was_expected_is_good(case: dict[str, Any]) -> None:
    assert judge(**case) == Good(f"HTTP {case.get('got', 200)}")


STATUS, BODY, HEADER = FailureKind.STATUS, FailureKind.BODY, FailureKind.HEADER
BAD: list[tuple[FailureKind, str, dict[str, Any]]] = [
    (STATUS, "HTTP 503", {"got": 503}),
    (STATUS, "HTTP 404", {"got": 404, "contains": "x"}),
    (FailureKind.GATEWAY, "HTTP 502", {"got": 502}),
    (FailureKind.GATEWAY, "HTTP 504", {"got": 504}),
    (BODY, 'body lacks "</html>"', {"contains": "</html>"}),
    (BODY, "body does not match /^bye/", {"matches": "^bye"}),
    (BODY, "body is not JSON", {"json": {"$.status": "ok"}}),
    (BODY, "body is not JSON", {"body": DEEP, "json": {"$.status": "ok"}}),
    (BODY, '$.status is "down", expected "ok"', {"body": HEALTH, "json": {"$.status": "ok"}}),
    (BODY, '$.nowhere is absent, expected "ok"', {"body": HEALTH, "json": {"$.nowhere": "ok"}}),
    (BODY, "$.on is true, expected 1", {"body": HEALTH, "json": {"$.on": 1}}),
    (BODY, "$.n is 1, expected true", {"body": HEALTH, "json": {"$.n": True}}),
    (BODY, "$.map is an object, expected null", {"body": HEALTH, "json": {"$.map": None}}),
    (BODY, "$.list is a list, expected 1", {"body": HEALTH, "json": {"$.list": 1}}),
    (HEADER, "header x-app is missing", {"header": {"x-app": "v2"}}),
    (HEADER, 'header x-app is "v1", expected "v2" in it', {"header": {"x-app": "v2"}, "headers": {"X-App": "v1"}}),
    (FailureKind.TOO_LARGE, "body larger than 1,024 KiB (limit max_body)", {"too_large": True}),
    (FailureKind.SLOW, "answered in 1.23 s (limit 0.80 s)", {"max_latency": "800ms", "seconds": 1.234}),
]


@pytest.mark.parametrize(("kind", "why", "case"), BAD)
def test_what_was_not_expected_is_bad_and_says_the_difference(kind: FailureKind, why: str, case: dict) -> None:
    assert judge(**case) == Bad(why, kind)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ({"got": 429}, "the site limits our probes: HTTP 429"),
        ({"got": 403, "headers": {"cf-mitigated": "challenge"}}, "the site's edge challenges our probes: HTTP 403"),
        ({"coding": "br", "contains": "x"}, 'the body cannot be read: it came as "br"'),
    ],
)
def test_what_says_nothing_about_the_site_is_unknown(case: dict[str, Any], why: str) -> None:
    """Visitors see something else than our probes do."""
    reading = judge(**case)
    assert isinstance(reading, Unknown) and reading.why.startswith(why)


def test_the_worst_news_comes_first() -> None:
    everything: dict[str, Any] = {"header": {"x": "y"}, "contains": "z", "max_latency": "1ms", "seconds": 1.0}
    kinds = [
        judge(got=500, too_large=True, **everything),
        judge(too_large=True, **everything),
        judge(too_large=True, headers={"x": "y"}, **everything),
        judge(headers={"x": "y"}, **everything),
        judge(headers={"x": "y"}, body=b"z", **everything),
    ]
    told = [reading.kind.value for reading in kinds if isinstance(reading, Bad)]
    assert told == ["status", "header", "too_large", "body", "slow"]


def test_foreign_text_in_a_reason_is_short_and_printable() -> None:
    """A site, or who broke into it, must not write into our log or page."""
    body = json.dumps({"status": "\x1b[31m\n" + "x" * 10_000}).encode()
    header = judge(headers={"x-app": "y" * 10_000}, header={"x-app": "v2"})
    for reading in (judge(body=body, json={"$.status": "ok"}), header):
        assert isinstance(reading, Bad) and len(reading.why) <= 200 and reading.why.isprintable()


@pytest.mark.parametrize("charset", ["idna", "zlib_codec", "punycode", "nonsense", "unicode_escape", "iso-8859-99"])
def test_a_charset_that_the_server_made_up_is_read_as_utf_8(charset: str) -> None:
    """Python knows codecs that are slow or are no texts at all."""
    assert judge(headers={"content-type": f"text/html; charset={charset}"}, contains="ell") == Good("HTTP 200")

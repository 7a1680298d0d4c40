"""One number of a Prometheus: at the wire, where it may be anything, and asked of a real one."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.vendor import HANGS, Vendor
from tests.support.clocks import FakeClock
from tests.support.prometheus_server import running_prometheus
from watchdog.adapters.options import Context
from watchdog.adapters.signals.checks.prometheus import (
    PASSWORD,
    TOKEN,
    PrometheusOptions,
    PrometheusQuery,
    build,
    policy_of,
)
from watchdog.domain.readings import Bad, Good, Reading, Unknown

QUERY = "/api/v1/query"
NOW = 1_750_000_000.0


def vector(*values: Any, at: float = NOW) -> dict[str, Any]:
    """Return an answer with that many series."""
    rows = [{"metric": {"instance": str(number)}, "value": [at, value]} for number, value in enumerate(values)]
    return {"status": "success", "data": {"resultType": "vector", "result": rows}}


def source(url: str, secrets: dict[str, str] | None = None, **options: Any) -> PrometheusQuery:
    given = {"prometheus": url, "query": "errors", "above": 5, **options}
    return build("errors", PrometheusOptions.model_validate(given), Context(FakeClock(NOW), {}, secrets or {}))


async def read(made: PrometheusQuery) -> Reading:
    (sample,) = await made.read()
    await made.close()
    return sample.reading


SCALAR = {"status": "success", "data": {"resultType": "scalar", "result": [NOW, "7"]}}
HISTOGRAM = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "histogram": [NOW, {}]}]}}
MATRIX = {"status": "success", "data": {"resultType": "matrix", "result": []}}
REFUSED = {"status": "error", "errorType": "bad_data", "error": "parse error: unexpected end of input"}
FRESH = vector(str(NOW - 20))


@pytest.mark.parametrize(
    ("answers", "options", "expected"),
    [
        ([vector("5"), FRESH], {}, Good("5 (bad above 5)")),
        ([vector("5.01"), FRESH], {}, Bad("5.01 is above 5")),
        ([vector("0"), FRESH], {"below": 1}, Bad("0 is below 1")),
        ([vector("1"), FRESH], {"below": 1}, Good("1 (bad above 5 or below 1)")),
        ([SCALAR, FRESH], {}, Bad("7 is above 5")),
        # No evidence, whatever the limits are.
        ([vector()], {"below": 1}, "no series"),
        ([vector("9", "9")], {}, "2 series, where there must be one"),
        ([vector("NaN")], {}, "the value is nan"),
        ([vector("+Inf")], {}, "the value is inf"),
        ([vector("-Inf")], {"below": 1}, "the value is -inf"),
        ([vector("many")], {}, "no number: a histogram"),
        ([HISTOGRAM], {}, "no number: a histogram"),
        ([MATRIX], {}, "gives a matrix"),
        ([{**vector("9"), "isPartial": True}], {}, "only a part of the data"),
        ([{**vector("9"), "warnings": ["store 10.0.0.7 is away"]}], {}, "the server warns: store"),
        ([{"status": "success"}], {}, "not that of a Prometheus"),
        ([["success"]], {}, "not that of a Prometheus"),
        (["<html>"], {}, "not that of a Prometheus"),
        ([(400, REFUSED)], {}, "try the query in the console"),
        ([422], {}, "answered 422"),
        ([401], {}, f"set {TOKEN}"),
        ([404], {}, "is the prefix missing"),
        ([(302, "", {"location": "https://elsewhere.example"})], {}, "a redirect"),
        ([503, 503], {}, "answered 503"),
        ([HANGS], {"timeout": "250ms"}, "did not answer"),
        ([vector(*["9"] * 30_000)], {}, "sent more than"),
        # Its own age, by the clock of the server.
        ([vector("9"), vector(str(NOW - 301))], {}, "its data is 301 s old (max_age 5 min)"),
        ([vector("9", at=1e9), vector(str(1e9 - 301), at=1e9)], {}, "its data is 301 s old"),
        ([vector("9", at=1e9), vector(str(1e9 - 299), at=1e9)], {}, Bad("9 is above 5")),
        ([vector("9"), vector()], {}, "the age of its data is not known"),
        ([vector("9"), vector("NaN")], {}, "the age of its data is not known"),
        ([vector("9")], {"max_age": None}, Bad("9 is above 5")),
    ],
)
async def test_good_bad_or_unknown(vendor: Vendor, answers: list[Any], options: dict[str, Any], expected: Any) -> None:
    vendor.say("GET", QUERY, *answers)
    reading = await read(source(vendor.url, **options))
    if isinstance(expected, str):
        assert isinstance(reading, Unknown) and expected in reading.why
    else:
        assert reading == expected


@pytest.mark.parametrize(
    ("options", "secrets", "header"),
    [
        ({}, {TOKEN: "unasked"}, None),
        ({"auth": "bearer"}, {TOKEN: "canary-token"}, "Bearer canary-token"),
        ({"auth": "basic", "user": "ann"}, {PASSWORD: "pass word"}, base64.b64encode(b"ann:pass word").decode()),
    ],
)
async def test_what_is_sent(
    vendor: Vendor, options: dict[str, Any], secrets: dict[str, str], header: str | None
) -> None:
    """The query, with the age of the series that `age_of` names; behind a prefix, with a tenant, as for Mimir."""
    prefixed = f"/prometheus{QUERY}"
    vendor.say("GET", prefixed, vector("1"), FRESH)
    made = source(f"{vendor.url}/prometheus/", secrets, age_of='up{job="web"}', tenant="acme", **options)
    assert await read(made) == Good("1 (bad above 5)")
    assert [dict(one.query)["query"] for one in vendor.seen] == ["errors", 'max(timestamp(\nup{job="web"}\n))']
    assert {one.headers["x-scope-orgid"] for one in vendor.seen} == {"acme"}
    sent = vendor.seen[0].headers.get("authorization")
    assert (sent is None) == (header is None) and (header or "") in (sent or "")


async def test_a_refusal_that_repeats_our_key_does_not_show_it(vendor: Vendor) -> None:
    vendor.say("GET", QUERY, lambda seen: (400, {"error": f"no {seen.headers['authorization']}"}))
    reading = await read(source(vendor.url, {TOKEN: "canary-token"}, auth="bearer"))
    assert isinstance(reading, Unknown) and "canary" not in reading.why and "answered 400" in reading.why


async def test_no_secret_and_no_private_address_is_unknown() -> None:
    assert await read(source("https://p.example", auth="bearer")) == Unknown(f"no secret for Prometheus: set {TOKEN}")
    reading = await read(source("http://127.1:9090"))
    assert isinstance(reading, Unknown) and "private_hosts" in reading.why


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"above": None}, "no limit"),
        ({"above": 1, "below": 2}, "impossible limits"),
        ({"above": float("nan")}, "finite"),
        ({"query": " "}, "not a query"),
        ({"query": "up\x00"}, "not a query"),
        ({"prometheus": "https://p.example?x=1"}, "not the address of a server"),
        ({"prometheus": "https://ann:secret@p.example"}, "user name or password"),
        ({"prometheus": "http://169.254.169.254"}, "link-local"),
        ({"user": "ann"}, "belong together"),
        ({"auth": "basic"}, "belong together"),
        ({"auth": "bearer", "prometheus": "http://p.example"}, "in clear"),
    ],
)
def test_what_cannot_be_asked_is_a_mistake_of_the_file(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        PrometheusOptions.model_validate({"prometheus": "https://p.example", "query": "up", "above": 5, **options})


def test_alone_it_only_asks() -> None:
    """Its policy is that of a probe which is not critical; its kind is shown as the file has it."""
    options = PrometheusOptions.model_validate({"prometheus": "https://p.example", "query": "up", "below": 1})
    policy = policy_of("up", options)
    assert (policy.kind, policy.source, policy.critical, policy.times_baseline) == (
        "http",
        "prometheus",
        False,
        None,
    )


@pytest.mark.long
async def test_a_real_prometheus(tmp_path: Path) -> None:
    """It scrapes two targets where nobody listens."""
    async with running_prometheus(tmp_path, {"web": ["127.0.0.1:1"], "api": ["127.0.0.1:2"]}) as server:
        await server.wait_for(lambda: server.values("count(up == 0) == 2"))
        up = 'up{job="web"}'
        told: dict[str, Any] = {
            up: Bad("0 is below 1"),
            f"{up} + 3  # a comment": Good("3 (bad above 5 or below 1)"),
            "scalar(vector(6))": "the age of its data is not known",
            "up": "2 series",
            'up{job="nobody"}': "no series",
            "vector(0) / vector(0)": "the value is nan",
            "vector(1) / vector(0)": "the value is inf",
            "up[1m]": "gives a matrix",
            "sum(": "try the query",
        }
        for query, expected in told.items():
            reading = await read(source(server.url, query=query, below=1))
            why = reading.why if isinstance(reading, Unknown) else ""
            assert expected in why if isinstance(expected, str) else reading == expected, (query, reading)

        async def stale() -> bool:
            reading = await read(source(server.url, query="vector(9)", age_of=up, max_age="50ms"))
            return isinstance(reading, Unknown) and "max_age" in reading.why

        # Scraped once a second: nearly always older than that.
        assert await server.wait_for(stale)
        assert await read(source(server.url, query="vector(9)", age_of=up)) == Bad("9 is above 5")

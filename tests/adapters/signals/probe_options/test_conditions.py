"""Conditions beyond equality: each kind that holds and is missed, in words; over a real answer; and what is refused."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.signals.sites import answering, probe, site
from tests.adapters.signals.test_pattern import PAGES, WORST
from watchdog.adapters.signals import http
from watchdog.domain.readings import Bad, FailureKind, Good, Unknown

BODY = b'{"queue": 120, "state": "warm", "items": [1, 2], "none": null, "ok": true, "release": "v2.1", "huge": 1e999}'
HOLD: dict[str, Any] = {
    "$.queue": {"gt": 100, "lte": 120},
    "$.state": {"in": ["ok", "warm"], "matches": "^w", "length": {"gte": 4, "lt": 5}},
    "$.items": {"length": {"gt": 1}},
    "$.items[0]": {"in": [1]},
    "$.none": {"exists": True},
    "$.nothing": {"exists": False},
    "$.ok": {"in": [True]},
}


@pytest.mark.parametrize(
    ("path", "condition", "why"),
    [
        ("$.queue", {"lt": 100}, "$.queue is 120, expected less than 100"),
        ("$.queue", {"gte": 1, "lte": 119.5}, "$.queue is 120, expected at most 119.5"),
        ("$.huge", {"lt": 5}, "expected less than 5"),
        ("$.state", {"gt": 0}, '$.state is "warm", expected a number'),
        ("$.ok", {"gte": 1}, "$.ok is true, expected a number"),
        ("$.ok", {"in": [1, "true"]}, "$.ok is true, expected one of those listed"),
        ("$.items", {"length": {"gte": 3}}, "$.items is a list, expected a length of at least 3 (it has 2)"),
        ("$.queue", {"length": {"gte": 3}}, "$.queue is 120, expected something with a length"),
        ("$.release", {"matches": "^v3"}, '$.release is "v2.1", expected a text that matches'),
        ("$.queue", {"matches": "120"}, "$.queue is 120, expected a text that matches"),
        ("$.nothing", {"exists": True}, "$.nothing is absent, expected it"),
        ("$.nothing", {"lt": 5}, "$.nothing is absent, expected it"),
        ("$.none", {"exists": False}, "$.none is null, expected nothing there"),
    ],
)
async def test_a_condition_that_is_missed_says_what_was_found_and_expected(
    path: str, condition: dict[str, Any], why: str
) -> None:
    """All that hold together leave the answer good."""
    async with site(answering(BODY, headers={"Content-Type": "application/json; charset=utf-8"})) as base:
        good = await probe(base, expect={"json": HOLD, "headers": {"content-type": "^application/json"}})
        bad = await probe(base, expect={"json": {**HOLD, path: condition}})
    assert good.reading == Good("HTTP 200")
    assert isinstance(bad.reading, Bad) and bad.reading.kind is FailureKind.BODY and why in bad.reading.why


async def test_headers_are_matched_and_an_expression_that_is_too_slow_knows_nothing() -> None:
    """Also one on a value of the JSON; a status that is wrong comes first."""
    slow = json.dumps({"a": PAGES["one letter"]})
    headers = {"X-A": "b" * 100, "Content-Type": "text/html"}
    async with site(answering(slow.encode(), headers=headers)) as base:
        wrong = await probe(base, expect={"headers": {"content-type": "json"}})
        lacking = await probe(base, expect={"headers": {"x-b": "."}})
        late = await probe(base, expect={"json": {"$.a": {"matches": WORST}}})
        status = await probe(base, status=204, expect={"headers": {"content-type": "json"}})
        text = await probe(base, expect={"json": {"$.b": {"exists": False}}})
    assert wrong.reading == Bad('header content-type is "text/html", expected /json/', FailureKind.HEADER)
    assert lacking.reading == Bad("header x-b is missing", FailureKind.HEADER)
    assert isinstance(late.reading, Unknown), late.reading
    assert status.reading == Bad("HTTP 200", FailureKind.STATUS) and text.reading == Good("HTTP 200")
    async with site(answering(b"<html>")) as base:
        found = await probe(base, expect={"json": {"$.a": {"exists": True}}})
    assert found.reading == Bad("body is not JSON", FailureKind.BODY)


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ({"json": {"queue": {"lt": 5}}}, "$.checks[0].status"),
        ({"json": {"$.queue": {}}}, "no condition: write one of lt, lte, gt, gte, in"),
        ({"json": {"$.queue": {"length": {}}}}, "no condition: write one of lt, lte, gt, gte"),
        ({"json": {"$.queue": {"exists": False, "lt": 5}}}, "write exists: false alone"),
        ({"json": {"$.queue": {"matches": "("}}}, "missing )"),
        ({"headers": {"x-a": "("}}, "missing )"),
        ({"json": {"$.queue": {"less": 5}}}, "Extra inputs"),
    ],
)
def test_conditions_that_cannot_be_meant_are_refused(expect: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        http.HttpOptions.model_validate({"http": "https://acme.example", "expect": expect})
    assert says in str(caught.value)
    with pytest.raises(ValidationError, match="the answer to a HEAD has no body"):
        http.HttpOptions.model_validate({"http": "https://a.example", "method": "HEAD", "expect": {"json": HOLD}})

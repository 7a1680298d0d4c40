"""The options of a signal, and the messages for wrong ones."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.signals.sites import context_at
from tests.support.least_signals import LEAST
from watchdog.adapters.signals import SIGNALS
from watchdog.adapters.signals.options import NeverCriticalOptions, parse_statuses
from watchdog.domain.policy import SignalPolicy
from watchdog.domain.severity import Severity
from watchdog.ports import SignalSource

GOOD: list[tuple[str, dict[str, Any]]] = [
    ("http", {"http": "https://acme.example", "contains": "</html>", "status": ["2xx", 404], "header": {"x": "y"}}),
    ("http", {"http": "http://127.0.0.1:1/a?b=c", "json": {"$.ok": True}, "max_latency": "2s", "certificate": "30d"}),
    ("latency", {"latency": "https://acme.example/api/test", "p95": "800ms", "window": "5m", "times_baseline": None}),
    ("latency", {"latency": "https://acme.example/api/test"}),
    ("sentry", {"sentry": "acme/web", "release": "web@{commit}", "limit": "20/min", "traffic": True}),
    ("render_events", {"render_events": ["server_failed"]}),
    ("render_events", {"render_events": "all"}),
    ("render_events", {"render_events": "default", "every": "1m"}),
]


@pytest.mark.parametrize(("kind", "written"), GOOD)
async def test_what_is_right_becomes_a_source_and_a_policy_of_its_kind(kind: str, written: dict[str, Any]) -> None:
    """Each line of SIGNALS holds together: options, source and policy say the same."""
    entry = SIGNALS[kind]
    options = entry.options.model_validate(written)
    source: SignalSource = entry.build("it", options, context_at(endpoints={"sentry": "http://127.0.0.1:1"}))
    policy = entry.policy("it", options)
    assert (source.name, source.kind, policy.name, policy.kind) == ("it", kind, "it", kind)
    assert source.every_seconds == policy.every_seconds and source.adaptive is (kind in ("http", "latency"))
    await source.close()


@pytest.mark.parametrize("kind", SIGNALS)
async def test_what_asks_the_site_by_a_deadline_is_void_after_a_stall_of_ours(kind: str) -> None:
    """A command has deadlines of its own; the others that are not void say unknown where time runs out."""
    entry = SIGNALS[kind]
    options = entry.options.model_validate(LEAST[kind])
    source: SignalSource = entry.build("it", options, context_at(endpoints={"sentry": "http://127.0.0.1:1"}))
    assert source.timed is (entry.policy("it", options).asks_the_site or kind == "command")
    assert source.timed or not source.adaptive
    await source.close()


@pytest.mark.parametrize("kind", SIGNALS)
def test_what_all_signals_have_in_common_reaches_the_policy(kind: str) -> None:
    critical = not issubclass(SIGNALS[kind].options, NeverCriticalOptions)
    written = {**LEAST[kind], "every": "20s", "timeout": "4s", "severity": "medium", "critical": critical}
    options = SIGNALS[kind].options.model_validate(written)
    policy = SIGNALS[kind].policy("it", options)
    assert (policy.every_seconds, policy.timeout_seconds) == (20.0, 4.0)
    assert (policy.severity, policy.critical) == (Severity.MEDIUM, critical)


def test_what_is_left_out_is_told_from_false_and_limits_are_in_seconds() -> None:
    """The configuration decides which signal is critical where no signal has the key."""
    options = SIGNALS["http"].options.model_validate({"http": "https://acme.example"})
    assert options.critical is None and SIGNALS["http"].policy("it", options).critical is False
    options = SIGNALS["latency"].options.model_validate(
        {"latency": "https://acme.example", "p95": "800ms", "p99": "2s", "window": "3m", "times_baseline": 3}
    )
    policy: SignalPolicy = SIGNALS["latency"].policy("api", options)
    assert policy.limits_seconds == {"p95": 0.8, "p99": 2.0}
    assert (policy.times_baseline, policy.window_seconds) == (3.0, 180.0)


ACME = {"http": "https://acme.example"}
RELEASE = {"sentry": "acme/web"}


@pytest.mark.parametrize(
    ("kind", "written", "says"),
    [
        *(("http", {"http": url}, "write https://host/path") for url in ("ftp://a.example", "http://[::1", "/a/path")),
        ("http", {"http": "https://canary:secret@acme.example"}, "leave them out"),
        ("http", {"http": "http://169.254.169.254/latest/meta-data"}, "never connect"),
        ("http", {"http": "http://[::ffff:169.254.169.254]/"}, "never connect"),
        *(("http", {**ACME, "status": status}, "write a number from 100 to 599") for status in ("ok", 700)),
        ("http", {**ACME, "status": []}, "write a status"),
        ("http", {**ACME, "matches": "("}, "at character 1: missing )"),
        ("http", {**ACME, "matches": "(?=canary)x"}, "no lookaround"),
        ("http", {**ACME, "json": {"status": "ok"}}, "$.checks[0].status"),
        ("http", {**ACME, "every": "0s"}, "from 1s to 1d"),
        ("http", {**ACME, "every": 10}, "write 10s"),
        ("http", {**ACME, "timeout": "10m"}, "from 50ms to 60s"),
        ("http", {**ACME, "max_body": "1GiB"}, "from 1B to 64MiB"),
        ("http", {**ACME, "redirects": 11}, "less than or equal to 10"),
        ("http", {**ACME, "contain": "x"}, "not permitted"),
        ("latency", {"latency": "https://acme.example", "times_baseline": None}, "write p95: 800ms"),
        ("latency", {"latency": "https://acme.example", "p50": "2s", "p95": "1s"}, "impossible limits"),
        ("sentry", {"sentry": "web"}, "write org/project"),
        ("sentry", {**RELEASE, "release": "{comit}"}, "the only placeholder is {commit}"),
        ("sentry", {**RELEASE, "release": 'a" OR b:"c'}, 'write "{commit}"'),
        ("sentry", {**RELEASE, "limit": 20}, "write a number per unit of time"),
        *(("render_events", {"render_events": events}, "write [server_failed]") for events in ([], "al")),
        ("render_events", {"render_events": ["Server Failed"]}, "as in server_failed"),
    ],
)
def test_a_mistake_says_what_to_write_and_never_repeats_what_was_typed(kind: str, written: dict, says: str) -> None:
    """A mistyped value may be a secret."""
    with pytest.raises(ValidationError) as caught:
        SIGNALS[kind].options.model_validate(written)
    messages = " ".join(error["msg"] for error in caught.value.errors())
    assert says in messages and "canary" not in str(caught.value)


def test_statuses_are_ranges() -> None:
    assert parse_statuses(204) == ((204, 204),) and parse_statuses("2XX") == ((200, 299),)
    assert parse_statuses(["3xx", "404"]) == ((300, 399), (404, 404))

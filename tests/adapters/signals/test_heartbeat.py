"""A job's check at a server in the style of healthchecks, at the wire, where the answer may be anything."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from tests.adapters.vendor import HANGS, Vendor
from tests.support.clocks import FakeClock
from watchdog.adapters.options import Context
from watchdog.adapters.signals.checks.heartbeat import Heartbeat, HeartbeatOptions, build, policy_of
from watchdog.domain.readings import Bad, Good, Reading, Unknown, Unread

UUID, UNIQUE = "803f680d-e89b-492b-82ef-2be7b774a92d", "124f983e0e3dcaeba921cfcef46efd084576e783"
PATH = f"/api/v3/checks/{UUID}"
NOW = 1_750_000_000.0  # 2025-06-15T15:06:40Z
VARIABLE = "WATCHDOG_PROBE_PINGS"
KEY = {VARIABLE: "canary-of-the-project"}


def check(status: object, last_ping: object = "2025-06-15T15:03:40+00:00") -> dict[str, Any]:
    """Return the answer about a check, as a read-only key is given it."""
    return {
        "name": "Database Backup",
        "slug": "database-backup",
        "tags": "production db",
        "desc": "",
        "grace": 1200,
        "n_pings": 7,
        "status": status,
        "started": False,
        "last_ping": last_ping,
        "next_ping": None,
        "unique_key": UNIQUE,
        "schedule": "15 5 * * *",
        "tz": "UTC",
    }


def source(url: str, secrets: dict[str, str] | None = None, **options: Any) -> Heartbeat:
    given = {"heartbeat": UUID, "api": url, "api_key": f"${{{VARIABLE}}}", **options}
    context = Context(FakeClock(NOW), {}, KEY if secrets is None else secrets)
    return build("backup", HeartbeatOptions.model_validate(given), context)


async def read(made: Heartbeat) -> Reading:
    (sample,) = await made.read()
    await made.close()
    return sample.reading


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([check("up")], Good("up, last ping 3 min ago")),
        ([check("up", None)], Good("up, no ping yet")),
        ([check("up", "2025-06-15T17:06:50+02:00")], Good("up, last ping 0 s ago")),
        ([check("up", "yesterday")], Good("up, the moment of the last ping is not readable")),
        ([check("grace")], Good("grace, last ping 3 min ago: late, within its grace")),
        ([check("down", "2025-06-13T13:06:40.5+00:00")], Bad("down, last ping 2 d 2 h ago")),
        ([503, check("down")], Bad("down, last ping 3 min ago")),
        # No evidence: nothing is known of the job, or the server tells nothing.
        ([check("new", None)], Unknown("new, no ping yet")),
        ([check("paused")], Unknown("paused, last ping 3 min ago")),
        ([check("started")], "unknown status: started"),
        ([check("UP")], "unknown status: UP"),
        ([check(True)], "not that of a check"),
        ([{"checks": [check("down")]}], "not that of a check"),
        ([["down"]], "not that of a check"),
        (["<html>down"], "not that of a check"),
        ([401], f"set {VARIABLE} to an API key of the project"),
        ([403], f"{VARIABLE} must be the key of the project"),
        ([404], "is it the UUID or the unique_key"),
        ([(302, "", {"location": "https://elsewhere.example"})], "a redirect"),
        ([429], "429"),
        ([500, 500], "answered 500"),
        ([{**check("down"), "desc": "x" * 70_000}], "sent more than"),
        ([HANGS], "did not answer"),
    ],
)
async def test_good_bad_or_unknown(vendor: Vendor, answers: list[Any], expected: Any) -> None:
    vendor.say("GET", PATH, *answers)
    hangs = {"timeout": "250ms"} if answers == [HANGS] else {}
    reading = await read(source(vendor.url, **hangs))
    if isinstance(expected, str):
        assert isinstance(reading, Unknown) and expected in reading.why, reading
    else:
        assert reading == expected


async def test_what_is_sent(vendor: Vendor) -> None:
    """One GET with the key, behind a prefix; a check is also known by its unique key."""
    vendor.say("GET", f"/pings/api/v3/checks/{UNIQUE}", check("up"))
    assert await read(source(f"{vendor.url}/pings/", heartbeat=UNIQUE)) == Good("up, last ping 3 min ago")
    (seen,) = vendor.seen
    assert (seen.method, seen.headers["x-api-key"], seen.body) == ("GET", KEY[VARIABLE], None)


async def test_no_text_shows_the_key(vendor: Vendor) -> None:
    """Not that of a refusal which repeats it, nor of a key that cannot be sent."""
    vendor.say("GET", PATH, lambda seen: (401, {"error": f"no {seen.headers['x-api-key']}"}))
    reading = await read(source(vendor.url))
    assert isinstance(reading, Unknown) and reading.cause is Unread.REFUSED and "canary" not in reading.why
    reading = await read(source(vendor.url, {VARIABLE: "canary\n"}))
    assert isinstance(reading, Unknown) and "copy the key again" in reading.why and "canary" not in reading.why


async def test_no_key_and_no_private_address_is_unknown() -> None:
    assert await read(source("https://h.example", {})) == Unknown(f"no key for the heartbeat server: set {VARIABLE}")
    reading = await read(source("https://127.1"))
    assert isinstance(reading, Unknown) and "private_hosts" in reading.why


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"heartbeat": "database-backup"}, "not a check"),
        ({"heartbeat": UUID.upper()}, "not a check"),
        ({"heartbeat": f"{UUID}/pause"}, "not a check"),
        ({"heartbeat": f"{UUID}\n"}, "not a check"),
        ({"api_key": "canary"}, "a key never stands in this file"),
        ({"api_key": "${WATCHDOG_RENDER_API_KEY}"}, "names a variable that no probe may send"),
        ({"api": "http://h.example"}, "in clear"),
        ({"api": "https://h.example/?x=1"}, "not the address of a server"),
        ({"api": "http://169.254.169.254"}, "link-local"),
    ],
)
def test_what_cannot_be_asked_is_a_mistake_of_the_file(options: dict[str, Any], says: str) -> None:
    given = {"heartbeat": UUID, "api_key": f"${{{VARIABLE}}}", **options}
    with pytest.raises(ValidationError, match=re.escape(says)):
        HeartbeatOptions.model_validate(given)


def test_alone_it_only_asks() -> None:
    options = HeartbeatOptions.model_validate({"heartbeat": UUID, "api_key": f"${{{VARIABLE}}}"})
    policy = policy_of("backup", options)
    assert (policy.kind, policy.source, policy.critical) == ("http", "heartbeat", False)

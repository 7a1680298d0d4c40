"""Who responded, read from PagerDuty: humans only, bounded, with as few requests as will do."""

from email.utils import formatdate
from typing import Any

import pytest

from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock
from tests.support.vendor_specs import request_problems, spec
from watchdog.adapters.options import Context
from watchdog.adapters.pagers.pagerduty import ACCEPT, EU, US, PagerDutyReader, build
from watchdog.domain.errors import Permanent, Refused, Temporary
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

CANARY = "c4n4ry-pagerduty-rest-key"
KEY = "watchdog/web/web-1"
LOG = "/incidents/P1/log_entries"


def reader(url: str, token: str = CANARY, region: str = "us") -> PagerDutyReader:
    built = build(region, Context(FakeClock(), {"pagerduty_api": url}, {"WATCHDOG_PAGERDUTY_API_TOKEN": token}))
    assert built is not None
    return built


@pytest.fixture
def pages(vendor: Vendor, closing) -> PagerDutyReader:
    return closing(reader(vendor.url))


def entry(kind: str = "acknowledge_log_entry", agent: Any = None, at: str = "2026-11-03T02:15:00Z") -> dict[str, Any]:
    ann = {"type": "user_reference", "id": "PU1", "summary": "Ann Lee"}
    return {"id": f"R-{kind}", "type": kind, "created_at": at, "agent": ann if agent is None else agent}


async def test_the_sandbox_tells_who_acknowledged_and_resolved(sandbox: Sandbox, closing) -> None:
    """Over real HTTP, from two incidents of one key; acts of our integration are left out."""
    pages, pagers = closing(reader(sandbox.urls["pagerduty_api"], keys.PAGERDUTY_API_TOKEN)), sandbox.pagers
    assert await pages.responses(KEY, 0.0) == []
    for action, who in (("acknowledge", "Ann Lee"), ("resolve", ""), ("resolve", "Bob")):
        if not any(one.status != "resolved" for one in pagers.incidents):
            pagers._trigger(KEY, {"severity": "critical", "summary": "down"}, {}, None)
        if who:
            pagers.by_human(action, who)
        else:
            pagers.incidents[-1].act(action)
    assert [(one.what, one.who) for one in await pages.responses(KEY, 0.0)] == [
        ("acknowledged", "Ann Lee"),
        ("resolved", "Bob"),
    ]
    assert await pages.responses("watchdog/api/api-1", 0.0) == [] and "read back" in await pages.check()


async def test_requests_are_as_documented_and_an_unchanged_incident_costs_one(vendor: Vendor, pages) -> None:
    incident = {"id": "P1", "status": "triggered", "last_status_change_at": "t1", "updated_at": "t1"}
    vendor.say("GET", "/incidents", {"incidents": [incident]})
    vendor.say("GET", LOG, {"log_entries": [entry()]})
    for _ in range(3):
        assert [one.who for one in await pages.responses(KEY, 0.0)] == ["Ann Lee"]
    assert [seen.path for seen in vendor.seen] == ["/incidents", LOG, "/incidents", "/incidents"]
    vendor.say("GET", "/incidents", {"incidents": [{**incident, "updated_at": "t2"}]})
    await pages.responses(KEY, 0.0)
    assert vendor.seen[-1].path == LOG
    document = spec("pagerduty-rest-openapi.json")
    for seen in vendor.seen:
        assert request_problems(document, "GET", seen.path, dict(seen.query)) == []
        assert (seen.headers["accept"], seen.headers["authorization"]) == (ACCEPT, f"Token token={CANARY}")
    assert ("incident_key", KEY) in vendor.seen[0].query


AGENTS = ({"type": "service_reference", "summary": "watchdog"}, {"type": "integration_reference", "summary": "dog"})
OTHERS = [entry(agent=agent) for agent in (*AGENTS, {}, "Ann")] + [
    entry(f"{kind}_log_entry") for kind in ("trigger", "notify")
]


@pytest.mark.parametrize("raw", [*OTHERS, entry(at="yesterday"), {}, None, "entry"])
async def test_only_what_a_human_did_counts(vendor: Vendor, raw: object, pages) -> None:
    """Neither our own integration, nor an entry that is no response, nor an unreadable one."""
    vendor.say("GET", "/incidents", {"incidents": [{"id": "P1"}, {"id": "../users"}, "none", {}]})
    vendor.say("GET", LOG, {"log_entries": [raw]})
    assert await pages.responses(KEY, 0.0) == [] and {seen.path for seen in vendor.seen} == {"/incidents", LOG}


async def test_a_foreign_name_is_one_bounded_line_and_what_is_older_is_left_out(vendor: Vendor, pages) -> None:
    """A name may want to be more; an earlier incident of the same id is another one.

    The document contradicts itself: its schema of an entry has another word for the kind than its list of types.
    """
    evil = {"type": "user_reference", "summary": "A\n\x1b[31m<b>" + "x" * 500}
    vendor.say("GET", "/incidents", {"incidents": [{"id": "P1"}]})
    vendor.say("GET", LOG, {"log_entries": [entry("acknowledgement_log_entry", agent=evil)]})
    (one,) = await pages.responses(KEY, 0.0)
    assert one.what == "acknowledged" and one.who.isprintable() and len(one.who) <= 60
    assert await pages.responses(KEY, one.at) == [one], "the page and its answer within one second"
    assert await pages.responses(KEY, one.at + 1.0) == []
    five_minutes_behind_us = {"date": formatdate(FakeClock().now() - 300)}
    vendor.say("GET", "/incidents", (200, {"incidents": [{"id": "P1"}]}, five_minutes_behind_us))
    assert await pages.responses(KEY, one.at + 300.0) == [one], "the page was dated by our clock, the act by theirs"


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (401, Permanent, "WATCHDOG_PAGERDUTY_API_TOKEN"),
        ((403, {"error": {"message": f"no {CANARY}"}}), Permanent, "may not read incidents"),
        (404, Permanent, "endpoints.pagerduty_api"),
        ((429, {"error": {"code": 2020}}, {"ratelimit-remaining": "0", "ratelimit-reset": "40"}), Temporary, "429"),
        (503, Temporary, "503"),
        ([], Temporary, "holds no incidents"),
    ],
)
async def test_each_refusal_says_what_to_do(vendor: Vendor, answer: Any, error: type, words: str, pages) -> None:
    vendor.say("GET", "/incidents", answer)
    with pytest.raises(error, match=words) as caught:
        await pages.responses(KEY, 0.0)
    assert CANARY not in str(caught.value)


async def test_it_can_only_read(vendor: Vendor, pages) -> None:
    with pytest.raises(Refused):
        await pages._api.change("PUT", "/incidents/P1", {})
    assert vendor.seen == []


@pytest.mark.parametrize(("region", "url", "host"), [("us", US, US), ("eu", US, EU), ("eu", "http://x", "http://x")])
async def test_the_region_chooses_the_host_unless_one_is_named(region: str, url: str, host: str, closing) -> None:
    pages = closing(reader(url, region=region))
    assert pages._api._base_url == host


def test_without_a_key_there_is_no_reader() -> None:
    assert build("us", Context(FakeClock(), {}, {})) is None
    with pytest.raises(Permanent) as caught:
        reader("http://127.0.0.1:9", token="two words")
    assert "two words" not in str(caught.value)

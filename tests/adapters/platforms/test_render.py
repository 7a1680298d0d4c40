"""The Render client against a vendor on loopback: its reads, its changes, and the calls that are impossible."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import formatdate

import pytest

from tests.adapters.platforms.bodies import START, deploy, event, page, service
from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock
from tests.support.vendor_specs import request_problems, spec
from watchdog.adapters.platforms import PLATFORMS
from watchdog.adapters.platforms.render import Render, build_render
from watchdog.adapters.platforms.render_events import UNREAD
from watchdog.adapters.platforms.render_read import RenderReader
from watchdog.domain.errors import Forbidden, Gone, MissingPermission, OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.ports import Platform, TellsTime, WritablePlatform

KEY = "rnd_canary0123456789"
SERVICE = "/v1/services/srv-web"
IDS = frozenset({"srv-web", "srv-api", "dpg-main"})


def render(vendor: Vendor, clock: FakeClock, *writable: str) -> Render:
    return build_render(KEY, vendor.url + "/v1", clock, writable_ids=frozenset(writable), all_ids=IDS)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START + 3600)


@pytest.fixture
def api(vendor: Vendor, clock: FakeClock, closing) -> RenderReader:
    return closing(render(vendor, clock))


@pytest.fixture
def writer(vendor: Vendor, clock: FakeClock, closing) -> Render:
    """Return a client that may change srv-web."""
    return closing(render(vendor, clock, "srv-web"))


def with_deploys(vendor: Vendor, *numbers: int) -> None:
    vendor.say("GET", f"{SERVICE}/deploys", page("deploy", *(deploy(number) for number in numbers)))
    vendor.say("GET", f"{SERVICE}/events", [])


def paged(key: str, everything: list[dict]):
    """Return an answer that pages by cursor and limit as Render does."""

    def answer(seen):
        query = dict(seen.query)
        rows = page(key, *everything)
        start = next((i + 1 for i, row in enumerate(rows) if row["cursor"] == query.get("cursor")), 0)
        return rows[start : start + int(query.get("limit", 20))]

    return answer


async def test_facts_are_always_asked_afresh(vendor: Vendor, api):
    """A pin is read back from Render, never from memory."""
    vendor.say("GET", SERVICE, service(), service(autoDeploy="no", autoDeployTrigger="off"))
    values = [(await api.facts("srv-web")).auto_deploy for _ in range(2)]
    assert values == ["commit", "off"]
    assert vendor.seen[0].headers["authorization"] == f"Bearer {KEY}"


async def test_deploys_are_newest_first_in_two_requests(vendor: Vendor, clock: FakeClock, api):
    """One list and, at first, one read per event type of configuration; then the list alone for a minute."""
    with_deploys(vendor, 1, 6, 2, 5, 3, 4)
    for _ in range(3):
        found = await api.deploys("srv-web")
        assert [item.id for item in found] == ["dep-6", "dep-5", "dep-4", "dep-3", "dep-2", "dep-1"]
    assert [seen.path for seen in vendor.seen].count(f"{SERVICE}/deploys") == 3
    asked = [dict(seen.query) for seen in vendor.seen if seen.path.endswith("/events")]
    assert [query["type"] for query in asked] == ["deploy_started", "instance_count_changed"]
    assert {query["startTime"] for query in asked} == {"2026-05-28T20:27:40.000Z"}
    clock.freeze(61)
    await api.deploys("srv-web")
    last = dict(vendor.seen[-1].query)
    assert "type" not in last and last["startTime"] == "2026-05-28T21:24:40.000Z"


async def test_deploys_carry_what_changed(vendor: Vendor, api):
    """Environment and instance count, read again as soon as a new deploy shows up."""
    with_deploys(vendor, 2, 1)
    started = event(1, "deploy_started", 2, deployId="dep-2", trigger={"envUpdated": True})
    vendor.say(
        "GET", f"{SERVICE}/events", page("event", started), [], page("event", event(2, "instance_count_changed", 2.5))
    )
    first = await api.deploys("srv-web")
    vendor.say("GET", f"{SERVICE}/deploys", page("deploy", deploy(3), deploy(2), deploy(1)))
    second = await api.deploys("srv-web")
    assert [(item.id, item.changed) for item in first] == [("dep-2", ("environment",)), ("dep-1", ())]
    assert [item.changed for item in second] == [("instance count",), ("environment",), ()]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (500, UNREAD),
        ((200, "not json"), UNREAD),
        ((200, {"message": "odd"}), UNREAD),
        (
            (403, {"message": "no"}),
            "configuration perhaps (events could not be read: the key lacks events: read)",
        ),
    ],
)
async def test_unreadable_events_do_not_fail_the_deploys(vendor: Vendor, answer, said: str, clock: FakeClock, api):
    """The feed goes on, and marks the changes as unknown; the next try comes a minute later, not before.

    What the key may not read is said beside each deploy, as no later list can know it: why a human is asked about them
    is no riddle.
    """
    with_deploys(vendor, 2, 1)
    vendor.say("GET", f"{SERVICE}/events", answer)
    await api.deploys("srv-web")
    tries = len(vendor.seen)
    found = await api.deploys("srv-web")
    assert [(item.changed, item.changes_unread) for item in found] == [((said,), said == UNREAD)] * 2
    assert len(vendor.seen) == tries + 1
    clock.freeze(61)
    started = event(1, "deploy_started", 2, deployId="dep-2", trigger={"envUpdated": True})
    vendor.say("GET", f"{SERVICE}/events", page("event", started))
    assert (await api.deploys("srv-web"))[0].changed == ("environment",)


async def test_deploys_are_paged_back_to_a_baseline_and_one_that_is_not_there_is_not_read(vendor: Vendor, api):
    """Paging ends at the list's end or at its bound: "not found" is never "there is none"."""
    vendor.say("GET", f"{SERVICE}/deploys", paged("deploy", [deploy(number) for number in range(350, 0, -1)]))
    vendor.say("GET", f"{SERVICE}/events", [])
    found = await api.deploys("srv-web", back_to="dep-90")
    assert [item.id for item in found] == [f"dep-{number}" for number in range(350, 50, -1)]
    vendor.seen.clear()
    vendor.say("GET", f"{SERVICE}/deploys", paged("deploy", [deploy(number) for number in range(150, 0, -1)]))
    with pytest.raises(Temporary, match="dep-999 is not among the 150 newest deploys of srv-web"):
        await api.deploys("srv-web", back_to="dep-999")
    vendor.say("GET", f"{SERVICE}/deploys", paged("deploy", [deploy(number) for number in range(5000, 0, -1)]))
    with pytest.raises(Temporary, match="dep-1 is not among the 1000 newest"):
        await api.deploys("srv-web", back_to="dep-1")
    assert len(vendor.seen) == 2 + 10


async def test_a_row_of_failed_deploys_does_not_hide_what_once_served(vendor: Vendor, api):
    rows = [deploy(number, status="build_failed") for number in range(100, 40, -1)]
    rows += [deploy(number) for number in range(40, 0, -1)]
    vendor.say("GET", f"{SERVICE}/deploys", paged("deploy", rows))
    vendor.say("GET", f"{SERVICE}/events", [])
    found = await api.deploys("srv-web")
    assert sum(item.was_live for item in found) >= 5
    assert [seen.path for seen in vendor.seen].count(f"{SERVICE}/deploys") == 2


@pytest.mark.parametrize("body", [[], [{"cursor": "x"}], {"deploys": []}, "null", "<html>"])
async def test_an_empty_list_is_not_read(vendor: Vendor, body, api):
    """Empty is never everything."""
    vendor.say("GET", f"{SERVICE}/deploys", (200, body))
    with pytest.raises(Temporary):
        await api.deploys("srv-web")


async def test_one_deploy_is_followed(vendor: Vendor, api):
    vendor.say("GET", f"{SERVICE}/deploys/dep-9", deploy(9, status="update_in_progress"), deploy(9, status="live"), {})
    assert [(await api.deploy("srv-web", "dep-9")).status for _ in range(2)] == ["update_in_progress", "live"]
    with pytest.raises(Temporary, match="cannot be read"):
        await api.deploy("srv-web", "dep-9")


async def test_events_are_told_oldest_first_since_then(vendor: Vendor, api):
    """The start is always passed (Render's own default is one hour); older ones and doubles are dropped."""
    failed = [event(number, "server_failed", number, reason={"nonZeroExit": 1}) for number in (5, 4, 4, 3, 1)]
    vendor.say("GET", f"{SERVICE}/events", page("event", *failed))
    found = await api.events("srv-web", START + 180)
    assert [(item.id, item.bad) for item in found] == [("evt-3", True), ("evt-4", True), ("evt-5", True)]
    assert dict(vendor.seen[0].query) == {"startTime": "2026-05-28T20:29:40.000Z", "limit": "100"}
    # A clock of ours that is 5 min ahead asks for nothing of the future.
    vendor.say("GET", f"{SERVICE}/events", (200, page("event", *failed), {"date": formatdate(START + 3300)}))
    await api.events("srv-web", START)
    assert [item.id for item in await api.events("srv-web", START + 600)] == ["evt-5"]
    assert dict(vendor.seen[-1].query)["startTime"] == "2026-05-28T20:31:40.000Z"


@pytest.mark.parametrize(
    ("store", "kind", "name"), [("dpg-main", "postgres", "Postgres"), ("red-main", "key-value", "Key Value")]
)
async def test_a_data_store_is_watched_by_its_status(vendor: Vendor, api, store: str, kind: str, name: str):
    """No deploys, facts of its kind, one bad event while it is down, and "unknown" is not read."""
    body = {"id": store, "name": "main", "region": "oregon", "suspended": "not_suspended"}
    statuses = ("available", "available", "unavailable", "unknown")
    vendor.say("GET", f"/v1/{kind}/{store}", *({**body, "status": status} for status in statuses))
    assert (await api.facts(store)).kind == kind and list(await api.events(store, START)) == []
    [down] = await api.events(store, START)
    assert (down.bad, down.text, down.at) == (True, f"{name} is not available: unavailable", START + 3600)
    with pytest.raises(Temporary, match=f"does not say whether {store} is available"):
        await api.events(store, START)
    assert list(await api.deploys(store)) == []


async def test_auto_deploy_is_set_by_exactly_one_field(vendor: Vendor, writer):
    """Sending the old field along would be an error."""
    vendor.say("PATCH", SERVICE, service(autoDeployTrigger="off"))
    await writer.set_auto_deploy("srv-web", "off")
    assert [(seen.method, seen.path, seen.body) for seen in vendor.seen] == [
        ("PATCH", SERVICE, {"autoDeployTrigger": "off"})
    ]


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        ((201, deploy(9, trigger="rollback", status="created", finishedAt=None)), "dep-9"),
        ((201, {"id": None}), None),
        ((201, b"<html>"), None),
        ((202, b""), None),
        (204, None),
    ],
)
async def test_a_rollback_or_a_rebuild_is_accepted_with_or_without_an_id(vendor: Vendor, answer, made, writer):
    """202 with an empty body is a yes too."""
    vendor.say("POST", f"{SERVICE}/rollback", answer)
    vendor.say("POST", f"{SERVICE}/deploys", answer)
    assert await writer.rollback("srv-web", "dep-2") == made and await writer.redeploy("srv-web", "abc1234") == made
    assert [(seen.method, seen.path, seen.body) for seen in vendor.seen] == [
        ("POST", f"{SERVICE}/rollback", {"deployId": "dep-2"}),
        ("POST", f"{SERVICE}/deploys", {"commitId": "abc1234"}),
    ]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((429, {"message": "rate limit exceeded"}, {"Retry-After": "12"}), Temporary, "rate limit exceeded"),
        ((400, {"message": "deploy dep-2 has no artifact"}), Gone, "deploy dep-2 has no artifact"),
        ((404, {"message": "not found: dep-2"}), Gone, "not found: dep-2"),
        ((410, {"message": "gone"}), Gone, "gone"),
        (
            (401, {"message": "Unauthorized"}),
            Forbidden,
            r"Render refused our key \(401\): create a new API key .*WATCHDOG_RENDER_API_KEY",
        ),
        ((403, {"message": "no"}), MissingPermission, "the key lacks the permission deploys: create"),
        ((409, {"message": "busy"}), Permanent, "busy"),
        ((500, {"message": "oops"}), OutcomeUnknown, "Render answered 500: it may or may not have happened"),
        ((503, b""), OutcomeUnknown, "may or may not"),
    ],
)
async def test_a_rollback_or_a_rebuild_is_refused_or_lost_after_one_request(
    vendor: Vendor, answer, error, words, writer
):
    """The error gives the outcome in Render's own words; no request is sent twice."""
    vendor.say("POST", f"{SERVICE}/rollback", answer)
    vendor.say("POST", f"{SERVICE}/deploys", answer)
    for sent, ask in enumerate((writer.rollback, writer.redeploy), start=1):
        with pytest.raises(error, match=words) as caught:
            await ask("srv-web", "dep-2")
        assert isinstance(caught.value, Permanent) == issubclass(error, Permanent) and vendor.count("POST") == sent


async def test_a_reader_cannot_write_whoever_holds_it(vendor: Vendor, api, writer):
    """Observe mode has no method, no client and no transport that could change anything. Both fit the ports."""
    assert PLATFORMS["render"] is build_render
    assert isinstance(api, Platform) and not isinstance(api, WritablePlatform)
    assert isinstance(writer, WritablePlatform) and (api.can_write, writer.can_write) == (False, True)
    assert type(api) is RenderReader and not hasattr(api, "rollback")
    assert api._api.read_only and api._api._writes is None
    with pytest.raises(Refused):
        await api._api.change("POST", "/services/srv-web/rollback", {"deployId": "dep-2"})
    with pytest.raises(Refused):
        await api._api._reads.post(vendor.url + f"{SERVICE}/rollback", json={"deployId": "dep-2"})
    assert vendor.seen == []


OFF, BACK, CODE = {"autoDeployTrigger": "off"}, {"deployId": "dep-1"}, {"commitId": "abc1234"}
FORBIDDEN = [
    *(("PATCH", path, OFF) for path in ("/services/srv-api", "/services/srv-web/", "/services/dpg-main")),
    *(("POST", path, BACK) for path in ("/services/srv-api/rollback", "/services/srv-web/../srv-api/rollback")),
    *(("POST", path, CODE) for path in ("/services/srv-api/deploys", "/services/dpg-main/deploys")),
    *(("PATCH", "/services/srv-web", body) for body in ({**OFF, "name": "x"}, {"autoDeploy": "no"}, {}, None)),
    ("PATCH", "/services/srv-web", {"autoDeployTrigger": None}),
    ("PATCH", "/postgres/dpg-main", OFF),
    ("PUT", "/services/srv-web", OFF),
    ("DELETE", "/services/srv-web", None),
    *(("POST", f"/services/srv-web/{what}", None) for what in ("suspend", "restart")),
    *(("POST", "/services/srv-web/rollback", body) for body in ({**BACK, "clearCache": True}, CODE)),
    *(("POST", "/services/srv-web/deploys", body) for body in ({}, {**CODE, "clearCache": "clear"}, BACK)),
]


@pytest.mark.parametrize(("method", "path", "body"), FORBIDDEN)
async def test_only_the_three_allowed_changes_of_configured_services_are_possible(
    vendor: Vendor, clock: FakeClock, closing, method, path, body
):
    """The allow-list names method, path and body; all else is refused before it is sent."""
    api = closing(render(vendor, clock, "srv-web", "dpg-main"))
    with pytest.raises(Refused):
        await api._api.change(method, path, body)
    assert vendor.seen == []


async def test_odd_ids_and_values_never_leave(vendor: Vendor, writer):
    """Ids that could mean another path, unknown values and unconfigured services are refused."""
    with pytest.raises(Refused, match="auto-deploy can be"):
        await writer.set_auto_deploy("srv-web", "no")
    with pytest.raises(Refused):
        await writer.rollback("srv-api", "dep-1")
    for attempt in (
        writer.rollback("srv-web", "../dep-1"),
        writer.redeploy("srv-web", "abc/../1"),
        writer.rollback("../srv-web", "dep-1"),
        writer.deploy("srv-web", "dep-1/cancel"),
        writer.facts("srv-web?x=1"),
        writer.facts(""),
    ):
        with pytest.raises(Permanent, match="not an id"):
            await attempt
    assert vendor.seen == []
    with pytest.raises(Refused, match="srv-other"):
        build_render(KEY, vendor.url, FakeClock(), writable_ids=frozenset({"srv-other"}), all_ids=IDS)


async def test_every_request_is_one_that_the_vendor_documents(vendor: Vendor, clock: FakeClock, writer):
    """Paths, methods, parameters and bodies of all our calls, against Render's own document."""
    document = spec("render-openapi.json")
    with_deploys(vendor, 3, 2, 1)
    vendor.say("GET", "/v1/services", page("service", service()))
    vendor.say("GET", SERVICE, service())
    vendor.say("GET", f"{SERVICE}/deploys/dep-3", deploy(3))
    vendor.say("GET", "/v1/postgres/dpg-main", {"id": "dpg-main", "status": "available"})
    vendor.say("PATCH", SERVICE, service())
    vendor.say("POST", f"{SERVICE}/rollback", (201, deploy(4)))
    await writer.services()
    await writer.facts("srv-web")
    await writer.facts("dpg-main")
    await writer.deploys("srv-web")
    clock.freeze(100)
    await writer.deploys("srv-web", back_to="dep-1")
    await writer.deploy("srv-web", "dep-3")
    await writer.events("srv-web", START)
    await writer.events("dpg-main", START)
    for value in ("off", "commit", "checksPass"):
        await writer.set_auto_deploy("srv-web", value)
    await writer.rollback("srv-web", "dep-2")
    vendor.say("POST", f"{SERVICE}/deploys", (201, deploy(5)))
    await writer.redeploy("srv-web", "1b7e0d4c95f2a8636de0b41f7c3a9d5826e0f4b7")
    wrong = [
        (seen.method, seen.path, problem)
        for seen in vendor.seen
        for problem in request_problems(
            document, seen.method, seen.path.removeprefix("/v1"), dict(seen.query), seen.body
        )
    ]
    assert wrong == [] and {seen.method for seen in vendor.seen} == {"GET", "PATCH", "POST"}
    assert request_problems(document, "POST", "/services/srv-web/rollback", {}, {"deploy": "dep-2"})
    assert request_problems(document, "POST", "/services/srv-web/roll-back", {}, {})


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("date", "ahead"),
    [
        ("Fri, 13 Feb 2026 12:00:00 GMT", 0.0),
        ("Fri, 13 Feb 2026 11:58:00 GMT", 120.0),
        ("Fri, 13 Feb 2026 13:00:00 GMT", -3600.0),
        ("Fri, 13 Feb 2026 12:00:00 -0000", 0.0),
        ("Fri Feb 13 12:00:00 2026", 0.0),
        ("some day", None),
        ("", None),
        ("Fri, 31 Feb 2026 12:00:00 GMT", None),
    ],
)
async def test_case_49_an_answer_tells_how_far_we_are_off(
    vendor: Vendor, closing, in_new_york: None, date: str, ahead: float | None
):
    """By its Date, whatever the host's clock; an answer without one keeps the last offset, with its age."""
    api = closing(render(vendor, FakeClock(datetime(2026, 2, 13, 12, tzinfo=UTC).timestamp())))
    assert isinstance(api, TellsTime) and api.clock is None
    vendor.say("GET", SERVICE, (200, service(), {"date": date}))
    await api.facts("srv-web")
    assert (api.clock.ahead_seconds if api.clock else None) == ahead
    before = api.clock
    vendor.say("GET", SERVICE, (200, service(), {"date": ""}))
    await api.facts("srv-web")
    assert api.clock == before


async def test_a_403_names_the_permission_that_the_key_lacks(vendor: Vendor, writer):
    """It is no refused key: other calls succeed. The message names the fix as well."""
    for method, path, permission, call in (
        ("GET", "/v1/services", "services: read", writer.services()),
        ("GET", SERVICE, "services: read", writer.facts("srv-web")),
        ("GET", f"{SERVICE}/deploys", "deploys: read", writer.deploys("srv-web")),
        ("GET", f"{SERVICE}/deploys/dep-1", "deploys: read", writer.deploy("srv-web", "dep-1")),
        ("GET", f"{SERVICE}/events", "events: read", writer.events("srv-web", START)),
        ("GET", "/v1/postgres/dpg-1", "databases: read", writer.facts("dpg-1")),
        ("PATCH", SERVICE, "services: update", writer.set_auto_deploy("srv-web", "off")),
    ):
        vendor.say(method, path, (403, {"message": "no"}))
        with pytest.raises(MissingPermission, match="add it to the key at Render") as caught:
            await call
        assert (caught.value.permission, vendor.seen[-1].path) == (permission, path)
    assert len(vendor.seen) == 7


@pytest.mark.parametrize("answer", [b"<html>Access denied</html>", b"", b"[]"])
async def test_a_403_that_is_not_render_s_is_no_missing_permission(vendor: Vendor, answer: bytes, writer):
    """A firewall's page says nothing about the key: neither when reading nor when a rollback is asked for."""
    vendor.say("GET", f"{SERVICE}/deploys", (403, answer))
    vendor.say("POST", f"{SERVICE}/rollback", (403, answer))
    for ask in (writer.deploys("srv-web"), writer.rollback("srv-web", "dep-2")):
        error = Temporary if answer[:1] == b"<" and not vendor.count("GET") else Permanent
        with pytest.raises(error, match="a firewall or a proxy refused the call, not the key") as caught:
            await ask
        assert not isinstance(caught.value, Forbidden | Gone)
    assert vendor.count("POST") == 1

"""PagerDuty: events follow its document, and page when they should, and only then."""

from typing import Any

import pytest

from tests.adapters.notifiers.letters import AT, HOSTILE, ROUTING_KEY, context, hostile_notice, leaks, notice
from tests.adapters.vendor import Vendor
from tests.support.clocks import FakeClock
from tests.support.vendor_specs import request_problems, spec
from watchdog.adapters.notifiers.pagerduty import EU, US, PagerDuty, PagerDutyOptions, build
from watchdog.adapters.options import Context
from watchdog.domain.errors import Forbidden, Permanent, Temporary
from watchdog.domain.notices import NoticeKind
from watchdog.domain.pager import Change
from watchdog.domain.severity import Severity
from watchdog.sandbox import clock, keys
from watchdog.sandbox.server import Sandbox

ENQUEUE = ("POST", "/v2/enqueue")
DONE = (202, {"status": "success", "message": "Event processed", "dedup_key": "k"})


def pager(vendor: Vendor, key: str = ROUTING_KEY) -> PagerDuty:
    vendor.answers.setdefault(ENQUEUE, [DONE])
    built = build(PagerDutyOptions(), context(vendor.url, WATCHDOG_PAGERDUTY_ROUTING_KEY=key))
    assert isinstance(built, PagerDuty)
    return built


@pytest.fixture
def channel(vendor: Vendor, closing) -> PagerDuty:
    return closing(pager(vendor))


def events(vendor: Vendor) -> list[str]:
    """Return the events that arrived: action and, for triggers, severity."""
    bodies = [seen.body for seen in vendor.seen]
    return [" ".join(filter(None, (b["event_action"], b.get("payload", {}).get("severity")))) for b in bodies]


PAGE = {"kind": NoticeKind.HUMAN_NEEDED, "wakes": True}
INFO = {"kind": NoticeKind.ACTED}
OVER = {"kind": NoticeKind.RESOLVED}


@pytest.mark.parametrize(
    ("story", "told", "reference"),
    [
        ([INFO], ["trigger info"], "info"),
        ([PAGE], ["trigger critical"], "woken"),
        ([INFO, PAGE], ["trigger info", "resolve", "trigger critical"], "woken"),
        ([PAGE, INFO], ["trigger critical", "trigger critical"], "woken"),
        ([PAGE, PAGE], ["trigger critical", "resolve", "trigger critical"], "woken"),
        ([INFO, OVER], ["trigger info", "resolve"], "resolved"),
        ([OVER], ["resolve"], "resolved"),
        ([PAGE, OVER, OVER], ["trigger critical", "resolve", "resolve"], "resolved"),
        ([PAGE, OVER, PAGE], ["trigger critical", "resolve", "trigger critical"], "woken"),
    ],
)
async def test_it_rings_for_what_wakes_and_closes_what_is_over(
    vendor: Vendor, story: list[dict[str, Any]], told: list[str], reference: str | None, channel
) -> None:
    """Each story: the notices, the events that arrive, and the reference at the end."""
    known = None
    for step in story:
        known = await channel.send(notice(**step), known)
    assert (events(vendor), known) == (told, reference)
    assert {seen.body["dedup_key"] for seen in vendor.seen} <= {"watchdog/web/web-1"}


@pytest.mark.parametrize(
    ("token", "rings"), [(keys.PAGERDUTY_API_TOKEN, "info"), ("wrong", "critical"), ("", "critical")]
)
async def test_an_update_does_not_ring_again_after_a_person_resolved_the_page(
    sandbox: Sandbox, token: str, rings: str, closing
) -> None:
    """Its key would open a new alert. Without an answer of the REST API an alert counts as open."""
    secrets = {"WATCHDOG_PAGERDUTY_ROUTING_KEY": keys.PAGERDUTY_ROUTING_KEY, "WATCHDOG_PAGERDUTY_API_TOKEN": token}
    channel = closing(build(PagerDutyOptions(), Context(FakeClock(), sandbox.urls, secrets)))
    known = await channel.send(notice(**INFO), None)
    for step in (PAGE, INFO):
        known = await channel.send(notice(**step), known)
    assert [one.severity for one in sandbox.pagers.incidents] == ["info", "critical"] and known == "woken"
    sandbox.pagers.by_human("resolve", "Ann Lee")
    await channel.send(notice(**INFO), known)
    assert [one.severity for one in sandbox.pagers.incidents] == ["info", "critical", rings]


@pytest.mark.parametrize(
    ("before", "lost", "act", "token", "alerts"),
    [
        (False, "drop", "acknowledge", "", 1),
        (False, "drop", "resolve", keys.PAGERDUTY_API_TOKEN, 1),
        (False, "drop", "resolve", "", 2),
        (False, "down", "", keys.PAGERDUTY_API_TOKEN, 1),
        (True, "down", "", keys.PAGERDUTY_API_TOKEN, 2),
    ],
)
async def test_a_page_whose_answer_was_lost_does_not_ring_again_after_a_person_answered_it(
    sandbox: Sandbox, before: bool, lost: str, act: str, token: str, alerts: int, closing
) -> None:
    """That one resolved it only the REST API tells; the page before it, which one resolved as well, does not count."""
    secrets = {"WATCHDOG_PAGERDUTY_ROUTING_KEY": keys.PAGERDUTY_ROUTING_KEY, "WATCHDOG_PAGERDUTY_API_TOKEN": token}
    channel = closing(build(PagerDutyOptions(), Context(FakeClock(clock.now()), sandbox.urls, secrets)))
    if before:
        await channel.send(notice(**PAGE, at=AT - 60), None)
        sandbox.pagers.by_human("resolve", "Ann Lee").opened_at -= 60
    sandbox.set_mode("pagerduty", lost, times=1)
    with pytest.raises(Temporary):
        await channel.send(notice(**PAGE), None)
    if act:
        sandbox.pagers.by_human(act, "Ann Lee")
    assert await channel.send(notice(**PAGE), None) == "woken" and len(sandbox.pagers.incidents) == alerts


@pytest.mark.parametrize("token", [keys.PAGERDUTY_API_TOKEN, ""])
@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(("act", "alerts"), [("", 1), ("acknowledge", 1), ("resolve", 2)])
async def test_a_first_page_whose_answer_was_lost_joins_its_open_alert(
    sandbox: Sandbox, act: str, alerts: int, restarted: bool, token: str, closing
) -> None:
    """PagerDuty adds a trigger with the key of an open alert to it, also to an acknowledged one, and rings no phone.

    Resolved by a person meanwhile, it opens another; unless the REST API tells this process, which remembers the page.
    """
    secrets = {"WATCHDOG_PAGERDUTY_ROUTING_KEY": keys.PAGERDUTY_ROUTING_KEY, "WATCHDOG_PAGERDUTY_API_TOKEN": token}
    where = Context(FakeClock(clock.now()), sandbox.urls, secrets)
    channel = closing(build(PagerDutyOptions(), where))
    sandbox.set_mode("pagerduty", "drop", times=1)
    with pytest.raises(Temporary):
        await channel.send(notice(**PAGE), None)
    if act:
        sandbox.pagers.by_human(act, "Ann Lee")
    if restarted:
        channel = closing(build(PagerDutyOptions(), where))
    assert await channel.send(notice(**PAGE), None) == "woken"
    assert len(sandbox.pagers.incidents) == (alerts if restarted or not token else 1)


async def test_a_second_page_whose_answer_was_lost_rings_again_after_a_restart(vendor: Vendor, closing) -> None:
    """The new process cannot tell the page's own alert from the one before it, which has to be resolved to ring."""
    known = await closing(pager(vendor)).send(notice(**INFO), None)
    vendor.say(*ENQUEUE, DONE, 503, DONE)
    with pytest.raises(Temporary):
        await closing(pager(vendor)).send(notice(**PAGE), known)
    assert await closing(pager(vendor)).send(notice(**PAGE), known) == "woken"
    assert events(vendor) == ["trigger info", *["resolve", "trigger critical"] * 2]


async def test_a_second_page_whose_answer_was_lost_is_not_resolved_when_it_is_sent_again(
    vendor: Vendor, channel
) -> None:
    """It may ring already; but what another notice opened since then is resolved, which would silence it."""
    known, page = await channel.send(notice(**INFO), None), notice(**PAGE)
    vendor.say(*ENQUEUE, DONE, 503, 503, DONE)
    for _ in range(2):
        with pytest.raises(Temporary):
            await channel.send(page, known)
    known = await channel.send(notice(**INFO, at=AT + 1), known)
    await channel.send(page, known)
    lost = ["trigger info", "resolve", "trigger critical", "trigger critical"]
    assert events(vendor) == [*lost, "trigger info", "resolve", "trigger critical"]


@pytest.mark.parametrize("severity", list(Severity))
async def test_every_severity_of_ours_is_one_of_theirs(vendor: Vendor, severity: Severity, channel) -> None:
    """Critical, error, warning, info; and a notice that pages no engineer is always info."""
    await channel.send(notice(severity=severity, wakes=True), None)
    await channel.send(notice(severity=severity), None)
    theirs = {"critical": "critical", "high": "error", "medium": "warning", "low": "info"}[severity.value]
    assert events(vendor) == [f"trigger {theirs}", "trigger info"]


async def test_the_events_follow_the_vendors_document(vendor: Vendor, channel) -> None:
    """Trigger and resolve, of a plain and of a hostile notice, with bounded parts."""
    for letter in (notice(wakes=True), hostile_notice(incident="i" * 400 + "\n"), notice(NoticeKind.RESOLVED)):
        await channel.send(letter, "info")
    assert vendor.seen[1].body["payload"]["timestamp"] == "2026-09-21T14:13:20.250+00:00"
    document = spec("pagerduty-events-v2-openapi.json")
    for seen in vendor.seen:
        assert request_problems(document, "POST", "/enqueue", {}, seen.body) == []
        assert len(seen.body["dedup_key"]) <= 255 and len(seen.body.get("payload", {}).get("summary", "")) <= 1024
        assert int(seen.headers["content-length"]) < 512 * 1024


async def test_a_change_event_follows_the_vendors_document(vendor: Vendor, channel) -> None:
    vendor.say("POST", "/v2/change/enqueue", DONE)
    for href in ("https://dashboard.example/x", "javascript:alert(1)"):
        await channel.note(Change(AT, "web", HOSTILE + "x" * 5000, "dep-1", "c1", HOSTILE, "new_commit", href))
    document = spec("pagerduty-events-v2-openapi.json")
    for seen in vendor.seen:
        assert request_problems(document, "POST", "/change/enqueue", {}, seen.body) == []
        assert len(seen.body["payload"]["summary"]) <= 1024 and seen.body["payload"]["summary"].isprintable()
    assert [len(seen.body["links"]) for seen in vendor.seen] == [1, 0]


@pytest.mark.parametrize(
    ("answer", "error", "wait"),
    [
        ((400, {"status": "invalid event", "message": f"bad key {ROUTING_KEY}", "errors": []}), Permanent, None),
        ((400, {"message": "invalid", "errors": ["Length of 'routing_key' is incorrect"]}), Forbidden, None),
        (404, Permanent, None),
        ((429, {"message": f"slow down {ROUTING_KEY}"}, {"retry-after": "30"}), Temporary, 30),
        ((503, {"message": ROUTING_KEY}), Temporary, 0),
    ],
)
async def test_a_refusal_says_what_to_do_and_never_shows_the_key(
    vendor: Vendor, answer: Any, error: type[Exception], wait: float | None, caplog: pytest.LogCaptureFixture, channel
) -> None:
    """400 is for good, 429 and 5xx are for now; a vendor that repeats our key is not quoted."""
    caplog.set_level(0)
    vendor.say(*ENQUEUE, answer)
    with pytest.raises(error) as caught:
        await channel.send(notice(wakes=True), None)
    assert wait is None or (isinstance(caught.value, Temporary) and caught.value.retry_after_seconds == wait)
    assert leaks(caught.value, channel, caplog.text) == []


async def test_check_says_what_it_cannot_prove(vendor: Vendor) -> None:
    """No event is sent; a key of the wrong shape is reported without showing it."""
    assert "channel test" in await pager(vendor).check()
    with pytest.raises(Permanent, match="WATCHDOG_PAGERDUTY_ROUTING_KEY") as caught:
        await pager(vendor, key="canary-bearer-dddddddd").check()
    assert vendor.seen == [] and leaks(caught.value) == []


@pytest.mark.parametrize(
    ("region", "endpoint", "host"), [("us", US, US), ("eu", US, EU), ("eu", "http://127.0.0.1:9", "http://127.0.0.1:9")]
)
def test_the_region_chooses_the_host_unless_one_is_named(region: str, endpoint: str, host: str) -> None:
    built = build(
        PagerDutyOptions.model_validate({"region": region}),
        Context(context().clock, {"pagerduty": endpoint}, {"WATCHDOG_PAGERDUTY_ROUTING_KEY": ROUTING_KEY}),
    )
    assert isinstance(built, PagerDuty) and built.endpoint == host

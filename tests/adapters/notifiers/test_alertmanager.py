"""Alertmanager: an alert per incident at each of a set, kept alive, ended for good; against Debian's own, too."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from tests.adapters.notifiers.letters import AT, BEARER, built, leaks, notice
from tests.adapters.vendor import Vendor
from tests.support.alertmanagers import FakeAlertmanager, fake_alertmanagers, running_alertmanager
from tests.support.clocks import PATIENCE_SECONDS, FakeClock
from watchdog.adapters.notifiers import NOTIFIERS
from watchdog.adapters.notifiers.alertmanager import (
    ENDING_SECONDS,
    HELD_SECONDS,
    Alertmanager,
    AlertmanagerOptions,
)
from watchdog.adapters.notifiers.alertmanager_alert import iso, known
from watchdog.adapters.options import Context
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.errors import ConfigurationError, Forbidden, Partly, Permanent, Temporary
from watchdog.domain.notices import NoticeKind
from watchdog.domain.severity import Severity
from watchdog.ports import Clock

SILENCE = {
    "id": "5b9d", "createdBy": "ann", "comment": "we know", "startsAt": iso(AT), "endsAt": iso(AT + 7200),
    "matchers": [{"name": "service", "value": "web", "isRegex": False}], "status": {"state": "active"},
}  # fmt: skip


def made(urls: list[str], clock: Clock, token: str = "", **more: Any) -> Alertmanager:
    """Return a channel that remembers nothing, as after a start."""
    options = AlertmanagerOptions.model_validate({"urls": urls, **more})
    channel = NOTIFIERS["alertmanager"].build(options, Context(clock, {}, {"WATCHDOG_ALERTMANAGER_TOKEN": token}))
    assert isinstance(channel, Alertmanager)
    return channel


@pytest.fixture
async def pair() -> AsyncIterator[list[FakeAlertmanager]]:
    async with fake_alertmanagers(2) as found:
        yield found


@pytest.fixture
def now() -> FakeClock:
    return FakeClock(AT + 10.0)


@pytest.fixture
def channel(pair: list[FakeAlertmanager], now: FakeClock, closing: Any) -> Alertmanager:
    return closing(made([one.url for one in pair], now, labels={"team": "shop"}))


async def test_an_incident_is_one_alert_at_each_from_open_to_ended(pair: Any, channel: Any, now: FakeClock) -> None:
    """Labels to route by, what fails, when it began, a link; an hour ahead; valid by the vendor's document."""
    reference = await channel.send(notice(severity=Severity.MEDIUM), None)
    labels = {"alertname": "WatchdogIncident", "service": "web", "incident": "web-1", "team": "shop"}
    for one in pair:
        (alert,) = one.open(now.now())
        assert alert["labels"] == {**labels, "severity": "medium", "page": "none"}
        assert (alert["startsAt"], alert["endsAt"]) == (iso(AT), iso(AT + 10 + HELD_SECONDS))
        assert alert["generatorURL"] == "https://dashboard.example/web?a=1&b=2"
        assert alert["annotations"]["summary"].startswith("web CRITICAL: HTTP 503")
        assert alert["annotations"]["description"] == "Blame: dep-42 9f3c2ab, P 0.998 (need 0.80)\nGuards: all pass"
    # What does not page adds to it, and lowers nothing; a page is a new alert, which rings, and ends the one before.
    assert known(await channel.send(notice(NoticeKind.UPDATED, severity=Severity.LOW), reference)).labels == {
        **labels, "severity": "medium", "page": "none",
    }  # fmt: skip
    for at, page in ((AT, iso(AT)), (AT, iso(AT)), (AT + 5, iso(AT + 5))):  # the second is the first, sent again
        reference = await channel.send(notice(wakes=True, at=at), reference)
        (alert,) = pair[0].open(now.now())
        assert (alert["labels"]["severity"], alert["labels"]["page"]) == ("critical", page)
        assert alert["startsAt"] == iso(AT)
    reference = await channel.send(notice(NoticeKind.RESOLVED), reference)
    assert [one.open(now.now()) for one in pair] == [[], []]
    # Late words about what is over open nothing; the condition that comes back does.
    assert await channel.send(notice(NoticeKind.UPDATED), reference) == reference and pair[0].open(now.now()) == []
    await channel.send(notice(NoticeKind.SELF_ALERT), reference)
    assert len(pair[0].open(now.now())) == 1
    posts = len(pair[0].posts)
    await channel.send(notice(NoticeKind.UPDATED, incident="digest", news=True), None)
    assert len(pair[0].posts) == posts, "a digest is no alert"


async def test_it_is_posted_anew_after_a_restart_of_either_and_its_end_for_five_minutes(
    pair: Any, channel: Any, now: FakeClock, closing: Any
) -> None:
    reference = await channel.send(notice(wakes=True), None)
    for one in pair:
        one.alerts.clear()  # as after a restart: Alertmanager keeps no alerts
    again = closing(made([one.url for one in pair], now, labels={"team": "shop"}))
    now.elapsed = 1800.0
    assert await again.keep([reference, "", "{}", "[", '{"labels": {"a": 1}}']) == []
    (alert,) = pair[1].open(now.now())
    assert alert["endsAt"] == iso(now.now() + HELD_SECONDS) and alert["annotations"]["summary"].startswith("web")
    assert not again.ending
    # The store lost the reference: what is open there is found, and ended; another incident's stays.
    await again.send(notice(incident="web-2"), None)
    over = await again.send(notice(NoticeKind.RESOLVED), None)
    assert [one["labels"]["incident"] for one in pair[0].open(now.now())] == ["web-2"]
    pair[0].alerts.clear()
    await again.keep([reference])
    assert again.ending and pair[0].open(now.now()) == [], "a round that began before the end does not open it again"
    assert known(over).over and len(pair[0].alerts) == 1
    now.elapsed += ENDING_SECONDS + 1
    assert not again.ending and await again.keep([over]) == ()


async def test_a_silence_there_is_read_back_and_stops_no_post(pair: Any, channel: Any, now: FakeClock) -> None:
    """Of one Alertmanager that has it, once, though both are asked; of our alerts alone."""
    references = [await channel.send(notice(), None), await channel.send(notice(incident="api-1", service="api"), None)]
    assert await channel.keep(references) == []
    for one in pair:
        one.silences.append(SILENCE)
    (silence,) = await channel.keep(references)
    assert (silence.incident, silence.id, silence.by, silence.why) == ("web-1", "5b9d", "ann", "we know")
    assert silence.until == round(AT + 7200, 3) and len(pair[0].open(now.now())) == 2
    asked = {name for query in pair[0].queries for name, _ in query}
    assert asked <= {"filter", "active", "unprocessed", "inhibited", "pending", "expired"}


@pytest.mark.parametrize(
    ("statuses", "error", "again"),
    [
        ((503, 200), Partly, True),
        ((200, 401), Partly, False),
        ((401, 503), Temporary, None),
        ((401, 403), Forbidden, None),
    ],
)
async def test_one_that_took_it_is_a_delivery_and_the_rest_is_tried_again(
    statuses: tuple[int, int], error: type[Exception], again: bool | None, pair: Any, now: FakeClock, closing: Any
) -> None:
    """A failure shows neither the token nor the answer's echo of it, and names which."""
    channel = closing(made([one.url for one in pair], now, token=BEARER, user="dog"))
    pair[0].status, pair[1].status = statuses
    with pytest.raises(error) as caught:
        await channel.send(notice(), None)
    assert leaks(caught.value, channel) == [] and "ZG9n" not in str(caught.value)
    assert pair[0].authorization[0] == "Basic ZG9nOmNhbmFyeS1iZWFyZXItZGRkZGRkZGQ="
    if isinstance(caught.value, Partly):
        assert caught.value.again is again and "1 of 2 Alertmanagers lack it" in str(caught.value)
        assert known(caught.value.reference) is not None
        await channel.keep([caught.value.reference])  # the one that took it has it anew; the other does not matter
    for one in pair:
        one.status = 200
    assert [len(one.open(now.now())) for one in pair] == [status == 200 for status in statuses]


async def test_one_that_hangs_keeps_none_of_the_others_waiting(pair: Any, channel: Any, now: FakeClock) -> None:
    pair[0].hangs = True
    sending = asyncio.create_task(channel.send(notice(), None))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not pair[1].open(now.now()):
            await asyncio.sleep(0.01)
    assert not sending.done()
    sending.cancel()


async def test_a_check_posts_nothing_and_names_members_that_are_not_configured(pair: Any, channel: Any) -> None:
    assert await channel.check() == "2 answer (Alertmanager 0.28.1)"
    pair[1].peers = 3
    assert "3 members: write all of them" in await channel.check() and pair[0].posts == []
    pair[0].status = 404
    with pytest.raises(Permanent, match="API v2 is expected"):
        await channel.check()


@pytest.mark.parametrize(
    "written",
    [
        {}, {"urls": []}, {"urls": ["alert:9093"]}, {"urls": ["http://a:b@c:9093"]}, {"urls": ["http://a:99999"]},
        {"urls": ["http://a:9093", "http://a:9093/"]}, {"urls": ["http://a"], "user": "a:b"},
        {"urls": ["http://a"], "labels": {"severity": "x"}}, {"urls": ["http://a"], "labels": {"a-b": "x"}},
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlertmanagerOptions.model_validate(written)


def test_a_token_that_cannot_be_sent_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        built("alertmanager", {"urls": ["http://a"]}, WATCHDOG_ALERTMANAGER_TOKEN=f"{BEARER}\nx")
    assert leaks(caught.value) == []


async def test_debian_s_alertmanager_tells_people_of_each_page_and_of_the_end(
    tmp_path: Path, vendor: Vendor, closing: Any
) -> None:
    """Its own notifications: the opening, the page, and the end; silenced it keeps them back, and says so to us."""
    vendor.say("POST", "/people", 200)
    clock = SystemClock()

    async def told(*expected: tuple[str, str]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not set(expected) <= {
                (alert["status"], alert["labels"]["page"]) for seen in vendor.seen for alert in seen.body["alerts"]
            }:
                await asyncio.sleep(0.05)

    async with running_alertmanager(tmp_path, f"{vendor.url}/people") as url:
        channel = closing(made([url], clock))
        assert "1 answer (Alertmanager" in await channel.check()
        at = clock.now() - 5.0
        reference = await channel.send(notice(at=at), None)
        await told(("firing", "none"))
        reference = await channel.send(notice(at=at + 1, wakes=True), reference)
        await told(("resolved", "none"), ("firing", iso(at + 1)))
        matcher = {"name": "incident", "value": "web-1", "isRegex": False}
        body = {
            "matchers": [matcher],
            "startsAt": iso(at),
            "endsAt": iso(at + 600),
            "createdBy": "ann",
            "comment": "hm",
        }
        async with httpx.AsyncClient(trust_env=False) as client:
            name = (await client.post(f"{url}/api/v2/silences", json=body)).json()["silenceID"]
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (found := await channel.keep([reference])):
                    await asyncio.sleep(0.05)
            assert (found[0].incident, found[0].by, found[0].why, found[0].id) == ("web-1", "ann", "hm", name)
            await client.delete(f"{url}/api/v2/silence/{name}")
        # Not by its reference: what is open there is read.
        await closing(made([url], clock)).send(notice(NoticeKind.RESOLVED), None)
        await told(("resolved", iso(at + 1)))

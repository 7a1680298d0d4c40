"""Apprise: each service gets what its document asks for, at the wire; one that hangs or refuses keeps no other back."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.notifiers.letters import built, notice, plain_notice
from tests.support.apprise_services import AppriseServices, apprise_services
from tests.support.clocks import PATIENCE_SECONDS
from watchdog.adapters.notifiers.apprise import THREADS, Apprise, Target
from watchdog.domain.errors import ConfigurationError, Partly, Temporary
from watchdog.domain.notices import NoticeKind

TITLE = "web CRITICAL: HTTP 503, 39 of 39 probes failed for 38 s (limit 38 s)"
LINK = "https://dashboard.example/web?a=1&b=2"
KEY = "canary0abcdefghijklmnopqrstuvw"
CHAT, PUSH = f"mmosts://chat.example/{KEY}", f"gotifys://push.example/{KEY}"
UUID = "0ca0a51e-ab1c-4d2e-8f00-1234567890ab"
SERVICES: dict[str, tuple[str, str, str, tuple[int, str], dict[str, str], tuple[str, ...]]] = {
    # Address, host, path; answer; headers; where the title stands in the body.
    "discord": (
        f"discord://123456789012345678/{KEY}", "discord.com", f"/api/webhooks/123456789012345678/{KEY}",
        (204, ""), {}, ("content",),
    ),
    "telegram": (
        "tgram://123456789:canary_abcdefghijkl/12315544", "api.telegram.org",
        "/bot123456789:canary_abcdefghijkl/sendMessage", (200, '{"ok": true, "result": {}}'), {}, ("text",),
    ),
    "gotify": (PUSH, "push.example", "/message", (200, '{"id": 1}'), {"x-gotify-key": KEY}, ("title",)),
    "opsgenie": (
        f"opsgenie://{UUID}/?action=map", "api.opsgenie.com", "/v2/alerts",
        (202, '{"requestId": "a1", "result": "Request will be processed"}'), {"authorization": f"GenieKey {UUID}"},
        ("message",),
    ),
    "teams": (
        f"workflows://prod-1.logic.azure.com:443/643a8ca0c2af4d4a8e2e/{KEY}", "prod-1.logic.azure.com",
        "/workflows/643a8ca0c2af4d4a8e2e/triggers/manual/paths/invoke?api-version=2016-06-01"
        f"&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={KEY}",
        (202, ""), {}, ("attachments", 0, "content", "body", 0, "text"),
    ),
    "pushover": (
        f"pover://{KEY}@{KEY}", "api.pushover.net", "/1/messages.json", (200, '{"status": 1, "request": "a1"}'), {},
        ("title",),
    ),
    "mattermost": (CHAT, "chat.example", f"/hooks/{KEY}", (200, "ok"), {}, ("text",)),
    "ntfy": (
        "ntfys://tk_canaryabcdefghijkl@ntfy.example/alerts", "ntfy.example", "/", (200, '{"id": "a1"}'),
        {"authorization": "Bearer tk_canaryabcdefghijkl"}, ("title",),
    ),
    "rocket.chat": (
        "rockets://canaryA/canaryB@rocket.example/#ops", "rocket.example", "/hooks/canaryA/canaryB",
        (200, '{"success": true}'), {}, ("text",),
    ),
    "google chat": (
        f"gchat://room/{KEY}/canary-token", "chat.googleapis.com",
        f"/v1/spaces/room/messages?token=canary-token&key={KEY}", (200, "{}"), {}, ("text",),
    ),
    "slack": (
        "slack://T1CANARY2/A1CANARY3/CanaryNazkcOXrIdevi7FQ12", "hooks.slack.com",
        "/services/T1CANARY2/A1CANARY3/CanaryNazkcOXrIdevi7FQ12", (200, "ok"), {}, ("attachments", 0, "title"),
    ),
}  # fmt: skip


@pytest.fixture
async def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AppriseServices]:
    async with apprise_services(tmp_path, monkeypatch.setenv) as found:
        yield found


def channel(*urls: str) -> Apprise:
    made = built("apprise", {}, WATCHDOG_APPRISE_URLS=" ".join(urls))
    assert isinstance(made, Apprise)
    return made


def hidden(*shown: object) -> bool:
    return not any("canary" in f"{one} {one!r}".lower() or KEY in str(one) for one in shown)


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_gets_the_notice_as_its_document_asks(service: str, services: AppriseServices) -> None:
    """Its own address, key and body, with title, news and link; no picture of a stranger's; a refusal shows no key."""
    url, host, path, answer, headers, place = SERVICES[service]
    services.answers[host] = answer
    made = channel(url)
    assert await made.send(notice(wakes=True), None) == ""
    (asked,) = services.of(host)
    assert (asked.method, asked.path) == ("POST", path) and headers.items() <= asked.headers.items()
    title: Any = asked.body
    for key in place:
        title = title[key]
    assert TITLE in title.replace("\\", "") and "githubusercontent" not in str(asked.body)
    assert "Guards: all pass" in str(asked.body) and "github.com" not in str(asked.body)
    assert LINK in str(asked.body).replace("\\", "").replace("&amp;", "&")
    services.answers[host] = (401, '{"message": "no"}')
    with pytest.raises(Temporary) as caught:
        await made.send(notice(wakes=True, at=2.0), None)
    assert hidden(caught.value, made) and "address 1" in str(caught.value)


async def test_a_page_is_a_failure_an_all_clear_a_success_and_a_late_note_closes_nothing(
    services: AppriseServices,
) -> None:
    """By the library's words for urgency Gotify's, Opsgenie's and others' addresses choose priority and action."""
    made = channel(f"jsons://hook.example/{KEY}")
    for told in (
        notice(wakes=True),
        notice(NoticeKind.UPDATED),
        notice(NoticeKind.RESOLVED),
        notice(NoticeKind.UPDATED, news=True, title="digest"),
        plain_notice(),
    ):
        await made.send(told, None)
    bodies = [one.body for one in services.of("hook.example")]
    assert [one["type"] for one in bodies] == ["failure", "warning", "success", "info", "warning"]
    assert bodies[4]["message"] == "All visitors are affected.\nWe are working on it.", "no link, no facts of ours"


async def test_an_address_that_refuses_is_named_and_gets_it_again_alone(services: AppriseServices) -> None:
    """Neither the error nor a log line shows the key; a redirect is not followed."""
    services.answers["push.example"] = (401, '{"error": "Unauthorized"}')
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        made = channel(CHAT, PUSH)
        with pytest.raises(Partly, match=r"1 of 2 addresses lack it: gotifys \(address 2\).*401") as caught:
            await made.send(notice(), None)
    finally:
        logging.getLogger().removeHandler(handler)
    assert caught.value.again and hidden(caught.value, made, *heard)
    services.answers["push.example"] = (302, "")
    with pytest.raises(Partly):
        await made.send(notice(), None)
    services.answers["push.example"] = (200, '{"id": 1}')
    assert await made.send(notice(), None) == ""
    assert (len(services.of("chat.example")), len(services.of("push.example"))) == (1, 3)
    await made.send(notice(), None)
    assert len(services.of("chat.example")) == 2, "once all have it, a repetition is the outbox's wish"


async def test_one_that_hangs_keeps_no_other_waiting_and_holds_two_threads_at_most(services: AppriseServices) -> None:
    services.answers["push.example"] = None
    both, alone = channel(PUSH, CHAT), channel(PUSH)
    hanging = [asyncio.create_task(both.send(notice(), None))]
    async with asyncio.timeout(PATIENCE_SECONDS):
        await services.wait_for(lambda: bool(services.of("chat.example") and services.of("push.example")))
        hanging += [asyncio.create_task(alone.send(notice(at=float(at)), None)) for at in range(THREADS)]
        await services.wait_for(lambda: len(services.of("push.example")) == THREADS + 1)
        with pytest.raises(Temporary, match="still holds 2 earlier notices"):
            await alone.send(notice(), None)
    assert not any(one.done() for one in hanging)
    for one in hanging:
        one.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)


class Broken:
    """A service of the library that raises with its address in the text."""

    def notify(self, **_: str) -> bool:
        raise RuntimeError(f"no route to {PUSH}")


async def test_of_an_exception_of_the_library_the_type_alone_is_shown(services: AppriseServices) -> None:
    with pytest.raises(Temporary, match="RuntimeError") as caught:
        await Target("gotifys (address 1)", PUSH, Broken()).send({"title": "a", "body": "b"}, "info")
    assert hidden(caught.value)


async def test_a_deadline_ends_a_send_that_has_no_answer(services: AppriseServices) -> None:
    from apprise import Apprise as Library

    services.answers["push.example"] = None
    service = Library.instantiate(PUSH)
    assert service is not None
    with pytest.raises(Temporary, match=r"did not answer in 0\.2 s"):
        await Target("gotifys (address 1)", PUSH, service, total_seconds=0.2).send({"title": "a", "body": "b"}, "info")


@pytest.mark.parametrize("urls", [("nosuch://x",), (CHAT, f"discord://{KEY}"), (CHAT,) * 21])
def test_an_address_the_library_refuses_is_named_by_its_place(urls: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match=f"address {len(urls)} ") as caught:
        channel(*urls)
    assert hidden(caught.value)


async def test_a_check_sends_nothing(services: AppriseServices) -> None:
    said = await channel(CHAT, PUSH).check()
    assert "mmosts (address 1), gotifys (address 2)" in said and hidden(said) and services.asked == []

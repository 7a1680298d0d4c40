"""The pulse of all services: as JSON, as events, in the title and the icon of each page."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests.cli import examples as x
from tests.console.scene import NOW, Town, access, open_incident, service_state, story, town, visited
from tests.core.incident_fields import amended
from tests.support.clocks import FakeClock
from watchdog.console.auth.roles import Role
from watchdog.console.queries.pulse import Pulse, pulse_of
from watchdog.console.routes import live
from watchdog.console.routes.live import SHARE_MAX, STREAM, STREAMS_MAX, Live
from watchdog.daemon.http import http_protocol, http_server
from watchdog.domain.decisions import Finding
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.readings import Bad, Good, Unknown

WANTED = {"accept": STREAM}
DOWN = "● web is down: HTTP 503 since 02:14 UTC"


def calm() -> State:
    _, state, _ = story()
    return replace(state, services={"web": service_state("web"), "api": service_state("api")})


def down() -> State:
    failing = (Finding("home", "http", "run", x.BEGIN, 1.0, "all probes failed", symptom="HTTP 503"),)
    incident = x.undone(
        x.decision(), id="web-9", opened_at=NOW - 60, onset_at=x.BEGIN, closed_at=None, findings=failing
    )
    web = service_state("web", phase=Phase.PAGED, incident=incident)
    return replace(calm(), services={**calm().services, "web": web})


@asynccontextmanager
async def events(one: Town, who: dict[str, str] | None = None) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Open a stream, and give what it says."""
    async with one.client.stream("GET", "/live", headers=WANTED | (who or {})) as answer:
        assert answer.headers["content-type"].startswith(STREAM) and answer.headers["cache-control"] == "no-store"

        async def said() -> AsyncIterator[dict[str, Any]]:
            async for line in answer.aiter_lines():
                if line:
                    yield json.loads(line.removeprefix("data: "))

        yield said()


def pulse(**services: ServiceState) -> Pulse:
    """Return the pulse of a calm town, but for these services."""
    policy, _, _ = story()
    return pulse_of(replace(calm(), services={**calm().services, **services}), policy, NOW)


@pytest.mark.parametrize(
    ("phase", "changes", "state", "title"),
    [
        (Phase.CALM, None, "good", ""),
        (Phase.SUSPECT, None, "some", "◐ web is being checked"),
        (Phase.PAGED, {}, "bad", DOWN),
        (Phase.DEPLOYING, {"deploy": "dep-43", "requested_at": NOW}, "bad", DOWN),
        (Phase.VERIFYING, {"deploy": "dep-43", "requested_at": NOW, "restored_at": NOW}, "some", "◐ web: verifying"),
    ],
)
def test_the_worst_state_in_words(phase: Phase, changes: dict[str, Any] | None, state: str, title: str) -> None:
    """What is wrong, never what is done about it first; recovery is told from outage."""
    base = down().services["web"].incident
    assert base is not None
    web = service_state("web", phase=phase, incident=amended(base, **changes) if changes is not None else None)
    assert (pulse(web=web).state, pulse(web=web).title) == (state, title)
    if phase is Phase.VERIFYING:
        failing = replace(web.checks["home"], last=Bad("HTTP 503"), last_at=NOW)
        broken = pulse(web=replace(web, checks={**web.checks, "home": failing}))
        assert (broken.state, broken.title) == ("bad", DOWN.replace("is down", "still fails"))


def test_a_service_that_cannot_be_seen_is_not_well() -> None:
    """Its probes have no evidence; a feed without an answer, and a probe that was not read yet, are no reason."""
    web = calm().services["web"]
    for names, title in (("home api", "◌ web cannot be seen"), ("errors", ""), ("", "")):
        blind = {name: replace(web.checks[name], last=Unknown("no route")) for name in names.split()}
        assert pulse(web=replace(web, checks={**web.checks, **blind})).title == title
    assert pulse(web=replace(web, checks={})).state == "good"


def test_the_mark_changes_with_each_step_and_not_with_each_reading() -> None:
    """An event for each reading of hundreds of services would be no news; a phase, a question, an answer is."""
    web = down().services["web"]
    assert web.incident is not None

    def mark(**changes: Any) -> str:
        return pulse(web=replace(web, **changes)).mark

    read = {**web.checks, "home": replace(web.checks["home"], last=Good("201"), last_at=NOW)}
    assert mark() == mark(checks=read)
    seen = amended(web.incident, acknowledged_by="ann")
    steps = [{}, {"phase": Phase.ASKING}, {"incident": seen}, {"incident": None}, {"live": "dep-43"}]
    assert len({mark(**step) for step in steps}) == len(steps)


def test_the_worst_of_many_is_named_and_the_others_are_counted() -> None:
    """The open incident before the suspicion."""
    api = service_state("api", phase=Phase.PAGED, incident=open_incident())
    both = {"api": service_state("api", phase=Phase.SUSPECT), "web": down().services["web"]}
    assert pulse(**both).title == f"{DOWN} (+1)"
    assert pulse(**{**both, "api": api}).title.endswith("(+1)")


async def test_every_page_has_the_worst_state_in_title_and_icon() -> None:
    """Also pages about something else; the login says nothing of it."""
    async with visited(state=down()) as one:
        icon = (await one.client.get("/live")).json()["icon"]
        assert "icon-bad.svg" in icon and (await one.client.get(icon)).status_code == 200
        for path in ("/", "/services/api", "/settings", "/help/", "/services/web/rollback"):
            text = await one.page(path)
            assert f"{DOWN} · " in text.partition("</title>")[0] and f'rel="icon" href="{icon}"' in text, path
        await one.client.post("/logout")
        one.client.cookies.clear()
        assert "is down" not in (await one.client.get("/login")).text
        assert (await one.client.get("/live")).status_code == 303


async def test_a_stream_tells_of_a_change_at_once_and_ends_with_the_session() -> None:
    """The first event at once, the next when a service goes down; after the logout none."""
    async with visited(state=calm()) as one, asyncio.timeout(30), events(one) as said:
        first = await anext(said)
        one.shown[0] = down()
        second = await anext(said)
        await one.client.post("/logout", headers={"origin": str(one.client.base_url).rstrip("/")})
        rest = [each async for each in said]
    assert (first["state"], second["state"], second["title"]) == ("good", "bad", DOWN)
    assert first["mark"] != second["mark"] and rest == []


async def people(one: Town, number: int) -> list[dict[str, str]]:
    """Return the cookies of so many sessions; the client itself has none any more."""
    given = [(await one.login()).headers["set-cookie"].partition(";")[0] for _ in range(number)]
    one.client.cookies.clear()
    return [{"cookie": cookie} for cookie in given]


async def test_streams_are_bounded_and_leave_their_place() -> None:
    """One too many, of all or of one person, gets JSON, so that its page asks again; an ended one makes room."""
    async with visited(state=calm()) as one, asyncio.timeout(60):
        async with AsyncExitStack() as stack:
            opened: list[AsyncIterator[dict[str, Any]]] = []  # kept: a stream that no one holds is closed
            hoarder, *others = await people(one, STREAMS_MAX // SHARE_MAX + 1)
            for who in (hoarder, *others[:-1]):
                opening = (stack.enter_async_context(events(one, who)) for _ in range(SHARE_MAX))
                opened += await asyncio.gather(*opening)
                assert {(await anext(said))["state"] for said in opened[-SHARE_MAX:]} == {"good"}
                refused = await one.client.get("/live", headers=WANTED | who)
                assert refused.headers["content-type"] == "application/json" and refused.json()["state"] == "good"
            late = await one.client.get("/live", headers=WANTED | others[-1])
            assert late.headers["content-type"] == "application/json", "there are no more places at all"
        await one.login()
        # A burst takes no more places than there are: the next one is refused while the others only begin.
        async with AsyncExitStack() as stack:
            asked = [one.client.stream("GET", "/live", headers=WANTED) for _ in range(STREAMS_MAX + 8)]
            kinds = [
                answer.headers["content-type"]
                for answer in await asyncio.gather(*map(stack.enter_async_context, asked))
            ]
            assert len([kind for kind in kinds if kind.startswith(STREAM)]) <= SHARE_MAX
        kind = "application/json"
        while kind == "application/json":
            async with one.client.stream("GET", "/live", headers=WANTED) as answer:
                kind = answer.headers["content-type"]
        assert (await one.client.head("/live", headers=WANTED)).headers["content-type"] == "application/json"


async def test_the_end_of_the_daemon_does_not_wait_for_a_stream() -> None:
    """Else each restart would last as long as answers in progress may (3 s) while a browser is open."""
    assert live.ENDLESS == http_protocol.ENDLESS
    loop, server = asyncio.get_running_loop(), town(state=calm())
    one = await server.__aenter__()
    await one.login()
    stream = events(one)
    await anext(await stream.__aenter__())
    begin = loop.time()
    await server.__aexit__(None, None, None)
    assert loop.time() - begin < http_server._STOP_SECONDS - 0.5
    with suppress(Exception):  # its server is gone
        await stream.__aexit__(None, None, None)


async def test_a_quiet_stream_beats_and_ends_by_itself() -> None:
    """Every 15 s, so that a dead connection is noticed; after ten minutes its browser is checked again."""
    clock = FakeClock(NOW)

    async def beat() -> Any:
        return pulse()

    times = [
        clock.monotonic() async for _ in Live(beat, access(clock, {Role.VIEWER: "token"}), clock).changes(lambda: False)
    ]
    assert len(times) == live.LASTS_SECONDS / live.BEAT_SECONDS
    assert {after - before for before, after in pairwise(times)} == {live.BEAT_SECONDS}

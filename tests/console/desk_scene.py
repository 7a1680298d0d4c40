"""A console on a real engine: what is clicked reaches the core, and the sandbox counts what it does to Render."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from tests.console.scene import PAGES, SETTINGS, TOKEN, StoryClock, bearer, serving
from tests.core.incident_fields import amended
from tests.support.engine_scene import Scene, scene
from watchdog.app.compose.deploy_listings import list_deploys
from watchdog.console.dependencies import Dependencies
from watchdog.daemon.supervision.command_poller import CommandPoller
from watchdog.domain.incidents import Incident, Phase, State
from watchdog.domain.severity import Severity
from watchdog.domain.store_records import Command, Write


@dataclass(slots=True)
class Office:
    """An engine, a console on it, and a client."""

    s: Scene
    client: httpx.AsyncClient

    async def login(self, token: str = TOKEN, name: str = "") -> None:
        self.client.cookies.clear()
        assert (await self.client.post("/login", data={"token": token, "name": name})).status_code == 303

    async def page(self, path: str) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    async def form(self, page: str, action: str) -> dict[str, str]:
        """Return the hidden fields of the form on a page that leads there; AssertionError if there is none."""
        found = re.search(
            rf'<form method="post" action="{re.escape(action)}"[^>]*>(.*?)</form>', await self.page(page), re.S
        )
        assert found is not None, f"no form for {action} on {page}"
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', found[1]))

    async def send(self, page: str, action: str, /, **more: str) -> httpx.Response:
        """Fill in the form on a page and send it, as a browser does."""
        data = {**await self.form(page, action), **more}
        return await self.client.post(action, data=data, headers={"sec-fetch-site": "same-origin"})

    async def api(self, path: str, body: object = None, token: str = TOKEN) -> httpx.Response:
        self.client.cookies.clear()
        return await self.client.post(f"/api/v1{path}", json=body, headers=bearer(token))

    async def asked(self) -> Command:
        (last,) = await self.s.store.asked(1)
        return last

    def asks(self, **changes: Any) -> None:
        now = self.s.clock.now()
        told = {"suspect": "dep-41", "target": "dep-40", "asked_at": now - 0.123456789}
        incident = amended(Incident("web-1", "web", Severity.HIGH, now, now, "web is slow"), **{**told, **changes})
        known = self.s.engine.state.services["web"]
        web = replace(known, phase=Phase.ASKING, phase_since=now, incident=incident, live=incident.suspect)
        self.s.engine.state = State(services={"web": web})


@asynccontextmanager
async def office(**access: Any) -> AsyncIterator[Office]:
    """Open a world with an engine and a console on it; `access` is who may come in otherwise than by a token."""
    async with scene(listed=True) as s:
        commands = CommandPoller(s.store, s.engine, s.clock, pages=PAGES)

        async def ask(name: str, arguments: Mapping[str, Any], by: str) -> Command:
            number = await s.store.submit(name, arguments, by)
            await commands.apply_all()
            answered = await s.store.command(number)
            assert answered is not None and answered.done
            return answered

        def listing(name: str) -> Any:
            return list_deploys(s.platform, s.engine.policy, name, s.clock)

        told = (lambda: s.engine.policy, lambda: s.engine.state, lambda: s.engine.held)
        world = Dependencies(
            s.store, StoryClock(s.clock.now()), *told, ask, listing, lambda: SETTINGS, "9.9", pages=PAGES
        )
        async with serving(world, **access) as (client, _):
            yield Office(s, client)


@asynccontextmanager
async def asking(token: str = "", name: str = "", **access: Any) -> AsyncIterator[Office]:
    """Open one in which something is asked, and written down; with a token somebody has logged in."""
    async with office(**access) as o:
        o.asks()
        await o.s.store.save(Write(o.s.engine.state))
        if token:
            await o.login(token, name)
        yield o

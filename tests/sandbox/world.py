"""What the sandbox's tests share: an open sandbox and a client that may talk to all of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.clocks import LOOPBACK, PATIENCE_SECONDS
from watchdog.sandbox import keys
from watchdog.sandbox.server import Sandbox

RENDER = {"Authorization": f"Bearer {keys.RENDER_API_KEY}"}
SENTRY = {"Authorization": f"Bearer {keys.SENTRY_TOKEN}"}
SLACK = {"Authorization": f"Bearer {keys.SLACK_BOT_TOKEN}"}
HASTY = httpx.Timeout(PATIENCE_SECONDS, read=0.1)
"""For what takes a connection and never answers: impatient there alone, however slow the machine connects."""


@dataclass
class World:
    """An open sandbox and a client."""

    sandbox: Sandbox
    client: httpx.AsyncClient

    async def render(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.client.request(method, self.sandbox.urls["render"] + path, headers=RENDER, **more)

    async def sentry(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(f"{self.sandbox.urls['sentry']}/api/0{path}", headers=SENTRY, **more)

    async def rollback(self, target: str = "dep-39") -> httpx.Response:
        return await self.render("POST", "/services/srv-web/rollback", json={"deployId": target})

    async def site(self, path: str = "/", name: str = "site", **more: Any) -> httpx.Response:
        async with httpx.AsyncClient(**LOOPBACK) as fresh:
            return await fresh.get(self.sandbox.urls[name] + path, **more)

    async def admin(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.client.request(method, self.sandbox.urls["admin"] + path, **more)

    def status_of(self, deploy: str, service: str = "web") -> str | None:
        found = self.sandbox.cloud.services[service].find(deploy)
        return found.status if found else None

    def whats(self) -> list[str]:
        return [entry["what"] for entry in self.sandbox.log if entry["what"] != "request"]


@asynccontextmanager
async def opened(scenario: str | None = None, **options: Any) -> AsyncIterator[World]:
    """Open a sandbox twenty times faster than life."""
    options.setdefault("speed", 20.0)
    async with Sandbox(scenario, **options) as sandbox, httpx.AsyncClient(**LOOPBACK) as client:
        yield World(sandbox, client)

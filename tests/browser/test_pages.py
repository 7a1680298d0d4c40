"""Every page in a real browser: nothing complained of, nothing forbidden tried, nothing in the way of a reader."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.browser.chromium import (
    EACH_LOOK,
    LOOKS,
    Complaints,
    accessibility,
    address,
    browsing,
    log_in,
    look,
    overflow,
    reader,
    violations,
    window,
)
from tests.browser.gallery import outage_town
from tests.console.routes.test_pages import PAGES, hostile_town
from tests.console.scene import NOW, TOKEN, Town, day_of, fill, open_incident, story, town
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.docs import pages
from watchdog.domain.incidents import Phase

pytestmark = pytest.mark.long

HELP = ("/help/", *(f"/help/{page.name}" for page in pages()))
SHORT_HELP = ("/help/", "/help/on-call", "/help/start")
"""The pages of the handbook come of one template: once one look has read them all, others need a few of them."""
ALL = (*PAGES, *HELP, "/services/web/rollback", "/incidents/web-1/undo", "/incidents/api-7", "/?answer=1", "/login")


@asynccontextmanager
async def busy_town() -> AsyncIterator[Town]:
    """Open a town in which something is asked, and something was asked for."""
    policy, state, incidents = story()
    asked = open_incident(asked_at=NOW - 50, target="dep-40", suspect="dep-42", human_needed="")
    asking = replace(state.services["api"], phase=Phase.ASKING, incident=asked)
    state = replace(state, services={**state.services, "api": asking})
    store = MemoryStore(SystemClock())
    await fill(store, state, (incidents[0], asked))
    await store.put_minutes(day_of("web"))
    await store.answer(await store.submit("pause", {}, "ann"), ok=True, text="PAUSED by ann", exit_code=0)
    await store.answer(await store.submit("approve", {"incident": "api-7"}, "bob"), ok=False, text="no", exit_code=3)
    async with town(policy, state, store=store) as one:
        yield one


@pytest.mark.parametrize(("scheme", "size"), EACH_LOOK)
async def test_every_page_in_every_look(scheme: str, size: str) -> None:
    """Dark and light, desktop and phone: no error, nothing forbidden, no serious finding, no sideways scroll."""
    found = []
    async with busy_town() as one, browsing() as browser, window(browser, address(one.client), scheme, size) as page:
        await page.goto("/login")
        found += await accessibility(page)
        await log_in(page, TOKEN, "Ann")
        for path in ALL:
            await page.goto(path)
            reads = (scheme, size) == LOOKS[0] or path not in HELP or path in SHORT_HELP
            heard = await accessibility(page) if reads else []
            found += [f"{path}: {finding}" for finding in (*heard, *await violations(page))]
            wider = await overflow(page)
            found += [f"{path}: {wider} px too wide"] if wider > 0 else []
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("scheme", "size"), EACH_LOOK)
async def test_the_public_page_in_every_look(scheme: str, size: str) -> None:
    """Without a login, with and without scripts, during an outage: readable, and nothing complained of."""
    found = []
    async with outage_town() as one, browsing() as browser:
        for scripts in (True, False):
            async with look(browser, address(one.client), scheme, size, java_script_enabled=scripts) as context:
                page, complaints = await context.new_page(), Complaints()
                complaints.listen(page)
                await page.goto("/status/shop")
                assert await page.get_by_role("heading", name="Web shop: Unavailable").count() == 3
                assert await page.locator("svg[role=img]").count() == 2
                assert await context.cookies() == [] and complaints.heard == []
                if scripts:
                    found += await accessibility(page)
                    found += ["too wide"] if await overflow(page) > 0 else []
                    await page.get_by_text("Days with failures").first.click()
                    found += await accessibility(page)
    assert not found, "\n".join(found)


async def test_hostile_text_is_inert_and_changes_nothing_else() -> None:
    """Markup in errors, commits, titles and notes is shown as it is; no script of it runs, no picture loads."""
    async with hostile_town() as one, reader(one.client, name="<b>Ann</b>") as page:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        for path in ("/", "/services/web", "/incidents/web-9", "/incidents", "/history", "/follow-ups", "/audit"):
            await page.goto(path)
            assert await page.locator("main img, main script, main b").count() == 0, path
            assert "<img src=x onerror=alert(2)>" in await page.locator("main").inner_text(), path
            assert await page.evaluate("typeof window.hacked") == "undefined"
        assert "<b>Ann</b>" in await page.locator("header").inner_text()
        assert {url.split("/")[2] for url in requests} == {f"127.0.0.1:{one.port}"}
        assert not [url for url in requests if url.endswith("/x")]

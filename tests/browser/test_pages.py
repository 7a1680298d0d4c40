"""Every page in a real browser: nothing complained of, nothing forbidden tried, nothing in the way of a reader."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.browser.chromium import (
    DESKTOP,
    EACH_LOOK,
    PHONE,
    Complaints,
    accessibility,
    browsing,
    log_in,
    overflow,
    violations,
    window,
)
from tests.cli import examples as x
from tests.console.public.scene import ago, calm, hours, opened, public_town
from tests.console.routes.test_pages import PAGES, hostile_town
from tests.console.scene import NOW, TOKEN, Town, day_of, fill, open_incident, story, town
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.docs import pages
from watchdog.domain.incidents import Phase

pytestmark = pytest.mark.long

HELP = ("/help/", *(f"/help/{page.name}" for page in pages()))
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
    async with contextlib.AsyncExitStack() as stack:
        one = await stack.enter_async_context(busy_town())
        browser = await stack.enter_async_context(browsing())
        page = await stack.enter_async_context(window(browser, f"http://127.0.0.1:{one.port}", scheme, size))
        await page.goto("/login")
        found += await accessibility(page)
        await log_in(page, TOKEN, "Ann")
        for path in ALL:
            await page.goto(path)
            found += [f"{path}: {finding}" for finding in (*await accessibility(page), *await violations(page))]
            wider = await overflow(page)
            found += [f"{path}: {wider} px too wide"] if wider > 0 else []
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("scheme", "size"), EACH_LOOK)
async def test_the_public_page_in_every_look(scheme: str, size: str) -> None:
    """Without a login, with and without scripts, during an outage: readable, and nothing complained of."""
    found = []
    outage = ago(x.incident(decision=x.decision(share=1.0)), 600, None, id="web-9")
    policy, state = calm(web=opened(outage))
    past = [ago(x.incident(), 86400.0 * back, 300, id=f"web-{back}") for back in (1, 5)]
    minutes = [*hours("web", 60, bad={30: 200, 200: 60}), *hours("api", 20)]
    async with public_town(policy, state, incidents=[outage, *past], minutes=minutes) as one, browsing() as browser:
        for scripts in (True, False):
            phone = size == "phone"
            context = await browser.new_context(
                base_url=str(one.client.base_url),
                color_scheme=scheme,
                viewport=PHONE if phone else DESKTOP,
                is_mobile=phone,
                java_script_enabled=scripts,
            )
            page = await context.new_page()
            complaints = Complaints()
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
            await context.close()
    assert not found, "\n".join(found)


async def test_hostile_text_is_inert_and_changes_nothing_else() -> None:
    """Markup in errors, commits, titles and notes is shown as it is; no script of it runs, no picture loads."""
    async with hostile_town() as one, browsing() as browser, window(browser, f"http://127.0.0.1:{one.port}") as page:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        await log_in(page, TOKEN, "<b>Ann</b>")
        for path in ("/", "/services/web", "/incidents/web-9", "/incidents", "/history", "/follow-ups", "/audit"):
            await page.goto(path)
            assert await page.locator("main img, main script, main b").count() == 0, path
            assert "<img src=x onerror=alert(2)>" in await page.locator("main").inner_text(), path
            assert await page.evaluate("typeof window.hacked") == "undefined"
        assert "<b>Ann</b>" in await page.locator("header").inner_text()
        assert {url.split("/")[2] for url in requests} == {f"127.0.0.1:{one.port}"}
        assert not [url for url in requests if url.endswith("/x")]


async def test_the_page_keeps_itself_up_to_date_without_losing_the_reader_s_place() -> None:
    """What changed is replaced; a note that is being written, and what has the focus, stay."""
    async with town() as one, browsing() as browser, window(browser, f"http://127.0.0.1:{one.port}") as page:
        await log_in(page, TOKEN)
        await page.goto("/incidents/web-1")
        await page.locator("#add > summary").click()
        await page.get_by_label("Note", exact=True).fill("half a note")
        await one.store.remark("web-1", "said meanwhile", "bob")
        await page.locator(".timeline").get_by_text("bob: said meanwhile").wait_for()
        assert await page.get_by_label("Note", exact=True).input_value() == "half a note"


@pytest.mark.parametrize("path", ["/", "/incidents/web-1"])
async def test_without_scripts_everything_is_there(path: str) -> None:
    """Scripts only refresh."""
    async with town() as one, browsing() as browser:
        context = await browser.new_context(base_url=f"http://127.0.0.1:{one.port}", java_script_enabled=False)
        page = await context.new_page()
        await log_in(page, TOKEN)
        await page.goto(path)
        assert await page.locator("svg[role=img], table").count() > 0
        await context.close()

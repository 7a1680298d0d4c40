"""Saying yes in a real browser: by mouse against the real daemon, by keyboard alone; once, and about what was asked."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import address, browsing, executable, log_in, reader, window
from tests.console.desk_scene import asking, office
from tests.console.scene import TOKEN
from tests.support.daemon_processes import SHORT, guarding
from watchdog.domain.incidents import Phase

pytestmark = pytest.mark.long

NOT_CRITICAL = {'contains: "</html>"}': 'contains: "</html>", critical: false}'}
ON = "console: {enabled: true}\n"
FIELDS = "button => Object.fromEntries(new FormData(button.form))"


async def test_high_is_asked_approved_by_a_click_and_rolled_back_once(tmp_path: Path) -> None:
    """From the overview to the incident to the button; killed right after; the page tells of the recovery, once."""
    executable()
    with guarding(tmp_path, quirks=True) as (cloud, daemon):
        cloud.write(replace=NOT_CRITICAL, more=SHORT + ON)
        daemon.variables = {**daemon.variables, "WATCHDOG_CONSOLE_TOKEN": TOKEN}
        daemon.start().until_watching()
        cloud.bad_deploy()
        await asyncio.to_thread(daemon.until_story, "ASKED")
        assert cloud.untouched() and daemon.story("HIGH")
        async with browsing() as browser:
            async with window(browser, f"http://127.0.0.1:{daemon.port}") as page:
                await log_in(page, TOKEN, "Ann")
                await page.get_by_role("link", name="web-1").first.click()
                old = await page.get_by_role("button", name="Approve").evaluate(FIELDS)
                await page.get_by_role("button", name="Approve: roll back to dep-40").click()
                await page.locator("#answer").wait_for()
                assert "The rollback is approved" in await page.locator("#answer").inner_text()
            daemon.kill()
            await asyncio.to_thread(daemon.start().until_watching)
            async with window(browser, f"http://127.0.0.1:{daemon.port}") as page:
                await log_in(page, TOKEN, "Ann")
                await page.goto("/incidents/web-1")
                await page.get_by_text("VERIFIED", exact=True).first.wait_for()
                await asyncio.to_thread(daemon.until_story, "CLOSED")
                word = await page.locator("button", has_text="Add the note").evaluate(FIELDS)
                again = await page.request.post("/incidents/web-1/approve", form={**old, "form": word["form"]})
                assert "no open incident web-1" in (await again.text()).lower()
                await page.goto("/audit")
                rows = await page.locator("tbody tr").all_inner_texts()
        assert len(rows) == 2 and all("token:Ann (approver)" in row for row in rows)
        assert len(cloud.requests("render", "POST")) == len(cloud.log("rollback_accepted")) == 1


async def tab_to(page: Any, beginning: str) -> None:
    """Press Tab until what has the focus says so; the focus must be seen all the way."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        text, outline = await page.evaluate(
            "[document.activeElement.innerText || '', getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert outline != "none", f"no visible focus on {text!r}"
        if text.startswith(beginning):
            return
    raise AssertionError(f"the keyboard never reached {beginning!r}")


async def test_the_approval_by_keyboard_alone() -> None:
    """Log in, go to the service, to its incident, to the button; the answer has the focus then."""
    async with asking() as o, browsing() as browser, window(browser, address(o.client)) as page:
        await page.goto("/")
        await page.wait_for_function("document.activeElement.tagName === 'INPUT'")
        await page.keyboard.type(TOKEN)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/")
        await tab_to(page, "web-1")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/incidents/web-1")
        await tab_to(page, "Approve")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**?answer=*")
        assert "The rollback is approved" in await page.evaluate("document.activeElement.innerText")
        assert any(note.label == "APPROVED" for note in await o.s.store.notes())


async def test_a_tick_and_its_undoing_by_keyboard_alone() -> None:
    """Each button is named for its item; the answer has the focus then, and the page says who ticked it."""
    async with asking() as o, reader(o.client, name="Ann") as page:
        await page.goto("/incidents/web-1")
        await page.locator("#lists > summary").focus()
        await page.keyboard.press("Enter")
        for name, item in (("Tick", "docs"), ("Undo", "docs"), ("Tick", "lessons")):
            row = page.locator("li", has=page.locator(f"code:text-is('{item}')"))
            words = await row.locator("p").first.inner_text()
            what = {"Tick": "Tick: ", "Undo": "Undo the tick of: "}[name] + words.removesuffix(f" {item}")
            button = page.get_by_role("button", name=what, exact=True)
            await button.focus()
            await page.keyboard.press("Enter")
            now = "is ticked" if name == "Tick" else "is open again"
            await page.locator("#answer", has_text=f"{item.capitalize()} of web-1 {now}").wait_for()
            assert await page.evaluate("document.activeElement.id") == "answer"
        assert [(one.item, one.undone) for one in await o.s.store.ticks()] == [
            ("docs", False), ("docs", True), ("lessons", False),
        ]  # fmt: skip
        await page.get_by_text("ticked by token:Ann (approver)").first.wait_for()
        await page.locator("#add > summary").click()
        await page.get_by_label("Follow-up", exact=True).fill("Raise the pool size")
        await page.get_by_label("Whose").fill("team lead")
        await page.get_by_label("Due in").fill("3d")
        await page.get_by_role("button", name="Add the follow-up").click()
        await page.get_by_text("Raise the pool size own-1").wait_for()


async def test_a_question_that_changed_under_the_reader_is_not_answered() -> None:
    """The page was shown, the world went on, the old button is clicked: refused, and the reason is on the page."""
    async with asking() as o, reader(o.client) as page:
        await page.goto("/incidents/web-1")
        button = page.get_by_role("button", name="Approve")
        await button.focus()
        o.asks(target="dep-39")
        await button.click()
        await page.get_by_text("the target is another one than you saw").first.wait_for()
        assert o.s.web.phase is Phase.ASKING and o.s.sent("POST") == 0


async def test_a_rollback_is_confirmed_on_a_page_of_its_own() -> None:
    """The plan with every guard, then the button; to cancel is as near."""
    async with office() as o, reader(o.client) as page:
        await page.goto("/services/web")
        await page.get_by_role("link", name="Roll back by hand").click()
        assert await page.locator("tbody tr").count() >= 8
        await page.get_by_role("link", name="Cancel").click()
        assert o.s.sent("PATCH") == 0
        await page.goto("/services/web/rollback")
        await page.get_by_role("button", name="Roll back to dep-39 now").dblclick()
        await page.locator("#answer").wait_for()
        await o.s.until(Phase.DEPLOYING)
        assert len(o.s.accepted) == 1

"""Pictures of the console, for the README and to be looked at: `python -m tests.browser.screenshots [FOLDER]`.

Overview, service, incident and statistics of a make-believe fleet, desktop and phone, dark and light. Without a folder
only the README's two are made, into `watchdog/docs/`.
"""

import asyncio
import sys
from pathlib import Path

from tests.browser.chromium import DESKTOP, LOOKS, PHONE, browsing, log_in
from tests.browser.fleet import Fleet
from tests.console.scene import TOKEN, StoryClock, fill, town
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.domain.follow_ups import LONG_TERM, RUNBOOK

HERE = Path(__file__).parents[2] / "watchdog" / "docs"
PAGES = {"overview": "/", "service": "/services/web", "incident": "/incidents/api-7", "stats": "/stats"}
SHOWN = (("overview", "light", "desktop"), ("incident", "dark", "desktop"))
"""What the README shows."""
HEIGHT_MAX = 1100


async def take(folder: Path, wanted: tuple[tuple[str, str, str], ...]) -> None:
    """Write each picture as PAGE-SCHEME-SIZE.png."""
    folder.mkdir(parents=True, exist_ok=True)
    fleet = Fleet(10)
    store = MemoryStore(StoryClock())
    await fill(store, fleet.state(), (*fleet.incidents, fleet.asked), fleet.notes())
    await store.put_minutes(list(fleet.minutes(every=4)))
    await store.remark("api-7", "Looking at it; the pool is at its limit.", "Ann")
    newest = max(fleet.incidents, key=lambda one: one.opened_at)
    for one in fleet.incidents:
        for item in [item for item in RUNBOOK if one is not newest or item.within_seconds != LONG_TERM]:
            await store.tick(one.id, item.id, "Ann")
    async with town(fleet.policy(), fleet.state(), store=store) as one, browsing() as browser:
        for scheme, size in sorted({(scheme, size) for _, scheme, size in wanted}):
            phone = size == "phone"
            context = await browser.new_context(
                base_url=f"http://127.0.0.1:{one.port}",
                color_scheme=scheme,
                viewport=PHONE if phone else DESKTOP,
                is_mobile=phone,
                reduced_motion="reduce",
            )
            page = await context.new_page()
            await log_in(page, TOKEN, "Ann")
            for name in [name for name, *look in wanted if look == [scheme, size]]:
                for _ in range(20):
                    await page.goto(PAGES[name])
                    if not await page.locator("[data-soon]").count():
                        break
                tall = await page.evaluate("document.documentElement.scrollHeight")
                width = (PHONE if phone else DESKTOP)["width"]
                clip = {"x": 0, "y": 0, "width": width, "height": min(tall, HEIGHT_MAX)}
                await page.screenshot(path=folder / f"{name}-{scheme}-{size}.png", clip=clip, full_page=True)
            await context.close()


def main() -> None:
    """Take all into a folder, or the README's."""
    everything = tuple((name, *look) for name in PAGES for look in LOOKS)
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    asyncio.run(take(folder, everything if len(sys.argv) > 1 else SHOWN))


if __name__ == "__main__":
    main()

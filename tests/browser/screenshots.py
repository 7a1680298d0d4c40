"""The handbook's pictures of the console, written into `watchdog/docs/`: `python -m tests.browser.screenshots`.

`python -m tests.browser.gallery OUT` takes every page in every look.
"""

import asyncio
from pathlib import Path

from tests.browser.chromium import DESKTOP, browsing
from tests.browser.gallery import fleet_town, looking, picture, settled

HERE = Path(__file__).parents[2] / "watchdog" / "docs"
SHOWN = {"overview": ("overview", "light"), "incident": ("incident-open", "dark")}
"""The pictures by name: the page of the gallery, and the colour scheme."""
TALL_MAX = 1100


async def take(folder: Path) -> None:
    """Write each picture as NAME-SCHEME-desktop.png."""
    async with fleet_town(10) as places, browsing() as browser:
        urls = {place.name: place.url for place in places}
        for name, (shown, scheme) in SHOWN.items():
            async with looking(browser, urls["overview"], scheme, "desktop", inside=True) as page:
                await settled(page, urls[shown])
                await picture(page, folder / f"{name}-{scheme}-desktop.png", DESKTOP["width"], TALL_MAX)


if __name__ == "__main__":
    asyncio.run(take(HERE))

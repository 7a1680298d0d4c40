"""The pictures of the console in handbook and README, written to their places: `python -m tests.browser.screenshots`.

`python -m tests.browser.gallery OUT` takes every page in every look.
"""

import asyncio
from pathlib import Path

from tests.browser.chromium import DESKTOP, browsing
from tests.browser.gallery import fleet_town, looking, picture, settled

ROOT = Path(__file__).parents[2]
SHOWN = {
    "watchdog/docs/pictures/overview-light-desktop.png": ("overview", "light"),
    ".ci/incident-dark-desktop.png": ("incident-open", "dark"),
}
"""The pictures by file: the page of the gallery, and the colour scheme."""
TALL_MAX = 1100


async def take(root: Path) -> None:
    """Write each picture, below the repository's folder."""
    async with fleet_town(10) as places, browsing() as browser:
        urls = {place.name: place.url for place in places}
        for file, (shown, scheme) in SHOWN.items():
            async with looking(browser, urls["overview"], scheme, "desktop", inside=True) as page:
                await settled(page, urls[shown])
                await picture(page, root / file, DESKTOP["width"], TALL_MAX)


if __name__ == "__main__":
    asyncio.run(take(ROOT))

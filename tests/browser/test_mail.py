"""The HTML part of a mail, in a real browser: readable in every look, without any request, inert in any case."""

import pytest

from tests.adapters.notifiers.letters import hostile_notice
from tests.adapters.notifiers.test_hostile import HOSTILE, letter
from tests.adapters.notifiers.test_one_incident import MOMENTS
from tests.browser.chromium import EACH_LOOK, accessibility, browsing, overflow, window
from watchdog.adapters.notifiers.email_html import page as mail
from watchdog.domain.notices import Notice

NOTICES: dict[str, Notice] = {
    **MOMENTS,
    "hostile": hostile_notice(),
    **{f"hostile {name}": letter(words) for name, words in HOSTILE.items()},
}


@pytest.mark.long
@pytest.mark.parametrize(("scheme", "size"), EACH_LOOK)
async def test_a_mail_in_every_look(scheme: str, size: str) -> None:
    """No sideways scrolling at 390 px, enough contrast, nothing loaded, no script of a stranger."""
    found: list[str] = []
    async with browsing() as browser, window(browser, "http://127.0.0.1:9", scheme, size) as page:
        page.on("request", lambda request: found.append(f"asks for {request.url}"))
        for name, told in NOTICES.items():
            await page.set_content(mail(told))
            found += [f"{name}: {one}" for one in await accessibility(page)]
            found += [f"{name}: too wide"] if await overflow(page) > 0 else []
            assert await page.locator("h1").inner_text() != ""
    assert not found, "\n".join(found)

"""One incident as each channel shows it, as pictures: `python -m tests.browser.notice_pictures OUT`.

At each moment of `test_one_incident.py`: the message in Slack with its thread, the mail on a phone, the alert at
PagerDuty as its page lists it, and the webhook's body. Each is OUT/CHANNEL-MOMENT.png.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path

from tests.adapters.notifiers.test_one_incident import MOMENTS
from tests.browser.chromium import browsing
from tests.browser.slack_html import page as slack_page
from watchdog.adapters.notifiers import pagerduty, slack_message
from watchdog.adapters.notifiers.email_html import page as mail
from watchdog.adapters.notifiers.slack_buttons import blocks
from watchdog.adapters.notifiers.webhook_body import as_json
from watchdog.adapters.slack.button_signature import ButtonSigner
from watchdog.domain.notices import Notice

SIGNER = ButtonSigner("xapp-1")
WIDTHS = {"slack": 620, "mail": 390, "pagerduty": 620, "webhook": 620}


def alert(notice: Notice) -> str:
    """Return the alert as PagerDuty lists it: summary, severity, links, then each detail with its name."""
    made = pagerduty._payload(replace(notice, wakes=True), rings=True)
    links = " · ".join(escape(link["text"]) for link in pagerduty._links(notice))
    rows = ""
    for name, said in made["custom_details"].items():
        lines = [said] if isinstance(said, str) else said
        rows += f"<tr><th align=left valign=top>{escape(name)}<td>{'<br>'.join(map(escape, lines))}"
    about = escape(f"{made['severity']} · {made['component']} · {made['class']}")
    return (
        f"<body style='font: 13px sans-serif'><h3>{escape(made['summary'])}</h3>{about}<p>{links}<table>{rows}</table>"
    )


def shown(notice: Notice) -> Iterator[tuple[str, str]]:
    """Yield the name of each channel with its page."""
    posted = slack_message.with_blocks(slack_message.message(notice, clicks=True), blocks(notice, None, SIGNER))
    yield "slack", slack_page(posted, [slack_message.evidence(notice)])
    yield "mail", mail(notice)
    yield "pagerduty", alert(notice)
    body = json.dumps(as_json(notice), indent=1, ensure_ascii=False)
    yield "webhook", f"<pre style='white-space: pre-wrap'>{escape(body)}"


async def draw(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    async with browsing() as browser:
        for moment, notice in MOMENTS.items():
            for channel, html in shown(notice):
                page = await browser.new_page(viewport={"width": WIDTHS[channel], "height": 200})
                await page.set_content(html)
                await page.screenshot(path=folder / f"{channel}-{moment.replace(' ', '-')}.png", full_page=True)
                await page.close()


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1])))

"""The handbook's picture of a message in Slack: `python -m tests.browser.slack_picture [FILE.png]`.

A real daemon asks about a bad deploy of the simulated cloud (mode assist, shipped times: it takes a minute and a half).
The picture shows the body that the sandbox's Slack has got, as `slack_html.py` draws it.
"""

import asyncio
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.browser.chromium import browsing
from tests.browser.slack_html import page
from tests.faults.chat import chatting, started

FILE = Path(__file__).parents[2] / ".ci" / "slack-message.png"
WIDTH = 620


def asked(folder: Path) -> tuple[Mapping[str, Any], str]:
    """Return the message with the question, as Slack got it, and when."""
    with chatting(folder, more="") as chat:
        started(chat)
        chat.cloud.bad_deploy(behaviour={"kind": "error", "after_seconds": 4.0})
        chat.until_asked("approve", "reject")
        message = chat.parents()[0]
        return message["body"], f"{datetime.fromtimestamp(float(message['ts']), UTC):%H:%M}"


async def draw(body: Mapping[str, Any], at: str, file: Path) -> None:
    async with browsing() as browser:
        shown = await browser.new_page(viewport={"width": WIDTH, "height": 200})
        await shown.set_content(page(body, at=at))
        await shown.screenshot(path=file, full_page=True)


def main() -> None:
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    with tempfile.TemporaryDirectory() as folder:
        body, at = asked(Path(folder) / "cloud")
    asyncio.run(draw(body, at, file))


if __name__ == "__main__":
    main()

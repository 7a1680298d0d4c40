"""Draws `.ci/demo.svg`, the README's picture, from a real run of the demo: `python .ci/picture.py`."""

import asyncio
import io
import re
from pathlib import Path

from rich.console import Console

from watchdog.app.sandbox_demo.demo import demo
from watchdog.cli.demo_screen import DemoScreen
from watchdog.domain.reports import DemoResult


class FinalPicture(DemoScreen):
    """The demo's screen, recorded only once it is complete."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.console = console

    def result(self, result: DemoResult) -> None:
        """Leave the live screen, and record what is left standing."""
        self._stop()
        self.console.record = True
        super().result(result)


def main() -> None:
    """Run the demo and save what a person would see at its end."""
    console = Console(file=io.StringIO(), width=132, height=60, force_terminal=True, markup=False, highlight=False)
    with FinalPicture(console) as screen:
        asyncio.run(demo("bad-deploy", screen))
    picture = re.sub(r"@font-face \{.*?\}\n", "", console.export_svg(title="watchdog demo"), flags=re.DOTALL)
    Path(__file__).with_name("demo.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()

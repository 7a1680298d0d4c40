"""Draws `.ci/demo.svg`, the README's picture, from a real run of the demo: `python .ci/picture.py`."""

import asyncio
import io
from pathlib import Path

from rich.console import Console

from watchdog.app.demo import demo
from watchdog.cli.demo_screen import DemoScreen


def main() -> None:
    """Run the demo on a recording console and save what a person would see."""
    console = Console(
        file=io.StringIO(), record=True, width=112, height=60, force_terminal=True, markup=False, highlight=False
    )
    with DemoScreen(console) as screen:
        asyncio.run(demo("bad-deploy", screen))
    target = Path(__file__).with_name("demo.svg")
    text = console.export_svg(title="watchdog demo", clear=False)
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

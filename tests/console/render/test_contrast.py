"""The colours of the console: each text can be read on its ground, in both schemes (WCAG 2.1, level AA)."""

import re
from pathlib import Path

import pytest

from watchdog import console

CSS = (Path(console.__file__).parent / "static" / "console.css").read_text(encoding="utf-8")
SCHEMES = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part)) for part in re.findall(r":root \{.*?\}", CSS, re.S)]
MARKS = ("good", "some", "bad", "unknown", "act")
PAIRS = (
    *((mark, f"{mark}-back") for mark in MARKS),
    *((text, ground) for text in ("text", "quiet", "link") for ground in ("back", "card")),
    *(("text", f"{mark}-back") for mark in MARKS),
)
LEAST = 4.5


def luminance(color: str) -> float:
    """Return the relative luminance of `#rrggbb`, from 0 to 1."""
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", SCHEMES, ids=("light", "dark"))
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_each_text_can_be_read_on_its_ground(scheme: dict[str, str], text: str, ground: str) -> None:
    """Also in the pills, whose letters are small."""
    dark, light = sorted((luminance(scheme[text]), luminance(scheme[ground])))
    assert (light + 0.05) / (dark + 0.05) >= LEAST

"""The colours of the console and the public page: each text can be read on its ground (WCAG 2.1, level AA)."""

import re
from pathlib import Path

import pytest

from watchdog import console

FOLDER = Path(console.__file__).parent
FILES = {"console": FOLDER / "static" / "console.css", "public page": FOLDER / "templates" / "public" / "page.css"}
SCHEMES = [
    pytest.param(dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", part)), id=f"{name}, {scheme}")
    for name, file in FILES.items()
    for scheme, part in zip(("light", "dark"), re.findall(r":root \{.*?\}", file.read_text("utf-8"), re.S), strict=True)
]
GROUND = "-back"
"""A colour `x-back` is the ground of text in colour `x`, and of the usual one."""
LEAST = 4.5


def luminance(color: str) -> float:
    """Return the relative luminance of `#rrggbb` or `#rgb`, from 0 to 1."""
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    parts = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", SCHEMES)
def test_each_text_can_be_read_on_its_ground(scheme: dict[str, str]) -> None:
    """Also in the pills, whose letters are small."""
    pairs = [(text, ground) for text in ("text", "quiet", "link") if text in scheme for ground in ("back", "card")]
    for ground in [name for name in scheme if name.endswith(GROUND)]:
        pairs += [(ground.removesuffix(GROUND), ground), ("text", ground)]
    assert len(pairs) >= 12
    found = {}
    for text, ground in pairs:
        dark, light = sorted((luminance(scheme[text]), luminance(scheme[ground])))
        found[text, ground] = (light + 0.05) / (dark + 0.05)
    assert {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < LEAST} == {}

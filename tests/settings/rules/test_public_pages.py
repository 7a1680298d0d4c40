"""The branding of a public page: a colour, and a logo that is read once, when the file is loaded."""

import base64
from pathlib import Path

import pytest

from tests.settings.rules.test_console_access import PAGE
from tests.settings.texts import SMALL, shown
from watchdog.domain.errors import ConfigurationError
from watchdog.settings.load.load import load
from watchdog.settings.rules.public_pages import LOGO_MAX, PNG
from watchdog.settings.schema.console_schema import StatusPageShape

SVG = b'<?xml version="1.0"?><!-- ours --><svg xmlns="http://www.w3.org/2000/svg"/>'


def page(folder: Path, body: bytes | None) -> StatusPageShape:
    """Load a page with that logo, if any, in a folder beside the file."""
    (folder / "brand").mkdir(exist_ok=True)
    if body is not None:
        (folder / "brand" / "logo").write_bytes(body)
    text = SMALL + PAGE.replace("title: ", 'colour: "#1A7F5A", logo: brand/logo, title: ')
    (folder / "watchdog.yaml").write_text(text)
    return load(None, {}, folder).status_pages["shop"]


@pytest.mark.parametrize(("kind", "body"), [("svg+xml", SVG), ("png", PNG + b"x" * (LOGO_MAX - len(PNG)))])
def test_a_logo_is_read_and_goes_into_the_page(tmp_path: Path, kind: str, body: bytes) -> None:
    """As a `data:` address: a visitor's browser asks for nothing else."""
    found = page(tmp_path, body)
    assert found.logo == f"data:image/{kind};base64,{base64.b64encode(body).decode()}"
    assert found.colour == "#1a7f5a" and "base64" not in repr(found)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (None, "there is no such file -> write its path, as it is from the folder of this file"),
        (b"", "is neither a PNG nor an SVG"),
        (b"GIF89a", "is neither a PNG nor an SVG"),
        (b"x" * 3000 + SVG, "is neither a PNG nor an SVG"),
        (SVG + b" " * LOGO_MAX, "is larger than 32 KiB"),
    ],
)
def test_what_is_no_logo(tmp_path: Path, body: bytes | None, says: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        page(tmp_path, body)
    assert f"watchdog.yaml:9: status_pages.shop.logo: {says}" in str(wrong.value)


@pytest.mark.parametrize("colour", ["red", "'#12345'", "'#1234567'", "'#12345g'", "'#123456; x: y'", "123456"])
def test_what_is_no_colour(colour: str) -> None:
    said = shown(SMALL + PAGE.replace("title: ", f"colour: {colour}, title: "))
    assert "status_pages.shop.colour: " in said

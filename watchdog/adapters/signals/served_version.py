"""The version of the code that an answer names: in a header, a JSON field, or a meta tag of the page.

Rule: only a short word of letters, digits and `._+:-` is a version; anything else is none, and teaches nothing.
"""

import json
import re

from pydantic import model_validator

from watchdog.adapters.options import Options
from watchdog.adapters.signals.json_path import ABSENT, JsonPath
from watchdog.adapters.signals.probe_http import Answer

SEARCHED_BYTES = 64 * 1024
"""How much of a page a meta tag is looked for in."""
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+:-]{3,71}")
_META = re.compile(rb"<meta\s[^>]{0,500}>", re.IGNORECASE)
_NAME = r"[A-Za-z0-9_.:-]{1,60}"


class VersionPlace(Options):
    """Where an answer names the version of the code that made it: exactly one of a header, a JSON path, a meta tag."""

    header: str | None = None
    json_path: str | None = None
    meta: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "VersionPlace":
        if sum(one is not None for one in (self.header, self.json_path, self.meta)) != 1:
            raise ValueError("one place for the version, please: write header, json_path or meta")
        if self.json_path is not None:
            JsonPath.parse(self.json_path)
        for name in (self.header, self.meta):
            if name is not None and not re.fullmatch(_NAME, name):
                raise ValueError("not a name: write letters, digits and ._:- as in x-commit")
        return self


def named_version(answer: Answer, place: VersionPlace) -> str:
    """Return the version that an answer names, in lower case, or nothing."""
    if place.header is not None:
        return _word(answer.headers.get(place.header, ""))
    if answer.coding:
        return ""
    if place.json_path is not None:
        return _in_json(answer.body, place.json_path)
    return _in_page(answer.body[:SEARCHED_BYTES], place.meta or "")


def _in_json(body: bytes, path: str) -> str:
    try:
        found = JsonPath.parse(path).find(json.loads(body))
    except (ValueError, RecursionError):
        return ""
    return _word(found) if found is not ABSENT and isinstance(found, str) else ""


def _in_page(page: bytes, name: str) -> str:
    """Return the content of `<meta name="NAME" content="…">`."""
    for tag in _META.findall(page):
        text = tag.decode("utf-8", "replace")
        named = re.search(r"""\bname\s*=\s*["']?([^"'\s>]+)""", text, re.IGNORECASE)
        content = re.search(r"""\bcontent\s*=\s*["']?([^"'\s>]+)""", text, re.IGNORECASE)
        if named and content and named[1].lower() == name.lower():
            return _word(content[1])
    return ""


def _word(text: str) -> str:
    word = text.strip().strip('"').lower()
    return word if _WORD.fullmatch(word) else ""

"""The version of the code that an answer names, in a header or a JSON field.

Rule: only a short word of letters, digits and `._+:-` is a version; any other text counts as no version.

Rejected: a meta tag of the page, since text that users write into a page could look like one.
"""

import json
import re

from pydantic import ConfigDict, model_validator

from watchdog.adapters.options import Options
from watchdog.adapters.signals.json_path import ABSENT, JsonPath
from watchdog.adapters.signals.probe_http import Answer

JSON_BYTES_MAX = 64 * 1024
"""The largest body that is parsed for the version, in bytes: parsing runs on the event loop."""
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+:-]{3,71}")
_NAME = r"[A-Za-z0-9_-]{1,60}"


class VersionPlace(Options):
    """The place where an answer names the version of its code: a header or a JSON path, one of the two."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["header"]}, {"required": ["json_path"]}]})

    header: str | None = None
    json_path: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "VersionPlace":
        if (self.header is None) == (self.json_path is None):
            raise ValueError("one place for the version, please: write header or json_path")
        if self.json_path is not None:
            JsonPath.parse(self.json_path)
        elif not re.fullmatch(_NAME, self.header or ""):
            raise ValueError("not the name of a header: write letters, digits and - as in x-commit")
        return self


def named_version(answer: Answer, place: VersionPlace) -> str:
    """Return the version that an answer names, in lower case, or an empty text."""
    if place.header is not None:
        return _word(answer.headers.get(place.header, ""))
    if place.json_path is None or answer.coding or len(answer.body) > JSON_BYTES_MAX:
        return ""
    try:
        found = JsonPath.parse(place.json_path).find(json.loads(answer.body))
    except (ValueError, RecursionError):
        return ""
    return _word(found) if found is not ABSENT and isinstance(found, str) else ""


def _word(text: str) -> str:
    # ETag-like headers quote their value; the quotes are not part of the commit.
    word = text.strip().strip('"').lower()
    return word if _WORD.fullmatch(word) else ""

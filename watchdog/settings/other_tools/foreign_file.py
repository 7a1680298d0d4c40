"""The files of another tool as plain data, with the limits of our own reader.

Rule: only a regular file is read: a named pipe would be waited for, and a device has no end.
"""

import json
import os
import stat
from pathlib import Path
from typing import Any

from watchdog.settings.text.yaml_document import SIZE_MAX, parse

JSON_SIZE_MAX = 4 * 1024 * 1024
"""Of a backup, which is JSON: its reader needs no more memory than a few times as much."""
LISTED = ""
"""The key below which a list stands that is all of a file."""


def read_foreign(path: Path, name: str) -> dict[str, Any]:
    """Return what a file holds. Raises ValueError with what to do; it repeats no value of the file."""
    text = _text(path, name)
    if text.lstrip()[:1] in ("{", "["):
        try:
            data = json.loads(text)
        # YAML may begin with a brace as well, so the other reader has the last word.
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, (dict, list)):
            return data if isinstance(data, dict) else {LISTED: data}
    document = parse(text, name, "the file as that tool reads it", foreign=True)
    if not document.data:
        first = document.mistakes[0] if document.mistakes else None
        raise ValueError(f"{first.where}: {first.what}" if first else f"{name} is empty")
    return document.data


def _text(path: Path, name: str) -> str:
    try:
        # Non-blocking: opening a named pipe would otherwise wait for a writer.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise ValueError(f"{name} is not a regular file: name the file itself")
        with os.fdopen(number, "rb") as opened:
            data = opened.read(JSON_SIZE_MAX + 1)
    except OSError as error:
        raise ValueError(f"{name} cannot be read ({error.strerror})") from None
    if len(data) > (JSON_SIZE_MAX if data.lstrip()[:1] in (b"{", b"[") else SIZE_MAX):
        raise ValueError(f"{name} is too large: at most {SIZE_MAX // 1024} KiB, {JSON_SIZE_MAX // 2**20} MiB as JSON")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not UTF-8: save it as plain UTF-8 text") from None

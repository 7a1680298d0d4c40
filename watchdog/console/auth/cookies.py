"""Cookies of ours: out of reach of scripts, for this site alone, for TLS alone where there is TLS.

Rule: the header is split by us, in one pass and within a limit. A value of ours needs no quotes, and the standard
library's parser takes quadratic time for the quotes of a stranger.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request

COOKIES_MAX_BYTES = 4096
VALUE = re.compile(r"[A-Za-z0-9._-]+")
"""What our cookies are made of: numbers, base64url and hexadecimal digits, with dots between."""


def too_long(headers: Headers) -> bool:
    """Tell whether a request brings more cookies than are read."""
    return sum(map(len, headers.getlist("cookie"))) > COOKIES_MAX_BYTES


def cookie_of(headers: Headers, name: str) -> str:
    """Return the cookie of that name of a request; nothing if there is none, or two that differ, or too much of all."""
    if too_long(headers):
        return ""
    pairs = (one.strip().partition("=") for line in headers.getlist("cookie") for one in line.split(";"))
    found = {value for key, _, value in pairs if key == name}
    value = found.pop() if len(found) == 1 else ""
    return value if VALUE.fullmatch(value) else ""


def flags(request: Request, url: str = "") -> dict[str, Any]:
    """Return a cookie's flags; a proxy that speaks TLS for us says so, or our own address (`url`) does."""
    outermost = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    ours = urlsplit(url)
    known = ours.scheme == "https" and ours.netloc == request.headers.get("host")
    encrypted = known or "https" in (request.url.scheme, outermost)
    return {"path": "/", "httponly": True, "samesite": "strict", "secure": encrypted}

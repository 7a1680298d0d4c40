"""Cookies of ours: unreadable for scripts, sent to this site alone, and over TLS alone where there is TLS.

Rule 1: over TLS its name begins with `__Host-`: no other host of our domain can set it, nor a connection without TLS.
Rule 2: the header is split by us, in one pass. A value of ours needs no quotes, and the standard library's parser takes
quadratic time for the quotes of a stranger. How long it is, the server bounds with the whole head of a request: a proxy
that logs people in may have several KiB of cookies of its own.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

VALUE = re.compile(r"[A-Za-z0-9._-]+")
"""The alphabet of our cookie values: numbers, base64url and hexadecimal digits, with dots between."""


def cookie_of(request: Request, name: str, url: str) -> str:
    """Return the value of our cookie of that name; empty if it is missing, or came twice with different values.

    `url` is our own address, if the configuration has one.
    """
    wanted = _name(name, encrypted=is_encrypted(request, url))
    pairs = (one.strip().partition("=") for line in request.headers.getlist("cookie") for one in line.split(";"))
    # Two different values under one name mean that another host of the domain planted one: trust neither.
    found = {value for key, _, value in pairs if key == wanted}
    value = found.pop() if len(found) == 1 else ""
    return value if VALUE.fullmatch(value) else ""


def put_cookie(answer: Response, request: Request, name: str, value: str, url: str, **more: Any) -> None:
    """Set our cookie of that name; it ends at once if it has no value. `more` is other flags: `max_age`, `samesite`."""
    encrypted = is_encrypted(request, url)
    # Strict: a request that another site starts never carries the cookie. The OpenID login alone needs lax.
    flags = {"path": "/", "httponly": True, "samesite": "strict", "secure": encrypted, "max_age": 0, **more}
    answer.set_cookie(_name(name, encrypted=encrypted), value, **flags)


def is_encrypted(request: Request, url: str) -> bool:
    """Return whether the browser speaks TLS with us: by the proxy's `X-Forwarded-Proto`, or by our own address."""
    # Each proxy appends its own entry: the first is that of the hop nearest to the browser.
    outermost = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    ours = urlsplit(url)
    # Our configured address counts only for the Host it names: the same port may be reached directly, without TLS.
    known = ours.scheme == "https" and ours.netloc == request.headers.get("host")
    # A client may forge the header: then its own cookie alone gets the stricter name and flag.
    return known or "https" in (request.url.scheme, outermost)


def _name(name: str, *, encrypted: bool) -> str:
    return f"__Host-{name}" if encrypted else name

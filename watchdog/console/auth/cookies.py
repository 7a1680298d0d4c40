"""Cookies of ours: out of reach of scripts, for this site alone, for TLS alone where there is TLS."""

from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request


def cookie_of(headers: Headers, name: str) -> str:
    """Return the cookie of that name of a request, or nothing."""
    try:
        morsel = SimpleCookie("; ".join(headers.getlist("cookie"))).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""


def flags(request: Request, url: str = "") -> dict[str, Any]:
    """Return a cookie's flags; a proxy that speaks TLS for us says so, or our own address (`url`) does."""
    outermost = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    ours = urlsplit(url)
    known = ours.scheme == "https" and ours.netloc == request.headers.get("host")
    encrypted = known or "https" in (request.url.scheme, outermost)
    return {"path": "/", "httponly": True, "samesite": "strict", "secure": encrypted}

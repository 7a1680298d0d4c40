"""What one journey keeps from answer to answer: cookies, carried values, and the address that it has reached.

Rule 1: a session lives for one journey; nothing of it is stored, sent to another service, or kept for the next one.
Rule 2: words that the site chose are hidden from what people read, by plain replacing: no expression is made of them.
Rule 3: cookies go where RFC 6265 sends them; one that a browser would refuse is refused, and said so.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import httpx

from watchdog.adapters.redactor import HIDDEN, SECRET_MIN, Redactor
from watchdog.adapters.signals.probe_http import Answer
from watchdog.adapters.signals.probe_options.request import ProbeRequest
from watchdog.adapters.ssrf_guard import as_address

COOKIES_MAX, COOKIE_CHARACTERS_MAX = 50, 4096
"""What browsers keep for one site at least (RFC 6265, 6.1)."""
WORDS_MAX = 200
_LOCAL = ("localhost", "127.0.0.1", "[::1]", "::1")
"""Hosts to which browsers send a cookie marked as secure over http as well."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie; its repr does not show its value."""

    name: str
    value: str
    host: str
    below: bool
    path: str
    secure: bool

    def __repr__(self) -> str:
        return f"Cookie({self.host}{self.path})"

    def goes_to(self, url: httpx.URL) -> bool:
        """Return whether it is sent with a request to that address (RFC 6265, 5.4)."""
        if url.host != self.host and not (self.below and _is_below(url.host, self.host)):
            return False
        path = url.path or "/"
        within = path == self.path or path.startswith(self.path if self.path.endswith("/") else f"{self.path}/")
        return within and (not self.secure or _is_safe(url))


class Session:
    """The state of one journey. `now` is the time by which cookies expire."""

    def __init__(self, now: float, secrets: Redactor) -> None:
        self._now = now
        self._cookies: dict[tuple[str, str, str], Cookie] = {}
        self.values: dict[str, str] = {}
        self.refused: list[str] = []
        self.at: httpx.URL | None = None
        self.page: Answer | None = None
        self._words: set[str] = set()
        self.redactor: Redactor = _SessionRedactor(secrets, self._words)

    def hide(self, words: Iterable[str]) -> None:
        """Keep words that the site chose out of all texts from now on; very short ones are no secrets."""
        for word in words:
            if len(word) >= SECRET_MIN and len(self._words) < WORDS_MAX:
                self._words.add(word)

    def cookie(self, name: str) -> str | None:
        """Return the value of a cookie that the site has set, or None."""
        return next((one.value for one in self._cookies.values() if one.name == name), None)

    def sent(self, url: httpx.URL, request: ProbeRequest) -> ProbeRequest:
        """Return the request with the cookies that belong to its address, the ones of longer paths first."""
        mine = sorted((one for one in self._cookies.values() if one.goes_to(url)), key=lambda one: -len(one.path))
        if not mine:
            return request
        line = "; ".join(f"{one.name}={one.value}" for one in mine)
        return replace(request, headers={**request.headers, "Cookie": line})

    def took(self, url: httpx.URL, answer: Answer) -> None:
        """Keep the cookies of an answer, and its address."""
        self.at = url
        for line in answer.headers.get_list("set-cookie")[: COOKIES_MAX * 2]:
            self._take(url, line)

    def _take(self, url: httpx.URL, line: str) -> None:
        pair, *rest = line.split(";")[:30]
        name, equals, value = (part.strip() for part in pair.partition("="))
        self.hide([value])
        given = {key.strip().lower(): text.strip() for key, _, text in (one.partition("=") for one in rest)}
        domain = given.get("domain", "").lstrip(".").lower()
        if why := _refusal(url, name, value, bool(equals), given, domain):
            self.refused.append(why)
            return
        host, path = domain or url.host, given.get("path", "")
        cookie = Cookie(
            name, value, host, bool(domain), path if path.startswith("/") else _folder(url.path), "secure" in given
        )
        place = (name, cookie.host, cookie.path)
        self._cookies.pop(place, None)
        if not self._is_over(given) and len(self._cookies) < COOKIES_MAX:
            self._cookies[place] = cookie

    def _is_over(self, given: dict[str, str]) -> bool:
        """Return whether the cookie ends now: that is how a site removes it."""
        age = given.get("max-age", "")
        if age.removeprefix("-").isdecimal() and len(age) < 20:
            return int(age) <= 0
        try:
            return parsedate_to_datetime(given["expires"][:60]).timestamp() <= self._now
        except (KeyError, ValueError, TypeError, IndexError, OverflowError, OSError):
            return False


class _SessionRedactor(Redactor):
    """Takes out the secrets of the configuration, and the words that the site chose."""

    def __init__(self, secrets: Redactor, words: set[str]) -> None:
        super().__init__()
        self._secrets, self._words = secrets, words

    def __call__(self, text: str) -> str:
        """Return the text with `***` in the place of each. Not on the event loop, if the text may be long."""
        text = self._secrets(text)
        # The longest first: a word may be the beginning of another one.
        for form in sorted((form for word in self._words for form in _forms(word)), key=len, reverse=True):
            text = text.replace(form, HIDDEN)
        return text


def _forms(word: str) -> Iterator[str]:
    """Yield a word as it is, and as an address or JSON holds it."""
    yield word
    yield quote(word, safe="", errors="replace")
    yield json.dumps(word)[1:-1]


def _refusal(url: httpx.URL, name: str, value: str, paired: bool, given: dict[str, str], domain: str) -> str:
    """Return why a browser would refuse this cookie, or an empty text."""
    if not paired or not name or len(name) + len(value) > COOKIE_CHARACTERS_MAX:
        return "it has no name, or is too long"
    if not (name + value).isascii() or not (name + value).isprintable():
        return "it has letters that cannot be sent"
    if domain and domain != url.host and (as_address(url.host) or "." not in domain or not _is_below(url.host, domain)):
        return "its Domain is another host"
    if "secure" in given and not _is_safe(url):
        return "it is Secure, and came over http"
    if name.startswith(("__Secure-", "__Host-")) and "secure" not in given:
        return "its name demands Secure"
    if name.startswith("__Host-") and (domain or given.get("path") != "/"):
        return "its name demands Path=/ and no Domain"
    return ""


def _is_below(host: str, domain: str) -> bool:
    return host.endswith(f".{domain}")


def _is_safe(url: httpx.URL) -> bool:
    return url.scheme == "https" or url.host in _LOCAL


def _folder(path: str) -> str:
    """Return the default path of a cookie: that of the address up to its last slash (RFC 6265, 5.1.4)."""
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"

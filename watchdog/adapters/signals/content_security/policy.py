"""A content security policy, and whether it lets a page load a resource: what a browser decides, from the text alone.

After W3C's Content Security Policy, level 3, sections 6.6 and 6.7. A page may have several policies, each of which must
allow a resource. What only reports (`…-Report-Only`) blocks nothing.

Where the text alone does not decide, it is allowed here: a script that another script loads under 'strict-dynamic', a
redirect, an event handler in an attribute. So what is called blocked is blocked; tests compare it with Chromium.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from urllib.parse import unquote

import httpx

from watchdog.adapters.signals.content_security.page import POLICIES_MAX, Resource, read
from watchdog.adapters.signals.pattern import TooSlow
from watchdog.adapters.ssrf_guard import as_address

FALLBACKS: Mapping[str, tuple[str, ...]] = {
    "script-src": ("script-src-elem", "script-src", "default-src"),
    "style-src": ("style-src-elem", "style-src", "default-src"),
    "frame-src": ("frame-src", "child-src", "default-src"),
    "img-src": ("img-src", "default-src"),
    "font-src": ("font-src", "default-src"),
    "media-src": ("media-src", "default-src"),
    "object-src": ("object-src", "default-src"),
    "manifest-src": ("manifest-src", "default-src"),
}
"""The directives that govern a kind of resource: the first that a policy has."""
SOURCES_MAX = 300
_NETWORK = ("http", "https", "ws", "wss")
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_UPGRADES = {"http": ("https",), "ws": ("wss", "http", "https"), "wss": ("https",)}
"""The schemes that a source of another one allows as well."""
_HASHES = ("sha256-", "sha384-", "sha512-")
_CARRIED = ("'nonce-", *(f"'{each}" for each in _HASHES))
"""The begins of sources that name what an element carries."""
UPGRADE = "upgrade-insecure-requests"
_MIXED = ("img-src", "media-src")
"""What a page of https: loads by https: as well where it names http:, unless the host is an address."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The directives of one policy: names, in small letters, with their sources; keywords in small letters, too."""

    directives: Mapping[str, tuple[str, ...]]

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Return the policy of a text; of a directive that stands twice the first counts. Raises TooSlow."""
        found: dict[str, tuple[str, ...]] = {}
        for part in text.split(";"):
            name, *sources = part.split() or [""]
            if len(sources) > SOURCES_MAX:
                raise TooSlow(f"the policy has more than {SOURCES_MAX} sources in one directive")
            if name:
                found.setdefault(name.lower(), tuple(map(_plain, sources)))
        return cls(found)

    def blocks(self, resource: Resource, page: httpx.URL) -> str:
        """Return the directive that blocks a resource of a page, or an empty text."""
        name = next((one for one in FALLBACKS[resource.directive] if one in self.directives), "")
        if not name:
            return ""
        sources = self.directives[name]
        allowed = _allows_inline(sources, resource) if resource.url is None else _allows(sources, resource, page)
        return "" if allowed else name

    def allows_base(self, base: httpx.URL, page: httpx.URL) -> bool:
        """Return whether the page's relative addresses may be relative to this one."""
        sources = self.directives.get("base-uri")
        return sources is None or any(_matches(source, base, page) for source in sources)


def policies_of(texts: Sequence[str]) -> tuple[Policy, ...]:
    """Return the policies of headers or meta elements; one may hold several, with commas between."""
    parsed = (Policy.parse(part) for text in texts for part in text.split(","))
    return tuple(policy for policy in parsed if policy.directives)


def judged(text: str, url: httpx.URL, headers: Sequence[str]) -> tuple[int, list[tuple[Resource, str]]]:
    """Return how many policies a page has, and of each resource the directive that blocks it, or an empty text.

    Raises TooSlow. Not on the event loop.
    """
    page = read(text, url)
    by_header, by_meta = policies_of(headers), [policies_of([one]) for one in page.policies]
    policies = (*by_header, *chain.from_iterable(by_meta))
    if len(policies) > POLICIES_MAX:
        raise TooSlow(f"the page has more than {POLICIES_MAX} policies")
    if page.base is not None and not all(one.allows_base(page.base, url) for one in policies):
        page = read(text, url, takes_base=False)
    found = []
    for resource in page.resources:
        governing = (*by_header, *chain.from_iterable(by_meta[: resource.policies]))
        found.append((resource, _blocking(governing, resource, url)))
    return len(policies), found


def _blocking(policies: Sequence[Policy], resource: Resource, page: httpx.URL) -> str:
    """Return the directive that blocks a resource of a page, of the first policy that does, or an empty text."""
    url = resource.url
    if url is not None and url.scheme == "http":
        is_mixed = page.scheme == "https" and resource.directive in _MIXED and as_address(_host(url)) is None
        if is_mixed or any(UPGRADE in one.directives for one in policies):
            resource = replace(resource, url=url.copy_with(scheme="https"))
    return next(filter(None, (one.blocks(resource, page) for one in policies)), "")


def _plain(source: str) -> str:
    """Return a source as it is compared: keywords in any letters, and both forms of base64, are the same."""
    low = source.lower()
    begin = next((one for one in _CARRIED if low.startswith(one)), "")
    if not begin:
        return low if low.startswith("'") else source
    rest = source[len(begin) :]
    return begin + (rest if begin == "'nonce-" else rest.replace("-", "+").replace("_", "/"))


def _allows(sources: Sequence[str], resource: Resource, page: httpx.URL) -> bool:
    url = resource.url
    assert url is not None, "it is loaded from somewhere"
    if _has_nonce(sources, resource) or _has_integrity(sources, resource):
        return True
    if resource.directive == "script-src" and "'strict-dynamic'" in sources:
        return False
    return any(_matches(source, url, page) for source in sources)


def _allows_inline(sources: Sequence[str], resource: Resource) -> bool:
    named = [one for one in sources if one.startswith(_CARRIED)]
    # A nonce, a hash or 'strict-dynamic' takes 'unsafe-inline' out of force.
    strict = named or (resource.directive == "script-src" and "'strict-dynamic'" in sources)
    if "'unsafe-inline'" in sources and not strict:
        return True
    hashes = {one.strip("'") for one in named if not one.startswith("'nonce-")}
    return _has_nonce(sources, resource) or bool(hashes and _digests(resource.text) & hashes)


def _has_nonce(sources: Sequence[str], resource: Resource) -> bool:
    return bool(resource.nonce) and f"'nonce-{resource.nonce}'" in sources


def _has_integrity(sources: Sequence[str], resource: Resource) -> bool:
    stated = resource.integrity.split()
    return bool(stated) and all(_plain(f"'{one}'") in sources for one in stated)


def _digests(text: str) -> set[str]:
    data = text.encode(errors="surrogatepass")
    return {name + base64.b64encode(hashlib.new(name.rstrip("-"), data).digest()).decode() for name in _HASHES}


def _matches(source: str, url: httpx.URL, page: httpx.URL) -> bool:
    """Return whether one source of a list allows an address."""
    low = source.lower()
    if low == "*":
        return url.scheme in _NETWORK or url.scheme == page.scheme
    if low == "'self'":
        same_port = _port(url) == _port(page) or (_port(page), _port(url)) == (80, 443)
        return _host(url) == _host(page) and same_port and _scheme_fits(page.scheme, url.scheme)
    if low.startswith("'"):
        return False
    if low.endswith(":") and "/" not in low:
        return _scheme_fits(low[:-1], url.scheme)
    return _host_matches(source, url, page)


def _host_matches(source: str, url: httpx.URL, page: httpx.URL) -> bool:
    scheme, found, rest = source.partition("://")
    if not found:
        scheme, rest = page.scheme, source
    host, slash, path = rest.partition("/")
    name, _, port = host.lower().partition(":")
    if not _scheme_fits(scheme.lower(), url.scheme) or url.scheme not in _NETWORK:
        return False
    given = _host(url)
    fits = name == "*" or (given.endswith(name[1:]) if name.startswith("*.") else given == name)
    return fits and _port_fits(port, url, scheme.lower()) and (not slash or _path_fits(f"/{path}", url.path))


def _host(url: httpx.URL) -> str:
    """Return the host as a policy names it: of a name in other letters its form in ASCII."""
    return url.raw_host.decode("ascii", "replace").lower()


def _scheme_fits(wanted: str, scheme: str) -> bool:
    return scheme == wanted or scheme in _UPGRADES.get(wanted, ())


def _port(url: httpx.URL) -> int | None:
    return url.port or _PORTS.get(url.scheme)


def _port_fits(wanted: str, url: httpx.URL, scheme: str) -> bool:
    port = _port(url)
    if not wanted:
        return port == _PORTS.get(url.scheme)
    return wanted == "*" or wanted == str(port) or (scheme, wanted, port) == ("http", "80", 443)


def _path_fits(wanted: str, path: str) -> bool:
    # A path has no query; browsers leave one out, with a warning. `path` is decoded.
    wanted = unquote(wanted.partition("?")[0].partition("#")[0])
    return wanted == "/" or (path.startswith(wanted) if wanted.endswith("/") else path == wanted)

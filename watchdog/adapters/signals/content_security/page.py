"""The resources that a page of HTML names by itself: scripts, styles, pictures, fonts, frames and media.

Rule 1: the page is another party's text. A tag is read to a limit, and all tags within a limit of time, beyond which it
is `TooSlow`. Not on the event loop.
Rule 2: what scripts load later is not seen, nor what a style sheet names.
"""

import html
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx

from watchdog.adapters.signals.pattern import TooSlow

READ_SECONDS = 0.25
RESOURCES_MAX = 500
# Possessive quantifiers and a limited length bound the work at each "<", whatever follows it.
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9-]*+)((?:[^>"']|"[^"]*+"|'[^']*+'){0,2000}+)>""")
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s>"']++))?+""")
_SCRIPTS = ("", "module", "importmap", "text/javascript", "application/javascript", "text/ecmascript")
"""The types of a script element that a policy governs; another one holds data."""
_INERT = ("noscript", "template", "textarea", "title")
"""Elements whose content a browser with scripts loads nothing of."""
_OF_TEXT = ("script", "style", "textarea")
_AS = {"script": "script-src", "style": "style-src", "image": "img-src", "font": "font-src"}
_LINKS = {"stylesheet": "style-src", "icon": "img-src", "manifest": "manifest-src", "modulepreload": "script-src"}
_SOURCES = {
    "img": "img-src",
    "iframe": "frame-src",
    "video": "media-src",
    "audio": "media-src",
    "source": "media-src",
    "track": "media-src",
    "embed": "object-src",
}
"""Elements with an address in `src`, and the directive that governs them."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: the directive that governs it, its address (None: it stands in the page), and what may allow it."""

    directive: str
    url: httpx.URL | None
    nonce: str = ""
    integrity: str = ""
    text: str = ""


Element = tuple[bool, str, dict[str, str], str]
"""A tag: whether it closes, its name, its attributes, and the content of a script, style, textarea or option."""


@dataclass(slots=True)
class Page:
    """What a page names, in its order."""

    resources: list[Resource] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)


def read(text: str, url: httpx.URL, clock: Callable[[], float] = time.thread_time) -> Page:
    """Return what a page names. Raises TooSlow for a page that takes too long to read. Not on the event loop."""
    found, base, inert = Page(), url, ""
    for closes, name, given, content in elements(text, clock):
        if closes or inert:
            inert = "" if closes and name == inert else inert
        elif name in _INERT:
            inert = name
        elif name == "base" and "href" in given:
            base = joined(url, given["href"]) or base
        elif name == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            found.policies.append(given.get("content", ""))
        else:
            found.resources.extend(_named(name, given, content, base))
        if len(found.resources) > RESOURCES_MAX:
            raise TooSlow(f"the page names more than {RESOURCES_MAX} resources: name a smaller page")
    return found


def elements(text: str, clock: Callable[[], float] = time.thread_time) -> Iterator[Element]:
    """Yield each tag, with the content of those that hold text alone. Raises TooSlow. Not on the event loop."""
    text, until = text.replace("\r\n", "\n"), clock() + READ_SECONDS
    place = text.find("<")
    while place >= 0:
        if clock() > until:
            raise TooSlow("the page takes too long to read: name a smaller page")
        if text.startswith("<!--", place):
            end = text.find("-->", place)
            place = text.find("<", end) if end >= 0 else -1
            continue
        tag = _TAG.match(text, place)
        if tag is None:
            place = text.find("<", place + 1)
            continue
        name, after, content = tag[2].lower(), tag.end(), ""
        if name in _OF_TEXT and not tag[1]:
            end = _end_of(name, text, after)
            content, after = text[after:end], end
        elif name == "option":
            content = text[after : max(text.find("<", after), after)]
        yield bool(tag[1]), name, _attributes(tag[3]), content
        place = text.find("<", after)


def _end_of(name: str, text: str, begin: int) -> int:
    end = re.compile(f"</{name}", re.IGNORECASE).search(text, begin)
    return end.start() if end is not None else len(text)


def _attributes(written: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(written):
        found.setdefault(one[1].lower(), html.unescape((one[2] or "").strip("\"'")).strip())
    return found


def _named(name: str, given: dict[str, str], content: str, base: httpx.URL) -> Iterator[Resource]:
    match name:
        # A browser that knows modules does not load what is for those that do not.
        case "script" if given.get("type", "").lower() in _SCRIPTS and "nomodule" not in given:
            yield from _one("script-src", given.get("src"), given, content, base)
        case "style":
            yield Resource("style-src", None, given.get("nonce", ""), text=content)
        case "link":
            rel = given.get("rel", "").lower().split()
            preloads = [_AS[given.get("as", "")]] if "preload" in rel and given.get("as", "") in _AS else []
            for directive in (preloads or [_LINKS[one] for one in rel if one in _LINKS])[:1]:
                yield from _one(directive, given.get("href", ""), given, "", base)
        case "object" if given.get("data"):
            yield from _one("object-src", given["data"], given, "", base)
        case _ if name in _SOURCES and given.get("src"):
            yield from _one(_SOURCES[name], given["src"], given, "", base)


def _one(directive: str, src: str | None, given: dict[str, str], content: str, base: httpx.URL) -> Iterator[Resource]:
    if src is None:
        yield Resource(directive, None, given.get("nonce", ""), text=content)
    elif src and (url := joined(base, src)) is not None and url.scheme in ("http", "https", "data"):
        yield Resource(directive, url, given.get("nonce", ""), given.get("integrity", ""))


def joined(base: httpx.URL, href: str) -> httpx.URL | None:
    """Return an address as the page means it, or None for one that leads nowhere."""
    try:
        url = base.join(href)
    except (httpx.InvalidURL, ValueError, UnicodeError):
        return None
    return url if url.host or url.scheme == "data" else None

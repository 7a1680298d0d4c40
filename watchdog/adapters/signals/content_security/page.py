"""The resources that a page of HTML names by itself: scripts, styles, pictures, fonts, frames and media.

Rule 1: the page is another party's text. A tag is read to a limit, and all tags within a limit of time, beyond which it
is `TooSlow`. Not on the event loop.
Rule 2: what scripts load later is not seen, nor what a style sheet names, nor a picture that the browser chooses by the
screen (srcset).
"""

import html
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import httpx

from watchdog.adapters.signals.pattern import TooSlow

READ_SECONDS = 0.25
RESOURCES_MAX, POLICIES_MAX = 500, 20
# Possessive quantifiers and a limited length bound the work at each "<", whatever follows it.
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9-]*+)((?:[^>"']|"[^"]*+"|'[^']*+'){0,2000}+)>""")
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s>"']++))?+""")
_SCRIPTS = ("", "module", "importmap", "text/javascript", "application/javascript", "text/ecmascript")
"""The types of a script element that a policy governs; another one holds data."""
_INERT = ("noscript", "template", "textarea", "title", "iframe", "noframes", "noembed", "xmp")
"""Elements whose content a browser with scripts loads nothing of."""
_IN_HEAD = frozenset(
    (
        *("html", "head", "base", "basefont", "bgsound", "link", "meta", "noframes", "noscript", "script", "style"),
        *("template", "title"),
    )
)
"""The start tags that leave a browser in the head of a page; another one, or a word, begins its body."""
_BLANK = " \t\n\r\f"
_NUMBER = re.compile(r"&#([0-9]{8,});?")
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
    policies: int = 0
    """How many policies of the page stand before it: a later one does not govern it."""


Element = tuple[bool, str, dict[str, str], str, bool]
"""A tag: whether it closes, its name, its attributes, the content of a script, style, textarea or option, and whether
a word stands between it and the tag before."""


@dataclass(slots=True)
class Page:
    """What a page names, in its order."""

    resources: list[Resource] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    base: httpx.URL | None = None
    """What its relative addresses are relative to, if an element says so; a policy may forbid it."""


def read(text: str, url: httpx.URL, clock: Callable[[], float] = time.thread_time, *, takes_base: bool = True) -> Page:
    """Return what a page names. Raises TooSlow for a page that takes too long to read. Not on the event loop."""
    reader = _Reader(url, takes_base)
    for closes, name, given, content, is_behind_words in elements(text, clock):
        reader.take(closes, name, given, content, is_behind_words)
        if len(reader.page.resources) > RESOURCES_MAX or len(reader.page.policies) > POLICIES_MAX:
            raise TooSlow(
                f"the page names more than {RESOURCES_MAX} resources or {POLICIES_MAX} policies: name a smaller page"
            )
    return reader.page


class _Reader:
    """Puts the tags of a page together: what stands in its head, and what is loaded by the elements around."""

    def __init__(self, url: httpx.URL, takes_base: bool) -> None:
        self.page = Page()
        self._url, self._takes_base = url, takes_base
        self._in_head = True
        self._inert, self._depth = "", 0
        # Of the elements whose content depends on themselves, those that are open.
        self._open: Counter[str] = Counter()
        self._media_has_src = False

    def take(self, closes: bool, name: str, given: dict[str, str], content: str, is_behind_words: bool) -> None:
        """Take one tag."""
        if self._inert:
            if name == self._inert:
                # Only a template holds others of its kind; the content of the rest is text.
                self._depth += -1 if closes else name == "template"
                self._inert = self._inert if self._depth else ""
            return
        if is_behind_words or (name in ("body", "html", "br") if closes else name not in _IN_HEAD):
            self._in_head = False
        if closes:
            self._open[name] = max(self._open[name] - 1, 0)
            return
        self._opened(name, given, content)
        if name in _INERT:
            self._inert, self._depth = name, 1

    def _opened(self, name: str, given: dict[str, str], content: str) -> None:
        if name == "base" and "href" in given and self.page.base is None:
            self.page.base = joined(self._url, given["href"])
        elif name == "meta" and given.get("http-equiv", "").lower() == "content-security-policy":
            # Of one in the body a browser only complains.
            self.page.policies += [given.get("content", "")] if self._in_head else []
        elif self._is_loaded(name, given):
            base = self.page.base if self._takes_base and self.page.base is not None else self._url
            found = _named(name, given, content, base)
            self.page.resources += [replace(one, policies=len(self.page.policies)) for one in found]
        if name in ("video", "audio"):
            self._media_has_src = "src" in given
        if name in ("picture", "video", "audio") or (name == "object" and given.get("data")):
            self._open[name] += 1

    def _is_loaded(self, name: str, given: dict[str, str]) -> bool:
        """Return whether a browser loads an element where it stands."""
        if self._open["object"] or (name == "img" and (self._open["picture"] or "srcset" in given)):
            return False  # in the place of an object that does not load; or one of several pictures is chosen
        if name == "source":
            return bool(self._open["video"] or self._open["audio"]) and not self._media_has_src
        return name != "track" or "default" in given


def elements(text: str, clock: Callable[[], float] = time.thread_time) -> Iterator[Element]:
    """Yield each tag, with the content of those that hold text alone. Raises TooSlow. Not on the event loop."""
    text, until = text.replace("\r\n", "\n"), clock() + READ_SECONDS
    place, begin, behind_words = text.find("<"), 0, False
    while place >= 0:
        if clock() > until:
            raise TooSlow("the page takes too long to read: name a smaller page")
        if text.startswith("<!--", place):
            end = text.find("-->", place)
            behind_words = behind_words or bool(text[begin:place].strip(_BLANK))
            begin = end + 3
            place = text.find("<", end) if end >= 0 else -1
            continue
        if text.startswith(("<!", "<?"), place):
            end = text.find(">", place)
            behind_words = behind_words or bool(text[begin:place].strip(_BLANK))
            begin = end + 1
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
        behind_words = behind_words or bool(text[begin:place].strip(_BLANK))
        yield bool(tag[1]), name, _attributes(tag[3]), content, behind_words
        behind_words, begin = False, after
        place = text.find("<", after)


def _end_of(name: str, text: str, begin: int) -> int:
    end = re.compile(f"</{name}", re.IGNORECASE).search(text, begin)
    return end.start() if end is not None else len(text)


def _attributes(written: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(written):
        value = one[2] or ""
        found.setdefault(one[1].lower(), unescaped(value[1:-1] if value[:1] in ('"', "'") else value))
    return found


def unescaped(text: str) -> str:
    """Return a text of HTML without its references to characters."""
    # The library makes a number of it, which Python refuses for one of thousands of digits.
    return html.unescape(_NUMBER.sub(lambda found: f"&#{min(int(found[1].lstrip('0')[:8] or '0'), 0x110000)};", text))


def _named(name: str, given: dict[str, str], content: str, base: httpx.URL) -> Iterator[Resource]:
    match name:
        # A browser that knows modules does not load what is for those that do not.
        case "script" if given.get("type", "").strip().lower() in _SCRIPTS and "nomodule" not in given:
            yield from _one("script-src", given.get("src"), given, content, base)
        case "style":
            yield Resource("style-src", None, given.get("nonce", ""), text=content)
        case "link":
            rel = given.get("rel", "").lower().split()
            unused = "disabled" in given or given.get("type", "").strip().lower() not in ("", "text/css")
            rel = [one for one in rel if one != "stylesheet" or not unused]
            preloads = [_AS[given.get("as", "")]] if "preload" in rel and given.get("as", "") in _AS else []
            for directive in (preloads or [_LINKS[one] for one in rel if one in _LINKS])[:1]:
                yield from _one(directive, given.get("href", ""), given, "", base)
        case "iframe" if "srcdoc" in given:
            return  # its page stands in the attribute, and `src` is not loaded
        case "object" if given.get("data"):
            yield from _one("object-src", given["data"], given, "", base)
        case _ if name in _SOURCES and given.get("src"):
            yield from _one(_SOURCES[name], given["src"], given, "", base)


def _one(directive: str, src: str | None, given: dict[str, str], content: str, base: httpx.URL) -> Iterator[Resource]:
    if src is None and not content:
        return  # an empty script is not run
    if src is None:
        yield Resource(directive, None, given.get("nonce", ""), text=content)
    elif src.strip() and (url := joined(base, src)) is not None and url.scheme in ("http", "https", "data"):
        yield Resource(directive, url, given.get("nonce", ""), given.get("integrity", ""))


def joined(base: httpx.URL, href: str) -> httpx.URL | None:
    """Return an address as the page means it, or None for one that leads nowhere."""
    try:
        # As the URL standard reads it: without blanks around it, and without line ends within.
        url = base.join(re.sub(r"[\t\n\r]", "", href).strip())
    except (httpx.InvalidURL, ValueError, UnicodeError):
        return None
    return url if url.host or url.scheme == "data" else None

"""Who is logged in at a proxy in front of us, as its header says; and what binds their forms to them.

Rule 1: the header counts from the proxy's own address alone: that of the other end of the connection, whatever other
headers say of where a request came from.
Rule 2: from anybody else, twice, or with a name that could be read in two ways, the request is refused, whatever else
it shows: somebody tries to be somebody, or a proxy does not remove what strangers send.
Rule 3: the cookie opens nothing. It makes the word of the forms, and other sites cannot have a browser send it.
"""

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import Scope

from watchdog.console.auth.roles import People, Visitor, Way
from watchdog.console.auth.session import LIFE_SECONDS
from watchdog.presentation.text import clean

COOKIE = "watchdog_console_form"
PROVEN_MAX = 120
UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters that show nothing (Default_Ignorable_Code_Point, and a blank) in categories that `clean` leaves in."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Untrusted(Exception):
    """Who sent this must not say who they are, or says it in a strange way; the text says why."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """The header, from where it is believed, and who has which role; `key` signs the cookies."""

    header: str
    sources: Sequence[Network]
    people: People
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """The word that the forms of a visitor must carry, and the cookie to be set (empty: they have it)."""

    word: str
    cookie: str = ""


class Proxied:
    """Tells who asks, by a trusted proxy's header."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._header = proxy.header.lower()

    def name_of(self, scope: Scope, headers: Headers) -> str:
        """Return who is logged in at the proxy, or nothing. Raises Untrusted."""
        given = headers.getlist(self._header)
        if not given:
            return ""
        if not self._is_trusted(scope):
            raise Untrusted(f"{self._proxy.header} says who is logged in, and counts from the proxy alone")
        if len(given) > 1:
            raise Untrusted(f"{self._proxy.header} came {len(given)} times: the proxy must replace what strangers send")
        return proven_name(given[0].encode("latin-1"), self._proxy.header)

    def visitor(self, name: str, word: str) -> Visitor | None:
        """Return who that is here, or None if they have no role."""
        role = self._proxy.people.role_of(name)
        return Visitor(role, name, word, Way.PROXY) if role is not None else None

    def bind(self, name: str, cookie: str, now: float, *, asks_for_a_page: bool) -> Bound:
        """Return what binds the forms of that name; a new cookie comes with a page alone, never with a change.

        It holds for 12 to 24 h and is the same for all pages of that time: a second tab does not make the first one's
        forms strange.
        """
        window = int(now // LIFE_SECONDS)
        for one in (window, window - 1):
            if hmac.compare_digest(cookie.encode(), self._sign("cookie", name, one).encode()):
                return Bound(self._sign("form", name, one))
        if asks_for_a_page:
            return Bound(self._sign("form", name, window), self._sign("cookie", name, window))
        return Bound(secrets.token_hex(32))

    def _is_trusted(self, scope: Scope) -> bool:
        try:
            address = ipaddress.ip_address(str((scope.get("client") or ("",))[0]))
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address.version == one.version and address in one for one in self._proxy.sources)

    def _sign(self, what: str, name: str, window: int) -> str:
        said = f"watchdog console proxy {what}\n{window}\n{name}"
        return hmac.new(self._proxy.key, said.encode(), hashlib.sha256).hexdigest()


def proven_name(given: bytes, where: str) -> str:
    """Return a name that somebody else proves, to be compared letter by letter; nothing for nothing.

    Raises Untrusted for one that two people could read as two names, a blank at its end included: it is another name
    than the one without. `where` is what is said of its origin.
    """
    try:
        name = given.decode()
    except UnicodeDecodeError:
        raise Untrusted(f"{where} names somebody in letters that are not UTF-8") from None
    if len(name) > PROVEN_MAX:
        raise Untrusted(f"{where} names somebody with more than {PROVEN_MAX} letters")
    if "," in name or name != clean(name, PROVEN_MAX) or UNSEEN.search(name):
        raise Untrusted(f"{where} names somebody with a comma or a letter that cannot be seen: two names, perhaps")
    return name

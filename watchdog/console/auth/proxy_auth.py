"""The person logged in at a proxy in front of us, by its header; and the token that binds forms to that person.

Rule 1: the header counts from the proxy's own address alone: the peer address of the connection, whatever other headers
claim.
Rule 2: a request with the header from another address, with two such headers, or with an ambiguous name is refused,
even with a valid token. Either a client impersonates a person, or the proxy does not strip the header of clients.
Rule 3: the cookie grants no access. The form token is derived from it, and other sites cannot make a browser send it.
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
"""Invisible letters (Default_Ignorable_Code_Point, and a blank) in categories that `clean` keeps."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Untrusted(Exception):
    """The sender may not name a person, or names one ambiguously; the text gives the reason."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """The header, the networks it is trusted from, and each person's role; `key` signs the cookies."""

    header: str
    sources: Sequence[Network]
    people: People
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """The token that the forms of a visitor must carry, and the cookie to set (empty: the browser has it)."""

    word: str
    cookie: str = ""


class Proxied:
    """Reads the visitor from a trusted proxy's header."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._header = proxy.header.lower()

    def name_of(self, scope: Scope, headers: Headers) -> str:
        """Return the name logged in at the proxy; empty if the header is missing. Raises Untrusted."""
        given = headers.getlist(self._header)
        if not given:
            return ""
        if not self._is_trusted(scope):
            raise Untrusted(f"{self._proxy.header} says who is logged in, and counts from the proxy alone")
        if len(given) > 1:
            raise Untrusted(f"{self._proxy.header} came {len(given)} times: the proxy must replace what strangers send")
        # Starlette decodes headers as latin-1: this restores the bytes that the proxy sent.
        return proven_name(given[0].encode("latin-1"), self._proxy.header)

    def visitor(self, name: str, word: str) -> Visitor | None:
        """Return the visitor of that name, or None without a role."""
        role = self._proxy.people.role_of(name)
        return Visitor(role, name, word, Way.PROXY) if role is not None else None

    def bind(self, name: str, cookie: str, now: float, *, asks_for_a_page: bool) -> Bound:
        """Return the form token of that name; a new cookie is set with a page alone, never with a change.

        The token is valid for 12 to 24 h and the same for all pages of that time: opening a second tab does not
        invalidate the forms of the first.
        """
        window = int(now // LIFE_SECONDS)
        # The previous window counts as well: a page loaded just before its end stays usable.
        for one in (window, window - 1):
            if hmac.compare_digest(cookie.encode(), self._sign("cookie", name, one).encode()):
                return Bound(self._sign("form", name, one))
        if asks_for_a_page:
            return Bound(self._sign("form", name, window), self._sign("cookie", name, window))
        # A random token that no form can know: a request without the cookie can read, but not change.
        return Bound(secrets.token_hex(32))

    def _is_trusted(self, scope: Scope) -> bool:
        # A Unix socket has no client address: then no header is trusted.
        try:
            address = ipaddress.ip_address(str((scope.get("client") or ("",))[0]))
        except ValueError:
            return False
        # On a dual-stack socket an IPv4 proxy arrives as ::ffff:a.b.c.d, and its network is configured as IPv4.
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address.version == one.version and address in one for one in self._proxy.sources)

    def _sign(self, what: str, name: str, window: int) -> str:
        # The name comes last: it is the only part that people choose, so it cannot pass for another part.
        said = f"watchdog console proxy {what}\n{window}\n{name}"
        return hmac.new(self._proxy.key, said.encode(), hashlib.sha256).hexdigest()


def proven_name(given: bytes, where: str) -> str:
    """Return a name proven by a proxy or a provider, to be compared letter by letter; empty for an empty one.

    Raises Untrusted for a name that readers could take for another one; a trailing blank counts, since it makes a
    different name. `where` names the source in the error.
    """
    try:
        name = given.decode()
    except UnicodeDecodeError:
        raise Untrusted(f"{where} holds a name that is not UTF-8") from None
    if len(name) > PROVEN_MAX:
        raise Untrusted(f"{where} holds a name of more than {PROVEN_MAX} letters")
    # A comma: HTTP joins repeated headers with one, so it may be two names (RFC 9110, section 5.3).
    if "," in name or name != clean(name, PROVEN_MAX) or UNSEEN.search(name):
        raise Untrusted(f"{where} holds a name with a comma or an invisible letter: perhaps two names")
    return name

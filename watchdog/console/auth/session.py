"""Sessions: a signed cookie that holds name, role and expiry. Every worker can verify it.

Rule 1: the signing key is derived from the role's token, so a new token ends every session opened with the old one; a
new secret ends the sessions of proven names. A person removed from the configuration loses the role with the restart
that the change needs; a person blocked at the provider alone keeps it until the session expires.
Rule 2: a logout ends the session on the worker that handled it, also for a copy of its cookie (`EndedSessions`).
Rule 3: forms carry a token derived from the session: another site cannot know it.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cachetools import LRUCache

from watchdog.console.auth.csrf_forms import kept_query
from watchdog.console.auth.roles import People, Visitor, Way
from watchdog.domain.commands.human_command import Role
from watchdog.domain.identities import plainly
from watchdog.ports import IdentityProvider
from watchdog.presentation.text import clean

COOKIE = "watchdog_console"
INSIDE = re.compile(r"/(?:[A-Za-z0-9_.~-]+(?:/[A-Za-z0-9_.~-]+)*/?)?")
"""Paths a login may redirect to: ours, never another site. The pattern has one way to match, since attackers choose
the text."""
LIFE_SECONDS = 12 * 3600.0
NAME_MAX = 40
ENDED_MAX = 4096


@dataclass(frozen=True, slots=True)
class Oidc:
    """The identity provider, and each person's role; `key` signs their sessions."""

    provider: IdentityProvider
    people: People
    key: bytes = field(repr=False)


class EndedSessions:
    """Sessions that people logged out of before they expired. In memory: other workers, and this one after a restart,
    have none."""

    def __init__(self) -> None:
        self._known: LRUCache[str, None] = LRUCache(ENDED_MAX)

    def __contains__(self, value: str) -> bool:
        return value in self._known

    def end(self, value: str) -> None:
        """End a valid session; invalid values are not kept, since an attacker can make any number of them."""
        self._known[value] = None


class Sessions:
    """Makes and verifies session values; `tokens` has one for each role that people may log in with.

    A value is `expiry.kind.name.random.signature`. The kind selects the signing key: a role's token, or the provider's
    secret. No session is stored: a worker checks the signature, then the expiry, and looks up the role of a proven
    name. The form token is an HMAC of the whole value."""

    def __init__(self, tokens: Mapping[Role, str], oidc: Oidc | None = None) -> None:
        self._tokens = {role: token.encode() for role, token in tokens.items()}
        self._people = oidc.people if oidc is not None else People()
        self._keys: dict[str, bytes] = {role.value: token for role, token in self._tokens.items()}
        if oidc is not None:
            self._keys[Way.OIDC.value] = oidc.key

    def role_of(self, token: bytes) -> Role | None:
        """Return the role of a token, or None; each token is compared in constant time, and none is skipped."""
        found = [role for role, own in self._tokens.items() if hmac.compare_digest(token, own)]
        return max(found, key=lambda role: role.rank, default=None)

    def make(self, role: Role, name: str, now: float) -> str:
        """Return a new session that is good for 12 h from now (UTC epoch seconds)."""
        return self._value(role.value, typed(name), now)

    def prove(self, name: str, now: float) -> str:
        """Return a new session of the same lifetime for a name that a provider proved."""
        return self._value(Way.OIDC.value, name, now)

    def _value(self, kind: str, name: str, now: float) -> str:
        # Without padding: `=` is outside the alphabet of our cookies (cookies.py).
        shown = base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")
        said = f"{int(now + LIFE_SECONDS)}.{kind}.{shown}.{secrets.token_urlsafe(12)}"
        return f"{said}.{self._sign(kind, said)}"

    def read(self, value: str, now: float) -> Visitor | None:
        """Return the visitor of a session that we signed and that has not expired; None for one from the far future as
        well."""
        said, _, signature = value.rpartition(".")
        end, _, rest = said.partition(".")
        # The kind selects the key, so it is read before the signature is checked; a forged kind fails that check.
        kind = next((one for one in self._keys if rest.startswith(f"{one}.")), None)
        if kind is None or not hmac.compare_digest(signature.encode(), self._sign(kind, said).encode()):
            return None
        # The upper bound rejects a session signed by a worker whose clock ran far ahead.
        if not now < float(end) <= now + 2 * LIFE_SECONDS:
            return None
        name, word = _name(rest.split(".")[1]), self._sign(kind, f"form {value}")
        if kind != Way.OIDC:
            return Visitor(Role(kind), name, word)
        # The role of a proven name is looked up at each request, so a changed configuration counts at once.
        role = self._people.role_of(name)
        return Visitor(role, name, word, Way.OIDC) if role is not None else None

    def _sign(self, kind: str, said: str) -> str:
        # A key for this purpose alone: no signature made elsewhere with the same secret passes for a session.
        key = hmac.new(self._keys[kind], b"watchdog console session", hashlib.sha256).digest()
        return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()


def inside(address: str) -> str:
    """Return the address to open after a login: this path if it is ours, else the first page; with what is kept of its
    query.
    """
    path, _, query = address.partition("?")
    kept = kept_query(query)
    return (path if INSIDE.fullmatch(path) else "/") + (f"?{kept}" if kept else "")


def typed(name: str) -> str:
    """Return the name that a person typed in, cleaned."""
    return plainly(clean(name, NAME_MAX))


def _name(shown: str) -> str:
    try:
        return base64.urlsafe_b64decode(shown + "=" * (-len(shown) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""

"""Sessions: a signed cookie that says who its bearer is and until when. Each worker can judge it.

Rule 1: the key is made of the role's token, so a new token ends every session that the old one opened; so does a new
secret those that were opened with a name proven elsewhere. Whoever is taken out of the configuration loses their role
with the restart that it needs; whoever is shut out at the provider alone keeps it until their session ends.
Rule 2: leaving ends a session where it is left, also for a copy of its cookie (`EndedSessions`).
Rule 3: a form carries a word that is made of the session: another site cannot know it.
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

from watchdog.console.auth.roles import People, Visitor, Way
from watchdog.domain.commands.human_command import Role
from watchdog.domain.identities import plainly
from watchdog.ports import IdentityProvider
from watchdog.presentation.text import clean

COOKIE = "watchdog_console"
INSIDE = re.compile(r"/(?:[A-Za-z0-9_.~-]+(?:/[A-Za-z0-9_.~-]+)*/?)?")
"""Where a login may lead: a path of ours, never another site. One way to match each: strangers choose the text."""
LIFE_SECONDS = 12 * 3600.0
NAME_MAX = 40
ENDED_MAX = 4096


@dataclass(frozen=True, slots=True)
class Oidc:
    """Where people prove who they are, and who has which role there; `key` signs their sessions."""

    provider: IdentityProvider
    people: People
    key: bytes = field(repr=False)


class EndedSessions:
    """Sessions that were left before their end. In memory: another worker, or this one after a restart, knows none."""

    def __init__(self) -> None:
        self._known: LRUCache[str, None] = LRUCache(ENDED_MAX)

    def __contains__(self, value: str) -> bool:
        return value in self._known

    def end(self, value: str) -> None:
        """End a session that is good: of others there are too many."""
        self._known[value] = None


class Sessions:
    """Makes and judges session values; `tokens` has one for each role that anybody may take."""

    def __init__(self, tokens: Mapping[Role, str], oidc: Oidc | None = None) -> None:
        self._tokens = {role: token.encode() for role, token in tokens.items()}
        self._people = oidc.people if oidc is not None else People()
        self._keys: dict[str, bytes] = {role.value: token for role, token in self._tokens.items()}
        if oidc is not None:
            self._keys[Way.OIDC.value] = oidc.key

    def role_of(self, token: bytes) -> Role | None:
        """Return whose token this is; each is compared in constant time."""
        found = [role for role, own in self._tokens.items() if hmac.compare_digest(token, own)]
        return max(found, key=lambda role: role.rank, default=None)

    def make(self, role: Role, name: str, now: float) -> str:
        """Return a new session that is good for 12 h from now (UTC epoch seconds)."""
        return self._value(role.value, typed(name), now)

    def prove(self, name: str, now: float) -> str:
        """Return a new session, good for as long, of somebody whose name was proven elsewhere."""
        return self._value(Way.OIDC.value, name, now)

    def _value(self, kind: str, name: str, now: float) -> str:
        shown = base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")
        said = f"{int(now + LIFE_SECONDS)}.{kind}.{shown}.{secrets.token_urlsafe(12)}"
        return f"{said}.{self._sign(kind, said)}"

    def read(self, value: str, now: float) -> Visitor | None:
        """Return whose session it is: we made it and it has not ended; one from the far future is not ours either."""
        said, _, signature = value.rpartition(".")
        end, _, rest = said.partition(".")
        kind = next((one for one in self._keys if rest.startswith(f"{one}.")), None)
        if kind is None or not hmac.compare_digest(signature.encode(), self._sign(kind, said).encode()):
            return None
        if not now < float(end) <= now + 2 * LIFE_SECONDS:
            return None
        name, word = _name(rest.split(".")[1]), self._sign(kind, f"form {value}")
        if kind != Way.OIDC:
            return Visitor(Role(kind), name, word)
        role = self._people.role_of(name)
        return Visitor(role, name, word, Way.OIDC) if role is not None else None

    def _sign(self, kind: str, said: str) -> str:
        key = hmac.new(self._keys[kind], b"watchdog console session", hashlib.sha256).digest()
        return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()


def inside(path: str) -> str:
    """Return where a login leads: there if it is a path of ours, else to the first page."""
    return path if INSIDE.fullmatch(path) else "/"


def typed(name: str) -> str:
    """Return what somebody calls themselves."""
    return plainly(clean(name, NAME_MAX))


def _name(shown: str) -> str:
    try:
        return base64.urlsafe_b64decode(shown + "=" * (-len(shown) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""

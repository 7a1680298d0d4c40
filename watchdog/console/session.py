"""Sessions: a signed cookie that says who its bearer is and until when. Nothing is kept here: each worker can judge it.

Rule 1: the key is made of the role's token, so a new token ends every session that the old one opened.
Rule 2: a form carries a word that is made of the session: another site cannot know it.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from watchdog.console.roles import Role, Visitor
from watchdog.words.text import clean

COOKIE = "watchdog_console"
LIFE_SECONDS = 12 * 3600.0
NAME_MAX = 40
BRACKETS = str.maketrans("()", "[]")


class Sessions:
    """Makes and judges session values; `tokens` has one for each role that anybody may take."""

    def __init__(self, tokens: Mapping[Role, str]) -> None:
        self._tokens = {role: token.encode() for role, token in tokens.items()}

    def role_of(self, token: bytes) -> Role | None:
        """Return whose token this is; each is compared in constant time."""
        found = [role for role, own in self._tokens.items() if hmac.compare_digest(token, own)]
        return max(found, key=lambda role: role.rank, default=None)

    def make(self, role: Role, name: str, now: float) -> str:
        """Return a new session that is good for 12 h from now (UTC epoch seconds)."""
        shown = base64.urlsafe_b64encode(_typed(name).encode()).decode().rstrip("=")
        said = f"{int(now + LIFE_SECONDS)}.{role}.{shown}.{secrets.token_urlsafe(12)}"
        return f"{said}.{self._sign(role, said)}"

    def read(self, value: str, now: float) -> Visitor | None:
        """Return whose session it is: we made it and it has not ended; one from the far future is not ours either."""
        said, _, signature = value.rpartition(".")
        end, _, rest = said.partition(".")
        role = next((one for one in self._tokens if rest.startswith(f"{one}.")), None)
        if role is None or not hmac.compare_digest(signature.encode(), self._sign(role, said).encode()):
            return None
        if not now < float(end) <= now + 2 * LIFE_SECONDS:
            return None
        return Visitor(role, _name(rest.split(".")[1]), self._sign(role, f"form {value}"))

    def _sign(self, role: Role, said: str) -> str:
        key = hmac.new(self._tokens[role], b"watchdog console session", hashlib.sha256).digest()
        return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()


def _typed(name: str) -> str:
    """Return what somebody calls themselves; brackets are ours: they say how somebody came in."""
    return clean(name, NAME_MAX).translate(BRACKETS)


def _name(shown: str) -> str:
    try:
        return base64.urlsafe_b64decode(shown + "=" * (-len(shown) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""

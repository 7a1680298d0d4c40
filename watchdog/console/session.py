"""Sessions: a signed cookie that says until when its bearer may look. Nothing is kept here: each worker can judge it.

Rule: the key is made of the token, so a new token ends every session.
"""

import hashlib
import hmac
import secrets

COOKIE = "watchdog_console"
LIFE_SECONDS = 12 * 3600.0


class Sessions:
    """Makes and judges session values."""

    def __init__(self, token: str) -> None:
        self._key = hmac.new(token.encode(), b"watchdog console session", hashlib.sha256).digest()

    def make(self, now: float) -> str:
        """Return a new session that is good for 12 h from now (UTC epoch seconds)."""
        said = f"{int(now + LIFE_SECONDS)}.{secrets.token_urlsafe(12)}"
        return f"{said}.{self._sign(said)}"

    def is_good(self, value: str, now: float) -> bool:
        """Tell whether we made this session and it has not ended; one from the far future is not ours either."""
        said, _, signature = value.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(said).encode()):
            return False
        return now < float(said.partition(".")[0]) <= now + 2 * LIFE_SECONDS

    def _sign(self, said: str) -> str:
        return hmac.new(self._key, said.encode(), hashlib.sha256).hexdigest()

"""The value of a button: the question it stands for, the action and its end, signed with a key of ours.

Rule 1: the key is derived from the app token, which every worker has and Slack's messages never show. After a change of
the token, earlier buttons prove nothing.
Rule 2: compared in constant time, before any of its content is read.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re

from watchdog.ports.chat import ChatQuestion

PURPOSE = b"watchdog/slack/approvals/1"
VALUE_MAX = 2000
"""Slack's limit for a button's value."""
CLAIM = re.compile(r"[\w-]{1,60}")
FORGED = "this button was not made by this watchdog, or with another app token"


class ButtonSigner:
    """Signs and verifies button values."""

    def __init__(self, app_token: str) -> None:
        # A derived key: should a signature leak anything of its key, the token itself stays safe.
        self._key = hmac.new(app_token.strip().encode(), PURPOSE, hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "Seal(***)"

    def value(self, action: str, question: ChatQuestion) -> str:
        """Return the value of a button that does `action` (approve, reject, stop)."""
        content = {
            "action": action,
            "incident": question.incident,
            "service": question.service,
            "suspect": question.suspect,
            "target": question.target,
            "asked_at": question.asked_at,
            "until": question.until,
            "announced": question.announced,
        }
        # Sorted and without spaces, so that equal questions give equal values on every worker.
        plain = json.dumps(content, separators=(",", ":"), sort_keys=True).encode()
        return f"{_text(plain)}.{_text(self._sign(plain))}"

    def verify(self, value: str) -> tuple[str, ChatQuestion] | None:
        """Return the action and the question that a value stands for, or None if the signature is not ours."""
        content, _, signature = value.partition(".")
        plain, signed = _bytes(content), _bytes(signature)
        if len(value) > VALUE_MAX or plain is None or signed is None:
            return None
        if not hmac.compare_digest(signed, self._sign(plain)):
            return None
        try:
            said = json.loads(plain)
            return str(said.pop("action")), ChatQuestion(**said)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None  # sealed by another version of ours, whose questions hold something else

    def claimed(self, value: str) -> str | None:
        """Return the incident that a value claims to be about, verified or not: its refusal is filed there."""
        # The value is unverified here, so its size and the form of the claim are all that may be relied on.
        if len(value) > VALUE_MAX:
            return None
        plain = _bytes(value.partition(".")[0])
        try:
            said = json.loads(plain or b"")
        except (RecursionError, ValueError):
            return None
        incident = said.get("incident") if isinstance(said, dict) else None
        return incident if isinstance(incident, str) and CLAIM.fullmatch(incident) else None

    def _sign(self, plain: bytes) -> bytes:
        return hmac.new(self._key, plain, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None

"""The content of Slack's envelopes: the person, the button or the typed words, and the reply's address. Pure.

Rule: only the person's id is believed, for which the socket itself vouches. The signature proves a button's value;
names are foreign text.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.slack_buttons import PREFIX
from watchdog.adapters.slack.button_signature import FORGED, ButtonSigner
from watchdog.domain.identities import SLACK, identity, recorded
from watchdog.ports.chat import Request

TYPED_MAX = 2500
"""Characters of a line: two texts of a thousand fit in."""
WORDS_MAX = 500
NAME_MAX = 40
ID_MAX = 200


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """A request, and the address for its reply (a secret, for a while), or an empty text."""

    request: Request
    reply_to: str


def parsed(
    envelope: dict[str, Any], signer: ButtonSigner, users: Collection[str], now: float
) -> IncomingRequest | None:
    """Return the request of an envelope, or None for an envelope that is not ours. `users` are the ids of approvers."""
    payload = envelope.get("payload")
    if not isinstance(payload, dict):
        return None
    ids = _deliveries(envelope, payload)
    if envelope.get("type") == "slash_commands":
        return _typed(payload, users, ids)
    if envelope.get("type") == "interactive" and payload.get("type") == "block_actions":
        return _pressed(payload, signer, users, now, ids)
    return None


def _deliveries(envelope: dict[str, Any], payload: dict[str, Any]) -> tuple[str, ...]:
    """Return Slack's ids of a request: of the click or command (`trigger_id`), and of the envelope that brought it."""
    known = (text.clean(str(one or ""), ID_MAX) for one in (payload.get("trigger_id"), envelope.get("envelope_id")))
    return tuple(f"{SLACK}:{one}" for one in known if one)


def _typed(payload: dict[str, Any], users: Collection[str], deliveries: tuple[str, ...]) -> IncomingRequest:
    # Cut: any member of the workspace may type the text.
    words = text.clean(str(payload.get("text") or ""), TYPED_MAX).split()[:WORDS_MAX]
    person = str(payload.get("user_id") or "")
    request = Request(
        by=_who(person, payload.get("user_name")),
        name=words[0].lower() if words else "help",
        words=tuple(words[1:]),
        may_change=person in users,
        identity=identity(SLACK, person),
        deliveries=deliveries,
    )
    return IncomingRequest(request, str(payload.get("response_url") or ""))


def _pressed(
    payload: dict[str, Any], signer: ButtonSigner, users: Collection[str], now: float, deliveries: tuple[str, ...]
) -> IncomingRequest | None:
    """Return the request of a button; with a refusal if its value proves nothing."""
    actions, user = payload.get("actions"), payload.get("user")
    pressed = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    label = str(pressed.get("action_id") or "")
    if not label.startswith(PREFIX) or not isinstance(user, dict):
        return None
    name = label.removeprefix(PREFIX)
    value = str(pressed.get("value") or "")
    # Verified also for members without rights: a read-only member is refused for that reason, not for a forged button.
    opened, claimed = signer.verify(value), signer.claimed(value)
    refusal, question = FORGED, None
    if opened is not None:
        sealed, question = opened
        # The label is Slack's word, the signed action ours: a value moved to another button must not count.
        refusal = "" if sealed == name else FORGED
        if not refusal and now > question.until:
            refusal = f"too late: this button counted until {datetime.fromtimestamp(question.until, UTC):%H:%M:%S} UTC"
    person = str(user.get("id") or "")
    by = _who(person, user.get("username") or user.get("name"))
    # A forged button may still name its incident, under which the refusal is recorded.
    words = (claimed,) if question is None and claimed is not None else ()
    request = Request(
        by,
        name,
        words,
        may_change=person in users,
        question=question,
        refusal=refusal,
        identity=identity(SLACK, person),
        deliveries=deliveries,
    )
    return IncomingRequest(request, str(payload.get("response_url") or ""))


def _who(person: str, name: object) -> str:
    """Return the name of a person for the record: `slack:U0AAA (ann)`."""
    known = text.clean(str(name or ""), NAME_MAX)
    return recorded(SLACK, text.clean(person, NAME_MAX) or "?", known)

"""The value of a button: signed, so that only the very button that was shown opens."""

import base64
import dataclasses
import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.adapters.notifiers.letters import APP_TOKEN
from tests.adapters.slack.slacks import QUESTION
from watchdog.adapters.slack.button_signature import PURPOSE, VALUE_MAX, ButtonSigner

SEAL = ButtonSigner(APP_TOKEN)
KEY = hmac.new(APP_TOKEN.encode(), PURPOSE, hashlib.sha256).digest()
SAID = {name: getattr(QUESTION, name) for name in ("incident", "service", "suspect", "target", "asked_at", "until")}
SAID |= {"action": "approve", "announced": False}


def written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def sealed(said: Any, key: bytes = KEY) -> str:
    """Return a value that says this, signed as every worker does it, or with another key."""
    plain = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
    return f"{written(plain)}.{written(hmac.digest(key, plain, 'sha256'))}"


def test_it_opens_to_the_action_and_the_question() -> None:
    """All that an answer is bound to; within Slack's limit, and without the key."""
    for action in ("approve", "reject", "stop"):
        value = SEAL.value(action, QUESTION)
        shown = dataclasses.replace(QUESTION, suspect_code=None, target_code=None)
        assert SEAL.verify(value) == (action, shown) and len(value) < VALUE_MAX / 4
        assert APP_TOKEN not in value + repr(SEAL)
    assert ButtonSigner(APP_TOKEN + "x").verify(SEAL.value("approve", QUESTION)) is None
    assert ButtonSigner(f" {APP_TOKEN}\n").verify(SEAL.value("approve", QUESTION)) is not None


def test_every_version_of_ours_seals_alike_and_a_signature_counts_whole() -> None:
    """With a key made for this purpose alone: other signatures with the token, ours or Slack's, open no button."""
    assert SEAL.value("approve", QUESTION) == sealed(SAID) and SEAL.verify(sealed(SAID, APP_TOKEN.encode())) is None
    value = SEAL.value("approve", QUESTION)
    content, _, signature = value.partition(".")
    parts = [f"{content}.{signature[:letters]}" for letters in range(len(signature))]
    changed = [f"{content}.{signature[:at]}{'AB'[one == 'A']}{signature[at + 1 :]}" for at, one in enumerate(signature)]
    more = [value + rest for rest in ("A", "AAAA", "\n", "!!!!", ".", f".{signature}")]
    assert [one for one in (content, *parts, *changed[:-1], *more) if SEAL.verify(one) is not None] == []


@pytest.mark.parametrize(
    "said",
    [[], None, "approve", {}, {"action": "approve"}, {**SAID, "more": 1}, {k: SAID[k] for k in SAID if k != "action"}],
)
def test_what_another_version_sealed_opens_nothing(said: Any) -> None:
    """Its questions hold something else: half understood is not understood."""
    assert SEAL.verify(sealed(said)) is None


def test_slacks_limit_holds_to_the_letter() -> None:
    """A value longer than a button can hold never was one: it is not even read."""
    content, _, signature = sealed({**SAID, "service": ""}).partition(".")
    room = (VALUE_MAX - len(f".{signature}")) * 3 // 4 - len(content) * 3 // 4
    said = {**SAID, "service": "x" * room}
    longest = sealed(said)
    assert len(longest) == VALUE_MAX and SEAL.verify(longest) is not None and SEAL.claimed(longest) == "web-1"
    longer = sealed({**said, "service": said["service"] + "x"})
    assert SEAL.verify(longer) is None and SEAL.claimed(longer) is None


@pytest.mark.parametrize(
    "field", ["action", "incident", "service", "suspect", "target", "asked_at", "until", "announced"]
)
def test_whatever_is_changed_breaks_it(field: str) -> None:
    content, _, signature = SEAL.value("approve", QUESTION).partition(".")
    said = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    assert field in said
    said[field] = True if field == "announced" else 9e9 if field in ("asked_at", "until") else "dep-1"
    forged = f"{sealed(said).partition('.')[0]}.{signature}"
    assert SEAL.verify(forged) is None
    assert SEAL.claimed(forged) == said["incident"], "its refusal can be filed"


@pytest.mark.parametrize(
    "value",
    ["", ".", "web-1:approve", "a.b", "ü.ü", "====.====", "x" * 5000, "e30.e30", "bnVsbA.", written(b"[" * 1400)],
)
def test_what_was_never_sealed_opens_nothing_and_harms_nothing(value: str) -> None:
    """Whatever arrives over the socket."""
    assert SEAL.verify(value) is None and SEAL.claimed(value) is None


def test_a_claim_is_a_name_and_nothing_else() -> None:
    """It goes into the record of refusals: no markup, no line of its own."""
    claims = ("web-1\n<b>", "web-1\n", "", "x" * 61, 7, None, ["web-1"])
    assert [SEAL.claimed(sealed({"incident": one}, b"?")) for one in claims] == [None] * len(claims)
    assert SEAL.claimed(sealed({"incident": "x" * 60}, b"?")) == "x" * 60

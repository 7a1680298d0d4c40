"""What a button's value is: sealed, so that nothing but the very button that was shown opens."""

import base64
import dataclasses
import json

import pytest

from tests.adapters.notifiers.letters import APP_TOKEN
from tests.adapters.slack.slacks import QUESTION
from watchdog.adapters.slack.seal import VALUE_MAX, Seal

SEAL = Seal(APP_TOKEN)


def test_it_opens_to_the_action_and_the_question() -> None:
    """All that an answer is bound to; within Slack's limit, and without the key."""
    for action in ("approve", "reject", "stop"):
        value = SEAL.value(action, QUESTION)
        shown = dataclasses.replace(QUESTION, suspect_code=None, target_code=None)
        assert SEAL.open(value) == (action, shown)
        assert len(value) < VALUE_MAX / 4
        assert APP_TOKEN not in value + repr(SEAL)


def test_another_token_opens_nothing() -> None:
    """After a rotation the old buttons prove nothing."""
    assert Seal(APP_TOKEN + "x").open(SEAL.value("approve", QUESTION)) is None


@pytest.mark.parametrize(
    "field", ["action", "incident", "service", "suspect", "target", "asked_at", "until", "announced"]
)
def test_whatever_is_changed_breaks_it(field: str) -> None:
    """Each thing that it is bound to."""
    content, _, signature = SEAL.value("approve", QUESTION).partition(".")
    said = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    assert field in said
    said[field] = True if field == "announced" else 9e9 if field in ("asked_at", "until") else "dep-1"
    plain = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
    forged = base64.urlsafe_b64encode(plain).decode().rstrip("=") + "." + signature
    assert SEAL.open(forged) is None
    assert SEAL.claimed(forged) == said["incident"], "its refusal can be filed"


@pytest.mark.parametrize(
    "value", ["", ".", "web-1:approve", "a.b", "ü.ü", "====.====", "x" * 5000, "e30.e30", "bnVsbA."]
)
def test_what_was_never_sealed_opens_nothing_and_harms_nothing(value: str) -> None:
    """Whatever Slack, or somebody, sends."""
    assert SEAL.open(value) is None
    assert SEAL.claimed(value) is None


def test_a_claim_is_a_name_and_nothing_else() -> None:
    """It goes into the record of refusals: no markup, no line of its own."""
    content = base64.urlsafe_b64encode(json.dumps({"incident": "web-1\n<b>"}).encode()).decode()
    assert SEAL.claimed(content + ".x") is None

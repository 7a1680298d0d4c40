"""The content of envelopes, and the part of it that is believed."""

from typing import Any

import pytest

from tests.adapters.notifiers.letters import APP_TOKEN
from tests.adapters.slack.slacks import QUESTION, pressed, typed
from watchdog.adapters.slack.button_signature import ButtonSigner
from watchdog.adapters.slack.envelopes import WORDS_MAX, parsed
from watchdog.ports.chat import Request

SEAL = ButtonSigner(APP_TOKEN)
USERS = ("U0AAA",)


def request(envelope: dict[str, Any], now: float = 1500.0) -> Request:
    found = parsed(envelope, SEAL, USERS, now)
    assert found is not None
    return found.request


def test_a_button_says_who_what_and_of_which_question() -> None:
    """Nothing is refused of one that was shown, pressed by one who may, in time."""
    said = request(pressed("approve", SEAL.value("approve", QUESTION)))
    assert (said.by, said.name, said.may_change, said.refusal) == ("slack:U0AAA (ann)", "approve", True, "")
    assert said.identity == "slack:U0AAA" and said.question is not None and said.question.target == "dep-40"


@pytest.mark.parametrize(
    ("action", "value", "now", "why"),
    [
        ("approve", SEAL.value("approve", QUESTION), 2000.1, "too late: this button counted until 00:33:20 UTC"),
        ("approve", SEAL.value("reject", QUESTION), 1500.0, "was not made by this watchdog"),
        ("approve", ButtonSigner("xapp-other").value("approve", QUESTION), 1500.0, "was not made by this watchdog"),
        ("approve", "", 1500.0, "was not made by this watchdog"),
        ("approve", SEAL.value("reject", QUESTION), 2000.1, "was not made by this watchdog"),
    ],
)
def test_a_button_that_proves_nothing_says_why(action: str, value: str, now: float, why: str) -> None:
    """It is handed on all the same: its refusal is written down, under the incident that a forged one claims."""
    said = request(pressed(action, value), now)
    assert why in said.refusal and said.words == (("web-1",) if value and said.question is None else ())


def test_it_counts_to_the_second_and_from_who_is_listed() -> None:
    assert request(pressed("approve", SEAL.value("approve", QUESTION)), 2000.0).refusal == ""
    mallory = {"id": "U0EVIL", "username": "U0AAA"}
    assert not request(pressed("approve", SEAL.value("approve", QUESTION), user=mallory)).may_change
    assert not request(typed("pause", user_id="U0EVIL", user_name="U0AAA")).may_change
    assert not request(typed("pause", user_id="")).may_change
    assert request(pressed("approve", "x", user=mallory)).identity == "slack:U0EVIL"
    assert request(typed("approve web-1", user_id="U0EVIL", user_name="U0AAA")).identity == "slack:U0EVIL"
    assert request(typed("approve web-1", user_id="")).identity == ""


def test_it_has_the_ids_under_which_slack_delivers_it_again() -> None:
    """Of the click or command, and of the envelope: foreign text, and limited."""
    assert request(typed("pause", trigger_id="13345224609.738474920.8088")).deliveries == (
        "slack:13345224609.738474920.8088",
        "slack:e1",
    )
    assert request(pressed("approve", "x", trigger_id="1\n2")).deliveries == ("slack:1 2", "slack:e1")
    assert request(typed("pause", trigger_id=None)).deliveries == ("slack:e1",)
    assert len(request(typed("pause", trigger_id="1" * 9000)).deliveries[0]) < 300


def test_what_is_typed_is_words() -> None:
    """The first word is the command; no word asks for help; foreign text stays one line."""
    assert request(typed("  Approve   web-1 ")).name == "approve"
    assert request(typed("approve web-1")).words == ("web-1",) and request(typed("")).name == "help"
    named = request(typed("status", user_name="ann\n\x1b[31m" + "x" * 500)).by
    assert named.isprintable() and len(named) < 80 and len(request(typed("a " * 900)).words) < WORDS_MAX


@pytest.mark.parametrize(
    "envelope",
    [
        {},
        {"type": "events_api", "payload": {}},
        {"type": "interactive", "payload": None},
        {"type": "interactive", "payload": {"type": "view_submission"}},
        {"type": "interactive", "payload": {"type": "block_actions", "actions": []}},
        {"type": "interactive", "payload": {"type": "block_actions", "actions": "x", "user": {"id": "U0AAA"}}},
        pressed("approve", "x", user=None),
        {"type": "interactive", "payload": {"type": "block_actions", "actions": [{"action_id": "other"}], "user": {}}},
    ],
)
def test_what_is_not_ours_is_left_alone(envelope: dict[str, Any]) -> None:
    assert parsed(envelope, SEAL, USERS, 1500.0) is None

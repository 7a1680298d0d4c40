"""How a reply looks: private, text that stays text, within Slack's limits."""

from typing import Any

import pytest

from tests.adapters.notifiers.letters import HOSTILE
from watchdog.adapters.slack.replies import BLOCKS_MAX, CUT, message
from watchdog.ports.chat import Reply


def parts(body: dict[str, Any]) -> list[str]:
    return [
        block["text"]["text"] if block["type"] == "section" else block["elements"][0]["elements"][0]["text"]
        for block in body["blocks"]
    ]


@pytest.mark.parametrize("fixed", [True, False])
def test_it_is_for_its_author_and_replaces_nothing(fixed: bool) -> None:
    """Ephemeral; every line is there."""
    body = message(Reply(("one", "two"), fixed=fixed))
    assert (body["response_type"], body["replace_original"]) == ("ephemeral", False) and parts(body) == ["one\ntwo"]


@pytest.mark.parametrize("fixed", [True, False])
def test_a_long_one_is_shortened_and_says_so(fixed: bool) -> None:
    shown = parts(message(Reply(tuple(f"{number} " + "&" * 500 for number in range(500)), fixed=fixed)))
    assert len(shown) <= BLOCKS_MAX and all(len(part) <= 3000 for part in shown) and shown[-1].endswith(CUT)
    exact = parts(message(Reply(("x" * 100,) * 3, fixed=fixed)))
    assert CUT not in exact[-1]


@pytest.mark.parametrize("fixed", [True, False])
def test_strangers_words_stay_words(fixed: bool) -> None:
    """Escaped in plain text; in letters of one width nothing is markup."""
    body = message(Reply((HOSTILE,), fixed=fixed))
    assert "<" not in body["text"]
    kinds = {block["type"] for block in body["blocks"]}
    assert kinds == ({"rich_text"} if fixed else {"section"})
    assert fixed or all("<" not in part for part in parts(body))


def test_nothing_to_say_is_still_a_message() -> None:
    """Slack refuses an empty one."""
    assert parts(message(Reply(()))) == ["…"]

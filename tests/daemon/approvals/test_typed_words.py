"""A command as it is typed in a channel."""

from typing import Any

import pytest

from watchdog.daemon.approvals.typed_words import typed_arguments
from watchdog.domain.commands.command_table import COMMANDS
from watchdog.domain.commands.human_command import InvalidRequest

QUIET = {"of": "web", "seconds": 7200.0}


def typed(text: str) -> dict[str, Any]:
    name, *words = text.split()
    return typed_arguments(COMMANDS[name], words)


@pytest.mark.parametrize(
    ("text", "gets"),
    [
        ("approve web-1", {"incident": "web-1"}),
        ("unsilence silence-1", {"which": "silence-1"}),
        ("pause", {}),
        ("pause please", {}),
        ("hold all 2h moving house", QUIET | {"of": None, "reason": "moving house"}),
        ("silence web 2h moving house", QUIET | {"reason": "moving house"}),
        ("silence web 2h signal=api moving", QUIET | {"reason": "moving", "signal": "api"}),
        (
            "silence web 2h Severity=HIGH signal=API moving house",
            QUIET | {"reason": "moving house", "signal": "API", "severity": "high"},
        ),
        ("silence web 2h moving signal=api", QUIET | {"reason": "moving signal=api"}),
        ("silence web 2h https://acme.example/?a=b moves", QUIET | {"reason": "https://acme.example/?a=b moves"}),
    ],
)
def test_words_become_arguments(text: str, gets: dict[str, Any]) -> None:
    """Options stand before the reason: a name as it is written, a severity in any case; the rest is the reason."""
    assert typed(text) == gets


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("approve", "approve: say which incident; approve INCIDENT"),
        ("approve web-1 now", "approve: too many words; approve INCIDENT"),
        ("silence web", "silence: 2h is missing; silence SERVICE 2h WHY"),
        ("silence web 2h", "silence: WHY is missing; silence SERVICE 2h WHY"),
        ("silence web 2h signal=api", "--reason: there is nothing in it to read"),
        ("silence web 2h sevrity=high moving", "sevrity=: no such option; write signal=NAME severity=high, each once"),
        ("silence web 2h signal= api moving", "signal=: nothing behind it"),
        ("silence web 2h signal=api signal=home moving", "signal=: twice"),
        ("silence web soon moving", "--for: not a duration"),
        ("hold web 2h signal=api moving", "signal=: no such option; leave it out"),
    ],
)
def test_a_mistyped_line_does_not_do_more_than_was_meant(text: str, says: str) -> None:
    """It is not taken for the beginning of the reason."""
    with pytest.raises(InvalidRequest) as unclear:
        typed(text)
    assert str(unclear.value).startswith(says)

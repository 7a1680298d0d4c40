"""What people ask for when they ask for quiet: one meaning, wherever they ask."""

from dataclasses import replace
from typing import Any

import pytest

from watchdog.domain.policy import DEFAULT_MATRIX, Policy, ServicePolicy, SignalPolicy
from watchdog.domain.silence_request import InvalidRequest, asked_quiet, asked_silence, known_signals, options

HOUR = {"of": "web", "seconds": 3600.0, "reason": "moving house"}


def test_a_quiet_is_of_something_for_some_time_and_has_a_reason() -> None:
    """`all` is no service; blanks in the reason are put in order, and it is bounded."""
    assert asked_quiet("web", "1h", "  moving\n house ") == HOUR
    assert asked_quiet("all", "60m", "x" * 400) == {"of": None, "seconds": 3600.0, "reason": "x" * 300}


@pytest.mark.parametrize(
    ("lasts", "reason", "severity", "says"),
    [
        ("1h", " ", None, "--reason: there is nothing in it to read; say why"),
        ("soon", "x", None, "--for: not a duration"),
        ("0s", "x", None, "--for: not a sensible time; write something up to 30d"),
        ("31d", "x", None, "--for: not a sensible time"),
        ("1h", "x", "hgih", "--severity: no such severity; write one of: critical, high, medium, low"),
    ],
)
def test_what_cannot_be_meant(lasts: str, reason: str, severity: str | None, says: str) -> None:
    """Said, before it is sent, with what to write instead."""
    with pytest.raises(InvalidRequest, match=says):
        asked_silence("web", lasts, reason, severity=severity) if severity else asked_quiet("web", lasts, reason)


@pytest.mark.parametrize(
    ("narrowed", "more"),
    [
        ({}, {}),
        ({"signal": None, "severity": ""}, {}),
        ({"signal": "api"}, {"signal": "api"}),
        ({"signal": "api", "severity": "high"}, {"signal": "api", "severity": "high"}),
    ],
)
def test_a_silence_may_be_of_less(narrowed: dict[str, Any], more: dict[str, str]) -> None:
    """What is not said is not in it."""
    assert asked_silence("web", "1h", "moving house", **narrowed) == HOUR | more


@pytest.mark.parametrize(
    ("words", "found", "rest"),
    [
        ("moving house", {}, "moving house"),
        ("signal=api moving", {"signal": "api"}, "moving"),
        ("Severity=HIGH signal=API moving house", {"severity": "high", "signal": "API"}, "moving house"),
        ("moving signal=api", {}, "moving signal=api"),
        ("https://acme.example/?a=b moves", {}, "https://acme.example/?a=b moves"),
        ("signal=api", {"signal": "api"}, ""),
        ("", {}, ""),
    ],
)
def test_options_stand_before_the_reason(words: str, found: dict[str, str], rest: str) -> None:
    """A name as it is written, a severity in any case; what comes later belongs to the reason."""
    narrowed, why = options(words.split())
    assert (narrowed, " ".join(why)) == (found, rest)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("sevrity=high moving", "sevrity=: no such option; write signal=api, severity=high or both"),
        ("signal= api moving", "signal=: nothing behind it"),
        ("signal=api signal=home moving", "signal=: twice"),
    ],
)
def test_a_mistyped_option_does_not_silence_more_than_was_meant(words: str, says: str) -> None:
    """It is not taken for the beginning of the reason."""
    with pytest.raises(InvalidRequest, match=says):
        options(words.split())


def test_the_signals_there_are() -> None:
    """Of a service, or of all, each once."""
    web = ServicePolicy("web", None, signals=(SignalPolicy("home", "http"), SignalPolicy("api", "latency")))
    shop = replace(web, name="shop", signals=(SignalPolicy("home", "http"), SignalPolicy("cart", "http")))
    policy = Policy({"web": web, "shop": shop}, DEFAULT_MATRIX)
    assert known_signals(policy, "web") == ("home", "api")
    assert known_signals(policy, None) == ("home", "api", "cart")
    assert known_signals(policy, "docs") == ()

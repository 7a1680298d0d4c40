"""Behaviours: a closed table; routes narrow them down."""

import pytest

from watchdog.sandbox.behaviours import GOOD, KINDS, behaviour


def test_a_behaviour_touches_its_routes_only() -> None:
    """None named: all; good touches nothing."""
    assert behaviour("error").touches("/any")
    assert behaviour("error", routes=["/"]).touches("/")
    assert not behaviour("error", routes=["/"]).touches("/api/test")
    assert not GOOD.touches("/")


def test_an_unknown_behaviour_is_an_error() -> None:
    """By kind and by number."""
    with pytest.raises(ValueError, match="wrong_body"):
        behaviour("eror")
    with pytest.raises(TypeError):
        behaviour("error", sttaus=500)


def test_a_bad_version_begins_to_fail_after_four_seconds() -> None:
    """All kinds alike, so that a deploy is seen to be live before it is seen to be bad."""
    assert {kind.after_seconds for name, kind in KINDS.items() if name != "good"} == {4.0}

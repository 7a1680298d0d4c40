"""Behaviours: a closed table; routes narrow them down."""

import pytest

from watchdog.sandbox.site.behaviours import GOOD, KINDS, behaviour


@pytest.mark.parametrize(("seconds", "fails"), [(0.0, True), (4.9, True), (5.0, False), (19.9, False), (20.0, True)])
def test_a_behaviour_with_a_period_comes_and_goes(seconds: float, fails: bool) -> None:
    """It fails in the first part of each; without a period, all the time."""
    assert behaviour("error", period_seconds=20.0, down_seconds=5.0).shows(seconds) is fails
    assert behaviour("error").shows(seconds)


def test_a_behaviour_touches_its_routes_only_and_is_one_that_there_is() -> None:
    assert behaviour("error").touches("/any") and behaviour("error", routes=["/"]).touches("/")
    assert not behaviour("error", routes=["/"]).touches("/api/test") and not GOOD.touches("/")
    with pytest.raises(ValueError, match="wrong_body"):
        behaviour("eror")
    with pytest.raises(TypeError):
        behaviour("error", sttaus=500)
    assert {kind.after_seconds for name, kind in KINDS.items() if name != "good"} == {4.0}

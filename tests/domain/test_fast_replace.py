"""Copies: what `dataclasses.replace` gives, and the original as it was."""

from dataclasses import FrozenInstanceError, replace

import pytest

from watchdog.domain.checks import Check
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.incidents import Phase, ServiceState, State
from watchdog.domain.readings import Good

BASES = (Check("home", "http", last=Good()), ServiceState("web", watching_since=3.0), State(paused_by="ann"))
CHANGES = ({"good_run": 3, "last": None}, {"phase": Phase.SUSPECT, "phase_since": 5.0}, {"incidents": 2})


@pytest.mark.parametrize(("base", "fields"), list(zip(BASES, CHANGES, strict=True)))
def test_a_copy_is_what_replace_makes(base: object, fields: dict[str, object]) -> None:
    """Equal, of the same type, frozen; what it was made of is untouched."""
    before = repr(base)
    copy = fast_replace(base, **fields)
    assert copy == replace(base, **fields) and type(copy) is type(base)
    assert fast_replace(base) == base and fast_replace(base) is not base
    assert repr(base) == before
    with pytest.raises(FrozenInstanceError):
        copy.name = "other"


def test_a_field_that_is_not_there_is_refused() -> None:
    """By its name; a class with slots is refused altogether."""
    with pytest.raises(TypeError, match=r"^State has no field pawsed_by$"):
        fast_replace(State(), pawsed_by="ann", incidents=1)
    with pytest.raises(AttributeError):
        fast_replace(Good(), detail="HTTP 200")

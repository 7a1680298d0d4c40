"""Modes: a closed table, and modes that hold for some uses only."""

import pytest

from watchdog.sandbox.vendors.failure_modes import MODES, Modes


@pytest.mark.parametrize(("name", "mode"), [("rolback", "ok"), ("rollback", "slwo"), ("patch", "expired")])
def test_a_misspelt_mode_is_an_error_that_names_the_known_ones(name: str, mode: str) -> None:
    with pytest.raises(ValueError, match="none of"):
        Modes().set(name, mode)


def test_everything_is_well_at_first_and_a_mode_holds_for_so_many_uses() -> None:
    modes = Modes()
    modes.set("rollback", "drop", times=2)
    assert modes.peek("rollback") == "drop" and [modes.use("rollback") for _ in range(3)] == ["drop", "drop", "ok"]
    modes.set("rollback", "slow")
    assert [modes.use("rollback") for _ in range(3)] == ["slow"] * 3
    assert {Modes().use(name) for name in MODES} == {"ok", "wait"}

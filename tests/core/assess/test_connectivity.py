"""Sight: can we see at all?"""

from dataclasses import replace

import pytest

from tests.core.scenes import NOW, a_state
from tests.core.world import make_policy
from watchdog.core.assess import connectivity
from watchdog.domain.readings import Bad, Good, Reading, Unknown

POLICY = make_policy()
BAD, GOOD, VOID = Bad("timed out"), Good(), Unknown("void")


@pytest.mark.parametrize(
    ("first", "second", "seeing", "blind", "words"),
    [
        ((1, GOOD), (1, GOOD), True, False, "2 of 2 control targets answer"),
        ((1, GOOD), (1, BAD), True, False, "1 of 2 control targets answer"),
        ((1, BAD), (1, BAD), False, True, "0 of 2 control targets answer"),
        ((1, BAD), (1, VOID), False, True, "0 of 2 control targets answer"),
        ((1, BAD), (31, GOOD), False, False, "0 of 2 control targets answer"),
        ((30, BAD), (30, BAD), False, True, "0 of 2 control targets answer"),
        ((31, BAD), (31, BAD), False, False, "no control target was read in the last 30 s"),
        ((30, GOOD), (31, BAD), True, False, "1 of 2 control targets answer"),
        (None, None, False, False, "no control target was read in the last 30 s"),
        ((1, BAD), None, False, False, "0 of 2 control targets answer"),
    ],
)
def test_seeing_and_blind(
    first: tuple[float, Reading] | None, second: tuple[float, Reading] | None, seeing: bool, blind: bool, words: str
) -> None:
    """Seeing needs one fresh answer; blind needs every target to have failed within 30 s; between them is doubt."""
    readings = {"control-1": first, "control-2": second}
    state = a_state(control={name: (NOW - item[0], item[1]) for name, item in readings.items() if item is not None})
    sight = connectivity.assess_connectivity(state, POLICY, NOW)
    assert (sight.seeing, sight.why) == (seeing, words)
    assert sight.blind == (not seeing and words.startswith("0 of"))
    assert connectivity.is_blind(state, POLICY, NOW) is blind


def test_silent_probes_blind_us_with_and_without_control_targets() -> None:
    """That other people's sites answer does not help where nothing of ours can be judged."""
    state = a_state(control={"control-1": (NOW, GOOD)}, unseen=True)
    for policy in (POLICY, replace(POLICY, control=())):
        assert connectivity.assess_connectivity(state, policy, NOW) == (
            False,
            "no probe of any service brings evidence",
            True,
        )
        assert connectivity.is_blind(state, policy, NOW)
    assert connectivity.why(state) == "no probe of any service brings evidence"
    assert connectivity.why(replace(state, unseen=False)) == "no control target answers"


def test_without_control_targets_we_take_it_that_we_see() -> None:
    """The user chose so; what is left of an older configuration does not count either."""
    policy = replace(POLICY, control=())
    state = a_state(control={"control-1": (NOW, BAD)})
    assert connectivity.assess_connectivity(state, policy, NOW) == connectivity.Sight(
        True, "no control target configured"
    )
    assert not connectivity.is_blind(state, policy, NOW)
    other = replace(POLICY, control=("control-9",))
    assert connectivity.assess_connectivity(a_state(control={"control-1": (NOW, GOOD)}), other, NOW)[0] is False

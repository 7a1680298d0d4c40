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


UNSEEN = connectivity.Sight(False, "no probe of any service brings evidence", True)
UNREAD = connectivity.Sight(False, "no control target was read in the last 30 s")


@pytest.mark.parametrize(
    ("control", "last", "unseen", "sight"),
    [
        (POLICY.control, GOOD, True, UNSEEN),
        ((), GOOD, True, UNSEEN),
        ((), BAD, False, connectivity.Sight(True, "no control target configured")),
        (("control-9",), GOOD, False, UNREAD),
        (("control-9",), BAD, False, UNREAD),
    ],
)
def test_what_other_sites_do_not_tell(
    control: tuple[str, ...], last: Reading, unseen: bool, sight: connectivity.Sight
) -> None:
    """Not where nothing of ours can be judged, nor where the user chose none; and none of an older configuration."""
    policy, state = replace(POLICY, control=control), a_state(control={"control-1": (NOW, last)}, unseen=unseen)
    assert connectivity.assess_connectivity(state, policy, NOW) == sight
    assert connectivity.is_blind(state, policy, NOW) is unseen
    assert connectivity.why(state) == (UNSEEN.why if unseen else "no control target answers")

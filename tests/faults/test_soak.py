"""The verdict of the soak in real time (soak.py, which takes its minutes by hand): it is able to see what grows."""

import pytest

from tests.faults.soak import ALLOWED, Series, report

SAMPLES = 90
"""A quarter of an hour."""


def seen(**values: list[float]) -> dict[str, Series]:
    """Return what a look from the outside saw; what is not named was flat."""
    return {name: Series(values.get(name, [20.0] * SAMPLES)) for name in ALLOWED}


@pytest.mark.parametrize(
    ("values", "grows"),
    [
        ([20.0] * SAMPLES, False),
        ([20.0 + (60.0 if number % 7 == 0 else 0.0) for number in range(SAMPLES)], False),
        ([min(20.0, float(number)) + 40.0 for number in range(SAMPLES)], False),
        ([80.0 - number / 2 for number in range(SAMPLES)], False),
        ([20.0 + number * 0.2 for number in range(SAMPLES)], True),
        ([20.0 + 6.0 * (number > SAMPLES * 3 // 4) for number in range(SAMPLES)], True),
        ([20.0 + number * 0.2 + (60.0 if number % 7 == 0 else 0.0) for number in range(SAMPLES)], True),
    ],
    ids=["flat", "bursts", "warming up", "shrinking", "leaking", "a step", "leaking in bursts"],
)
@pytest.mark.parametrize("name", list(ALLOWED))
def test_case_08_what_grows_is_named(name: str, values: list[float], grows: bool) -> None:
    """Each quantity by itself: a slow leak or a step up, through bursts; never a cache that fills once."""
    assert report(seen(**{name: values})) == ([name] if grows else [])


@pytest.mark.parametrize("name", list(ALLOWED))
def test_the_limit_itself_is_allowed(name: str) -> None:
    for more, named in ((0.0, []), (0.1, [name])):
        values = [20.0] * (SAMPLES // 2) + [20.0 + ALLOWED[name] + more] * (SAMPLES // 2)
        assert report(seen(**{name: values})) == named

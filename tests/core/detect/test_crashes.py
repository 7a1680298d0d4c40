"""What the platform reports: three failures in ten minutes are a loop."""

from dataclasses import replace

import pytest

from tests.core.scenes import given
from watchdog.core import detect
from watchdog.core.detect import crashes
from watchdog.domain.checks import Check
from watchdog.domain.decisions import Finding
from watchdog.domain.events import Observed
from watchdog.domain.policy import Detection, SignalPolicy
from watchdog.domain.readings import Bad, FailureKind, Good

EVENTS = SignalPolicy("events", "render_events")
T0 = 50_000.0


def told(*at: float, check: Check | None = None, late: float = 0.0) -> Check:
    """Fold in failures that happened then, each told so many seconds later."""
    check = check or Check("events", "render_events")
    for number, moment in enumerate(at):
        reading = Bad(f"instance {number} crashed", FailureKind.CRASH)
        event = Observed(moment + late, "web", "events", reading, happened_at=moment if late else None)
        check = detect.observe(check, event, EVENTS, Detection())
    return check


def test_three_in_ten_minutes_are_a_crash_loop() -> None:
    """Two are not; the onset is the first of them, the last is quoted, and a title says how many."""
    assert detect.find(told(T0, T0 + 100), given(EVENTS, T0 + 100)) is None
    finding = detect.find(told(T0, T0 + 100, T0 + 200), given(EVENTS, T0 + 210))
    text = "3 failures in 10 min (limit 3): instance 2 crashed"
    assert finding == Finding("events", "render_events", "crashes", T0, 0.0, text, "crash", symptom="3 in 10 min")


@pytest.mark.parametrize(
    ("moments", "onset"),
    [
        pytest.param((0, 256, 266), 256, id="four minutes before the loop"),
        pytest.param((0, 61, 90, 150), 61, id="calm, and for longer than ever since"),
        pytest.param((0, 256, 266, 500, 510), 256, id="however long the loop goes on"),
        pytest.param((0, 146, 156, 220, 400), 146, id="however late the platform restarts it in the end"),
        pytest.param((0, 60, 80), 0, id="not calm in between"),
        pytest.param((0, 70, 150), 0, id="a loop with pauses"),
        pytest.param((0, 200, 250, 450), 0, id="such a pause comes again"),
        pytest.param((0, 5, 300), 0, id="two of before are none alone"),
    ],
)
def test_a_crash_that_stands_alone_does_not_date_the_loop(moments: tuple[int, ...], onset: int) -> None:
    """One stray crash of the code before would acquit the deploy that crashes on and on."""
    finding = detect.find(told(*(T0 + at for at in moments)), given(EVENTS, T0 + moments[-1]))
    assert finding is not None and finding.onset_at == T0 + onset


def test_with_a_lower_limit_a_loop_begins_with_its_first_report() -> None:
    """Of one or two reports none stands apart."""
    for limit in (1, 2):
        limits = Detection(crashes_min=limit)
        finding = detect.find(told(*(T0 + 200 * at for at in range(limit))), given(EVENTS, T0 + 200, limits))
        assert finding is not None and finding.onset_at == T0


def test_old_ones_do_not_count() -> None:
    """The window moves on, with and without further reports."""
    check = told(T0, T0 + 100, T0 + 200)
    assert detect.find(check, given(EVENTS, T0 + 599)) is not None
    assert detect.find(check, given(EVENTS, T0 + 600)) is None
    assert told(T0 + 800, check=check).crashes == ((T0 + 800, "instance 0 crashed"),)


def test_the_moment_it_happened_counts_not_when_and_in_which_order_it_was_told() -> None:
    """Render tells half a minute late, and its feed need not be sorted: the onset is the oldest."""
    check = told(T0, late=30.0)
    assert check.crashes == ((T0, "instance 0 crashed"),)
    finding = detect.find(told(T0 + 30, T0, T0 + 20, late=40.0), given(EVENTS, T0 + 80))
    assert finding.onset_at == T0


def test_suspicious_for_a_minute_calm_without_a_loop() -> None:
    """A fresh report is looked at; a loop is not calm although the last report is older."""
    check = told(T0)
    assert detect.suspicious(check, given(EVENTS, T0 + 59)) and detect.failing(check, given(EVENTS, T0 + 59))
    assert not detect.suspicious(check, given(EVENTS, T0 + 60)) and not detect.failing(check, given(EVENTS, T0 + 60))
    assert detect.calm(check, given(EVENTS, T0 + 60))
    loop = told(T0, T0 + 1, T0 + 2)
    assert not detect.calm(loop, given(EVENTS, T0 + 100)) and detect.calm(loop, given(EVENTS, T0 + 603))


def test_good_news_add_nothing_and_memory_is_bounded() -> None:
    """A recovery event is no crash; at most fifty are kept."""
    available, new = Observed(T0 + 1, "web", "events", Good("available")), Check("events", "render_events")
    assert len(detect.observe(told(T0), available, EVENTS, Detection()).crashes) == 1
    noted = replace(new, last=available.reading, last_at=T0 + 1, seen_at=T0 + 1)
    assert detect.observe(new, available, EVENTS, Detection()) == noted, "only that it was read"
    assert len(told(*(T0 + i for i in range(80))).crashes) == crashes.CRASHES_MAX


def test_what_happened_before_a_fresh_start_does_not_count() -> None:
    """After blindness or a closed incident, an old failure that is told late is passed over."""
    check = detect.forget(told(T0, T0 + 1, T0 + 2), T0 + 50)
    assert check.crashes == ()
    assert told(T0 + 49, check=check, late=30.0).crashes == ()
    assert told(T0 + 50, check=check, late=30.0).crashes == ((T0 + 50, "instance 0 crashed"),)
    assert detect.find(told(T0 + 10, T0 + 20, T0 + 49, check=check, late=30.0), given(EVENTS, T0 + 80)) is None

"""The statistics: counted as the command counts them, read a little at a time, and drawn."""

from dataclasses import replace

import pytest

from tests.cli import examples as x
from tests.console.scene import NOW as SHOWN_AT
from tests.console.scene import story, visited
from tests.presentation.test_incident_loader import DAY, NOW, closed, kept, put
from watchdog.console.render.stats_charts import HEIGHT, height, restored_dots, scale, week_bars, week_scale
from watchdog.console.views.stats_views import WEEKS, RestoredView, WeekView, numbers_view, stats_view
from watchdog.domain.effects import Note
from watchdog.domain.incidents import State
from watchdog.presentation.incident_loader import CHUNK, FRESH_SECONDS
from watchdog.presentation.stats import stats, watched
from watchdog.presentation.stats_loader import PERIOD_SECONDS, Numbers
from watchdog.presentation.stats_text import WORDS, show


async def test_a_page_reads_for_a_moment_and_the_next_ones_read_on() -> None:
    """Newest first; nothing twice; at last everything, and what is older than the period not at all."""
    many = [closed(number, NOW - DAY * number / 4) for number in range(3 * CHUNK)]
    clock, store = await kept(*many, closed(999, NOW - PERIOD_SECONDS - 5))
    numbers = Numbers(store, clock, budget_seconds=0.0)
    while not numbers.complete:
        before = store.asked.total()
        await numbers.refresh()
        assert 1 <= store.asked.total() - before <= 2, "with no time at all a page reads on by a step"
    assert [one.id for one in numbers.incidents] == [one.id for one in many]
    before = store.asked.total()
    await numbers.refresh()
    assert store.asked.total() == before, "what was just read is not read again"


async def test_what_is_new_and_what_was_open_is_seen_later() -> None:
    """A new incident, the end of an open one, a human's act on it; closed ones are not asked again."""
    asked = replace(x.undone(x.decision()), id="web-7", opened_at=NOW - 100, onset_at=NOW - 120, closed_at=None)
    clock, store = await kept(closed(1, NOW - DAY), asked)
    numbers = Numbers(store, clock)
    await numbers.refresh()
    assert numbers.count(State(), {})[-1].acknowledge.n == 0
    await put(store, replace(asked, closed_at=NOW + 5, outcome="recovered"))
    await put(store, closed(8, NOW + 9), Note(NOW - 40, "web", "web-7", "REJECTED", "by ann"))
    await clock.advance(FRESH_SECONDS + 1)
    await numbers.refresh()
    whole = numbers.count(State(), {})[-1]
    assert [one.id for one in numbers.incidents] == ["web-8", "web-7", "web-1"]
    assert (whole.acknowledge.value, whole.acknowledge.n) == (60.0, 1)
    assert next(one for one in numbers.incidents if one.id == "web-7").closed_at == NOW + 5


async def test_very_many_of_the_same_moment_are_all_read() -> None:
    """A whole fleet goes down at once: a page of them is no end."""
    clock, store = await kept(*(closed(number, NOW - DAY) for number in range(4 * CHUNK)))
    numbers = Numbers(store, clock)
    await numbers.refresh()
    assert numbers.complete and len(numbers.incidents) == 4 * CHUNK


async def test_the_page_says_what_the_command_prints() -> None:
    """The same cells, from the same incidents."""
    async with visited() as one:
        said = (await one.json("/stats"))["all"]
        text = await one.page("/stats")
    _, state, incidents = story()
    since = SHOWN_AT - PERIOD_SECONDS
    counted = stats(incidents, watched(state.services, SHOWN_AT), {}, {"web-1": "right"}, since, SHOWN_AT)
    printed = show(counted[-1:], "text")[1].split()
    view = numbers_view(counted[-1])
    assert said["mean_time_to_restore_seconds"]["value"] == view.mean_time_to_restore_seconds.value
    for number in (view.mean_time_to_detect_seconds, view.mean_time_to_restore_seconds, view.change_failure_rate):
        assert number.shown.split()[0] in printed
        assert f"<strong>{number.shown}</strong> <small>{number.counted}</small>" in text
    assert view.change_failure_rate.counted == f"{counted[-1].failed} of {counted[-1].judged} deploys"
    assert WORDS[0] in text and 'class="dots acted"' in text


def test_the_weeks_are_counted_to_the_second() -> None:
    """Thirteen of them, the last one ends now; an incident belongs to one."""
    found = [closed(number, NOW - 7 * DAY * number) for number in range(1, 4)]
    view = stats_view(stats(found, {}, {}, {}, 0.0, NOW), found, NOW - PERIOD_SECONDS, NOW, True)
    assert len(view.weeks) == WEEKS and [one.incidents for one in view.weeks[-4:]] == [0, 1, 1, 1]
    assert view.weeks[-1].rolled_back == 1 and view.restored[0].rolled_back


def test_the_bars_fill_their_height_and_nothing_is_drawn_of_nothing() -> None:
    """The highest week reaches the top; none: no path. An incident is a point; rolled back or not are two paths."""
    bars = week_bars([WeekView(0.0, 4, 1), WeekView(1.0, 0, 0), WeekView(2.0, 2, 2)])
    assert (bars.top, bars.width) == (4, 30) and bars.incidents == "M1 120v-116h8v116zM21 120v-58h8v58z"
    assert week_scale(bars) == [("0", 119.5), ("2", 61.8), ("4", 4.0)]
    assert [one for one, _ in week_scale(week_bars([WeekView(0.0, 1, 0)]))] == ["0", "1"]
    assert bars.rolled_back == "M1 120v-29h8v29zM21 120v-58h8v58z"
    assert week_bars([WeekView(0.0, 0, 0)]).incidents == "" and week_bars([]).width == 10
    found = [RestoredView("web-1", 50.0, 10.0, True), RestoredView("web-2", 100.0, 86400.0, False)]
    assert restored_dots(found, 0.0, 100.0, rolled_back=True) == "M360.0 112.0h0"
    assert restored_dots(found, 0.0, 100.0, rolled_back=False) == "M712.0 8.0h0"
    assert restored_dots(found, 60.0, 90.0, rolled_back=True) == ""


@pytest.mark.parametrize(("seconds", "from_top"), [(10.0, 112.0), (0.0, 112.0), (86400.0, 8.0), (1e9, 8.0)])
def test_the_scale_is_logarithmic_and_bounded(seconds: float, from_top: float) -> None:
    """Ten seconds at the bottom, a day at the top, and nothing outside."""
    assert height(seconds) == pytest.approx(from_top)
    tops = [y for _, y in scale()]
    assert tops == sorted(tops, reverse=True) and scale()[-1] == ("1 d", 8.0) and max(tops) < HEIGHT

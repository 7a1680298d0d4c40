"""The weekly digest: when one is due, and that it is told once, by whichever worker."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.core.scenes import a_state, step
from tests.core.world import make_policy
from tests.support.effect_readers import lines
from watchdog.core.updates.weekly_digest import FIRST_LATE_SECONDS, LATE_SECONDS, due
from watchdog.domain import events as e
from watchdog.domain.effects import Tell
from watchdog.domain.incidents import State
from watchdog.domain.policy import Digest, Moment
from watchdog.domain.severity import Severity

BERLIN = "Europe/Berlin"
WANTED = make_policy(digest=Digest(Moment(0, 30, BERLIN), ("chat", "email")))
MONDAY = datetime(2027, 1, 11, 0, 30, tzinfo=ZoneInfo(BERLIN)).timestamp()
WEEK = 7 * 86400.0


def made(at: float) -> State:
    """Return a state in which the last digest was that of this moment."""
    return a_state(digested_at=at)


@pytest.mark.parametrize(
    ("before", "at", "answer"),
    [
        (MONDAY - WEEK, MONDAY - 1.0, None),
        (MONDAY - WEEK, MONDAY, MONDAY),
        (MONDAY - WEEK, MONDAY + LATE_SECONDS - 1.0, MONDAY),
        (MONDAY - WEEK, MONDAY + LATE_SECONDS, None),
        (MONDAY - 9 * WEEK, MONDAY + 60.0, MONDAY),
        (MONDAY, MONDAY, None),
        (MONDAY, MONDAY + WEEK - 1.0, None),
        (MONDAY, MONDAY + WEEK, MONDAY + WEEK),
        (0.0, MONDAY + FIRST_LATE_SECONDS - 1.0, MONDAY),
        (0.0, MONDAY + FIRST_LATE_SECONDS, None),
        (MONDAY + 9 * WEEK, MONDAY + 60.0, MONDAY),
        (MONDAY + 9 * WEEK, MONDAY + FIRST_LATE_SECONDS, None),
    ],
)
def test_when_one_is_due(before: float, at: float, answer: float | None) -> None:
    """From its moment on, up to a day late; the first one ten minutes; what a wrong clock made holds nothing up."""
    assert due(made(before), WANTED, at) == answer
    assert due(made(before), make_policy(), at) is None


def test_it_is_told_once_to_those_who_asked_and_written_down_with_it() -> None:
    """Waking nobody; of another worker's, or the same again, nothing comes."""
    event = e.WeekSummedUp(MONDAY + 5.0, MONDAY, "the week: nothing happened", ("Watched: web.",))
    state, effects = step(made(MONDAY - WEEK), event, WANTED)
    assert state.digested_at == state.shared.digested_at == MONDAY
    (told,) = [effect for effect in effects if isinstance(effect, Tell)]
    notice = told.notice
    assert told.channels == ("chat", "email") and (notice.title, notice.lines) == (event.title, event.lines)
    assert (notice.service, notice.incident, notice.severity) == ("watchdog", "digest-2027-01-11", Severity.LOW)
    assert notice.news and not notice.wakes and not notice.resolves
    assert lines(effects, "NOTIFIED") == ["chat, email (info): the week: nothing happened"]
    for again in (event, replace(event, at=MONDAY + 3600.0)):
        assert step(state, again, WANTED) == (state, ())


@pytest.mark.parametrize("until", [MONDAY - WEEK, MONDAY + WEEK, MONDAY + 1.0])
def test_of_another_week_nothing_is_told(until: float) -> None:
    """It was summed up for nothing: too late, or for a moment that a reload changed; or nobody asks for it any more."""
    state = made(MONDAY - WEEK)
    for week, policy in ((until, WANTED), (MONDAY, make_policy())):
        assert step(state, e.WeekSummedUp(MONDAY + 5.0, week, "the week", ()), policy) == (state, ())

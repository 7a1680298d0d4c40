"""Errors that stay for a day are a new baseline: told as that, and nothing else that fails is closed with them."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import HISTORY, NOW, a_service, a_state, an_incident, failing, found, step
from tests.core.world import make_policy
from tests.support.effect_readers import lines
from watchdog.core.phases.lasting_errors import LASTS_SECONDS
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.checks import Check, UsualErrors
from watchdog.domain.incident_parts import StakeholderStatus
from watchdog.domain.incidents import Outcome, Phase, ServiceState
from watchdog.domain.policy import SignalPolicy, Stakeholders
from watchdog.domain.readings import Good, MinuteCount
from watchdog.domain.severity import Severity
from watchdog.presentation.notices.notice_text import worded

HOURS = 24 * 6
MEDIANS = (200,) * (HOURS - 24) + (4100,) * 24
USUAL = UsualErrors(hour=int(NOW // 3600), medians=MEDIANS, highs=(200,) * HOURS, days=6, around=(200.0,) * 3)
ERRORS = SignalPolicy("errors", "sentry")


def minutes(per_minute: float, begin: float = NOW - 91 * 60.0, number: int = 90) -> tuple[MinuteCount, ...]:
    """Return so many minutes of errors."""
    return tuple(MinuteCount(begin + 60.0 * minute, 60.0, per_minute) for minute in range(number))


FLOODED = Check(
    "errors",
    "sentry",
    last=Good(),
    last_at=NOW,
    counts=minutes(40.0),
    counts_before=minutes(1.0, NOW - LASTS_SECONDS - 5400.0),
    usual_errors=USUAL,
)
FRESH = replace(USUAL, medians=(*MEDIANS[:-24], *(200,) * 20, *MEDIANS[-4:]))
UNTIL_LATELY = minutes(40.0, NOW - 97 * 60.0)
LATELY = (*minutes(1.0, number=80), *minutes(40.0, NOW - 660.0, 10))
WELL = Check("home", "http", last=Good(), last_at=NOW, good_run=99)


def looked(
    *checks: Check, phase: Phase = Phase.PAGED, limit: float | None = None, **incident: Any
) -> tuple[ServiceState, tuple[fx.Effect, ...]]:
    """Let the home page answer once more, in an incident of errors that was opened a day ago."""
    policy = make_policy(stakeholders=(Stakeholders("team", ("mail",)),))
    web = policy.services["web"]
    signals = (*web.signals, *(replace(ERRORS, name=name, limit_per_minute=limit) for name in ("errors", "more")))
    policy = replace(policy, services={"web": replace(web, signals=signals)})
    since = NOW - LASTS_SECONDS
    flood, told = found("errors", "feed", LASTS_SECONDS, 0.0), StakeholderStatus("team", "plain", since)
    known = {"severity": Severity.HIGH, "paged": True, "findings": (flood,), "informed": (told,)}
    open_one = an_incident(**{"opened_at": since, "onset_at": since, **known, **incident})
    service = a_service(
        phase=phase, incident=open_one, checks={one.name: one for one in (WELL, *checks)}, deploys=HISTORY
    )
    state, effects = step(a_state(service), e.Observed(NOW, "web", "home", Good(), 0.1), policy)
    return state.services["web"], effects


@pytest.mark.parametrize("phase", [Phase.PAGED, Phase.ASKING])
@pytest.mark.parametrize("acknowledged_by", [None, "ann"])
def test_a_level_that_stayed_for_a_day_is_the_usual_one(phase: Phase, acknowledged_by: str | None) -> None:
    """The notice says that the errors did not stop; its hours alone are usual; its question is over, too."""
    service, effects = looked(FLOODED, phase=phase, acknowledged_by=acknowledged_by, asked_at=NOW - LASTS_SECONDS)
    assert service.phase is Phase.CALM and service.incident is not None
    assert service.incident.outcome is Outcome.NEW_BASELINE and not service.incident.outcome.recovered
    (closed,) = lines(effects, "CLOSED")
    assert closed.startswith("a new baseline: errors: about 40 errors/min for 24 h 0 min, usual from now on; ")
    titles = [worded(one.notice, NOW).title for one in effects if isinstance(one, fx.Tell)]
    assert titles == ["web: errors go on, and count as usual now", "web: some errors remain"]
    usual = service.checks["errors"].usual_errors
    assert set(usual.medians) == {4100} and (len(usual.medians), usual.days) == (24, 0)
    assert service.checks["errors"].counts_before == ()
    _, effects = looked(FLOODED, replace(FLOODED, name="more"), phase=phase)
    assert "errors: about 40 errors/min, more: about 40 errors/min for 24 h" in lines(effects, "CLOSED")[0]
    again, _ = step(a_state(service), e.Observed(NOW + 2.0, "web", "home", Good(), 0.1), make_policy())
    assert again.services["web"].phase is Phase.CALM


@pytest.mark.parametrize(
    ("checks", "more"),
    [
        pytest.param((FLOODED,), {"opened_at": NOW - LASTS_SECONDS + 1.0}, id="not yet a day"),
        pytest.param(
            (replace(FLOODED, counts=(*minutes(10.0, number=85), *minutes(90.0, NOW - 360.0, 5))),), {}, id="it rises"
        ),
        pytest.param((replace(FLOODED, usual_errors=FRESH, counts=LATELY),), {}, id="a fresh flood"),
        pytest.param((replace(FLOODED, usual_errors=FRESH),), {}, id="a flood of hours"),
        pytest.param((replace(FLOODED, counts=LATELY),), {}, id="it had ended and began again"),
        pytest.param(
            (replace(FLOODED, counts=(*minutes(40.0, number=80), *minutes(400.0, NOW - 660.0, 10))),),
            {},
            id="a second flood on top of it",
        ),
        pytest.param(
            (replace(FLOODED, usual_errors=replace(USUAL, medians=MEDIANS[-19:])),), {}, id="too little known"
        ),
        pytest.param((replace(FLOODED, counts=UNTIL_LATELY),), {}, id="it is not read any more"),
        pytest.param((FLOODED, failing()), {}, id="the home page fails as well"),
        pytest.param((FLOODED, replace(WELL, last_bad_at=NOW - 59.0)), {}, id="it failed a moment ago"),
        pytest.param((FLOODED,), {"limit": 30.0}, id="over the user's own limit"),
        pytest.param((replace(FLOODED, counts_before=()),), {"limit": 30.0}, id="over that limit alone"),
    ],
)
def test_anything_else_keeps_it_open(checks: tuple[Check, ...], more: dict) -> None:
    """Time alone closes no outage; what a silence kept back of it is notified now, as ever."""
    service, _ = looked(*checks, muted=True, **more)
    assert service.incident is not None and service.incident.closed_at is None and not service.incident.muted
    assert service.checks["errors"].usual_errors == checks[0].usual_errors

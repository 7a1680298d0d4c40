"""Troubles: entered before the decision is weighed, struck off when it is over."""

from dataclasses import replace

import pytest

from tests.core.scenes import HISTORY, NOW, a_service, a_state, a_turn, an_incident, failing, found, step
from tests.core.world import make_policy
from tests.support.effect_readers import lines
from watchdog.core.guards import active_criticals
from watchdog.core.guards.decision import decide
from watchdog.domain import events as e
from watchdog.domain.deploys import Downtime
from watchdog.domain.incidents import ActiveCritical, Phase, ServiceState, State
from watchdog.domain.policy import Mode, ServicePolicy, SignalPolicy
from watchdog.domain.readings import Bad
from watchdog.domain.severity import Severity

DOWN = Downtime("in maintenance mode", NOW - 50.0, NOW - 65.0)
KNOWN = ActiveCritical("web", NOW - 30.0, "aaaaaaa1")
NAMELESS = replace(KNOWN, suspect_code=None)
NAMED = ActiveCritical("web", NOW - 30.0, "bad00000", recent_deploy=True)
NONE_LIVE = a_service(deploys=HISTORY[1:], watch_until=NOW - 60)
PLANNED = ActiveCritical("web", NOW, "bad00000", recent_deploy=True, planned=True)


@pytest.mark.parametrize(
    ("service", "known", "after"),
    [
        pytest.param(a_service(), None, replace(PLANNED, planned=False), id="with its code, deployed lately"),
        pytest.param(NONE_LIVE, None, ActiveCritical("web", NOW, None, recent_deploy=False), id="of no live deploy"),
        pytest.param(a_service(downtime=DOWN), None, PLANNED, id="it is meant to be down"),
        pytest.param(a_service(), KNOWN, KNOWN, id="the first moment and the first code stay"),
        pytest.param(a_service(), NAMELESS, NAMED, id="a code that was not known yet is added"),
        pytest.param(a_service(deploys=(), watch_until=0.0), NAMELESS, NAMELESS, id="it is not known yet"),
        pytest.param(a_service(downtime=DOWN), PLANNED, PLANNED, id="it is still meant to be down"),
        pytest.param(a_service(), replace(KNOWN, planned=True), KNOWN, id="it is meant to be down no more"),
    ],
)
def test_what_is_entered(service: ServiceState, known: ActiveCritical | None, after: ActiveCritical) -> None:
    """Since when, and on which code, it fails stays; the state is the same object when nothing changes."""
    ctx = a_turn(service, troubles={"web": known} if known is not None else {})
    before = ctx.state
    active_criticals.register(ctx, (found("api", "latency"),))
    assert ctx.state is before, "what is not critical is not entered"
    active_criticals.register(ctx, (found(), found("api", "latency", seconds=30)))
    assert ctx.state.troubles == {"web": after}
    assert (ctx.state is before) is (after == known)


def test_it_is_struck_off_when_the_incident_is_over_or_no_longer_critical() -> None:
    """Others stay."""
    known = {"web": ActiveCritical("web", NOW), "shop": ActiveCritical("shop", NOW)}
    over, high = an_incident(closed_at=NOW), an_incident(severity=Severity.HIGH)
    for incident, left in ((None, ["shop"]), (over, ["shop"]), (high, ["shop"]), (an_incident(), ["web", "shop"])):
        ctx = a_turn(a_service(incident=incident), troubles=known)
        active_criticals.clear(ctx)
        assert list(ctx.state.troubles) == left


def both_fail(code: str) -> tuple[State, list[str], list[str]]:
    """Let web and shop be confirmed in one step; return what was decided, and what was sent once both pins are off."""
    policy = make_policy()
    home = SignalPolicy("home", "http", critical=True)
    shop = ServicePolicy("shop", "srv-shop", Mode.AUTONOMOUS, signals=(home,))
    policy = replace(policy, services={**policy.services, "shop": shop})
    fresh = (replace(HISTORY[0], commit=code), *HISTORY[1:])
    quiet = a_state(a_service(), a_service(name="shop", deploys=fresh))
    state, effects = step(quiet, e.TimePassed(NOW), policy)
    decided = lines(effects, "DECIDED")
    sent: list[str] = []
    for name in ("web", "shop"):
        incident = state.services[name].incident
        state, effects = step(state, e.PinConfirmed(NOW + 1, name, incident.id, "commit"), policy)
        sent += [*lines(effects, "INTENT"), *lines(effects, "WAIT")]
    return state, decided, sent


def test_one_bad_commit_in_two_services_is_undone_in_both_at_once() -> None:
    """One group: no wave, and one unit of the fleet's budget."""
    state, decided, sent = both_fail("bad00000")
    assert [text.partition(":")[0] for text in decided] == ["rollback", "rollback"]
    assert len(sent) == 2 and all("dep-41 -> dep-40" in text for text in sent)
    assert [act.service for act in state.acts] == ["web", "shop"]
    assert {service.phase for service in state.services.values()} == {Phase.ROLLING_BACK}


def test_two_unrelated_services_of_two_are_a_wave_also_for_the_one_that_decided_first() -> None:
    """A human is asked about the second; the first, decided in ignorance, looks again before it sends."""
    state, decided, sent = both_fail("other000")
    assert [text.partition(":")[0] for text in decided] == ["rollback", "ask"]
    assert "correlation: 2 failures within 90 s: shop, web" in decided[1]
    assert len(sent) == 1 and sent[0].startswith("nothing was sent: correlation: 2 failures within 90 s: shop, web")
    assert state.acts == ()


SHOP = ServicePolicy("shop", "srv-shop", Mode.AUTONOMOUS, signals=(SignalPolicy("home", "http", critical=True),))


@pytest.mark.parametrize(
    ("seconds", "mode", "here", "known", "phase"),
    [
        pytest.param(59.0, Mode.AUTONOMOUS, True, (), Phase.PINNING, id="one worker watches both: it sees the other"),
        pytest.param(
            59.0, Mode.AUTONOMOUS, False, (), Phase.SUSPECT, id="the other may fail, and is not confirmed yet"
        ),
        pytest.param(60.0, Mode.AUTONOMOUS, False, (), Phase.PINNING, id="it would be known by now"),
        pytest.param(60.0, Mode.AUTONOMOUS, False, ("shop",), Phase.ASKING, id="it is known to fail"),
        pytest.param(
            59.0, Mode.ASSIST, False, (), Phase.ASKING, id="a person decides, and reads it as it becomes known"
        ),
    ],
)
def test_no_rollback_before_failures_at_other_workers_can_be_known(
    seconds: float, mode: Mode, here: bool, known: tuple[str, ...], phase: Phase
) -> None:
    """Until the limit of a service without a fresh deploy (45 s), and one probe; under suspicion and after a page."""
    policy = make_policy(mode)
    policy = replace(policy, services={**policy.services, "shop": SHOP})
    web = a_service(checks={"home": failing(seconds=seconds)})
    passing = decide(a_state(web, paused_by="Alice"), policy, web, (found(seconds=seconds),), now=NOW - 30)
    left = an_incident(decision=passing, suspect="dep-41", onset_at=NOW - seconds)
    troubles = {name: ActiveCritical(name, NOW - 5) for name in known}
    for service in (web, replace(web, phase=Phase.PAGED, incident=left, pace_seconds=5.0)):
        others = (replace(a_service(), name="shop", phase=Phase.CALM, checks={}),) if here else ()
        state = a_state(service, *others, troubles=troubles)
        after, _ = step(state, e.Observed(NOW, "web", "home", Bad("HTTP 503")), policy)
        waits = service.phase if phase is Phase.SUSPECT else phase
        assert after.services["web"].phase is waits

"""The machine: which services an event is about, what a phase does with it, and that it is a pure function."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.core.scenes import NOW, a_service, a_state, step
from tests.core.world import CONTROL, make_policy
from tests.core.worlds import hear, incident_of, put, reach, web
from tests.support.effect_readers import kinds, lines
from watchdog.core.machine import EVENTS, LATE, TRANSITIONS, ignore
from watchdog.domain import events as e
from watchdog.domain.certificates import Certificate
from watchdog.domain.code_comparison import MigrationReading, MigrationRules
from watchdog.domain.incidents import Phase, State
from watchdog.domain.integrations import Integration, Standing
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Bad, Good
from watchdog.domain.severity import Severity

PLACE = ("web", "web-1")


def of_each_kind(world: Any) -> Mapping[type, e.Event]:
    """Return one event of each kind, as it might come now."""
    now = world.now
    samples: tuple[e.Event, ...] = (
        e.Observed(now, "web", "home", Bad("HTTP 503")),
        e.ControlChecked(now, CONTROL[0], Good()),
        e.ProbesJudged(now, silent=False),
        e.IntegrationJudged(now, Integration("channel", "slack", Standing.OK, now)),
        e.VendorChecked(now, "render", Good()),
        e.DeploysListed(now, "web", tuple(world.deploys), world.facts),
        e.DeploysUnread(now, "web", "Render answered 503"),
        e.CommitsSeen(now, "web", ()),
        e.CommitsUnread(now, "web", "GitHub answered 404"),
        e.AuthorsRead(now, "web", "dep-9", ("Ann",)),
        e.CertificateSeen(now, "web", Certificate("acme.example", now - 9e6, now + 9e4)),
        e.MigrationsRead(now, "web", MigrationReading("a" * 40, "b" * 40, MigrationRules().key)),
        e.TimePassed(now),
        e.Restarted(now),
        e.PinConfirmed(now, *PLACE, "commit"),
        e.PinUnconfirmed(now, *PLACE, "timed out"),
        e.RollbackAccepted(now, *PLACE, "dep-950"),
        e.RollbackRefused(now, *PLACE, "no"),
        e.RollbackStoodDown(now, *PLACE, "no"),
        e.RollbackPostponed(now, *PLACE, "no"),
        e.RollbackLost(now, *PLACE, "no"),
        e.AutoDeployRestored(now, *PLACE, "commit"),
        e.AutoDeployNotRestored(now, *PLACE, "no"),
        e.RemedyDone(now, *PLACE, "new-checkout"),
        e.RemedyRefused(now, *PLACE, "new-checkout", "no"),
        e.RemedyPostponed(now, *PLACE, "new-checkout", "no"),
        e.RemedyLost(now, *PLACE, "new-checkout", "no"),
        e.Approved(now, "web-1", "ann"),
        e.Rejected(now, "web-1", "ann"),
        e.Stopped(now, "web-1", "ann"),
        e.Acknowledged(now, "web-1", "ann"),
        e.QuestionDelivered(now, *PLACE, now),
        e.FollowUpsFellDue(now, *PLACE, Severity.HIGH, ("chat",), ("docs",), ("Update the docs",)),
        e.DrillFellDue(now, "web", None, 30 * 86400.0, False, ("chat",)),
        e.Paused(now, "ann"),
        e.Silenced(now, "ann", now + 60.0, "work", "web"),
        e.Held(now, "ann", now + 60.0, "launch"),
        e.Unsilenced(now, "silence-1", "ann"),
        e.WeekSummedUp(now, now - 60.0, "the week", ("nothing happened",)),
        e.AnnouncementPosted(now, "announcement-1", "Identified: slow", ("We look into it.",)),
        e.PastDecidedAgain(now, "watchdog 2 decides 3 past incidents as watchdog 1 did", ("Decided again: all.",)),
        e.Resumed(now, "ann"),
        e.InvariantBroken(now, "two rollbacks"),
        e.CommitTrusted(now, "bad0000", "ann"),
        e.RollbackRequested(now, "web", "ann"),
        e.UndoRequested(now, "web", "web-1", "ann", "dep-40", "aaaaaaa1", "dep-950"),
        e.RestoreRequested(now, "web", "ann"),
    )
    return {type(sample): sample for sample in samples}


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_takes_every_event(phase: Phase) -> None:
    """Nothing is raised; what a phase ignores changes neither phase nor incident, and asks for nothing outside."""
    world = reach(phase)
    state, before = world.state, web(world)
    samples = of_each_kind(world)
    assert set(samples) == set(EVENTS)
    for kind, event in samples.items():
        after, effects = step(state, event, world.policy)
        assert after.services["web"].phase in Phase
        if TRANSITIONS[phase][kind] is ignore:
            assert after.services["web"].phase is before.phase
            assert after.services["web"].incident == before.incident
            assert not {"Rollback", "PinAutoDeploy", "RestoreAutoDeploy", "TryRemedy"} & set(kinds(effects)), kind


@pytest.mark.parametrize("phase", list(Phase))
def test_the_same_input_gives_the_same_output(phase: Phase) -> None:
    """And the state that went in is untouched."""
    world = reach(phase)
    state, copy = world.state, replace(world.state)
    for event in of_each_kind(world).values():
        assert step(state, event, world.policy) == step(state, event, world.policy)
        assert state == copy


def test_a_service_that_was_never_seen_begins_calm() -> None:
    """The first event about it makes its state."""
    state, _ = step(State(), e.Observed(NOW, "web", "home", Good()), make_policy())
    assert state.services["web"].phase is Phase.CALM
    assert state.services["web"].watching_since == state.services["web"].phase_since == NOW


def _two_and_one_gone() -> tuple[State, Policy]:
    """Return a policy of web and api, and a state that knows web and one that a reload took away."""
    policy = make_policy()
    policy = replace(policy, services={**policy.services, "api": replace(policy.services["web"], name="api")})
    gone, web = a_service(name="gone", phase=Phase.CALM), a_service(name="web", phase=Phase.CALM)
    return replace(a_state(gone), services={"gone": gone, "web": web}), policy


def test_time_concerns_the_services_we_hold() -> None:
    """Another worker's services are not made up, and what a reload took away is left as it is."""
    before, policy = _two_and_one_gone()
    after, _ = step(before, e.TimePassed(NOW), policy)
    assert set(after.services) == {"gone", "web"} and after.services["gone"] == before.services["gone"]


@pytest.mark.parametrize(("named", "taken_up"), [((), {"web", "api"}), (("api",), {"api"}), (("nobody",), set())])
def test_a_start_takes_up_the_services_it_names(named: tuple[str, ...], taken_up: set[str]) -> None:
    """All of the policy if none is named; with several workers only those whose lease was won."""
    before, policy = _two_and_one_gone()
    after, effects = step(before, e.Restarted(NOW, named), policy)
    assert set(after.services) == {"gone", "web"} | taken_up
    assert {effect.service for effect in effects if hasattr(effect, "service")} == taken_up


def test_what_the_policy_does_not_know_is_passed_over() -> None:
    """An event about a service without a policy, or an answer to an incident nobody has."""
    state = a_state()
    for event in (
        e.Observed(NOW, "shop", "home", Bad("HTTP 503")),
        e.RollbackRequested(NOW, "shop", "ann"),
        e.Approved(NOW, "web-9", "ann"),
        e.Stopped(NOW, "web-9", "ann"),
    ):
        assert step(state, event, make_policy()) == (state, ())


def test_an_answer_for_a_service_that_a_reload_took_away_is_passed_over() -> None:
    """Its incident is still in the state; nothing is done about it."""
    world = reach(Phase.ASKING)
    world.policy = replace(world.policy, services={})
    before = world.state
    assert hear(world, e.Approved(world.now, "web-1", "ann")) == () and world.state == before


def test_an_answer_finds_its_service_by_the_incident() -> None:
    """Two services have an incident; the answer moves one."""
    world = reach(Phase.ASKING)
    other = replace(web(world), name="api", incident=replace(incident_of(world), id="web-2", service="api"))
    service_policy = {**world.policy.services, "api": replace(world.policy.services["web"], name="api")}
    world.policy = replace(world.policy, services=service_policy)
    world.state = replace(world.state, services={**world.state.services, "api": other})
    hear(world, e.Rejected(world.now, "web-2", "ann"))
    assert web(world).phase is Phase.ASKING and world.state.services["api"].phase is Phase.PAGED


@pytest.mark.parametrize("kind", [e.RollbackAccepted, e.RollbackRefused, e.RollbackLost, e.RollbackPostponed])
def test_an_outcome_of_another_incident_is_not_taken_for_this_one(kind: type) -> None:
    """Told again after a restart, it belongs to the incident it names."""
    world = reach(Phase.ROLLING_BACK)
    before = web(world)
    assert hear(world, kind(world.now, "web", "web-0", "dep-7")) == ()
    assert web(world) == before
    hear(world, kind(world.now, "web", "web-1", "dep-950"))
    assert web(world).phase is not Phase.ROLLING_BACK


def test_an_outcome_without_any_incident_is_late() -> None:
    """The incident is gone: auto-deploy that is off or comes back, and a flag, are told of; the rest is silence."""
    world = put(reach(Phase.CALM), auto_deploy_off="commit")
    told = (e.PinConfirmed, e.PinUnconfirmed, e.AutoDeployRestored, e.AutoDeployNotRestored, e.RemedyDone)
    for event in of_each_kind(world).values():
        if type(event) in LATE and not isinstance(event, told):
            assert hear(world, event) == (), event
    effects = hear(world, e.AutoDeployNotRestored(world.now, *PLACE, "Render answered 503"))
    assert lines(effects, "HUMAN") == ["AUTO-DEPLOY IS OFF on web and could not be given back: Render answered 503"]
    hear(world, e.AutoDeployRestored(world.now, *PLACE, "commit"))
    assert web(world).auto_deploy_off == ""


def test_bad_readings_in_the_dark_are_not_remembered_good_ones_are() -> None:
    """Blind: what fails may be our own fault."""
    world = reach(Phase.CALM)
    for target in CONTROL:
        hear(world, e.ControlChecked(world.now, target, Bad("timed out")))
    before = web(world)
    hear(world, e.Observed(world.now, "web", "home", Bad("HTTP 503")))
    assert web(world) == before
    hear(world, e.Observed(world.now + 1.0, "web", "home", Good()))
    assert web(world).checks["home"].last_at == world.now + 1.0

"""The machine: a total table, the same answer twice, unknown names passed over, restarts, outcomes nobody waits for."""

from dataclasses import replace
from typing import get_args

import pytest

from tests.core.scenes import FACTS, hear, incident_of, kinds, lines, notices, put, reach, web
from tests.core.world import START, World, make_policy
from watchdog.core.machine import EVENTS, FLEET_ONLY, LATE, TABLE, ignore, step
from watchdog.domain import events as e
from watchdog.domain.events import Event
from watchdog.domain.incidents import Phase, State
from watchdog.domain.readings import Bad, Good, Unknown

OUTCOMES = (e.RollbackAccepted, e.RollbackRefused, e.RollbackStoodDown, e.RollbackPostponed, e.RollbackLost)


def an_event(kind: type[Event], world: World, incident: str = "INC-1") -> Event:
    """Return an event of that type at the world's moment."""
    at, service = world.now, "web"
    samples: dict[type[Event], Event] = {
        e.Observed: e.Observed(at, service, "home", Good(), 0.1),
        e.ControlChecked: e.ControlChecked(at, "control-1", Good()),
        e.VendorChecked: e.VendorChecked(at, "render", Good()),
        e.DeploysListed: e.DeploysListed(at, service, tuple(world.deploys), world.facts),
        e.DeploysUnread: e.DeploysUnread(at, service, "503"),
        e.TimePassed: e.TimePassed(at),
        e.Restarted: e.Restarted(at),
        e.PinConfirmed: e.PinConfirmed(at, service, incident, "commit"),
        e.PinUnconfirmed: e.PinUnconfirmed(at, service, incident, "503"),
        e.RollbackAccepted: e.RollbackAccepted(at, service, incident, "dep-990"),
        e.RollbackRefused: e.RollbackRefused(at, service, incident, "404"),
        e.RollbackStoodDown: e.RollbackStoodDown(at, service, incident, "another deploy"),
        e.RollbackPostponed: e.RollbackPostponed(at, service, incident, "429"),
        e.RollbackLost: e.RollbackLost(at, service, incident, "no trace"),
        e.AutoDeployRestored: e.AutoDeployRestored(at, service, incident, "commit"),
        e.AutoDeployNotRestored: e.AutoDeployNotRestored(at, service, incident, "503"),
        e.Approved: e.Approved(at, incident, "Alice"),
        e.Rejected: e.Rejected(at, incident, "Alice"),
        e.Stopped: e.Stopped(at, incident, "Alice"),
        e.Paused: e.Paused(at, "Alice"),
        e.Resumed: e.Resumed(at, "Alice"),
        e.CommitTrusted: e.CommitTrusted(at, "bad00000", "Alice"),
        e.RollbackRequested: e.RollbackRequested(at, service, "Alice"),
    }
    return samples[kind]


@pytest.mark.parametrize("phase", Phase)
def test_every_event_is_taken_in_every_phase_and_means_the_same_twice(phase: Phase) -> None:
    """The table is total in practice too; same input, same output; only calm and suspicion lack an incident."""
    world = reach(phase)
    before = world.state
    for kind in EVENTS:
        event = an_event(kind, world)
        state, effects = step(before, event, world.policy)
        assert (state, effects) == step(before, event, world.policy)
        service = state.services["web"]
        assert service.incident is not None or service.phase in (Phase.CALM, Phase.SUSPECT)
    assert world.state is before, "step changes nothing in place"


def test_the_table_has_an_entry_for_every_event_of_the_union() -> None:
    """What is ignored is written, and outcomes have an entry for coming late."""
    assert set(EVENTS) == set(get_args(Event))
    for row in TABLE.values():
        assert set(row) == set(EVENTS)
    assert all(TABLE[Phase.CALM][kind] is ignore for kind in FLEET_ONLY)
    assert set(OUTCOMES) < set(LATE)


def test_only_a_pin_leads_to_a_rollback() -> None:
    """In no phase but pinning does one event bring a rollback about (a person's yes included)."""
    for phase in Phase:
        world = reach(phase)
        for kind in EVENTS:
            _, effects = step(world.state, an_event(kind, world), world.policy)
            sends = "Rollback" in kinds(effects)
            assert sends is (phase is Phase.PINNING and kind in (e.PinConfirmed, e.PinUnconfirmed)), (phase, kind)


@pytest.mark.parametrize(
    "event",
    [
        e.Observed(START, "nobody", "home", Bad("HTTP 503")),
        e.RollbackAccepted(START, "nobody", "INC-1", "dep-1"),
        e.RollbackRequested(START, "nobody", "Alice"),
        e.Approved(START, "INC-99", "Alice"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_the_policy_does_not_know_is_passed_over(event: Event) -> None:
    """A service that was taken out of the configuration, an incident that never was: nothing changes."""
    world = reach(Phase.ASKING)
    assert step(world.state, event, world.policy) == (world.state, ())


def test_an_answer_for_a_service_taken_out_of_the_configuration_is_passed_over() -> None:
    """Its incident is still in the state; nobody is left to act for it."""
    world = reach(Phase.ASKING)
    without = replace(world.policy, services={})
    assert step(world.state, e.Approved(world.now, "INC-1", "Alice"), without) == (world.state, ())


def test_a_signal_taken_out_of_the_configuration_is_passed_over() -> None:
    """Its readings change nothing."""
    world = reach(Phase.CALM)
    effects = hear(world, e.Observed(world.now, "web", "gone", Bad("HTTP 503")))
    assert effects == () and "gone" not in web(world).checks


def test_the_first_event_of_a_service_begins_its_record() -> None:
    """We have watched it since then."""
    state, _ = step(State(), e.Observed(START, "web", "home", Good()), make_policy())
    service = state.services["web"]
    assert (service.phase, service.watching_since, service.phase_since) == (Phase.CALM, START, START)


def test_bad_readings_while_blind_are_no_knowledge_and_others_are() -> None:
    """What a blind watchdog sees failing does not count; a good answer does."""
    world = reach(Phase.CALM)
    world.state = replace(world.state, blind_since=world.now)
    before = web(world).checks["home"]
    hear(world, e.Observed(world.now, "web", "home", Bad("timed out")))
    assert web(world).checks["home"] == before
    hear(world, e.Observed(world.now, "web", "home", Unknown("void")))
    assert web(world).checks["home"].last == Unknown("void")
    hear(world, e.Observed(world.now, "web", "home", Good()))
    assert web(world).checks["home"].last == Good() and web(world).phase is Phase.CALM


@pytest.mark.parametrize("phase", Phase)
def test_a_restart_goes_on_where_it_was(phase: Phase) -> None:
    """The phase stays, the deploys are read at its pace again, the probes too; nothing outside is touched or told."""
    world = reach(phase)
    effects = hear(world, e.Restarted(world.now))
    assert web(world).phase is phase
    assert {"ReadDeploys", "SetPace"} <= set(kinds(effects)) <= {"ReadDeploys", "SetPace", "WakeAt"}


def test_a_restart_wakes_at_the_deadlines_that_still_hold() -> None:
    """The veto's end, the answer's deadline, the rollback's lateness, the verification's end; what is past, now."""
    world = reach(Phase.ANNOUNCED)
    until = incident_of(world).announced_until
    assert until in [effect.at for effect in hear(world, e.Restarted(world.now)) if hasattr(effect, "at")]
    world = reach(Phase.ASKING)
    asked = incident_of(world).asked_at
    assert asked is not None
    wakes = [effect.at for effect in hear(world, e.Restarted(world.now)) if kinds([effect]) == ["WakeAt"]]
    assert asked + 300.0 in wakes
    late = [effect.at for effect in hear(world, e.Restarted(world.now + 999)) if kinds([effect]) == ["WakeAt"]]
    assert min(late) == world.now + 999
    world = reach(Phase.DEPLOYING)
    requested = incident_of(world).requested_at
    assert requested is not None
    wakes = [effect.at for effect in hear(world, e.Restarted(world.now)) if kinds([effect]) == ["WakeAt"]]
    assert wakes == [requested + 300.0, requested + 1200.0]
    world = reach(Phase.VERIFYING)
    restored = incident_of(world).restored_at
    assert restored is not None
    wakes = [effect.at for effect in hear(world, e.Restarted(world.now + 250)) if kinds([effect]) == ["WakeAt"]]
    assert wakes == [max(world.now + 250, restored + 180.0), restored + 300.0]


def test_a_restart_without_the_moment_of_the_request_counts_from_now() -> None:
    """It was lost somehow: the deadlines still come."""
    world = reach(Phase.DEPLOYING)
    put(world, incident=replace(incident_of(world), requested_at=None))
    wakes = [effect.at for effect in hear(world, e.Restarted(world.now)) if kinds([effect]) == ["WakeAt"]]
    assert wakes == [world.now + 300.0, world.now + 1200.0]


def test_a_restart_ends_runs_of_failures_because_good_readings_are_not_saved() -> None:
    """38 s of failures before, one after: not an unbroken run."""
    world = reach(Phase.SUSPECT)
    world.run(world.time + 30.0)
    hear(world, e.Restarted(world.now))
    assert web(world).checks["home"].run_probes == 0
    hear(world, e.Observed(world.now + 10.0, "web", "home", Bad("HTTP 503")))
    assert web(world).phase is Phase.SUSPECT and web(world).incident is None


# --- outcomes nobody waits for ---


def test_a_pin_confirmed_after_a_stop_is_given_back() -> None:
    """Stopped while the pin was under way: it comes, and is undone."""
    for event in (
        e.PinConfirmed(START, "web", "INC-1", "commit"),
        e.PinUnconfirmed(START, "web", "INC-1", "503", "commit"),
    ):
        world = reach(Phase.PINNING)
        assert lines(hear(world, e.Stopped(world.now, "INC-1", "Alice")), "STOPPED")
        effects = hear(world, event)
        assert kinds(effects) == ["RestoreAutoDeploy"] and effects[0].value == "commit"  # type: ignore[union-attr]
        assert web(world).phase is Phase.PAGED and incident_of(world).human_needed == "stopped by Alice"


@pytest.mark.parametrize(
    "event",
    [
        e.PinConfirmed(START, "web", "INC-1", "off"),
        e.PinConfirmed(START, "web", "INC-7", "commit"),
        e.PinUnconfirmed(START, "web", "INC-1", "503", None),
    ],
    ids=["was off before", "another incident", "never read"],
)
def test_a_late_pin_that_is_not_ours_is_left_alone(event: Event) -> None:
    """Nothing to give back."""
    world = reach(Phase.PINNING)
    hear(world, e.Stopped(world.now, "INC-1", "Alice"))
    assert hear(world, event) == ()


def test_a_second_confirmation_while_acting_changes_nothing() -> None:
    """A restart may tell an outcome twice."""
    for phase in (Phase.ROLLING_BACK, Phase.DEPLOYING, Phase.VERIFYING):
        world = reach(phase)
        before = incident_of(world)
        assert hear(world, e.PinConfirmed(world.now, "web", "INC-1", "commit")) == ()
        assert incident_of(world) == before and web(world).phase is phase


def test_outcomes_of_another_incident_do_not_move_this_one() -> None:
    """Told again after a restart, they belong to an incident that is over."""
    for phase in (Phase.PINNING, Phase.ROLLING_BACK, Phase.DEPLOYING, Phase.VERIFYING, Phase.PAGED, Phase.CALM):
        world = reach(phase)
        for kind in (*OUTCOMES, e.PinConfirmed, e.PinUnconfirmed):
            effects = hear(world, an_event(kind, world, incident="INC-99"))
            assert effects == () and web(world).phase is phase


def test_a_rollback_that_was_accepted_after_all_is_written_down_and_its_commit_denied() -> None:
    """Lost, handed to a human, and then found: known, denied, not followed."""
    world = reach(Phase.ROLLING_BACK)
    hear(world, e.RollbackLost(world.now, "web", "INC-1", "no trace"))
    assert web(world).phase is Phase.PAGED and world.state.denied == ()
    effects = hear(world, e.RollbackAccepted(world.now, "web", "INC-1", "dep-990", adopted=True))
    assert lines(effects, "ACT") == ["the rollback was accepted after all: dep-990"]
    assert incident_of(world).rollback_deploy == "dep-990" and world.state.denied == ("bad00000",)
    assert hear(world, e.RollbackAccepted(world.now, "web", "INC-1", "dep-991")) == (), "told twice, known once"


@pytest.mark.parametrize("kind", [e.RollbackRefused, e.RollbackStoodDown, e.RollbackPostponed, e.RollbackLost])
def test_other_outcomes_that_nobody_waits_for_are_ignored(kind: type[Event]) -> None:
    """Wherever they come late, nothing is changed or told."""
    for phase in (Phase.DEPLOYING, Phase.VERIFYING, Phase.PAGED):
        world = reach(phase)
        assert hear(world, an_event(kind, world)) == () and web(world).phase is phase


def test_auto_deploy_that_could_not_be_given_back_is_said() -> None:
    """In an open incident people are told; afterwards it is written down."""
    world = reach(Phase.PAGED)
    put(world, auto_deploy_off="commit")
    effects = hear(world, e.AutoDeployNotRestored(world.now, "web", "INC-1", "Render answered 503"))
    assert lines(effects, "HUMAN") == ["AUTO-DEPLOY IS OFF on web and could not be given back: Render answered 503"]
    assert notices(effects) == ["updated"]
    title = next(effect.notice.title for effect in effects if hasattr(effect, "notice"))
    assert title.startswith("AUTO-DEPLOY IS OFF on web. web CRITICAL")
    calm = reach(Phase.CALM)
    effects = hear(calm, e.AutoDeployNotRestored(calm.now, "web", "INC-1", "Render answered 503"))
    assert lines(effects, "HUMAN") and notices(effects) == []


def test_auto_deploy_that_was_given_back_is_written_down_in_any_phase() -> None:
    """With an incident, its note of the pin changes; without one, the service's."""
    world = put(reach(Phase.PAGED), auto_deploy_off="commit")
    effects = hear(world, e.AutoDeployRestored(world.now, "web", "INC-1", "commit"))
    assert lines(effects, "ACT") == ["auto-deploy given back: commit"]
    assert web(world).auto_deploy_off == "" and incident_of(world).pin_note == "given back (commit)"
    calm = put(reach(Phase.CALM), auto_deploy_off="commit", facts=FACTS)
    hear(calm, e.AutoDeployRestored(calm.now, "web", "INC-1", "commit"))
    assert web(calm).auto_deploy_off == "" and web(calm).incident is None


# --- what never comes ---


def test_a_pin_without_any_answer_is_gone_on_without() -> None:
    """A minute: then the rollback is sent, and the note says that nothing came."""
    world = reach(Phase.PINNING)
    since = web(world).phase_since
    assert kinds(hear(world, e.TimePassed(since + 59.0))) == []
    hear(world, e.Observed(since + 58.0, "web", "home", Bad("HTTP 503")))
    effects = hear(world, e.TimePassed(since + 60.0))
    assert "Rollback" in kinds(effects)
    assert incident_of(world).pin_note.startswith("NOT CONFIRMED to be off: no answer came")


def test_a_rollback_without_any_outcome_is_a_humans() -> None:
    """Five minutes: only a human can tell what became of it."""
    world = reach(Phase.ROLLING_BACK)
    since = web(world).phase_since
    assert kinds(hear(world, e.TimePassed(since + 299.0))) == []
    effects = hear(world, e.TimePassed(since + 300.0))
    assert notices(effects) == ["human_needed"] and web(world).phase is Phase.PAGED
    assert incident_of(world).human_needed == "no outcome of the rollback came in 5 min"

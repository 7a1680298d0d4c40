"""Openings: an incident is created, decided on, written down; a yes or a window that ran out holds for a while."""

from dataclasses import replace

import pytest

from tests.core.incident_fields import amended
from tests.core.world import World, make_policy, with_row
from tests.core.worlds import hear, incident_of, put, reach, reload, share, web
from tests.support.effect_readers import kinds, lines
from watchdog.core.phases.open_incident import YES_HOLDS_SECONDS
from watchdog.domain import events as e
from watchdog.domain.decisions import Course
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import Approver, Mode
from watchdog.domain.readings import Bad
from watchdog.domain.severity import Severity


def put_off(world: World) -> World:
    """Bring a world to the moment where the rollback was to be sent, and have it put off."""
    hear(world, e.PinConfirmed(world.now, "web", "web-1", "commit"))
    hear(world, e.RollbackPostponed(world.now, "web", "web-1", "rate limit"))
    assert web(world).phase is Phase.SUSPECT
    return world


def fail_once(world: World) -> list[str]:
    """Let home fail once more; return the effects' names."""
    return kinds(hear(world, e.Observed(world.now, "web", "home", Bad("HTTP 503"))))


def test_an_incident_is_written_down_with_its_reasons() -> None:
    """One note for each part of the reasoning, in order; numbered from one."""
    world = reach(Phase.PINNING)
    labels = [label for label in world.labels() if label in ("CRITICAL", "BLAME", "GUARDS", "TARGET", "DECIDED")]
    assert labels == ["CRITICAL", "BLAME", "GUARDS", "TARGET", "DECIDED"]
    incident = incident_of(world)
    assert (incident.id, incident.severity, incident.service) == ("web-1", Severity.CRITICAL, "web")
    assert (incident.suspect, incident.suspect_code) == ("dep-900", "bad00000")
    assert (incident.rollback.target, incident.rollback.target_code) == ("dep-40", "aaaaaaa1")
    assert incident.onset_at < incident.opened_at and incident.channels == ("pager", "chat")
    assert incident.decision is not None and incident.decision.course is Course.ROLLBACK
    assert (incident.question.approved_by, incident.question.approved_at) == (None, None)
    assert incident.reconsidered_at == incident.decision.at == incident.opened_at


def test_observe_writes_down_what_it_would_do_and_that_nobody_is_to_blame() -> None:
    """The same decision with a line of its own; without a deploy there is neither suspect nor target."""
    world = reach(Phase.PAGED)
    assert [note.text for note in world.notes if note.label == "WOULD"] == ["would roll back to dep-40 (aaaaaaa)"]
    assert not world.pins
    put(world, deploys=(), live=None, incident=None, phase=Phase.SUSPECT)
    fail_once(world)
    assert incident_of(world).suspect is None and incident_of(world).rollback.target is None
    assert incident_of(world).id == "web-2"


BOSS = Approver("boss", ("terminal:boss",))


@pytest.mark.parametrize(
    ("later", "fields", "approver", "holds"),
    [
        (YES_HOLDS_SECONDS - 1.0, {}, None, True),
        (YES_HOLDS_SECONDS, {}, None, False),
        pytest.param(0.0, {"suspect": "dep-800"}, None, False, id="another deploy is live by now"),
        pytest.param(0.0, {"severity": Severity.HIGH}, BOSS, False, id="it became another approver's to say"),
    ],
)
def test_a_yes_holds_for_a_while_when_the_send_was_put_off(
    later: float, fields: dict, approver: Approver | None, holds: bool
) -> None:
    """Put off by a rate limit: five minutes on, the same human is not asked again; after that, he is."""
    world = reach(Phase.ASKING)
    hear(world, e.Approved(world.now, "web-1", "ann"))
    put_off(world)
    assert incident_of(world).question.approved_at is not None
    put(world, incident=amended(incident_of(world), approved_at=world.now - later, **fields))
    reload(world, Severity.CRITICAL, approver=approver)
    assert ("PinAutoDeploy" in fail_once(world)) is holds
    assert web(world).phase is (Phase.PINNING if holds else Phase.ASKING)
    assert incident_of(world).question.approved_by == ("ann" if holds else None)


@pytest.mark.parametrize(
    ("named", "holds"), [(None, True), (Approver("lead", ("terminal:lead",)), True), (Approver("boss", ()), False)]
)
def test_a_yes_is_not_for_what_became_another_approver_s_to_say(named: Approver | None, holds: bool) -> None:
    """The lead said yes to what was high; put off, it is critical now."""
    policy = with_row(make_policy(Mode.ASSIST), Severity.HIGH, approver=Approver("lead", ("terminal:lead",)))
    world = reach(Phase.ASKING, with_row(policy, Severity.CRITICAL, approver=named))
    put(world, incident=replace(incident_of(world), severity=Severity.HIGH))
    effects = hear(world, e.Approved(world.now, "web-1", "lead"))
    assert ("PinAutoDeploy" in kinds(effects)) is holds
    assert web(world).phase is (Phase.PINNING if holds else Phase.ASKING)


@pytest.mark.parametrize(
    ("later", "holds"), [(YES_HOLDS_SECONDS - 1.0, True), (YES_HOLDS_SECONDS, False), (0.0, True), (-1.0, False)]
)
def test_a_window_that_ran_out_holds_for_a_while_too(later: float, holds: bool) -> None:
    """Announced, the window ran out, put off: no second window; one long over, or still running, does not count."""
    world = reach(Phase.PINNING, make_policy(veto_seconds=60.0), pin="silent")
    put_off(world)
    put(world, incident=replace(incident_of(world), announced_until=world.now - later))
    effects = hear(world, e.Observed(world.now, "web", "home", Bad("HTTP 503")))
    assert web(world).phase is (Phase.PINNING if holds else Phase.ANNOUNCED)
    assert lines(effects, "DECIDED")[0].startswith("rollback: no stop came") is holds


def test_what_was_put_off_and_has_another_target_is_told_anew() -> None:
    """Its commit was denied meanwhile: a yes is about no other deploy."""
    world = reach(Phase.ASKING)
    hear(world, e.Approved(world.now, "web-1", "ann"))
    put_off(share(world, denied=("aaaaaaa1",)))
    effects = hear(world, e.Observed(world.now + 1, "web", "home", Bad("HTTP 503")))
    assert web(world).phase is Phase.ASKING and incident_of(world).question.approved_by is None
    assert "the target changed since you were notified (dep-40 -> dep-39)" in lines(effects, "DECIDED")[0]

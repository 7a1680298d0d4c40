"""The pin: what comes of switching auto-deploy off, late or never, and of giving it back."""

from dataclasses import replace

import pytest

from tests.core.worlds import hear, incident_of, put, reach, web
from tests.support.effect_readers import kinds, lines, tell_of
from watchdog.core.fold import deploy_lists
from watchdog.core.phases import rollback_request
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import Topic
from watchdog.domain.readings import Bad
from watchdog.domain.severity import Severity


def test_an_unconfirmed_pin_that_read_the_old_value_remembers_it() -> None:
    """It may be off: the old value is known, so a refusal gives it back."""
    world = reach(Phase.PINNING)
    effects = hear(world, e.PinUnconfirmed(world.now, "web", "web-1", "timed out", "commit"))
    assert "Rollback" in kinds(effects) and "NOT CONFIRMED to be off: timed out" in lines(effects, "ACT")[0]
    assert web(world).auto_deploy_off == "commit" and not incident_of(world).pin.off
    effects = hear(world, e.RollbackRefused(world.now, "web", "web-1", "artefact expired"))
    refused = incident_of(world).rollback
    assert (refused.refused_at, refused.refusal, refused.artefact_gone) == (world.now, "artefact expired", False)
    assert [effect.value for effect in effects if isinstance(effect, fx.RestoreAutoDeploy)] == ["commit"]


def test_a_pin_without_an_answer_is_waited_for_a_minute() -> None:
    """Just before its patience is over nothing is sent; then the outage waits no longer."""
    world = reach(Phase.PINNING)
    over = web(world).phase_since + rollback_request.PIN_PATIENCE_SECONDS
    assert hear(world, e.TimePassed(over - 0.1)) == ()
    hear(world, e.Observed(over, "web", "home", Bad("HTTP 503")))
    effects = hear(world, e.TimePassed(over))
    assert "Rollback" in kinds(effects)
    said = "NOT CONFIRMED to be off: no answer came; a merge may bring the bad commit back"
    assert incident_of(world).pin.note == said


@pytest.mark.parametrize(("previous", "known"), [(None, ("", "")), ("commit", ("commit", "web-1"))])
def test_a_pin_that_was_put_off_is_decided_anew(previous: str | None, known: tuple[str, str]) -> None:
    """Another worker changed what all share first; what an earlier attempt may have switched goes back at the end."""
    world = reach(Phase.PINNING)
    effects = hear(world, e.RollbackPostponed(world.now, "web", "web-1", "another worker", previous))
    assert web(world).phase is Phase.SUSPECT and "Rollback" not in kinds(effects)
    assert (web(world).auto_deploy_off, web(world).pinned_for) == known
    assert incident_of(world).pin.previous == previous
    assert previous is None or web(world).switch_visible_at == world.now + deploy_lists.PIN_LANDS_SECONDS


# --- auto-deploy given back ---


@pytest.mark.parametrize("by_hand", [False, True])
def test_auto_deploy_that_cannot_be_given_back_is_told(by_hand: bool) -> None:
    """They read that it is being given back: whoever has the incident is woken, and so are they after its end.

    A rollback by hand may have begun since.
    """
    world = reach(Phase.PINNING)
    hear(world, e.PinConfirmed(world.now, "web", "web-1", "commit"))
    effects = hear(world, e.RollbackRefused(world.now, "web", "web-1", "artefact expired"))
    assert "Auto-deploy: off, is being given back (was commit)" in tell_of(effects).notice.lines
    if by_hand:
        hear(world, e.RollbackRequested(world.now, "web", "ann"))
    effects = hear(world, e.AutoDeployNotRestored(world.now, "web", "web-1", "Render answered 503"))
    off = "AUTO-DEPLOY IS OFF on web and could not be given back"
    assert lines(effects, "HUMAN") == [f"{off}: Render answered 503"]
    notice = tell_of(effects).notice
    assert notice.about.topic is Topic.AUTO_DEPLOY_NOT_RESTORED and notice.severity is Severity.CRITICAL
    assert notice.title == "web: auto-deploy is OFF, could not be switched on" and notice.wakes
    assert notice.about.under_way is by_hand and notice.kind.value == "human_needed"
    again = "Switch it on at Render, or try again: watchdog service restore-auto-deploy web"
    assert by_hand or notice.lines[:2] == ("Why: Render answered 503", again)
    assert web(world).auto_deploy_off == "commit"
    assert incident_of(world).pin.note == "still OFF, it could not be given back: Render answered 503"


@pytest.mark.parametrize("incident", ["closed", "told nobody", "another", "none"])
def test_whatever_became_of_the_incident_somebody_is_woken(incident: str) -> None:
    """Closed, of a severity that tells nobody, another one by now, or let go."""
    world = reach(Phase.PAGED)
    known = {
        "closed": replace(incident_of(world), closed_at=world.now),
        "told nobody": replace(incident_of(world), channels=()),
        "another": replace(incident_of(world), id="web-2"),
        "none": None,
    }[incident]
    put(world, incident=known, auto_deploy_off="commit", pinned_for="web-1", phase=Phase.PAGED if known else Phase.CALM)
    effects = hear(world, e.AutoDeployNotRestored(world.now, "web", "web-1", "Render answered 503"))
    (tell,) = [effect for effect in effects if isinstance(effect, fx.Tell)]
    assert tell.notice.title == "AUTO-DEPLOY IS OFF on web and could not be given back"
    assert tell.notice.kind.value == "human_needed"
    assert tell.notice.lines[1] == "Switch it on by hand, or try again: watchdog service restore-auto-deploy web"
    assert (tell.notice.incident, tell.notice.wakes, tell.channels) == ("web-1/auto-deploy", True, ("pager", "chat"))
    (note,) = [effect for effect in effects if isinstance(effect, fx.Note)]
    assert (note.incident, note.label) == ("web-1", "HUMAN")

"""Endings: paged, told, noted, closed; auto-deploy given back when it was switched off for nothing."""

from dataclasses import replace

import pytest

from tests.core.scenes import FOREVER, bad_world, hear, kinds, lines, reach, web
from tests.core.world import Fault, World, make_policy
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.incidents import Phase
from watchdog.domain.policy import DEFAULT_MATRIX, Action, Policy, Rule, Severity


def home_means(severity: Severity, *tell: str) -> Policy:
    """Return a policy in which a failing home is of that severity, told to these channels."""
    policy = make_policy()
    web = policy.services["web"]
    signals = tuple(replace(signal, severity=severity) for signal in web.signals)
    matrix = {**policy.matrix, severity: replace(DEFAULT_MATRIX[severity], tell=tell)}
    return replace(policy, services={"web": replace(web, signals=signals)}, matrix=matrix)


def outage(policy: Policy, end: float = 250.0) -> World:
    """Return a world after an outage that ended by itself."""
    return bad_world(policy, faults=[Fault(64.0, end, code="bad00000")]).run(500.0)


def test_a_medium_incident_is_told_without_waking_anybody() -> None:
    """Opened and resolved, both for information."""
    world = outage(home_means(Severity.MEDIUM, "chat"))
    assert [(tell.notice.kind.value, tell.notice.wakes, tell.channels) for tell in world.tells] == [
        ("opened", False, ("chat",)),
        ("resolved", False, ("chat",)),
    ]
    assert not world.pins


def test_a_low_incident_is_only_written_down() -> None:
    """Nobody is told, not even of its end."""
    world = outage(home_means(Severity.LOW, "chat"))
    assert not world.tells and not world.pins
    assert {"LOW", "CLOSED"} <= set(world.labels())
    assert world.incidents["web-1"].outcome == "recovered"


@pytest.mark.parametrize(
    ("severity", "wakes"), [(Severity.CRITICAL, True), (Severity.HIGH, True), (Severity.MEDIUM, False)]
)
def test_only_bad_news_wakes(severity: Severity, wakes: bool) -> None:
    """A page of a medium incident (the policy would roll back, blame does not convict) is for information."""
    policy = home_means(severity, "chat")
    policy = replace(policy, matrix={**policy.matrix, severity: Rule(Action.ROLLBACK, 300.0, ("chat",))})
    world = World(policy, [], faults=[Fault(64.0, FOREVER)]).run(200.0)
    (tell,) = world.tells
    assert tell.notice.kind.value == "human_needed" and tell.notice.wakes is wakes
    assert tell.notice.lines[0].startswith("Left to you: no deploy can be blamed")


def test_an_end_is_told_with_how_what_was_done_and_what_is_left() -> None:
    """The all-clear names the proof, the rollback and what a human has to switch back."""
    world = bad_world().run(500.0)
    notice = world.tells[-1].notice
    assert notice.kind.value == "resolved" and notice.title.startswith("web RESOLVED: rolled back and verified (")
    assert notice.lines[0].startswith("How: home: ")
    assert "Rolled back: dep-900 -> dep-40 as dep-901" in notice.lines
    assert "Left for you: auto-deploy is off (it was commit) until you switch it back on." in notice.lines
    assert world.facts.auto_deploy == "off" and not world.restores


def test_what_was_switched_off_for_nothing_is_given_back_at_the_end() -> None:
    """Put off after the pin, then recovered by itself: nothing is left for people."""
    world = bad_world(faults=[Fault(64.0, 107.0, code="bad00000")], outcomes=["postponed"]).run(500.0)
    (tell,) = world.tells
    assert "auto-deploy, switched off for it, is being given back" in tell.notice.lines[0]
    assert not any(line.startswith("Left for you: auto-deploy") for line in tell.notice.lines)
    assert "Auto-deploy: off, is being given back (was commit)" in tell.notice.lines
    assert [restore.value for restore in world.restores] == ["commit"]
    given = [note for note in world.notes if note.text == "auto-deploy given back: commit"]
    assert [note.incident for note in given] == ["web-1"]


def test_readings_of_an_ended_incident_do_not_open_the_next() -> None:
    """The statistics are cleared with the end."""
    world = reach(Phase.VERIFYING)
    while web(world).phase is Phase.VERIFYING:
        world.run(world.time + 1.0)
    assert web(world).phase is Phase.CALM and web(world).closed_at is not None
    assert all(check.run_probes == 0 and not check.recent for check in web(world).checks.values())


def test_the_alarm_begins_with_auto_deploy_while_it_is_off() -> None:
    """Lost after the pin: every later title says it first."""
    world = reach(Phase.ROLLING_BACK)
    effects = hear(world, e.RollbackLost(world.now, "web", "web-1", "no trace"))
    (tell,) = [effect for effect in effects if isinstance(effect, fx.Tell)]
    assert tell.notice.title.startswith("AUTO-DEPLOY IS OFF on web. web CRITICAL: ")


def test_a_service_without_a_platform_has_nothing_to_give_back() -> None:
    """A reload took the platform's id away: no restore can be asked for, and none is claimed."""
    world = reach(Phase.ROLLING_BACK)
    wishes = replace(world.policy.services["web"], platform_id=None)
    world.policy = replace(world.policy, services={"web": wishes})
    effects = hear(world, e.RollbackRefused(world.now, "web", "web-1", "artefact expired"))
    assert "RestoreAutoDeploy" not in kinds(effects)
    assert lines(effects, "TOLD")[0].startswith("pager, chat (page): AUTO-DEPLOY IS OFF on web.")

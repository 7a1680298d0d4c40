"""Acting: what each outcome leaves in the incident and the service, in the story, and on the page; to the letter."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.incident_fields import amended
from tests.core.world import World
from tests.core.worlds import hear, incident_of, line_of, listed, put, reach, share, web
from tests.support.effect_readers import kinds, lines, notices, tell_of, wakes
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.incidents import Phase
from watchdog.domain.notices import NoticeKind, Topic
from watchdog.domain.policy import Step
from watchdog.domain.readings import Good
from watchdog.domain.severity import Severity

OURS = ("web", "web-1")


def pinned(phase: Phase, **incident: object) -> World:
    """Return a world in that phase, in which auto-deploy is off because of us."""
    world = reach(phase)
    return put(world, auto_deploy_off="commit", incident=amended(incident_of(world), previous="commit", **incident))


def test_an_announced_rollback_is_dropped_when_no_failure_is_fresh_any_more() -> None:
    """Good for 15 s is enough, and less is not; people read how it ended."""
    world = reach(Phase.ANNOUNCED)
    put(world, checks={name: replace(check, cusum=0.0) for name, check in web(world).checks.items()})
    failed = web(world).checks["home"].last_bad_at
    for seconds in (1.0, 2.0, 14.9):
        hear(world, e.Observed(failed + seconds, "web", "home", Good()))
        assert web(world).phase is Phase.ANNOUNCED
    tell = tell_of(hear(world, e.Observed(failed + 15.0, "web", "home", Good())))
    assert web(world).phase is Phase.CALM
    assert tell.notice.lines[0] == "Recovered by itself: it recovered before the announced rollback."


def test_a_pin_is_remembered_with_whom_it_is_for_and_since_when() -> None:
    """The first moment counts; what is live then is no news to offer auto-deploy back for."""
    world = reach(Phase.PINNING)
    hear(world, e.PinConfirmed(world.now, *OURS, "commit"))
    service = web(world)
    assert incident_of(world).pin.off is True and service.auto_deploy_off == "commit"
    assert (service.pinned_for, service.pinned_at, service.offered) == ("web-1", world.now, "dep-900")
    later = put(reach(Phase.PINNING), pinned_at=7.0)
    hear(later, e.PinConfirmed(later.now, *OURS, "commit"))
    assert web(later).pinned_at == 7.0


def late_pin(
    world: World, *, confirmed: bool = False, incident: str = "web-1", previous: str | None = "commit"
) -> e.Event:
    """Return a pin that comes late, read back or not."""
    place = (world.now, "web", incident)
    return e.PinConfirmed(*place, previous) if confirmed else e.PinUnconfirmed(*place, "timed out", previous)


NOT_OFF, OFF = ("", "", ""), ("commit", "web-1", "dep-900")


@pytest.mark.parametrize(
    ("late", "phase", "fields", "given", "off"),
    [
        ({}, Phase.PAGED, {}, ["commit"], OFF),
        ({}, Phase.PAGED, {"suspect": None}, ["commit"], ("commit", "web-1", "")),
        ({"confirmed": True}, Phase.PAGED, {}, ["commit"], OFF),
        ({}, Phase.PAGED, {"deploy": "dep-950"}, [], OFF),
        ({}, Phase.SUSPECT, {}, [], OFF),
        ({"previous": "off"}, Phase.PAGED, {}, [], NOT_OFF),
        ({"previous": "off", "confirmed": True}, Phase.PAGED, {}, [], NOT_OFF),
        ({"previous": None}, Phase.PAGED, {}, [], NOT_OFF),
        ({"incident": "web-7", "confirmed": True}, Phase.PAGED, {}, [], ("commit", "web-7", "dep-900")),
    ],
)
def test_a_late_pin_is_undone_where_nobody_needs_it(
    late: dict[str, Any], phase: Phase, fields: dict[str, Any], given: list[str], off: tuple[str, str, str]
) -> None:
    """Stopped while pinning: given back only if nothing was rolled back, and nothing will be soon, and if it is of
    this incident; what was on is remembered in any case.
    """
    world = reach(Phase.PINNING)
    hear(world, e.Stopped(world.now, "web-1", "ann"))
    assert web(world).phase is Phase.PAGED
    put(world, phase=phase, incident=amended(incident_of(world), **fields))
    effects = hear(world, late_pin(world, **late))
    assert incident_of(world).pin.off is (late == {"confirmed": True}) and (effects == () or off != NOT_OFF)
    assert [effect.value for effect in effects if isinstance(effect, fx.RestoreAutoDeploy)] == given
    assert (web(world).auto_deploy_off, web(world).pinned_for, web(world).offered) == off
    assert incident_of(world).pin.previous == (None if "incident" in late else late.get("previous", "commit"))


@pytest.mark.parametrize("phase", [Phase.PAGED, Phase.CALM])
@pytest.mark.parametrize("confirmed", [True, False])
def test_a_late_pin_that_cannot_be_undone_now_is_told(phase: Phase, confirmed: bool) -> None:
    """Stopped, or over, and paused since: it stays off, and nobody else would say so."""
    world = share(put(reach(Phase.PINNING), phase=phase), paused_by="bob")
    effects = hear(world, late_pin(world, confirmed=confirmed))
    assert tell_of(effects).notice.title == f"AUTO-DEPLOY {'IS' if confirmed else 'MAY BE'} OFF on web"
    assert "RestoreAutoDeploy" not in kinds(effects)


LATE_IN = (Phase.SUSPECT, Phase.ANNOUNCED, Phase.ASKING, Phase.ROLLING_BACK, Phase.DEPLOYING, Phase.VERIFYING)


@pytest.mark.parametrize("phase", LATE_IN)
@pytest.mark.parametrize("confirmed", [True, False])
def test_a_late_pin_is_never_forgotten(phase: Phase, confirmed: bool) -> None:
    """The old value is known whatever goes on; an answer that may be older than the switch changes nothing."""
    world = put(reach(Phase.PINNING), phase=phase)
    assert "RestoreAutoDeploy" not in kinds(hear(world, late_pin(world, confirmed=confirmed)))
    assert (web(world).auto_deploy_off, incident_of(world).pin.previous) == ("commit", "commit")
    assert incident_of(world).pin.off is confirmed
    settled = 5.0 if confirmed else 30.0
    put(world, phase=Phase.PAGED)
    for seconds, off in ((0.0, "commit"), (1.0, "")):
        listed(world, at=settled + seconds, auto_deploy="commit")
        assert web(world).auto_deploy_off == off


def test_a_switch_that_may_still_arrive_is_remembered_though_it_was_given_back() -> None:
    """Its answer was lost, and it was read as on before it could have arrived: the next look tells."""
    world = reach(Phase.PINNING)
    hear(world, e.PinUnconfirmed(world.now, *OURS, "timed out", "commit"))
    put(world, phase=Phase.PAGED)
    hear(world, e.AutoDeployRestored(world.now + 29.0, *OURS, "commit"))
    assert web(world).auto_deploy_off == "commit"
    hear(world, e.AutoDeployRestored(world.now + 30.0, *OURS, "commit"))
    assert web(world).auto_deploy_off == ""


def test_the_last_old_value_that_is_not_our_own_off_is_the_one_to_give_back() -> None:
    """Off at first, then switched on by somebody, then pinned again; and what a third pin reads is our own."""
    world = reach(Phase.PINNING)
    for previous, known in (("off", ""), ("checksPass", "checksPass"), ("off", "checksPass")):
        put(world, phase=Phase.PINNING)
        hear(world, e.PinConfirmed(world.now, *OURS, previous))
        assert (web(world).auto_deploy_off, incident_of(world).pin.previous) == (known, known or "off")


@pytest.mark.parametrize("known", ["", "checksPass"])
@pytest.mark.parametrize("confirmed", [True, False])
def test_a_pin_of_an_incident_that_is_over_is_remembered_and_told(confirmed: bool, known: str) -> None:
    """Nobody knows any more whether it was rolled back, so a human gives it back; an older old value counts."""
    world = put(reach(Phase.CALM), auto_deploy_off=known)
    (note, tell) = hear(world, late_pin(world, confirmed=confirmed, incident="web-7"))
    place = (world.now, "web", "web-7")
    was = known or "commit"
    assert (web(world).auto_deploy_off, web(world).pinned_for, web(world).offered) == (was, "web-7", "dep-40")
    title = f"AUTO-DEPLOY {'IS' if confirmed else 'MAY BE'} OFF on web"
    line = f"It was {was}; it was to be switched off for web-7, which is over."
    assert note == fx.Note(world.now, "web", "web-7", "HUMAN", f"{title}. {line}")
    assert isinstance(tell, fx.Tell) and (tell.notice.title, tell.notice.wakes) == (title, False)
    assert tell.notice.lines == (line, "To give it back: watchdog service restore-auto-deploy web")
    assert (tell.notice.incident, tell.notice.kind) == ("web-7/auto-deploy", NoticeKind.OPENED)
    assert hear(world, e.PinUnconfirmed(*place, "timed out")) == hear(world, e.PinConfirmed(*place, "off")) == ()


HOW = {None: "sent once", "dep-40": "redeploy_commit: rebuilds commit aaaaaaa, as Render keeps no artefact of dep-40"}


@pytest.mark.parametrize("off", [True, False])
@pytest.mark.parametrize(("expired", "adopted"), [(None, False), ("dep-40", False), (None, True)])
def test_an_acceptance_is_told_and_wakes_only_while_a_merge_may_undo_it(
    off: bool, expired: str | None, adopted: bool
) -> None:
    """What was sent and how; if auto-deploy is not known to be off, the page rings. Followed if its answer was lost."""
    world = reach(Phase.ROLLING_BACK)
    put(world, incident=amended(incident_of(world), off=off, expired=expired))
    effects = hear(world, e.RollbackAccepted(world.now, *OURS, "dep-950", adopted=adopted))
    assert web(world).phase is Phase.DEPLOYING and world.state.denied == ("bad00000",)
    assert wakes(effects) == [world.now + 300.0, world.now + 1200.0]
    how = "found by reading the deploy list" if adopted else HOW[expired]
    (done,) = lines(effects, "ACT")
    assert done.startswith(how if expired else f"rollback to dep-40, {how}")
    assert lines(effects, "ACT")[0].endswith(" -> dep-950")
    tell = tell_of(effects)
    assert tell.notice.about.topic is Topic.ROLLING_BACK and tell.notice.lines[0].startswith("Critical for ")
    assert tell.notice.title == f"web is down: {'rebuilding commit' if expired else 'rolling back to'} aaaaaaa"
    assert (tell.notice.kind, tell.notice.wakes) == (NoticeKind.ACTED, not off)
    assert web(world).bad == (("bad00000", "dep-900"),)


@pytest.mark.parametrize(
    ("denied", "change", "known"),
    [
        ((), {"decision": None}, False),
        (("bad00000",), {"decision": None}, True),
        pytest.param(("bad00000",), {"decision": None, "suspect_code": None}, False, id="no code is known"),
    ],
)
def test_what_was_not_decided_denies_nothing_new_but_is_known_if_it_was_denied(
    denied: tuple[str, ...], change: dict, known: bool
) -> None:
    """By hand nobody was blamed; code that is on the list already is recognised when it comes back."""
    world = share(reach(Phase.ROLLING_BACK), denied=denied)
    put(world, incident=replace(incident_of(world), **change))
    hear(world, e.RollbackAccepted(world.now, *OURS, "dep-950"))
    assert world.state.denied == denied and web(world).bad == ((("bad00000", "dep-900"),) if known else ())


@pytest.mark.parametrize("built", ["dep-40", "dep-39"])
def test_only_the_target_itself_can_be_rebuilt(built: str) -> None:
    """That another deploy is of a commit does not help. The story says what was refused and what is left."""
    world = reach(Phase.ROLLING_BACK)
    listed = tuple(replace(one, commit=one.commit if one.id == built else None) for one in web(world).deploys)
    put(world, deploys=listed)
    effects = hear(world, e.RollbackRefused(world.now + 100.0, *OURS, "no artefact", expired=True))
    left = "refused: no artefact; redeploy_commit is next: rebuilds commit aaaaaaa, as"
    told = [text.startswith(left) for text in lines(effects, "ACT")]
    rollback = incident_of(world).rollback
    if built == "dep-40":
        assert told == [True] and (rollback.expired, rollback.tried) == ("dep-40", False)
    else:
        assert True not in told and rollback.expired is None


@pytest.mark.parametrize(
    ("outcome", "why", "given", "requested"),
    [
        (e.RollbackRefused, "the platform refused the rollback: no", True, True),
        (e.RollbackStoodDown, "stood down, nothing was sent: no", True, False),
        (e.RollbackLost, "a rollback was sent and its outcome is unknown: no", False, True),
    ],
)
def test_an_outcome_that_ends_with_a_human_says_which(outcome: type, why: str, given: bool, requested: bool) -> None:
    """Auto-deploy is given back when nothing was sent, and no budget is spent; when nobody knows, it stays off."""
    world = pinned(Phase.ROLLING_BACK)
    world.policy = replace(world.policy, escalation=(Step("lead", ("mail",), 300.0),))
    effects = hear(world, outcome(world.now, *OURS, "no"))
    assert incident_of(world).human_needed == why and lines(effects, "HUMAN") == [why]
    tell, about = tell_of(effects), tell_of(effects).notice.about
    assert (tell.notice.kind, tell.notice.wakes, tell.channels) == (NoticeKind.HUMAN_NEEDED, True, ("pager", "chat"))
    assert (about.topic, about.why, about.auto_deploy_off) == (Topic.STOPPED_SHORT, why, "" if given else "commit")
    assert line_of(tell.notice, "Blame: ")
    assert ("RestoreAutoDeploy" in kinds(effects)) is given and web(world).phase is Phase.PAGED
    assert (incident_of(world).rollback.requested_at is not None) is requested
    assert about.incident is not None and about.incident.escalation.next_call_at == world.now + 300.0
    assert fx.WakeAt(world.now + 300.0) in effects, "from this page on others are called, on time"
    assert len(web(world).acted_at) == len(world.state.acted_at) == (outcome is e.RollbackLost), "what was not made"
    put_off = reach(Phase.ROLLING_BACK)
    assert len(web(put_off).acted_at) == len(put_off.state.acted_at) == 1
    effects = hear(put_off, e.RollbackPostponed(put_off.now, *OURS, "rate limit"))
    assert (incident_of(put_off).rollback.tried, incident_of(put_off).rollback.requested_at) == (False, None)
    assert web(put_off).acted_at == put_off.state.acted_at == () and web(put_off).phase is Phase.SUSPECT
    assert lines(effects, "WAIT") == ["nothing was sent: rate limit; looking again"]


REPINNED = {"again": True, "off": False}


def test_off_once_more_is_written_down() -> None:
    """As read back, in the incident, the service's facts and the story; without facts there are none to change."""
    world = pinned(Phase.DEPLOYING, **REPINNED)
    put(world, facts=replace(world.facts, auto_deploy="commit"), auto_deploy_off="")
    effects = hear(world, e.PinConfirmed(world.now, *OURS, "commit"))
    assert web(world).phase is Phase.DEPLOYING and web(world).auto_deploy_off == "commit"
    assert (incident_of(world).pin.off, incident_of(world).pin.note) == (True, "off once more, read back")
    facts = web(world).facts
    assert facts.auto_deploy == "off" and facts.id == world.facts.id
    assert lines(effects, "ACT") == ["auto-deploy off once more, read back"] and notices(effects) == []
    unread = put(pinned(Phase.DEPLOYING, **REPINNED), facts=None)
    hear(unread, e.PinConfirmed(unread.now, *OURS, "commit"))
    assert web(unread).facts is None


@pytest.mark.parametrize("previous", [None, "checksPass"])
@pytest.mark.parametrize("event", [e.PinUnconfirmed, e.RollbackPostponed])
def test_not_off_once_more_rings(event: type, previous: str | None) -> None:
    """The bad commit may come back again: somebody must switch it off by hand. It may be off all the same."""
    world = pinned(Phase.DEPLOYING, **REPINNED)
    if event is e.PinUnconfirmed:
        put(world, auto_deploy_off="")  # a list showed it as on: therefore it was switched off again
    effects = hear(world, event(world.now, *OURS, "timed out", previous))
    assert (web(world).auto_deploy_off, web(world).phase) == (previous or "commit", Phase.DEPLOYING)
    assert "RestoreAutoDeploy" not in kinds(effects)
    line = "Auto-deploy could not be switched off again: timed out. Switch it off by hand."
    assert incident_of(world).pin.note == "NOT off again: timed out" and lines(effects, "HUMAN") == [line]
    tell = tell_of(effects)
    news = ("The daemon could not switch auto-deploy off again: timed out.", "Switch it off on Render.")
    assert (tell.notice.kind, tell.notice.wakes, tell.notice.lines[:2]) == (NoticeKind.UPDATED, True, news)
    assert (tell.notice.about.topic, tell.notice.about.why) == (Topic.AUTO_DEPLOY_NOT_OFF, "timed out")
    assert tell.notice.about.auto_deploy_off == (previous or "commit") and tell.notice.severity is Severity.CRITICAL
    assert tell.notice.title == "web: auto-deploy could not be switched off"


@pytest.mark.parametrize(
    ("incident", "fields"), [("web-7", REPINNED), ("web-1", {"again": True, "off": True}), ("web-1", {}), (None, {})]
)
def test_what_was_put_off_late_is_nobody_s_business_otherwise(incident: str | None, fields: dict) -> None:
    """Another incident's, one whose auto-deploy is off, one that was never pinned twice, none."""
    world = pinned(Phase.DEPLOYING, **{"off": False, **fields})
    if incident is None:
        put(world, incident=None, phase=Phase.CALM)
    before = world.state
    effects = hear(world, e.RollbackPostponed(world.now, "web", incident or "web-1", "rate limit"))
    assert notices(effects) == [] and web(world).incident == before.services["web"].incident


@pytest.mark.parametrize(("phase", "given"), [(Phase.PAGED, True), (Phase.SUSPECT, False)])
def test_a_pin_put_off_late_that_may_have_gone_through_is_not_forgotten(phase: Phase, given: bool) -> None:
    """A stop came first: what an earlier attempt may have switched goes back as if the pin had come late."""
    world = reach(Phase.PINNING)
    put(world, phase=phase)
    effects = hear(world, e.RollbackPostponed(world.now, *OURS, "another worker", "commit"))
    assert (web(world).auto_deploy_off, incident_of(world).pin.previous) == ("commit", "commit")
    assert ("RestoreAutoDeploy" in kinds(effects)) is given
    over = hear(
        put(world, incident=None, phase=Phase.CALM, auto_deploy_off=""),
        e.RollbackPostponed(world.now, *OURS, "another worker", "commit"),
    )
    assert web(world).auto_deploy_off == "commit" and "MAY BE OFF" in tell_of(over).notice.title


def test_while_an_outage_is_handled_nobody_is_advised_to_switch_it_on() -> None:
    """The merge would undo the rollback."""
    world = pinned(Phase.DEPLOYING, off=True)
    tell = tell_of(hear(world, e.AutoDeployNotRestored(world.now, "web", "web-0", "another outage")))
    assert tell.notice.lines[1] == "Once that is over: watchdog service restore-auto-deploy web"


def test_given_back_is_as_if_it_had_never_been_off() -> None:
    """Nothing of the pin is left."""
    world = pinned(Phase.PAGED, off=True)
    put(world, pinned_for="web-1", offered="dep-900")
    hear(world, e.AutoDeployRestored(world.now, *OURS, "commit"))
    assert (web(world).auto_deploy_off, web(world).pinned_for, web(world).offered) == ("", "", "")
    pin = incident_of(world).pin
    assert (pin.off, pin.previous, pin.note) == (False, None, "given back (commit)")


@pytest.mark.parametrize(("incident", "named"), [("web-1", "web-1"), ("web", None)])
def test_given_back_is_written_into_the_story_of_its_incident(incident: str, named: str | None) -> None:
    """Or into the service's own, where nobody knows what it was switched off for."""
    world = reach(Phase.CALM)
    effects = hear(world, e.AutoDeployRestored(world.now, "web", incident, "commit"))
    assert effects == (fx.Note(world.now, "web", named, "ACT", "auto-deploy given back: commit"),)

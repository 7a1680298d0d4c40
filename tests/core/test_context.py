"""One turn: the state under change, and the effects in order."""

from dataclasses import replace

import pytest

from tests.core.scenes import FACTS, NOW, a_service, a_state, an_incident
from tests.core.told import kinds, lines
from tests.core.world import make_policy
from watchdog.core.context import Turn
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.deploys import ServiceFacts
from watchdog.domain.incidents import Phase, ServiceState
from watchdog.domain.notices import Link, Notice, NoticeKind
from watchdog.domain.policy import CALM_READS, CALM_READS_PER_MINUTE, Action, Policy, Rule, Severity

QUIET = Rule(Action.ASK, 900.0, ())


def a_turn(policy: Policy | None = None, **fields: object) -> Turn:
    """Return a turn about `web`."""
    turn = Turn(a_state(a_service(**fields)), e.TimePassed(NOW), policy or make_policy())
    turn.name = "web"
    return turn


def test_a_turn_changes_its_own_state_only() -> None:
    """The state it was given stays as it was; putting the same back changes nothing at all."""
    turn = a_turn(incident=an_incident())
    before = turn.state
    turn.put(turn.service)
    assert turn.state is before
    turn.amend(title="home is down")
    assert turn.incident.title == "home is down"
    assert before.services["web"].incident == an_incident()


def test_a_phase_that_needs_an_incident_insists_on_one() -> None:
    """Asked for without one, it is our mistake."""
    with pytest.raises(AssertionError, match="has an incident"):
        _ = a_turn().incident


@pytest.mark.parametrize(
    ("phases", "seconds"),
    [
        ((Phase.CALM,), 15.0),
        ((Phase.SUSPECT, Phase.PAGED, Phase.VERIFYING), 5.0),
        ((Phase.PINNING, Phase.ROLLING_BACK, Phase.DEPLOYING), 2.0),
    ],
)
def test_deploys_are_read_as_often_as_the_phase_needs(phases: tuple[Phase, ...], seconds: float) -> None:
    """Entering a phase asks for the list; entering the same again keeps its begin."""
    for phase in phases:
        turn = a_turn(phase=phase, phase_since=NOW - 30.0)
        turn.enter(phase)
        assert turn.service.phase_since == NOW - 30.0
        assert turn.effects == [fx.ReadDeploys("web", seconds)], phase
        turn.change(phase=Phase.ANNOUNCED)
        turn.enter(phase)
        assert turn.service.phase is phase and turn.service.phase_since == NOW


def test_a_service_without_a_platform_has_no_deploys_to_read_and_a_large_fleet_is_read_more_slowly() -> None:
    """Only watched: no list is asked for. 150 services share the reads that may be used in calm times."""
    policy = make_policy()
    alone = replace(policy.services["web"], platform_id=None)
    turn = a_turn(replace(policy, services={"web": alone}))
    turn.enter(Phase.PAGED)
    assert turn.service.phase is Phase.PAGED and turn.effects == []
    fleet = {f"web-{number}": policy.services["web"] for number in range(149)}
    turn = a_turn(replace(policy, services={**policy.services, **fleet}))
    turn.enter(Phase.CALM)
    every = turn.policy.calm_seconds
    assert turn.effects == [fx.ReadDeploys("web", every)]
    assert 150 * CALM_READS * 60 / every == pytest.approx(CALM_READS_PER_MINUTE)


@pytest.mark.parametrize(
    ("phase", "in_watch", "seconds"),
    [
        (Phase.CALM, False, 10.0),
        (Phase.CALM, True, 5.0),
        (Phase.SUSPECT, False, 2.0),
        (Phase.SUSPECT, True, 1.0),
        (Phase.VERIFYING, True, 1.0),
        (Phase.PAGED, False, 5.0),
        (Phase.PAGED, True, 5.0),
    ],
)
def test_the_pace_of_probes(phase: Phase, in_watch: bool, seconds: float) -> None:
    """By phase and watch window; said once."""
    turn = a_turn(phase=phase, watch_until=NOW + 1.0 if in_watch else NOW)
    turn.settle_pace()
    turn.settle_pace()
    assert turn.effects == [fx.SetPace("web", seconds)]
    assert turn.service.pace_seconds == seconds


def test_a_notice_goes_to_the_channels_of_the_incident() -> None:
    """With its links, written down in the story, and remembered as told."""
    site, dash, repo = "https://web.example", "https://dash.example", "https://git.example/w.git"
    facts = replace(FACTS, url=site, dashboard_url=dash, repo=repo)
    turn = a_turn(incident=an_incident(suspect_code="bad00000", target_code="aaaaaaa1"), facts=facts)
    turn.tell(NoticeKind.HUMAN_NEEDED, "web is down", ("look",), wakes=True)
    tell = turn.effects[0]
    diff = Link("diff", "https://git.example/w/compare/aaaaaaa1...bad00000")
    assert isinstance(tell, fx.Tell) and tell.channels == ("pager", "chat")
    assert tell.notice.links == (Link("site", site), Link("dashboard", dash), diff)
    assert tell.notice.wakes and tell.notice.incident == "web-1" and turn.incident.paged
    assert (tell.notice.title, tell.notice.lines) == ("web is down", ("look",))
    assert lines(turn.effects, "TOLD") == ["pager, chat (page): web is down"]


@pytest.mark.parametrize("facts", [None, ServiceFacts("srv-web", "web"), ServiceFacts("srv-web", "web", repo="r")])
def test_a_notice_has_the_links_that_are_known(facts: ServiceFacts | None) -> None:
    """No address, no link; without both codes no comparison."""
    turn = a_turn(incident=an_incident(suspect_code="bad00000"), facts=facts)
    turn.tell(NoticeKind.OPENED, "web is down", ())
    (tell,) = [effect for effect in turn.effects if isinstance(effect, fx.Tell)]
    assert tell.notice.links == () and not tell.notice.wakes
    assert lines(turn.effects, "TOLD") == ["pager, chat (info): web is down"]


def test_a_rule_that_names_nobody_tells_nobody() -> None:
    """No channel: no notice, and it is not claimed that somebody was told."""
    turn = a_turn(incident=an_incident(channels=()))
    turn.tell(NoticeKind.OPENED, "web is down", ())
    assert turn.effects == [] and not turn.incident.paged


@pytest.mark.parametrize(("kind", "wakes"), [(NoticeKind.SELF_ALERT, True), (NoticeKind.RESOLVED, False)])
def test_the_watchdog_speaks_of_itself(kind: NoticeKind, wakes: bool) -> None:
    """To the channels for alerts; with none configured, to nobody."""
    turn = a_turn()
    turn.tell_self(kind, "blind", "watchdog is blind", ("look",))
    (tell,) = turn.effects
    assert isinstance(tell, fx.Tell) and tell.channels == ("pager",)
    assert (tell.notice.title, tell.notice.lines) == ("watchdog is blind", ("look",))
    assert tell.notice.service == "watchdog" and tell.notice.wakes is wakes and tell.notice.severity is Severity.HIGH
    mute = a_turn(replace(make_policy(), alerts=()))
    mute.tell_self(kind, "blind", "watchdog is blind", ())
    assert mute.effects == []


def test_what_no_open_incident_is_about_is_told_besides() -> None:
    """To the people of high, or where the policy names none, to those for alerts; whole, with its links."""
    policy = make_policy()
    for matrix, channels in ((policy.matrix, ("pager", "chat")), ({**policy.matrix, Severity.HIGH: QUIET}, ("pager",))):
        turn = a_turn(replace(policy, matrix=matrix), facts=replace(FACTS, url="https://web.example"))
        turn.tell_besides(NoticeKind.UPDATED, "web-1/auto-deploy", "web: merges", ("one",), wakes=True)
        links = (Link("site", "https://web.example"),)
        notice = Notice(
            NOW, "web-1/auto-deploy", "web", Severity.HIGH, NoticeKind.UPDATED, "web: merges", ("one",), links, True
        )
        assert turn.effects == [fx.Tell(notice, channels)]
    nobody = a_turn(replace(policy, matrix={Severity.HIGH: QUIET}, alerts=()))
    nobody.tell_besides(NoticeKind.UPDATED, "web-1/auto-deploy", "web: merges", ())
    assert nobody.effects == []


def test_incidents_are_numbered_by_service_and_counted_by_all() -> None:
    """So no two workers give one id."""
    turn = a_turn(incidents=4)
    turn.state = replace(turn.state, incidents=7)
    assert (turn.new_incident_id(), turn.service.incidents, turn.state.incidents) == ("web-5", 5, 8)


def test_notes_name_what_they_are_about() -> None:
    """The service and its incident, if there is one; nothing for the fleet."""
    fleet = Turn(a_state(), e.TimePassed(NOW), make_policy())
    fleet.note("BLIND", "all dark")
    assert fleet.effects == [fx.Note(NOW, "", None, "BLIND", "all dark")]
    turn = a_turn(incident=an_incident())
    turn.note("ACT", "something")
    turn.put(ServiceState("web"))
    turn.note("CALM", "over")
    turn.name = ""
    turn.note("BLIND", "all dark")
    notes = [effect for effect in turn.effects if isinstance(effect, fx.Note)]
    assert [(note.service, note.incident, note.at) for note in notes] == [
        ("web", "web-1", NOW),
        ("web", None, NOW),
        ("", None, NOW),
    ]
    turn.wake_at(NOW + 5.0)
    assert kinds(turn.effects)[-1] == "WakeAt"

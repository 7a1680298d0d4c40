"""One turn: the state under change, and the effects in order."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.core import scenes
from tests.core.scenes import FACTS, NOW, a_blame, a_decision, a_service, a_state, an_incident
from tests.core.world import START, make_policy
from tests.support.effect_readers import kinds, lines, tell_of
from watchdog.core.context import StepContext
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.decisions import Cause, Veto
from watchdog.domain.deploys import Downtime, ServiceFacts
from watchdog.domain.incidents import Phase, ServiceState
from watchdog.domain.notices import AnswerTerms, IncidentNews, Link, Notice, NoticeKind, Topic
from watchdog.domain.policy import (
    CALM_READS,
    CALM_READS_PER_MINUTE,
    Action,
    Approver,
    Policy,
    Rule,
    Step,
    Suppression,
    Weekly,
    Window,
)
from watchdog.domain.severity import Severity

QUIET = Rule(Action.ASK, 900.0, ())


def a_turn(policy: Policy | None = None, **fields: object) -> StepContext:
    """Return a turn about `web`."""
    return scenes.a_turn(a_service(**fields), policy=policy)


def test_a_turn_changes_its_own_state_only() -> None:
    """The state it was given stays as it was; putting the same back changes nothing at all."""
    ctx = a_turn(incident=an_incident())
    before = ctx.state
    ctx.set_service(ctx.service)
    assert ctx.state is before
    ctx.update_incident(title="home is down")
    assert ctx.incident.title == "home is down"
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
        ctx = a_turn(phase=phase, phase_since=NOW - 30.0)
        ctx.enter_phase(phase)
        assert ctx.service.phase_since == NOW - 30.0
        assert ctx.effects == [fx.ReadDeploys("web", seconds)], phase
        ctx.update_service(phase=Phase.ANNOUNCED)
        ctx.enter_phase(phase)
        assert ctx.service.phase is phase and ctx.service.phase_since == NOW


def test_a_service_without_a_platform_has_no_deploys_to_read_and_a_large_fleet_is_read_more_slowly() -> None:
    """Only watched: no list is asked for. 150 services share the reads that may be used in calm times."""
    policy = make_policy()
    alone = replace(policy.services["web"], platform_id=None)
    ctx = a_turn(replace(policy, services={"web": alone}))
    ctx.enter_phase(Phase.PAGED)
    assert ctx.service.phase is Phase.PAGED and ctx.effects == []
    fleet = {f"web-{number}": policy.services["web"] for number in range(149)}
    ctx = a_turn(replace(policy, services={**policy.services, **fleet}))
    ctx.enter_phase(Phase.CALM)
    every = ctx.policy.calm_seconds
    assert ctx.effects == [fx.ReadDeploys("web", every)]
    assert 150 * CALM_READS * 60 / every == pytest.approx(CALM_READS_PER_MINUTE)
    for phase, seconds in ((Phase.PAGED, 30.0), (Phase.SUSPECT, 5.0)):
        ctx = a_turn(ctx.policy, downtime=Downtime("suspended by its owner", NOW - 600.0))
        ctx.enter_phase(phase)
        assert every > 30.0 and ctx.effects == [fx.ReadDeploys("web", seconds)], "rarely only where no one acts"


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
    ctx = a_turn(phase=phase, watch_until=NOW + 1.0 if in_watch else NOW)
    ctx.update_probe_interval()
    ctx.update_probe_interval()
    assert ctx.effects == [fx.SetPace("web", seconds)]
    assert ctx.service.pace_seconds == seconds


@pytest.mark.parametrize("kind", ["web_service", "static_site"])
def test_a_notice_goes_to_the_channels_of_the_incident(kind: str) -> None:
    """With its links, written down in the story, and remembered as told."""
    site, dash, repo = "https://web.example", "https://dash.example", "https://github.com/acme/w.git"
    facts = replace(FACTS, kind=kind, url=site, dashboard_url=dash, repo=repo)
    ctx = a_turn(incident=an_incident(suspect="dep-41", suspect_code="bad00000", target_code="aaaaaaa1"), facts=facts)
    told_of = ctx.incident
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.STOPPED_SHORT, wakes=True, why="refused")
    tell = ctx.effects[0]
    diff = Link("diff", "https://github.com/acme/w/compare/aaaaaaa1...bad00000")
    deploy = Link("deploy", f"{dash}/deploys/dep-41")
    # A static site runs no process: it has no page of logs.
    logs = [] if kind == "static_site" else [Link("logs", f"{dash}/logs")]
    assert isinstance(tell, fx.Tell) and tell.channels == ("pager", "chat")
    assert tell.notice.links == (diff, deploy, Link("dashboard", dash), *logs, Link("site", site))
    assert tell.notice.wakes and tell.notice.incident == "web-1" and ctx.incident.paged
    assert tell.notice.about == IncidentNews(Topic.STOPPED_SHORT, told_of, why="refused")
    assert (tell.notice.title, tell.notice.lines, tell.notice.todo) == ("", (), ()), "words are made when it is sent"
    told = "pager, chat (page): human needed"
    assert ctx.effects[1:] == [fx.Note(NOW, "web", "web-1", "NOTIFIED", told, tell.channels)]


FAR = ServiceFacts("srv-web", "web", repo="https://git.example/w")


@pytest.mark.parametrize("facts", [None, ServiceFacts("srv-web", "web"), FAR])
def test_a_notice_has_the_links_that_are_known(facts: ServiceFacts | None) -> None:
    """No address, no link; nor a comparison where that has another address than GitHub's."""
    ctx = a_turn(incident=an_incident(suspect="dep-41", suspect_code="bad00000", target_code="aaaaaaa1"), facts=facts)
    ctx.notify(NoticeKind.OPENED, Topic.FOUND)
    tell = tell_of(ctx.effects)
    assert tell.notice.links == () and not tell.notice.wakes and tell.notice.about.topic is Topic.FOUND
    assert lines(ctx.effects, "NOTIFIED") == ["pager, chat (info): found"]


RENDER_FAILS = a_decision(blame=a_blame(vetoes=(Veto("platform status", True, "Render reports trouble"),)))


@pytest.mark.parametrize("facts", [None, ServiceFacts("srv-web", "web", url="https://web.example")])
def test_a_notice_links_to_its_incident_in_the_console_first(facts: ServiceFacts | None) -> None:
    """Where the configuration says at which address that is; also while the platform is not known to answer."""
    ctx = a_turn(incident=an_incident(), facts=facts)
    ctx.policy = replace(ctx.policy, console_url="https://watchdog.example")
    ctx.notify(NoticeKind.OPENED, Topic.FOUND)
    first, *others = tell_of(ctx.effects).notice.links
    assert first == Link("incident", "https://watchdog.example/incidents/web-1")
    assert [link.text for link in others] == (["site"] if facts is not None else [])
    ctx = a_turn(incident=an_incident(decision=RENDER_FAILS), facts=facts)
    ctx.notify(NoticeKind.OPENED, Topic.FOUND)
    assert tell_of(ctx.effects).notice.links[0] == Link("status", "https://status.render.com")


@pytest.mark.parametrize(("odds", "linked"), [(1.0, True), (0.1, False)])
def test_a_notice_links_to_the_status_page_of_a_likely_upstream(odds: float, linked: bool) -> None:
    """As likely as not or likelier; another reader would look for the address at night, or at the wrong page."""
    page, upstream = "https://status.openai.example", partial(Cause, "upstream openai", why="it fails")
    for address in (page, ""):
        blame = a_blame(odds=0.0, probability=0.0, causes=(upstream(odds=odds, page=address),))
        ctx = a_turn(incident=an_incident(decision=a_decision(blame=blame)))
        ctx.notify(NoticeKind.OPENED, Topic.FOUND)
        assert tell_of(ctx.effects).notice.links == ((Link("status", page),) if linked and address else ())


def test_a_notice_goes_to_other_channels_than_those_of_the_incident_or_to_nobody() -> None:
    """No channel: no notice, and it is not claimed that somebody was told. To who is called next, and nobody else."""
    ctx = a_turn(incident=an_incident(channels=()))
    ctx.notify(NoticeKind.OPENED, Topic.FOUND)
    assert ctx.effects == [] and not ctx.incident.paged
    ctx = a_turn(incident=an_incident())
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.ESCALATED, wakes=True, channels=("mail",), by="lead")
    tell = tell_of(ctx.effects)
    assert (tell.channels, tell.notice.about.by) == (("mail",), "lead")
    assert lines(ctx.effects, "NOTIFIED") == ["mail (page): escalated"]


STEPS = (Step("lead", ("mail",), 300.0),)


@pytest.mark.parametrize(
    ("off", "denied", "steps", "told", "fact"),
    [
        pytest.param("", (), (), {}, {"auto_deploy_off": "", "denied": False, "escalates": False}, id="nothing"),
        pytest.param("off", (), (), {}, {"auto_deploy_off": ""}, id="it was off before"),
        pytest.param("commit", (), (), {}, {"auto_deploy_off": "commit"}, id="off because of us"),
        pytest.param("commit", (), (), {"restored": True}, {"auto_deploy_off": ""}, id="it is being given back"),
        pytest.param("", ("bad00000",), (), {}, {"denied": True}, id="the suspect is denied"),
        pytest.param("", (), STEPS, {}, {"escalates": True}, id="others are called"),
        pytest.param("", (), STEPS, {"escalates": False}, {"escalates": False}, id="others, but it says no itself"),
        pytest.param("", (), (), {"escalates": True}, {"escalates": True}, id="nobody, but it says so itself"),
    ],
)
def test_a_notice_knows_what_is_so_at_that_moment(
    off: str, denied: tuple[str, ...], steps: tuple[Step, ...], told: dict[str, bool], fact: dict[str, object]
) -> None:
    """Whether auto-deploy is off because of us; whether the suspect is denied, which a person may have trusted since
    the rollback; whether the policy calls others, which a notice that says so itself keeps.
    """
    ctx = a_turn(
        replace(make_policy(), escalation=steps), incident=an_incident(suspect_code="bad00000"), auto_deploy_off=off
    )
    ctx.state = replace(ctx.state, denied=denied, disarmed="two rollbacks")
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.LEFT_TO_HUMAN, **told)
    about = tell_of(ctx.effects).notice.about
    assert about is not None and about.disarmed and about.stopped.startswith("disarmed")
    assert {name: getattr(about, name) for name in fact} == fact


@pytest.mark.parametrize(("phase", "climbs"), [(Phase.PAGED, False), (Phase.ASKING, True)])
def test_a_notice_below_critical_says_that_others_are_called_if_it_asks(phase: Phase, climbs: bool) -> None:
    """A page of that severity does not climb, an open question does."""
    ctx = a_turn(replace(make_policy(), escalation=STEPS), incident=an_incident(severity=Severity.HIGH), phase=phase)
    ctx.notify(NoticeKind.HUMAN_NEEDED, Topic.STILL_OPEN)
    assert tell_of(ctx.effects).notice.about.escalates is climbs


@pytest.mark.parametrize(("kind", "sent"), [(NoticeKind.OPENED, False), (NoticeKind.RESOLVED, True)])
def test_a_silence_keeps_every_notice_but_the_end_from_people_who_were_paged(kind: NoticeKind, sent: bool) -> None:
    """They have to learn that they can stand down."""
    ctx = a_turn(incident=an_incident(paged=True))
    ctx.state = replace(ctx.state, silences=(Suppression("silence-1", "web", "ann", "moving"),))
    ctx.notify(kind, Topic.STILL_OPEN)
    assert kinds(ctx.effects) == (["Tell", "Note"] if sent else ["Note"])


def test_notices_of_one_moment_are_told_apart_by_what_and_whom_they_are_about() -> None:
    """The topic, who is called, which deploy and code came back: no channel takes one for the other; words do not."""
    ctx = a_turn(incident=an_incident())
    for topic, facts in (
        (Topic.STILL_OPEN, {}),
        (Topic.ESCALATED, {"by": "lead"}),
        (Topic.ESCALATED, {"by": "boss"}),
        (Topic.RETURNED, {"by": "dep-43", "code": "bad00000"}),
        (Topic.RETURNED, {"by": "dep-44", "code": "bad00000"}),
        (Topic.RETURNED, {"by": "dep-43", "code": "bad00001"}),
    ):
        ctx.notify(NoticeKind.HUMAN_NEEDED, topic, **facts)
    sent = [effect.notice for effect in ctx.effects if isinstance(effect, fx.Tell)]
    assert len({notice.identity for notice in sent}) == len(sent) == 6
    assert [replace(one, title="web is down", lines=("x",)).identity for one in sent] == [one.identity for one in sent]
    of_its_own = Notice(NOW, "blind", "watchdog", Severity.HIGH, NoticeKind.SELF_ALERT, "watchdog is blind")
    assert of_its_own.identity != replace(of_its_own, title="watchdog sees again").identity


CLOSED = Window("nights", Weekly(tuple(range(7)), 14 * 60 + 25, 14 * 60 + 35, "UTC"))
OPEN = replace(CLOSED, hours=replace(CLOSED.hours, begins_minute=14 * 60))
LEAD = Approver("lead", ("terminal:lead",))


@pytest.mark.parametrize(
    ("phase", "rule", "asked"),
    [
        pytest.param(Phase.PAGED, {"approver": LEAD, "window": CLOSED}, None, id="nothing is asked"),
        pytest.param(Phase.ASKING, {}, AnswerTerms(), id="of everybody"),
        pytest.param(Phase.ASKING, {"approver": LEAD}, AnswerTerms("lead"), id="of one"),
        pytest.param(Phase.ASKING, {"approver": LEAD, "window": OPEN}, AnswerTerms("lead"), id="a yes acts at once"),
        pytest.param(
            Phase.ASKING,
            {"window": CLOSED},
            AnswerTerms(window="nights", opens="Mon 14:25 UTC", opens_at=START + 700.0),
            id="a yes is kept",
        ),
    ],
)
def test_a_notice_of_an_open_question_knows_who_may_answer_it_and_when_a_yes_acts(
    phase: Phase, rule: dict[str, Any], asked: AnswerTerms | None
) -> None:
    """As the policy says at that moment; a notice that brings terms of its own keeps them."""
    policy = make_policy()
    row = replace(policy.matrix[Severity.CRITICAL], **rule)
    ctx = a_turn(replace(policy, matrix={**policy.matrix, Severity.CRITICAL: row}), incident=an_incident(), phase=phase)
    ctx.notify(NoticeKind.ASKED, Topic.ASKED)
    assert tell_of(ctx.effects).notice.about.terms == asked
    own = AnswerTerms(window="days")
    ctx.effects.clear()
    ctx.notify(NoticeKind.ANNOUNCED, Topic.SCHEDULED, terms=own)
    assert tell_of(ctx.effects).notice.about.terms == own


@pytest.mark.parametrize(("kind", "wakes"), [(NoticeKind.SELF_ALERT, True), (NoticeKind.RESOLVED, False)])
def test_the_watchdog_speaks_of_itself(kind: NoticeKind, wakes: bool) -> None:
    """To the channels for alerts; with none configured, to nobody."""
    ctx = a_turn()
    ctx.notify_operators(kind, "blind", "watchdog is blind", ("look",))
    (tell,) = ctx.effects
    assert isinstance(tell, fx.Tell) and tell.channels == ("pager",)
    assert (tell.notice.title, tell.notice.lines) == ("watchdog is blind", ("look",))
    assert tell.notice.service == "watchdog" and tell.notice.wakes is wakes and tell.notice.severity is Severity.HIGH
    mute = a_turn(replace(make_policy(), alerts=()))
    mute.notify_operators(kind, "blind", "watchdog is blind", ())
    assert mute.effects == []
    both = a_turn(replace(make_policy(), alerts=("pager", "mail")))
    both.notify_operators(kind, "blind", "watchdog is blind", (), noted="it is blind")
    assert lines(both.effects, "NOTIFIED") == [f"pager, mail ({'page' if wakes else 'info'}): it is blind"]


def test_what_no_open_incident_is_about_is_told_besides() -> None:
    """To the people of high, or where the policy names none, to those for alerts; whole, with its links."""
    policy = make_policy()
    for matrix, channels in ((policy.matrix, ("pager", "chat")), ({**policy.matrix, Severity.HIGH: QUIET}, ("pager",))):
        ctx = a_turn(replace(policy, matrix=matrix), facts=replace(FACTS, url="https://web.example"))
        ctx.notify_service(NoticeKind.UPDATED, "web-1/auto-deploy", "web: merges", ("one",), wakes=True)
        links = (Link("site", "https://web.example"),)
        notice = Notice(
            NOW, "web-1/auto-deploy", "web", Severity.HIGH, NoticeKind.UPDATED, "web: merges", ("one",), links, True
        )
        assert ctx.effects == [fx.Tell(notice, channels)]
    nobody = a_turn(replace(policy, matrix={Severity.HIGH: QUIET}, alerts=()))
    nobody.notify_service(NoticeKind.UPDATED, "web-1/auto-deploy", "web: merges", ())
    assert nobody.effects == []


def test_incidents_are_numbered_by_service_and_counted_by_all() -> None:
    """So no two workers give one id."""
    ctx = a_turn(incidents=4)
    ctx.state = replace(ctx.state, incidents=7)
    assert (ctx.new_incident_id(), ctx.service.incidents, ctx.state.incidents) == ("web-5", 5, 8)


def test_notes_name_what_they_are_about() -> None:
    """The service and its incident, if there is one; nothing for the fleet."""
    fleet = StepContext(a_state(), e.TimePassed(NOW), make_policy())
    fleet.note("BLIND", "all dark")
    assert fleet.effects == [fx.Note(NOW, "", None, "BLIND", "all dark")]
    ctx = a_turn(incident=an_incident())
    ctx.note("ACT", "something")
    ctx.set_service(ServiceState("web"))
    ctx.note("CALM", "over")
    ctx.name = ""
    ctx.note("BLIND", "all dark")
    notes = [effect for effect in ctx.effects if isinstance(effect, fx.Note)]
    assert [(note.service, note.incident, note.at) for note in notes] == [
        ("web", "web-1", NOW),
        ("web", None, NOW),
        ("", None, NOW),
    ]
    ctx.wake_at(NOW + 5.0)
    assert kinds(ctx.effects)[-1] == "WakeAt"

"""One turn: paces, channels, links, and the smallest possible change of state."""

from dataclasses import replace

import pytest

from tests.core.scenes import FACTS, NOW, a_service, a_state, an_incident
from tests.core.world import make_policy
from watchdog.core.turn import Turn
from watchdog.domain import events as e
from watchdog.domain.effects import Note, ReadDeploys, SetPace, Tell
from watchdog.domain.incidents import Phase, ServiceState
from watchdog.domain.notices import NoticeKind
from watchdog.domain.policy import Policy, ServicePolicy


def a_turn(service: ServiceState | None = None, policy: Policy | None = None, at: float = NOW) -> Turn:
    """Return a turn over `web`."""
    turn = Turn(a_state(service or a_service(incident=an_incident())), e.TimePassed(at), policy or make_policy())
    turn.name = "web"
    return turn


@pytest.mark.parametrize(
    ("phase", "in_watch", "pace"),
    [
        (Phase.CALM, False, 10.0),
        (Phase.CALM, True, 5.0),
        (Phase.PAGED, False, 5.0),
        (Phase.PAGED, True, 5.0),
        (Phase.SUSPECT, False, 2.0),
        (Phase.SUSPECT, True, 1.0),
        (Phase.VERIFYING, True, 1.0),
    ],
)
def test_the_more_worried_the_faster_we_probe(phase: Phase, in_watch: bool, pace: float) -> None:
    """10 s idle, 5 s in the watch window, 2 and 1 s under suspicion; said once."""
    turn = a_turn(a_service(phase=phase, watch_until=NOW + 1 if in_watch else NOW))
    turn.settle_pace()
    turn.settle_pace()
    assert turn.effects == [SetPace("web", pace)] and turn.service.pace_seconds == pace


@pytest.mark.parametrize(
    ("phase", "services", "every"),
    [
        (Phase.CALM, 1, 15.0),
        (Phase.CALM, 75, 15.0),
        (Phase.CALM, 150, 30.0),
        (Phase.SUSPECT, 150, 5.0),
        (Phase.PINNING, 150, 2.0),
        (Phase.DEPLOYING, 1, 2.0),
        (Phase.PAGED, 1, 5.0),
    ],
)
def test_deploys_are_read_as_often_as_the_phase_needs(phase: Phase, services: int, every: float) -> None:
    """A big fleet reads more slowly while calm, to stay under the platform's 400 reads a minute."""
    policy = make_policy()
    others = {f"other-{number}": ServicePolicy(f"other-{number}", f"srv-{number}") for number in range(services - 1)}
    turn = a_turn(policy=replace(policy, services={**policy.services, **others}))
    turn.enter(phase)
    assert turn.effects == [ReadDeploys("web", every)]
    assert services * 60 / every <= 400 or phase is not Phase.CALM


def test_a_service_the_platform_does_not_know_has_no_deploys_to_read() -> None:
    """Watched only: nothing is asked of the platform."""
    policy = make_policy()
    policy = replace(policy, services={"web": replace(policy.services["web"], platform_id=None)})
    turn = a_turn(policy=policy)
    turn.enter(Phase.PAGED)
    assert turn.effects == [] and turn.service.phase is Phase.PAGED


def test_entering_the_same_phase_does_not_begin_it_anew() -> None:
    """Its age stays."""
    turn = a_turn()
    turn.enter(Phase.SUSPECT)
    assert turn.service.phase_since == NOW - 60


def test_telling_needs_channels_and_marks_the_incident() -> None:
    """Without channels nobody is told and nothing is claimed."""
    turn = a_turn(a_service(incident=an_incident(channels=())))
    turn.tell(NoticeKind.OPENED, "title", ())
    assert turn.effects == [] and not turn.incident.paged
    turn = a_turn()
    turn.tell(NoticeKind.OPENED, "title", ("line",), wakes=True)
    tell, note = turn.effects
    assert isinstance(tell, Tell) and tell.channels == ("pager", "chat") and tell.notice.wakes
    assert note == Note(NOW, "web", "INC-1", "TOLD", "pager, chat (page): title") and turn.incident.paged
    turn.tell(NoticeKind.UPDATED, "more", ())
    assert isinstance(turn.effects[-1], Note) and turn.effects[-1].text == "pager, chat (info): more"


def test_links_lead_to_the_site_the_dashboard_and_the_difference() -> None:
    """What is not known is left out."""
    facts = replace(
        FACTS, url="https://web.example", dashboard_url="https://dash.example", repo="https://git.example/acme/web.git"
    )
    turn = a_turn(a_service(facts=facts, incident=an_incident(suspect_code="bad", target_code="good")))
    turn.tell(NoticeKind.OPENED, "title", ())
    tell = turn.effects[0]
    assert isinstance(tell, Tell)
    assert [(link.text, link.href) for link in tell.notice.links] == [
        ("site", "https://web.example"),
        ("dashboard", "https://dash.example"),
        ("diff", "https://git.example/acme/web/compare/good...bad"),
    ]
    for facts in (None, FACTS):
        turn = a_turn(a_service(facts=facts, incident=an_incident()))
        turn.tell(NoticeKind.OPENED, "title", ())
        assert isinstance(turn.effects[0], Tell) and turn.effects[0].notice.links == ()


def test_telling_of_ourselves() -> None:
    """To the alert channels, if there are any; only an alert wakes."""
    turn = a_turn()
    turn.tell_self(NoticeKind.SELF_ALERT, "blind", "title", ())
    turn.tell_self(NoticeKind.RESOLVED, "blind", "title", ())
    alert, end = turn.effects
    assert isinstance(alert, Tell) and alert.notice.wakes and alert.channels == ("pager",)
    assert isinstance(end, Tell) and not end.notice.wakes and end.notice.dedup_key == "watchdog/watchdog/blind"
    turn = a_turn(policy=make_policy(alerts=()))
    turn.tell_self(NoticeKind.SELF_ALERT, "blind", "title", ())
    assert turn.effects == []


def test_a_note_outside_a_service_names_none() -> None:
    """And one without an incident names no incident."""
    turn = a_turn(a_service())
    turn.note("A", "b")
    turn.name = ""
    turn.note("A", "b")
    assert turn.effects == [Note(NOW, "web", None, "A", "b"), Note(NOW, "", None, "A", "b")]


def test_putting_the_same_service_back_changes_nothing() -> None:
    """So that the shell can tell by identity what is worth saving."""
    turn = a_turn()
    before = turn.state
    turn.put(turn.service)
    assert turn.state is before

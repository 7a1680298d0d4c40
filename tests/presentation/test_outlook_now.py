"""What an outlook says by the present state: whether the site answers, what a pause refuses, what holds meanwhile."""

from dataclasses import replace
from typing import Any

import pytest

from tests.cli import examples as x
from tests.console.scene import service_state
from tests.core.incident_fields import amended
from tests.presentation.outlook_cases import (
    AGAIN,
    ANNOUNCED,
    BUDGET,
    HELPLESS,
    NOW,
    OPEN,
    OTHERWISE,
    PAUSED,
    PLATFORM,
    POLICY,
    REFUSED,
    UNREAD,
    paged,
    question,
    to_blame,
)
from watchdog.domain.decisions import Course, Evidence
from watchdog.domain.incidents import HumanDecision, Incident, Phase, ServiceState, State
from watchdog.domain.policy import Step, Then, Window
from watchdog.domain.readings import Bad
from watchdog.presentation.outlook import outlook
from watchdog.presentation.outlooks.current_state import CurrentState, current_state

SWITCH = "restore-auto-deploy"
RESUME = "Resume the daemon first (paused by ann): until then it changes nothing."
STAYS_OFF = 'Auto-deploy is off until you switch it back on (it was "commit"): merges are not deployed.'
MEANWHILE = STAYS_OFF.replace("until you switch it back on", "meanwhile")
SEEN = "others see that you have it"
STOPS = "no further page at 02:19 UTC"
HOLDS = "; at 02:45 UTC the daemon pages everyone again if the incident is still open."
LIMIT = POLICY.detection.run_seconds
BY_HAND = ("rollback", "acknowledge")
BUSY = x.undone(x.decision(), human_needed="for 2 min nothing could be sent", blocked_since=NOW - 120)
ON, OFF, UNKNOWN = CurrentState(auto_deploy="commit"), CurrentState("commit"), CurrentState()
DEPLOYING = x.undone(x.decision(), requested_at=NOW - 4, tried=True, deploy="dep-43")
MERGE = "Merge nothing until it is verified: auto-deploy is"
GIVEN_BACK = amended(REFUSED, note="given back (commit)")
HOME = Evidence("home", "good", "200")
FAILS = Evidence("api", "bad", "HTTP 503.")


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (CurrentState(), "since 02:15 UTC. The"),
        (CurrentState(readings=(HOME, Evidence("api", "unknown", "-"))), ", and web answers now (home). The"),
        (CurrentState(readings=(HOME,), answers_since=NOW), ", and web answers again since 02:15 UTC (home). The"),
        (CurrentState(readings=(HOME, FAILS)), ", but api still fails: HTTP 503. The"),
        # The run timer's own moment comes before that of the proof.
        (
            CurrentState(readings=(FAILS,), confirms=("api", NOW + 60)),
            "If api goes on failing, the daemon pages in 60 s.",
        ),
        (
            CurrentState(readings=(FAILS,), confirms=("api", NOW)),
            "api goes on failing, the daemon pages with its next failed",
        ),
        (CurrentState(readings=(HOME,)), "The daemon pages at 02:19 UTC if it is not proved by then."),
    ],
)
def test_a_rollback_that_is_live_says_whether_the_site_answers(state: CurrentState, says: str) -> None:
    """By the newest readings of its critical probes; and the page that comes first."""
    live = x.incident(**OPEN, overdue_at=NOW + 293)
    said = outlook(live, NOW, state=state)
    assert says in said.sentence
    fails = "Look at the logs: api fails with the earlier deploy, too." if FAILS in state.readings else ""
    assert (said.task, said.place, said.recommended) == (fails, *(("logs",) * 2 if fails else ("", "")))
    due = outlook(x.incident(**OPEN, expected_at=NOW + 173), NOW, state=state).sentence
    assert ("at the earliest" in due) is (FAILS not in state.readings), "no moment of a proof that has not begun"
    unheard = outlook(replace(live, channels=()), NOW, state=replace(state, confirms=("api", NOW + 60))).sentence
    assert "pages" not in unheard


def test_the_state_around_an_incident_is_read_from_its_service() -> None:
    """What is off because of it, what is denied because of it, and readings of the new deploy alone."""
    closed, live = x.incident(), x.incident(**OPEN)
    web = service_state("web", auto_deploy_off="commit", pinned_for="web-1")

    def around(incident: Incident, service: ServiceState | None, at: float = NOW, **fleet: Any) -> CurrentState:
        services = {} if service is None else {"web": service}
        return current_state(incident, State(services=services, **fleet), POLICY, at)

    left = around(closed, web, denied=(x.BAD.commit,))
    assert (left.auto_deploy_was, left.denied, left.stopped, left.watched) == ("commit", True, "", True)
    gone = current_state(closed, State(), replace(POLICY, services={}), NOW)
    assert not gone.watched, "removed from the configuration"
    assert around(closed, web, disarmed="two rollbacks").disarmed and not around(live, web, paused_by="ann").disarmed
    unknown = around(closed, None, paused_by="ann")
    assert unknown == CurrentState(watched=True, stopped="paused by ann")
    asking, again = replace(web, phase=Phase.PAGED), replace(POLICY, escalation=(Step("all", (), 60.0),))
    called = amended(x.undone(x.decision()), called_at=NOW)
    states = [current_state(called, State(services={"web": asking}), one, NOW) for one in (again, POLICY)]
    assert [one.pages_again_at for one in states] == [NOW + POLICY.ack_holds_seconds, None]
    for other in ({"auto_deploy_off": "off"}, {"pinned_for": "web-9"}):
        assert not around(closed, replace(web, **other)).auto_deploy_was  # type: ignore[arg-type]
    # Left off by an earlier incident, it is a task of the one that ended last.
    later = replace(web, pinned_for="web-0", closed_at=closed.closed_at)
    assert around(closed, later).auto_deploy_was == "commit"
    assert [one.signal for one in around(live, web, NOW + 60).readings] == ["home"]
    late = amended(live, restored_at=NOW + 600)
    assert around(late, web, NOW + 60).readings == ()
    lost = replace(web, incident=live, checks={"home": replace(web.checks["home"], seen_at=NOW - 60)})
    assert around(live, lost).unseen == (("home", NOW - 60),)
    assert around(live, replace(lost, incident=None)).unseen == around(closed, lost).unseen == ()
    said = outlook(paged(PAUSED), NOW, state=CurrentState(unseen=(("home", NOW - 60),))).besides
    assert "home could not be read since 02:14 UTC: whether it still fails is not known." in said
    stale = web.checks["home"].last_at + 121.0
    assert around(live, web, stale).readings == (), "the daemon stopped: nothing is known of now"
    assert around(live, web, stale - 2.0).readings
    assert around(live, replace(web, phase=Phase.PINNING, phase_since=NOW)).sends_by == NOW + 60


def test_a_live_rollback_that_fails_is_confirmed_at_the_limit_of_its_run() -> None:
    """The moment at which the core's own run timer pages; what answers again has answered since its last failure."""
    live = x.incident(**OPEN)
    good = replace(service_state("web").checks["home"], last_at=NOW + 60)
    since = live.rollback.restored_at
    assert since is not None
    for home, answers, until in (
        (good, since, None),
        (replace(good, last_bad_at=since + 9), since + 9, None),
        (
            replace(good, last=Bad("HTTP 503"), run_started_at=NOW, unseen_seconds=5.0),
            None,
            ("home", NOW + 5.0 + LIMIT),
        ),
    ):
        web = service_state("web", checks={"home": home})
        read = current_state(live, State(services={"web": web}), POLICY, NOW + 60)
        assert (read.answers_since, read.confirms) == (answers, until)
    slow = replace(live, findings=(replace(x.FINDING, method="latency"),))
    state = State(services={"web": service_state("web", checks={"home": good})})
    assert current_state(slow, state, POLICY, NOW + 60).answers_since is None, "it answered all the time"
    two = replace(live, findings=(x.FINDING, replace(x.FINDING, signal="api")))
    assert current_state(two, state, POLICY, NOW + 60).answers_since is None, "its second check was not read yet"


def test_a_rollback_that_waits_for_auto_deploy_says_when_it_is_sent_anyway() -> None:
    """The patience of the pin; nothing is named once that is over."""
    said = outlook(x.undone(x.decision()), NOW, state=CurrentState(sends_by=NOW + 30)).sentence
    assert said.endswith(" If Render has not confirmed auto-deploy by 02:15 UTC, the daemon sends the rollback anyway.")
    assert "anyway" not in outlook(x.undone(x.decision()), NOW, state=CurrentState(sends_by=NOW)).sentence


def test_a_scheduled_rollback_names_the_window_that_it_waits_for() -> None:
    """The policy's of its severity; without it the moment has no reason."""
    kept = amended(ANNOUNCED, approved_by="ann")
    said = outlook(kept, NOW, state=CurrentState(window="breaks")).sentence
    assert said.startswith("Rolls back to dep-40 (1b7e0d4) at 02:17 UTC as the window breaks opens, approved by ann,")
    rule = replace(POLICY.matrix[kept.severity], window=Window("breaks", ()))
    policy = replace(POLICY, matrix={**POLICY.matrix, kept.severity: rule})
    assert current_state(kept, State(), policy, NOW).window == "breaks"


def test_to_undo_says_that_the_deploy_is_back_and_no_longer_denied() -> None:
    """Where the incident made a rollback; what was not denied is not trusted again."""
    live = x.incident(**OPEN)
    says = "Undo: Render deploys dep-42 (9f3c2ab) again"
    assert outlook(live, NOW).undoing == f"{says}."
    assert outlook(live, NOW, state=CurrentState(denied=True)).undoing == f"{says}, and 9f3c2ab is deny-listed no more."
    assert outlook(paged(BUDGET), NOW).undoing == ""


PAUSE = CurrentState(stopped="paused by ann", auto_deploy_was="commit")
HELD = CurrentState(stopped="paused by ann", sends_by=NOW + 30)
FREE = CurrentState()
DISARMED = CurrentState(stopped="disarmed (two rollbacks)", disarmed=True)
READ_LOG = "Read the daemon's log for the violated invariant; then resume."
NOTHING = f"{READ_LOG} Until then the daemon changes nothing: it is disarmed (two rollbacks)."
ARMED = replace(PAUSED, name="armed")
COMING = paged(replace(PAUSED, name="newer deploy", why="dep-43 is on its way"))
NOT_SENT = "The rollback to dep-40 (1b7e0d4) is not sent while the daemon is paused by ann"


@pytest.mark.parametrize(
    ("incident", "says"),
    [
        (ANNOUNCED, f"{NOT_SENT}. Unless it is resumed before 02:17 UTC, the rollback is left to you."),
        (amended(ANNOUNCED, approved_by="ann"), f"{NOT_SENT}, also if its time comes at 02:17 UTC."),
        (x.undone(x.decision()), f"{NOT_SENT}. Unless it is resumed in time, the rollback is left to you."),
        (
            COMING,
            "Not rolled back: dep-43 is on its way. Once that deploy is live or has failed and the daemon is resumed,"
            f" {AGAIN}{OTHERWISE}",
        ),
    ],
)
def test_a_paused_daemon_promises_nothing_of_itself(incident: Incident, says: str) -> None:
    """The core withholds what comes due in a pause, and a guard blocks what is decided in it: no time counts down."""
    said = outlook(incident, NOW, state=HELD)
    assert (said.sentence, said.until) == (says, None)
    asked = question(Then.ROLLBACK)
    for state, where in ((HELD, "if the daemon is resumed by then and nothing else"), (FREE, "if nothing")):
        said = outlook(asked, NOW, state=state)
        assert f"rolls back to dep-40 (1b7e0d4), {where} forbids it." in said.sentence
        assert f"rolls back at 02:19 UTC, {where} forbids it." in said.acknowledging
        assert said.until is not None and said.rolls_back is (state is FREE), "its badge counts the answer's time alone"


@pytest.mark.parametrize(
    ("incident", "state", "commands", "recommended", "task", "besides"),
    [
        # The daemon would refuse the switch while it is paused.
        (x.incident(), PAUSE, ("resume",), "resume", RESUME, ""),
        (
            question(Then.ESCALATE),
            PAUSE,
            ("resume", "reject", "acknowledge"),
            "resume",
            RESUME,
            f"{STAYS_OFF} The daemon",
        ),
        (paged(PAUSED), PAUSE, ("resume", "stop", "acknowledge"), "resume", "Resume the daemon, unless", STAYS_OFF),
        (ANNOUNCED, HELD, ("resume", "stop"), "resume", f"{RESUME} Stop it if dep-42 (9f3c2ab) is not to blame.", ""),
        (x.undone(x.decision()), HELD, ("resume", "stop"), "resume", f"{RESUME} Stop it if", ""),
        (COMING, HELD, ("resume", "stop", "acknowledge"), "resume", f"{RESUME} Watch the deploy", ""),
        # Resumed unread, a daemon that broke an invariant would act again.
        (ANNOUNCED, DISARMED, ("resume", "stop"), "", f"{NOTHING} Stop it if", ""),
        (paged(PAUSED), DISARMED, ("resume", "stop", "acknowledge"), "", f"{NOTHING} Resume", ""),
        (paged(ARMED), DISARMED, ("resume", "stop", "acknowledge"), "", f'{READ_LOG} Answer "Do not', ""),
        # Accepted while people have it, refused while a rollback may begin or is under way.
        (REFUSED, OFF, ("acknowledge", SWITCH), "dashboard", "If dep-42", STAYS_OFF),
        (x.undone(x.decision()), OFF, ("stop",), "", "Stop it", f"{MEANWHILE} You can switch it back"),
        (ANNOUNCED, OFF, ("stop", "approve"), "", "Stop it", f"{STAYS_OFF} You can switch it back"),
        # Given back: the reader knows that merges are deployed.
        (GIVEN_BACK, ON, ("acknowledge",), "dashboard", "If dep-42", "Auto-deploy is on (commit)"),
        # Switched on by a Blueprint's sync, which the record does not know: it is the task, and said once.
        *(
            (amended(DEPLOYING, off=off, note="read back"), ON, (), "", f"{MERGE} on (commit).", "")
            for off in (True, False)
        ),
        (DEPLOYING, ON, (), "", f"{MERGE} not known to be off.", ""),
        (amended(DEPLOYING, off=True, note="read back"), UNKNOWN, (), "", "", ""),
        # An acknowledgement is no step by itself: what finds the cause stands out.
        (amended(REFUSED, next_call_at=NOW + 60), UNKNOWN, ("acknowledge",), "dashboard", "If dep-42", ""),
        (amended(HELPLESS, acknowledged_by="ann", acknowledged_at=NOW), UNKNOWN, ("undo",), "logs", "Find", "ann ack"),
        (BUSY, CurrentState(deploys_at=NOW), BY_HAND, "rollback", "Roll", "Render answers again"),
        (
            BUSY,
            CurrentState(deploys_at=NOW - 9, deploys_why="HTTP 429"),
            BY_HAND,
            "rollback",
            "Roll back",
            "Render's list of deploys could not be read since 02:14 UTC (HTTP 429).",
        ),
    ],
)
def test_what_is_offered_is_accepted_and_what_holds_meanwhile_is_said(
    incident: Incident, state: CurrentState, commands: tuple[str, ...], recommended: str, task: str, besides: str
) -> None:
    """By the core's own table: a pause refuses what changes anything, an open question the switch of auto-deploy."""
    said = outlook(incident, NOW, state=state)
    assert (said.commands, said.recommended) == (commands, recommended)
    assert said.task.startswith(task) and said.besides.startswith(besides) and bool(said.besides) is bool(besides)


def test_who_answered_and_who_has_it_now_stand_in_one_sentence() -> None:
    """Beside each other they read as two people who disagree."""
    answered = x.undone(x.decision(), human_needed="rejected by ann", human_decision=HumanDecision.REJECTED)
    said = outlook(amended(answered, acknowledged_by="bob", acknowledged_at=NOW), NOW)
    assert said.sentence.startswith("Rejected by ann, acknowledged by bob at 02:15 UTC. The daemon changes nothing")
    assert "bob" not in said.besides


@pytest.mark.parametrize(
    ("incident", "says"),
    [
        (
            paged(BUDGET, next_call_at=NOW + 300),
            "no further page at 02:20 UTC; at 02:45 UTC the daemon pages everyone again",
        ),
        (paged(BUDGET), f"{SEEN}{HOLDS} While you have it, the daemon does not ask at 02:25 UTC."),
        (paged(BUDGET, all_called=True), f"{SEEN}; at 02:45 UTC the daemon pages everyone again if a step of"),
        (replace(paged(BUDGET), channels=()), f"{SEEN}. While you have it, the daemon does not ask at 02:25 UTC."),
        (to_blame(PLATFORM), f"{SEEN}{HOLDS} While you have it, the daemon does not ask whether to roll back."),
        (paged(PAUSED), f"{SEEN}{HOLDS} The daemon decides again all the same, and may roll back to dep-40 "),
        (question(Then.ESCALATE), f"{STOPS}{HOLDS} The question stays open."),
        (
            question(Then.ROLLBACK),
            f"{SEEN}{HOLDS} The question stays open. Without an answer the daemon rolls back at 02:19 UTC, if nothing",
        ),
        (
            question(Then.ESCALATE, decision=x.decision(course=Course.ASK, guards=(UNREAD,))),
            f"{STOPS}{HOLDS} The question stays open. The daemon may still roll back",
        ),
        (x.undone(x.decision()), f"{SEEN}{HOLDS} It does not stop the rollback."),
    ],
)
def test_an_acknowledgement_says_what_it_does(incident: Incident, says: str) -> None:
    """What it stops, when it ends, and what it does to a question; nothing once there is one."""
    state = CurrentState(pages_again_at=NOW + 1800.0)
    assert outlook(incident, NOW, state=state).acknowledging.startswith(f"Acknowledge: {says}")
    assert outlook(amended(incident, acknowledged_by="ann"), NOW, state=state).acknowledging == ""
    ends = outlook(incident, NOW, state=replace(state, pages_again_at=NOW + 60.0)).acknowledging
    assert STOPS not in ends, "it ends before the deadline"

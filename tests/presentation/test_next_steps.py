"""What would have changed the outcome, what stays unsure, what is left to do."""

from dataclasses import replace

import pytest

from tests.cli import examples as x
from tests.core.incident_fields import amended
from watchdog.domain.decisions import Course, Decision, GuardAnswer, Verdict
from watchdog.domain.effects import Note
from watchdog.domain.incidents import Outcome
from watchdog.domain.policy import Action
from watchdog.presentation import next_steps
from watchdog.presentation.explain import state_of
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.situation import Situation, situation

HELD = (GuardAnswer("budget", Verdict.BLOCK, "2 of 2 rollbacks of this service today"),)


def in_mode(mode: str, course: Course, action: Action, **more: object) -> list[str]:
    """Return OTHERWISE for the sketch's incident in a mode, as conditions and results."""
    told = next_steps.otherwise(x.decision(mode=mode, course=course, policy_action=action, **more))
    return [" ".join(line.removeprefix("OTHERWISE").split()) for line in told]


ACTS = Action.ROLLBACK
EARLIER, OBSERVE = "onset before dep-42 -> page only", "mode observe -> say what it would do"
RESTORE = 'restore auto-deploy ("commit") after a new commit: `watchdog service restore-auto-deploy web`'
ASSIST, AUTONOMOUS = "mode assist -> ask first", "mode autonomous -> roll back"


@pytest.mark.parametrize(
    ("mode", "course", "action", "more", "told"),
    [
        ("autonomous", Course.ROLLBACK, ACTS, {}, [EARLIER, OBSERVE, ASSIST]),
        ("assist", Course.ASK, ACTS, {}, [EARLIER, OBSERVE, AUTONOMOUS]),
        ("observe", Course.PAGE, ACTS, {}, [EARLIER, ASSIST, AUTONOMOUS]),
        ("autonomous", Course.ASK, Action.ASK, {}, [EARLIER, OBSERVE]),
        ("autonomous", Course.ASK, Action.SCHEDULE, {}, [EARLIER, OBSERVE]),
        ("autonomous", Course.TELL, Action.TELL, {}, []),
        ("autonomous", Course.PAGE, ACTS, {"guards": HELD}, ["guard budget passing -> roll back"]),
        ("assist", Course.PAGE, ACTS, {"guards": HELD}, ["guard budget passing -> ask first"]),
    ],
)
def test_the_other_modes(mode: str, course: Course, action: Action, more: dict, told: list[str]) -> None:
    """Each mode is told what the two others would have done; where the policy asks, none acts alone.

    Without the only obstacle in its way, the mode decides what would follow.
    """
    assert in_mode(mode, course, action, **more) == told


def test_what_is_kept_for_a_window_says_how_to_stop_it_and_how_not_to_wait() -> None:
    """Until it is requested, over, or a human's; of what is announced the most urgent command comes first."""
    announced = x.undone(x.decision(course=Course.ANNOUNCE), announced_until=x.BEGIN + 9000)
    assert next_steps.next_steps(announced, None)[0] == "NEXT         to stop it: watchdog incident stop web-1"
    kept = amended(announced, approved_by="ann")
    now = "not to wait: watchdog incident approve web-1"
    assert next_steps.steps_left(kept, "right") == ["to stop it: watchdog incident stop web-1", now]
    assert situation(kept) is Situation.SCHEDULED
    for fields in ({"requested_at": 1.0}, {"closed_at": 1.0}, {"human_needed": "x"}, {"approved_by": None}):
        assert situation(amended(kept, **fields)) is not Situation.SCHEDULED, fields


PAGED = x.decision(course=Course.PAGE)
PASSING = x.decision(
    course=Course.PAGE, guards=(GuardAnswer("newer deploy", Verdict.BLOCK, "dep-43 is on its way", passing=True),)
)
ASKED = x.decision(course=Course.ASK)
ANNOUNCED = x.decision(course=Course.ANNOUNCE)
COMING = [
    (ASKED, {"asked_at": 1.0}, Situation.QUESTION),
    (PAGED, {"asked_at": 1.0}, Situation.BLOCKED),  # decided anew since it was asked
    (ASKED, {"asked_at": 1.0, "human_needed": "rejected by ann"}, Situation.NEEDS_A_PERSON),
    (ASKED, {"asked_at": 1.0, "closed_at": 2.0}, Situation.CLOSED),
    (ANNOUNCED, {"announced_until": 9.0}, Situation.ANNOUNCED),
    (ANNOUNCED, {"announced_until": 9.0, "human_needed": "stopped by ann"}, Situation.NEEDS_A_PERSON),
    (ANNOUNCED, {"announced_until": 9.0, "approved_by": "ann"}, Situation.SCHEDULED),
    (x.decision(), {"announced_until": 9.0, "approved_by": "ann"}, Situation.SENDING),  # its window has begun
    (x.decision(), {"asked_at": 1.0, "approved_by": "ann"}, Situation.SENDING),
    (x.decision(), {"requested_at": 3.0}, Situation.REQUESTED),
    (PAGED, {}, Situation.BLOCKED),
    (x.decision(mode="observe", course=Course.NOTE), {}, Situation.NO_ACTION),
    (PASSING, {}, Situation.BLOCKED_FOR_NOW),
    (PASSING, {"human_needed": "stopped by ann"}, Situation.NEEDS_A_PERSON),
    (PASSING, {"target": None}, Situation.BLOCKED_FOR_NOW),
]


@pytest.mark.parametrize(("decision", "fields", "coming"), COMING)
def test_what_comes_next_follows_from_the_last_decision_and_its_answers(
    decision: Decision, fields: dict[str, object], coming: Situation
) -> None:
    """Terminal and heading offer what follows from it: an answer to nothing that was asked before."""
    incident = x.undone(decision, **fields)
    assert situation(incident) is coming
    left = " ".join(next_steps.steps_left(incident, "right"))
    assert ("watchdog incident approve" in left) is (
        coming in (Situation.QUESTION, Situation.ANNOUNCED, Situation.SCHEDULED)
    )
    assert ("watchdog incident reject" in left) is (coming is Situation.QUESTION)
    assert ("watchdog incident stop" in left) is (
        coming in (Situation.ANNOUNCED, Situation.SCHEDULED, Situation.BLOCKED_FOR_NOW)
    )
    paused = " ".join(next_steps.steps_left(incident, "right", state=CurrentState(stopped="paused by ann")))
    assert "approve" not in paused and "service rollback" not in paused, "the daemon would refuse it"
    assert (state_of(incident) == "NEEDS YOUR ANSWER") is (coming is Situation.QUESTION)


def test_a_bad_configuration_is_not_deny_listed_and_where_all_is_known_and_done_nothing_is_left() -> None:
    """Its code is innocent; the saved value is what comes back. Nothing unsure, nothing left: no section."""
    rolled_back = x.incident(decision=x.decision(blame=x.blame(configuration=True)))
    steps = next_steps.next_steps(rolled_back, "right")
    assert steps[0] == "NEXT         fix the saved configuration: it returns with the next deploy"
    assert "deny-listed" not in " ".join(steps)
    closed = x.undone(x.decision(evidence=(), blame=x.blame(assumed=False)), closed_at=x.BEGIN + 60)
    assert next_steps.unsure(closed) == next_steps.next_steps(closed, "right") == []


def test_a_wrong_rollback_has_a_way_back_until_it_was_taken() -> None:
    """Called wrong by a human, the command is named; once it was undone, there is nothing to mend in its commit."""
    way = "the way back: watchdog incident undo web-1 --dry-run"
    done = x.incident()
    taken = Note(x.BEGIN + 300, "web", "web-1", "UNDO", "by ann: dep-42 is put back (web-2)")
    assert way not in next_steps.steps_left(done, "right") + next_steps.steps_left(done, None)
    assert way in next_steps.steps_left(done, "wrong", [replace(taken, incident="web-7")])
    assert way not in next_steps.steps_left(x.incident(deploy=None), "wrong")
    left = next_steps.steps_left(done, "wrong", [taken])
    assert left == [RESTORE]
    assert next_steps.steps_left(done, "right", state=CurrentState()) == [], "given back, and trusted"
    kept = next_steps.steps_left(done, "right", state=CurrentState("commit", denied=True))
    assert kept == next_steps.steps_left(done, "right") and RESTORE in kept
    unproved = x.incident(outcome=Outcome.WITH_A_HUMAN)
    assert "fix 9f3c2ab if it is to blame (deny-listed;" in " ".join(next_steps.steps_left(unproved, None))
    assert "if it is to blame" not in " ".join(next_steps.steps_left(unproved, "right")), "a person said that it is"
    assert way in next_steps.steps_left(x.incident(undoes="web-0"), "wrong", [taken]), (
        "an undo's own line says of another"
    )


def test_what_healed_before_its_rollback_may_be_taken_back_and_needs_no_mending() -> None:
    """Until a human says that it was right: then its commit is bad after all."""
    way, mend = (
        "the way back: watchdog incident undo web-1 --dry-run",
        "fix 9f3c2ab (deny-listed; `watchdog commit trust 9f3c2ab` lifts it)",
    )
    healed = x.incident(healed_at=x.BEGIN + 40.0)
    unjudged, right = next_steps.steps_left(healed, None), next_steps.steps_left(healed, "right")
    assert way in unjudged and mend not in unjudged
    assert way not in right and mend in right

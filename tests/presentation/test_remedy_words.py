"""What people read of feature flags that are switched off before a rollback: while it lasts, and once it is over."""

import re
from dataclasses import asdict, replace

import pytest

from tests.cli import examples as x
from tests.presentation.outlook_cases import FLAG, HELPED, NO_HELP, NOW, OFF, announced, question
from watchdog.domain.decisions import Course
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.policy import Then
from watchdog.domain.remedies.kinds import KINDS, RemedyKind, words
from watchdog.domain.remedies.remedy import RemedyResult
from watchdog.presentation.explain import state_of
from watchdog.presentation.incident_facts import ended_at
from watchdog.presentation.notices.headlines import end_title
from watchdog.presentation.notices.notice_details import done_lines
from watchdog.presentation.outlook import outlook
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.situation import Situation

FIRST = "First the daemon switches feature flag new-checkout off, and rolls back only if that does not help."
STAYS = "Feature flag new-checkout is off since 02:14 UTC and did not help; it stays off until you switch it on."
UNKNOWN = replace(FLAG, result=RemedyResult.UNKNOWN, ended_at=NOW)
REFUSED = replace(FLAG, result=RemedyResult.REFUSED, ended_at=NOW)
STOPPED = replace(FLAG, result=RemedyResult.ENDED, ended_at=NOW)
OFF_ALREADY = replace(FLAG, result=RemedyResult.DONE_ALREADY, ended_at=NOW)
PAUSED = CurrentState(stopped="paused by ann")


def asked(*flags: str) -> Incident:
    """Return an incident whose question is about a rollback that flags come before."""
    return question(Then.ESCALATE, decision=replace(x.decision(course=Course.ASK), first=flags))


def over(*remedies: object, **fields: object) -> Incident:
    """Return a closed incident with these remedies."""
    return x.undone(x.decision(), closed_at=NOW, remedies=remedies, **{"outcome": Outcome.REMEDIED, **fields})


def test_a_question_and_an_announcement_say_what_comes_first() -> None:
    """Before a person says yes, or lets a veto window pass."""
    first = replace(x.decision(course=Course.ANNOUNCE), first=("new-checkout",))
    for incident in (asked("new-checkout"), replace(announced(), decision=first)):
        assert FIRST in outlook(incident, NOW).besides
    both = "First the daemon switches feature flag one off, then switches feature flag two off, and rolls back"
    assert both in outlook(asked("one", "two"), NOW).besides
    assert "flag" not in outlook(asked(), NOW).besides


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (NO_HELP, STAYS),
        (replace(OFF, result=RemedyResult.ENDED), STAYS.replace(" and did not help", "")),
        (UNKNOWN, "Whether feature flag new-checkout is off is not known: look in your flag service."),
        (STOPPED, "Whether feature flag new-checkout is off is not known: look in your flag service."),
        (OFF_ALREADY, "Feature flag new-checkout was off already."),
        (REFUSED, "Feature flag new-checkout was not switched off in this incident."),
    ],
)
def test_what_became_of_a_flag_stands_beside_what_happens_next(attempt: object, said: str) -> None:
    """While the incident is open; nothing of a flag that is being tried, as that is what happens."""
    incident = x.undone(x.decision(), remedies=(attempt,))
    assert outlook(incident, NOW).besides == said and outlook(incident, NOW).situation is Situation.SENDING
    assert outlook(x.undone(x.decision(), remedies=(FLAG,)), NOW).besides == ""


def test_a_pause_lets_no_rollback_follow() -> None:
    """The flag is off already; the rest waits for a person."""
    for attempt in (FLAG, OFF):
        said = outlook(x.undone(x.decision(), remedies=(attempt,)), NOW, state=PAUSED).sentence
        assert said.endswith("the daemon changes nothing more until it is resumed.")


@pytest.mark.parametrize(
    ("attempt", "task"),
    [
        (
            HELPED,
            "feature flag new-checkout, off since 02:14 UTC, on again in your flag service once the code behind it",
        ),
        (NO_HELP, "feature flag new-checkout, off since 02:14 UTC, on again in your flag service when you want it."),
        (UNKNOWN, "Look in your flag service whether feature flag new-checkout is off, and switch it on again"),
        (STOPPED, "Look in your flag service whether feature flag new-checkout is off, and switch it on again"),
    ],
)
def test_a_flag_that_is_off_is_left_to_people_once_it_is_over(attempt: object, task: str) -> None:
    """The daemon switches none on."""
    assert task in outlook(over(attempt), NOW, state=CurrentState()).task
    for one in (REFUSED, OFF_ALREADY):
        assert outlook(over(one), NOW, state=CurrentState()).task == ""


def test_a_flag_that_nobody_read_is_told_with_that() -> None:
    """Its service answered yes."""
    unread = replace(OFF, why="it could not be read")
    said = outlook(x.undone(x.decision(), remedies=(unread,)), NOW).sentence
    assert said.startswith("Feature flag new-checkout is off since 02:14 UTC (it could not be read). The incident ends")


def test_an_incident_that_a_flag_ended_ends_as_the_flag_was_off() -> None:
    """The minutes of proof are no downtime; it is verified, as after a rollback."""
    incident = over(HELPED)
    assert ended_at(incident) == HELPED.done_at and incident.proved and state_of(incident) == "VERIFIED"
    assert end_title(incident) == "web is back after 11 s: flag new-checkout is off"
    assert outlook(incident, NOW).sentence == "Recovered with a feature flag switched off, and verified."
    assert done_lines(incident) == ("Feature flag new-checkout: off, helped",)
    assert over(NO_HELP).cure is None and over().cure is None and not over(NO_HELP).proved


def test_every_kind_has_its_words() -> None:
    """None is missing; what it acts on is in place, and what a moment adds is left to that moment."""
    assert set(KINDS) == set(RemedyKind)
    for kind in (*RemedyKind, "newer"):
        told = asdict(words("x" if kind is RemedyKind.FLAG_OFF else f"{kind}:3"))
        later = {key for key, text in told.items() if re.search(r"{(since|when|incident|was|before)}", str(text))}
        assert later <= {"undo", "undo_unknown", "late", "before"}, kind
        assert not re.search(r"{(?!since}|when}|incident}|was}|before})", str(list(told.values()))), kind
        assert all(
            text or key in ("stays", "undo", "when_helped", "when_not", "before") for key, text in told.items()
        ), kind


def test_a_kind_of_a_newer_worker_is_shown_by_its_name() -> None:
    """Two versions share a store while they are replaced: the older one reads what the newer one did."""
    for result, said in ((RemedyResult.NO_HELP, "is done since 02:14 UTC and did not help"), (None, "is not known")):
        attempt = replace(NO_HELP if result else UNKNOWN, name="newer:3")
        incident = x.undone(x.decision(), remedies=(attempt,))
        assert "emedy newer:3 is" in outlook(incident, NOW).besides and said in outlook(incident, NOW).besides
        assert "newer:3" in outlook(over(attempt), NOW, state=CurrentState()).task
        assert done_lines(over(attempt))[0].startswith("Remedy newer:3: ")
    helped = over(replace(HELPED, name="newer:3"), outcome=Outcome.CURED)
    assert end_title(helped) == "web is back after 11 s: remedy newer:3 is done"
    assert "First the daemon tries remedy newer:3, and rolls back only if" in outlook(asked("newer:3"), NOW).besides

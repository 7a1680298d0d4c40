"""What stands below the news: what is asked, what was done, what is left, and the reasoning."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import NOW, a_blame, a_decision, an_incident, found
from tests.presentation.notices import ASKS, CLOCK, DONE, ENDED, LATER, NIGHTS, QUESTION, SINCE, an_outage, read
from watchdog.domain.decisions import Evidence, GuardAnswer, Term, Verdict
from watchdog.domain.follow_ups import RUNBOOK
from watchdog.domain.incidents import Deadline, Incident, StakeholderStatus
from watchdog.domain.notices import AnswerTerms, IncidentNews, Topic
from watchdog.domain.policy import Then
from watchdog.domain.severity import Severity
from watchdog.presentation.notices import notice_details as details


def test_the_reasoning_is_a_line_each() -> None:
    """Findings but the first, what is unknown, suspect, blame with its terms, guards, target, what observe would do."""
    evidence = (Evidence("errors", "unknown", "not read yet"), Evidence("api", "good", "ok"))
    blame = a_blame(terms=(Term(0.05, "upstream openai fails: major outage"),))
    decision = a_decision(evidence=evidence, blame=blame, would="would roll back to dep-40 (aaaaaaa)")
    findings = (found(), found("api", "latency"))
    assert details.reasoning(an_incident(decision=decision, findings=findings)) == (
        "Seen: api: api fails",
        "Seen: errors: not read yet",
        "Suspect: dep-41  bad0000",
        "Blame: it fits",
        "Blame: x 0.05: upstream openai fails: major outage",
        "Guards: all pass",
        "Target: dep-40 aaaaaaa, healthy for 2 h by our own record",
        "Mode observe: would roll back to dep-40 (aaaaaaa)",
    )


def test_before_a_decision_only_what_was_seen_is_said() -> None:
    """And of a rollback by hand, that nobody was blamed."""
    assert read(an_incident(), Topic.FOUND).lines == (SINCE,) and details.reasoning(an_incident()) == ()
    assert details.reasoning(an_incident(findings=(found(), found("api")))) == ("Seen: api: api fails",)
    by_hand = details.reasoning(an_incident(findings=(), decision=a_decision(blame=None)))
    assert by_hand[0] == "Blame: nobody was blamed" and len(by_hand) == 3
    nobody = a_blame(suspect=None, change=None, why="no deploy can be blamed: no Render key")
    assert details.reasoning(an_incident(decision=a_decision(blame=nobody)))[0] == f"Blame: {nobody.why}"


def asking(incident: Incident, terms: AnswerTerms, after: float = 0.0) -> tuple[str, ...]:
    """Return the lines of a question, told so many seconds after NOW."""
    return details.asking_lines(incident, terms, NOW + after)


HIGH = an_incident(severity=Severity.HIGH)


def test_a_question_says_who_alone_may_say_yes() -> None:
    """Right after how to answer."""
    told = asking(HIGH, AnswerTerms(approver="lead"))
    assert told[2] == "Only lead may approve (policy: high: approver: lead); anybody else may reject."
    assert details.only_approver(HIGH, "lead") == (told[2],)
    assert not any("Only" in line for line in asking(HIGH, AnswerTerms())) and details.only_approver(HIGH, "") == ()


@pytest.mark.parametrize(("begins", "ahead"), [(600.0, "10 min"), (0.0, "0 s"), (-600.0, "0 s"), (None, None)])
def test_a_question_says_that_a_yes_waits_for_its_window_unless_that_is_now(
    begins: float | None, ahead: str | None
) -> None:
    """Until when, how long that is by the decision, and how not to wait; a yes that acts at once has no such moment."""
    terms = replace(NIGHTS, opens_at=None if begins is None else NOW + begins)
    line = f"A yes is kept for Mon 14:25 UTC (in {ahead}) (policy: high: window: nights); said again, it means now."
    told = asking(HIGH, terms)
    assert [one for one in told if one.startswith("A yes is kept for ")] == ([line] if ahead else [])
    assert told.index(line) == 2 if ahead else True
    assert line.replace("10 min", "5 min") in asking(HIGH, terms, 300.0) if begins == 600.0 else True


def test_what_is_kept_says_for_what_and_how_to_answer_once_more() -> None:
    """A reload may have taken the window away: then it names none."""
    incident = an_incident(approved_by="ann", target="dep-40", target_code="aaaaaaa1")
    kept, anew, words = details.kept_lines(incident, "nights")
    assert kept == (
        "Approved by ann, and kept until then (policy: critical: window: nights): roll web back to dep-40 aaaaaaa."
    )
    assert anew == "Then everything is decided anew: it is done only if the deploy still fails and every guard passes."
    assert words == "To prevent it: watchdog incident stop web-1. Not to wait: watchdog incident approve web-1"
    assert details.kept_lines(incident, "")[0] == (
        "Approved by ann, and kept until then: roll web back to dep-40 aaaaaaa."
    )


def test_a_question_says_how_to_answer_and_what_happens_otherwise() -> None:
    """With and without a deadline."""
    clock = Deadline(NOW - 60.0, Then.ESCALATE, 360.0, NOW + 300.0)
    incident = an_incident(target="dep-40", target_code="aaaaaaa1", deadline=clock)
    assert asking(incident, AnswerTerms()) == (
        "Question: roll web back to dep-40 aaaaaaa?",
        "Answer by 14:20 UTC (within 5 min): watchdog incident approve web-1   or   watchdog incident reject web-1",
        "Without an answer nothing is changed, and you are paged again.",
    )
    by_default = amended(incident, deadline=replace(clock, then=Then.ROLLBACK))
    assert asking(by_default, AnswerTerms())[2] == (
        "Without an answer it is rolled back then, if every guard still passes (policy: then: rollback)."
    )
    nothing = amended(incident, deadline=replace(clock, then=Then.NOTHING))
    assert asking(nothing, AnswerTerms())[2] == "Without an answer nothing is changed."
    for late in (amended(by_default, late_paged=True), amended(by_default, deadline=None)):
        told = asking(late, AnswerTerms())
        assert told[1].startswith("Answer: watchdog incident approve web-1")
        assert told[2] == "Without an answer nothing is changed."
        assert read(late, Topic.ASKED, **QUESTION).title == "web is down: approve rollback to aaaaaaa?"
    decided = asking(amended(incident, decision=a_decision(why="the policy asks")), AnswerTerms())
    assert decided[3:] == ("Why you are asked: the policy asks",)


@pytest.mark.parametrize("after", [0.0, LATER])
@pytest.mark.parametrize("heard_at", [None, NOW - 600.0])
@pytest.mark.parametrize("then", list(Then))
def test_the_deadline_that_is_told_is_when_its_default_is_due_at_the_earliest(
    then: Then, heard_at: float | None, after: float
) -> None:
    """By its time of day, also where it is sent late; people who hear of it later are given more time, never less."""
    clock = replace(CLOCK["deadline"], then=then, heard_at=heard_at)
    told = read(an_outage(deadline=clock), Topic.ASKED, after=after, **QUESTION)
    assert told.title == "web is down: approve rollback to aaaaaaa by 14:45 UTC?"
    question, answer, otherwise = told.lines[2:5] if after else told.lines[1:4]
    assert question == ASKS[0] and answer == ASKS[1]
    assert otherwise == details.OTHERWISE[then] and details.due_at(an_outage(deadline=clock)) == NOW + 1800.0
    assert ("it is rolled back then" in otherwise) is (then is Then.ROLLBACK)


@pytest.mark.parametrize("then", list(Then))
def test_what_may_act_once_an_obstacle_has_passed_is_not_promised_for_the_deadline(then: Then) -> None:
    """An action hold: while it lasts nothing is changed, and after it no answer is needed."""
    hold = GuardAnswer("action hold", Verdict.ASK, "launch", passing=True)
    said = details.without_an_answer(an_incident(decision=a_decision(guards=(hold,))), then)
    assert said.startswith("Without an answer nothing is changed while that lasts") and said.endswith("it may act.")
    assert ("paged again" in said) is (then is not Then.NOTHING)
    stays = replace(hold, passing=False)
    for_good = an_incident(decision=a_decision(guards=(hold, stays)))
    assert details.without_an_answer(for_good, then) == details.OTHERWISE[then]


def test_who_looks_after_it_hears_of_a_question_only_if_one_is_open() -> None:
    """And of the deadline only if there is one."""
    assert read(an_outage(**CLOCK), Topic.ACKNOWLEDGED, by="ann").lines == (SINCE,), "answered meanwhile"
    endless = {"deadline": replace(CLOCK["deadline"], due_at=None)}
    told = read(an_outage(**endless), Topic.ACKNOWLEDGED, by="ann", **QUESTION).lines
    assert told == (SINCE, "Watching goes on. What was asked is still to be answered.")


def test_what_was_done_is_said_and_nothing_else() -> None:
    """Nothing done, no line."""
    assert details.done_lines(an_incident()) == ()
    done = an_incident(note="off, read back", suspect="dep-41", target="dep-40", deploy="dep-42")
    assert details.done_lines(done) == ("Auto-deploy: off, read back", DONE)


@pytest.mark.parametrize(("expired", "rebuilt"), [(None, False), ("dep-39", False), ("dep-40", True)])
def test_a_rebuild_that_was_made_says_that_it_is_one(expired: str | None, rebuilt: bool) -> None:
    """Only where it is the target's own artefact that is gone."""
    incident = an_incident(target="dep-40", target_code="aaaaaaa1", suspect="dep-41", expired=expired, deploy="dep-42")
    how = " (a rebuild of aaaaaaa, since its artefact is gone: it takes as long as a build)" if rebuilt else ""
    assert details.done_lines(incident) == (f"{DONE}{how}",)


@pytest.mark.parametrize("value", ["commit", ""])
def test_what_is_left_for_people(value: str) -> None:
    """Auto-deploy, if we switched it off; the bad commit, if it was rolled back, and was not taken back to."""

    def left(**fields: Any) -> tuple[str, ...]:
        return details.left_lines(IncidentNews(Topic.CLOSED, an_incident(**fields), value))

    off = "Left for you: auto-deploy is off (it was commit) until you switch it back on."
    before = (off,) if value else ()
    for half in ({}, {"suspect_code": "bad00000"}, {"deploy": "dep-42"}):
        assert left(**half) == before
    both = {"suspect_code": "bad00000", "deploy": "dep-42"}
    assert left(**both) == (*before, "Left for you: fix bad0000; `watchdog explain web-1` says why.")
    assert left(**both, undoes="web-0") == before
    healed = left(**both, suspect="dep-41", healed_at=NOW - 30.0, restored_at=NOW)
    assert len(healed) == len(before) + 1 and healed[-1].startswith("Left for you: all was good again 30 s before ")
    assert healed[-1].endswith("takes the rollback back).")


def test_the_runbook_leaves_people_their_tasks_at_the_end_of_a_rollback() -> None:
    """Each with whose it is and by when; stakeholders who were told need no task; without a rollback there is none."""
    peoples = [one for one in RUNBOOK if one.by_people]
    ended = an_outage(**ENDED)
    todo = read(ended, Topic.CLOSED).todo
    how = "within 15 min (watchdog incident tick web-1 analytics)"
    first = f"Monitor analytics for user activity recovery: product owner, {how}"
    assert todo[0] == first and len(todo) == len(peoples) and todo == details.todo_lines(ended)
    informed = amended(ended, informed=(StakeholderStatus("board", "web-1/stakeholders", NOW),))
    assert set(todo) - set(read(informed, Topic.CLOSED).todo) == {
        "Communicate status to stakeholders: team lead, within 60 min (watchdog incident tick web-1 stakeholders)"
    }
    assert read(amended(ended, requested_at=None), Topic.CLOSED).todo == ()
    assert read(ended, Topic.STOPPED_SHORT).todo == (), "it is not over"

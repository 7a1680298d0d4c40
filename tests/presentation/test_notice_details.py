"""What stands below the news: what is asked, what was done, what is left, and the reasoning."""

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import NOW, a_blame, a_decision, an_incident, found
from tests.presentation.notices import ACKNOWLEDGE, CLOCK, DENIED, DONE, ENDED, LATER, NIGHTS, QUESTION, an_outage, read
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.decisions import Course, Evidence, GuardAnswer, Term, Verdict
from watchdog.domain.follow_ups import RUNBOOK
from watchdog.domain.incident_parts import StakeholderStatus
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.notices import AnswerTerms, IncidentNews, Topic
from watchdog.domain.policy import Then
from watchdog.domain.severity import Severity
from watchdog.presentation.block_words import BLOCKS
from watchdog.presentation.notices import notice_details as details
from watchdog.presentation.notices.notice_case import NoticeCase
from watchdog.presentation.outlook import ROWS


def test_the_reasoning_is_a_line_each() -> None:
    """Findings, what is unknown, the decision, suspect, blame with its terms, guards, target, what observe would do."""
    evidence = (Evidence("errors", "unknown", "not read yet"), Evidence("api", "good", "ok"))
    blame = a_blame(terms=(Term(0.05, "upstream openai fails: major outage"),))
    decision = a_decision(evidence=evidence, blame=blame, would="would roll back to dep-40 (aaaaaaa)")
    findings = (found(), found("api", "latency"))
    assert details.reasoning(an_incident(decision=decision, findings=findings)) == (
        "Seen: home: home fails",
        "Seen: api: api fails",
        "Seen: errors: not read yet",
        "Decided: rollback: it fits",
        "Suspect: dep-41  bad0000",
        "Blame: it fits",
        "Blame: x 0.05: upstream openai fails: major outage",
        "Guards: all pass",
        "Target: dep-40 aaaaaaa, healthy for 2 h by our own record",
        "Mode observe: would roll back to dep-40 (aaaaaaa)",
    )


def test_before_a_decision_only_what_was_seen_is_said() -> None:
    """And of a rollback by hand, that no deploy was blamed."""
    both = an_incident(findings=(found(), found("api")))
    assert details.reasoning(both) == ("Seen: home: home fails", "Seen: api: api fails")
    by_hand = details.reasoning(an_incident(findings=(), decision=a_decision(blame=None)))
    assert by_hand[1] == "Blame: no deploy was blamed" and len(by_hand) == 4
    nobody = a_blame(suspect=None, change=None, why="no deploy can be blamed: no Render key")
    assert details.reasoning(an_incident(decision=a_decision(blame=nobody)))[2] == f"Blame: {nobody.why}"


def case(incident: Incident, after: float = 0.0, **facts: Any) -> NoticeCase:
    """Return a question's case, decided so many seconds after NOW."""
    return NoticeCase(IncidentNews(Topic.ASKED, incident, **facts), NOW + after, UTC)


def test_a_question_says_who_alone_may_say_yes_and_what_may_end_before_an_answer() -> None:
    """Others may still reject. After an action hold no answer is needed; what lasts is answered by people alone."""
    high = an_incident(severity=Severity.HIGH)
    said = "Only lead may approve (policy: high: approver: lead); others may reject."
    assert details.answer_lines(case(high, terms=AnswerTerms(approver="lead"))) == (said,)
    assert details.only_approver(high, "lead") == (said,) and details.only_approver(high, "") == ()
    assert details.answer_lines(case(high, terms=AnswerTerms())) == details.answer_lines(case(high)) == ()
    hold = GuardAnswer("action hold", Verdict.ASK, "launch", passing=True)
    asked = an_incident(decision=a_decision(guards=(hold,)))
    passes = "Once that has passed, the daemon decides again, and may roll back without an answer."
    assert details.answer_lines(case(asked)) == (passes,)
    lasting = amended(asked, decision=a_decision(guards=(hold, replace(hold, passing=False))))
    assert details.answer_lines(case(lasting)) == ()


@pytest.mark.parametrize(("begins", "ahead"), [(600.0, "10 min"), (0.0, "0 s"), (-600.0, "0 s"), (None, None)])
def test_a_question_says_that_an_approval_waits_for_its_window(begins: float | None, ahead: str | None) -> None:
    """With the time until then, and how not to wait; an approval that acts at once has no such moment."""
    terms = replace(NIGHTS, opens_at=None if begins is None else NOW + begins)
    when = f"at Mon 14:25 UTC (in {ahead}) (policy: critical: window: nights)"
    line = f"An approval is carried out {when}; a second approval, at once."
    assert details.answer_lines(case(an_incident(), terms=terms)) == ((line,) if ahead else ())


@pytest.mark.parametrize("after", [0.0, LATER])
@pytest.mark.parametrize("delivered_at", [None, NOW - 600.0])
@pytest.mark.parametrize("then", list(Then))
def test_the_deadline_that_is_told_is_when_its_default_is_due_at_the_earliest(
    then: Then, delivered_at: float | None, after: float
) -> None:
    """By its time of day, also where it is sent late; people who read of it later get more time, never less."""
    clock = replace(CLOCK["deadline"], then=then, delivered_at=delivered_at)
    told = read(an_outage(**{**CLOCK, "deadline": clock}), Topic.ASKED, after=after, **QUESTION)
    assert told.title == "web is down: approve rollback to aaaaaaa by 14:45 UTC?"
    plan = told.lines[2 if after else 1]
    assert plan.startswith("Roll back to dep-40 (aaaaaaa)? Waits for an answer until 14:45 UTC, then ")
    assert ("then rolls back" in plan) is (then is Then.ROLLBACK)


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({"late_paged": True}, "No answer came by 14:45 UTC; the daemon still waits for one."),
        ({"deadline": None}, "Without an answer the daemon changes nothing."),
    ],
)
def test_a_question_without_a_default_asks_for_no_answer_in_time(fields: dict[str, Any], waits: str) -> None:
    """Its deadline has passed, or the policy has none."""
    told = read(an_outage(**{**CLOCK, **fields}), Topic.ASKED, **QUESTION)
    assert told.title == "web is down: approve rollback to aaaaaaa?"
    assert told.lines[1].startswith(f"Roll back to dep-40 (aaaaaaa)? {waits} No further page ")


def test_each_command_of_an_outlook_is_spelled_as_it_is_typed() -> None:
    """With its object: the incident, the service, or none."""
    commands = {one for row in ROWS.values() for one in row.commands} | {row.command for row in BLOCKS.values()} - {""}
    assert commands == set(details.LABELS)
    paused = GuardAnswer("hold", Verdict.BLOCK, "paused by ann", passing=True)
    held = an_outage(decision=a_decision(course=Course.PAGE, guards=(paused,)))
    resume, stop, acknowledge = details.task_lines(case(held))[1].split(" · ")
    assert resume == f"Resume the daemon: {command_line('resume')}"
    assert (stop, acknowledge) == ("Do not roll back: watchdog incident stop web-1", ACKNOWLEDGE)


@pytest.mark.parametrize(("expired", "rebuilt"), [(None, False), ("dep-39", False), ("dep-40", True)])
def test_what_was_done_is_said_and_nothing_else(expired: str | None, rebuilt: bool) -> None:
    """That it was rebuilt only where it is the target's own artefact that is gone; nothing done, no line."""
    assert details.done_lines(an_incident()) == ()
    incident = an_incident(target="dep-40", target_code="aaaaaaa1", suspect="dep-41", expired=expired, deploy="dep-42")
    gone = "as Render keeps no artefact of dep-40: it takes as long as a build"
    done = f"Rebuild: away from dep-41 as dep-42; rebuilds commit aaaaaaa, {gone}" if rebuilt else DONE
    assert details.done_lines(incident) == (done,)
    pinned = amended(incident, note="off, read back")
    assert details.done_lines(pinned) == ("Auto-deploy: off, read back", done)


@pytest.mark.parametrize("value", ["commit", ""])
def test_what_is_left_for_people(value: str) -> None:
    """Auto-deploy, if we switched it off; the bad commit, if it was rolled back, and was not taken back to."""

    def left(denied: bool = True, **fields: Any) -> tuple[str, ...]:
        closed = an_incident(**fields, closed_at=NOW)
        return details.left_lines(case(closed, auto_deploy_off=value, denied=denied))

    command = ("Switch auto-deploy on: watchdog service restore-auto-deploy web",) if value else ()
    paused = details.left_lines(case(an_incident(closed_at=NOW), auto_deploy_off=value, stopped="paused by ann"))
    assert [line.partition(":")[0] for line in paused] == (
        ["Left to do", "Resume the daemon"] if value else ["Nothing to do."]
    )
    assert not value or paused[0].startswith(
        "Left to do: Resume the daemon first (paused by ann): until then it changes"
    )
    broken = {"stopped": "disarmed (two rollbacks)", "disarmed": True}
    log_first = details.left_lines(case(an_incident(closed_at=NOW), auto_deploy_off=value, **broken))
    assert not value or log_first[0].startswith("Left to do: Read the daemon's log for the violated invariant; then")
    off = 'auto-deploy of web back on (it was "commit"): until then merges are not deployed.' if value else ""
    before = (f"Left to do: Switch {off}", *command) if value else ("Nothing to do.",)
    half: tuple[dict[str, Any], ...] = ({}, {"suspect_code": "bad00000"}, {"deploy": "dep-42"})
    for fields in half:
        assert left(**fields, decision=a_decision()) == before
    both = {"suspect_code": "bad00000", "deploy": "dep-42", "decision": a_decision(), "outcome": Outcome.VERIFIED}
    both_left = f"Fix bad0000, then switch {off} {DENIED}" if value else f"Fix bad0000. {DENIED}"
    assert left(**both) == (f"Left to do: {both_left}", *command)
    assert left(denied=False, **both) == before, "a person trusted it meanwhile"
    stays = "" if value else "Auto-deploy is off, as it was before the rollback."
    assert left(**both, off=True, previous="off")[-1] == (stays or command[0])
    # An undo leads back to the code that was blamed: there is nothing to fix.
    assert left(**{**both, "decision": a_decision(blame=None)}, undoes="web-0") == before
    healed = left(**both, suspect="dep-41", healed_at=NOW - 30.0, restored_at=NOW)
    assert healed[0].startswith("Left to do: all was good again 30 s before ")
    assert healed[0].endswith("takes the rollback back).") and "Fix" not in "".join(healed[1:])


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

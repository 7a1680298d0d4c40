"""A rollback over a migration: what every face says of it, and the steps of people, in the order that loses nothing."""

from dataclasses import replace

import pytest

from tests.cli import examples as x
from tests.core.incident_fields import amended
from tests.presentation.notices import read
from tests.presentation.outlook_cases import BUDGET, NOW, OBSERVED, PAUSED, paged, question, sent
from watchdog.domain.decisions import Course, Decision, GuardAnswer, Verdict
from watchdog.domain.incidents import HumanDecision, Incident
from watchdog.domain.notices import Topic
from watchdog.domain.policy import Policy, ServicePolicy, Then
from watchdog.domain.remedies.database_step import DatabaseAction
from watchdog.presentation.explain import explain
from watchdog.presentation.outlook import outlook
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.outlooks.safe_order import DatabaseSteps, order_lines, order_of, safe_order

FILE = "db/migrate/20261202_orders.rb"
KNOWN = GuardAnswer("migration", Verdict.ASK, f"dep-42 changes {FILE}")
UNKNOWN = GuardAnswer("changed files", Verdict.ASK, "the files of dep-42 are not compared yet", passing=True)
NONE = GuardAnswer("migration", Verdict.PASS, "none")
GOES = f"The rollback undoes no migration: dep-42 changes {FILE}."
MAY = "The rollback undoes no migration: the files of dep-42 are not compared yet."
FIRST = "First, unless dep-40 (1b7e0d4) works with the new schema: dump the database and migrate down."
SEE_FIRST = (
    "First see whether dep-42 (9f3c2ab) migrates the database; unless dep-40 (1b7e0d4) works with the new schema,"
    " dump it and migrate down."
)
APPROVE = "Then approve if dep-42 (9f3c2ab) is to blame (99 % likely by the evidence), else reject."


def deciding(*guards: GuardAnswer, course: Course = Course.ASK) -> Decision:
    return x.decision(course=course, guards=guards, why=f"{guards[0].name}: {guards[0].why}")


def asked(guard: GuardAnswer, **fields: object) -> Incident:
    return question(Then.ESCALATE, decision=deciding(guard), **fields)


def test_a_question_says_what_comes_first_and_why() -> None:
    """The step names the order, the line beside it the deploy with its files."""
    for guard, first, why in ((KNOWN, FIRST, GOES), (UNKNOWN, SEE_FIRST, MAY)):
        found = outlook(asked(guard), NOW)
        assert (found.task, found.besides) == (f"{first} {APPROVE}", why)
    plain = outlook(asked(NONE), NOW)
    assert plain.task == f"A{APPROVE.removeprefix('Then a')}" and plain.besides == ""


@pytest.mark.parametrize(
    ("incident", "state", "says"),
    [
        pytest.param(paged(BUDGET, KNOWN), CurrentState(), True, id="a rollback by hand is offered"),
        pytest.param(paged(PAUSED, KNOWN), CurrentState(), False, id="none is possible now"),
        pytest.param(x.undone(replace(OBSERVED, guards=(KNOWN,))), CurrentState(), True, id="mode observe"),
        pytest.param(
            x.undone(deciding(KNOWN), human_needed="rejected by ann", human_decision=HumanDecision.REJECTED),
            CurrentState(),
            True,
            id="rejected, and to be thought over",
        ),
        pytest.param(x.undone(deciding(KNOWN), approved_by="ann"), CurrentState(), True, id="approved, not sent yet"),
        pytest.param(
            sent(decision=deciding(KNOWN, course=Course.ROLLBACK), approved_by="ann"), CurrentState(), False, id="sent"
        ),
        pytest.param(paged(BUDGET), CurrentState(), False, id="no migration"),
    ],
)
def test_it_stands_wherever_a_rollback_may_still_come(incident: Incident, state: CurrentState, says: bool) -> None:
    found = outlook(incident, NOW, state=state)
    assert (f"{GOES} {FIRST}" in found.besides) is says


def test_the_steps_name_both_deploys_and_end_in_the_command_that_is_open() -> None:
    """In the order that loses nothing: the dump before the way down, that before the rollback."""
    what, *steps = order_of(asked(KNOWN))
    assert what == GOES and [step.split()[0] for step in steps] == ["Read", "Else", "Migrate", "Roll", "Bring"]
    assert "dump the database" in steps[1] and "of dep-40 (1b7e0d4) with the code of dep-42 (9f3c2ab)" in steps[2]
    assert steps[3] == "Roll back: `watchdog incident approve web-1`."
    assert order_of(paged(BUDGET, UNKNOWN))[0] == MAY
    assert order_of(paged(BUDGET, UNKNOWN))[4] == "Roll back: `watchdog rollback web`."


def test_the_steps_that_are_configured_stand_there_as_commands() -> None:
    """Wherever the configuration is at hand; a notice leads there by the command that explains."""
    both = (DatabaseAction.DUMP, DatabaseAction.MIGRATE_DOWN)
    steps = order_of(asked(KNOWN), both)
    down = "watchdog database migrate-down web --incident web-1 --as NAME"
    assert steps[2] == "Else dump the database: `watchdog database dump web --incident web-1`."
    assert f"does not know the way. Where that code is checked out: `{down}`. Where there is none" in steps[3]
    only = order_of(asked(KNOWN), both[:1])
    assert "`watchdog database dump" in only[2] and "migrate-down" not in only[3]
    lines = " ".join(" ".join(explain(asked(KNOWN), (), None, state=CurrentState(database_steps=both))).split())
    assert down in lines and "watchdog database dump web --incident web-1" in lines
    policy = Policy({"web": ServicePolicy("web", None, database_steps=both)}, {})
    by_hand = safe_order(deciding(KNOWN), database=DatabaseSteps.of(policy, "web"))
    assert by_hand[2].endswith("`watchdog database dump web`.") and "--incident INCIDENT --as NAME`" in by_hand[3]
    assert DatabaseSteps.of(policy, "gone").words() == DatabaseSteps().words()


def test_there_are_no_steps_where_none_is_left() -> None:
    """No guard asks, it was sent, or it is over."""
    over = amended(asked(KNOWN), closed_at=NOW)
    undecided = amended(asked(KNOWN), decision=None)
    for one in (asked(NONE), sent(decision=deciding(KNOWN)), over, undecided):
        assert order_of(one) == () and order_lines(order_of(one)) == []
        assert "SAFE ORDER" not in "\n".join(explain(one, (), None))


def test_a_plan_by_hand_names_the_live_deploy() -> None:
    """No deploy is blamed there; and where none is known to be live, the words are of any."""
    plan = replace(deciding(KNOWN), blame=None)
    assert "with the code of dep-42 (9f3c2ab)" in safe_order(plan, x.BAD)[3]
    bare = safe_order(replace(plan, target=None))
    assert "to the schema of the earlier deploy with the code of the live deploy" in bare[3]
    assert bare[4] == "Roll back."


def test_explain_has_them_as_a_section_and_a_notice_among_its_details() -> None:
    lines = explain(asked(KNOWN), (), None, now=NOW)
    assert f"SAFE ORDER   {GOES}".split()[:4] == next(one for one in lines if one.startswith("SAFE")).split()[:4]
    assert "  4.         Roll back: `watchdog incident approve web-1`." in lines
    notice = read(asked(KNOWN), Topic.ASKED)
    assert GOES in notice.lines and f"Do now: {FIRST} {APPROVE}" in notice.lines
    assert "Safe order, 4.: Roll back: `watchdog incident approve web-1`." in notice.details
    assert not any("Safe order" in one for one in read(asked(NONE), Topic.ASKED).details)

"""What happens next, by situation and by blocking guard: the tables are total, and each row reads as a sentence."""

import ast
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.cli import examples as x
from tests.core.incident_fields import amended
from tests.presentation.outlook_cases import (
    ANNOUNCED,
    BUDGET,
    CASES,
    COOLDOWN,
    ELSEWHERE,
    HELPLESS,
    LOST,
    MODE,
    NEIGHBOUR,
    NOW,
    OBSERVED,
    OPENAI,
    PAGE,
    PAUSED,
    PEERS,
    PLATFORM,
    REFUSED,
    TRAILER,
    over,
    paged,
    question,
    suspended,
    to_blame,
)
from watchdog.core.guards import downtime, guards, migrations
from watchdog.core.phases.paged import PASSING_VETOES
from watchdog.domain.decisions import Course, GuardAnswer, Verdict, Veto
from watchdog.domain.incidents import HumanDecision, Incident, Outcome
from watchdog.domain.policy import Then
from watchdog.presentation.block_words import BLOCKS, FIRST, ON_TOP, UNREAD
from watchdog.presentation.outlook import ROWS, outlook
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.situation import Situation


@pytest.mark.parametrize(("incident", "found", "sentence", "commands"), CASES)
def test_case_66_each_situation_has_its_sentence_and_its_commands(
    incident: Incident, found: Situation, sentence: str, commands: tuple[str, ...]
) -> None:
    """The sentence states what the daemon does by itself, and the commands are those that would be accepted."""
    said = outlook(incident, NOW)
    assert (said.situation, said.sentence, said.commands) == (found, sentence, commands)
    names = {"reject": "Reject:", "stop": "Do not roll back:" if found is Situation.BLOCKED_FOR_NOW else "Stop:"}
    refuses = next((names[one] for one in commands if one in names), "")
    back = ", but switches auto-deploy back on if it switched that off" if found is Situation.SENDING else ""
    assert said.refusing == (f"{refuses} the daemon changes nothing more in this incident{back}." if refuses else "")
    for previous, gives in (("commit", True), ("off", found is Situation.SENDING)):
        pinned = outlook(amended(incident, previous=previous), NOW)
        assert not refuses or ("switches auto-deploy back on" in pinned.refusing) is gives


@pytest.mark.parametrize(
    ("incident", "task"),
    [
        (paged(BUDGET), "Roll back to dep-40 (1b7e0d4) by hand if dep-42 (9f3c2ab) is to blame: this limit"),
        (paged(replace(BUDGET, name="tried")), "Fix forward"),
        (paged(BUDGET, PAUSED), "Resume the daemon"),
        (paged(PAUSED), 'Resume the daemon, unless the pause is still needed. Answer "Do not roll back" if dep-42'),
        (
            to_blame(x.blame(probability=0.01, vetoes=(Veto("deploy list", True, "the list is 2 min old"),))),
            'Check the service on Render\'s dashboard. Answer "Do not roll back" if no deploy is to blame.',
        ),
        (paged(MODE, decision=OBSERVED), "Roll back to dep-40 (1b7e0d4) on Render's dashboard if dep-42 (9f3c2ab)"),
        (x.undone(x.decision(), human_needed="busy"), "Roll back to dep-40 (1b7e0d4) by hand if dep-42"),
        (x.undone(PAGE, human_needed="busy", acknowledged_by="ann", decision=None), "Find the cause"),
        (paged(TRAILER), "Fix forward, or ask its author"),
        (LOST, "Look at web's deploys on Render's dashboard before anything else; if dep-42 (9f3c2ab) is still"),
        (REFUSED, "If dep-42 (9f3c2ab) is to blame, roll back to another deploy on Render's dashboard, or deploy"),
        (amended(REFUSED, artefact_gone=True), "Look in the logs whether dep-42 (9f3c2ab) is to blame; if it is"),
        (
            x.undone(PAGE, human_needed="rejected by ann", human_decision=HumanDecision.REJECTED),
            "Find the cause on Render's dashboard and in the logs. Roll back to dep-40 (1b7e0d4) by hand if dep-42",
        ),
        (to_blame(ELSEWHERE), "Look at upstream openai first; if nothing is wrong there, find the"),
        (to_blame(PEERS), "Look at the other services that fail first; if nothing is wrong"),
        (to_blame(NEIGHBOUR), "The deploy dep-7 of api is 62 % likely to blame: roll api back, unless its own"),
        (to_blame(PLATFORM), "Look at Render's status page first; if nothing is wrong there"),
        (question(Then.ESCALATE), "Approve if dep-42 (9f3c2ab) is to blame (99 % likely by the evidence), else"),
        (suspended(), "Check on Render's dashboard whether it is meant to be down."),
        (suspended("billing"), "Settle the bill with Render, then check on Render's dashboard that web runs again."),
        (suspended("user", "billing"), "Settle the bill with Render"),
        (suspended("user"), "Resume web on Render's dashboard, unless it is meant to be down."),
        (suspended("stuck_crashlooping"), "Find in the logs why web crashes; deploy a fix, then resume it on Render."),
        (
            suspended("billing", next_call_at=NOW + 60),
            "Settle the bill with Render, then check on Render's dashboard that web runs again; acknowledge to stop"
            " the page at 02:16 UTC.",
        ),
        (HELPLESS, "Find the cause in the logs. If it is not dep-42 (9f3c2ab), undo the rollback."),
        (ANNOUNCED, "Stop it if dep-42 (9f3c2ab) is not to blame; else there is nothing to do."),
        (over(outcome=Outcome.CONTINUED), "Go on with the newer incident of web."),
    ],
)
def test_the_task_names_its_deploy_and_would_not_be_refused(incident: Incident, task: str) -> None:
    """A limit of the daemon is none for people; a pause has to end first; an author's veto is heeded."""
    assert outlook(incident, NOW).task.startswith(task)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("blocks", "found", "until"),
    [
        ((COOLDOWN, TRAILER), Situation.BLOCKED, None),
        ((COOLDOWN, BUDGET), Situation.ASKS_LATER, BUDGET.clears_at),
        ((COOLDOWN, PAUSED), Situation.ASKS_LATER, COOLDOWN.clears_at),
    ],
)
def test_a_time_is_promised_only_if_nothing_blocks_beyond_it(
    blocks: tuple[GuardAnswer, ...], found: Situation, until: float | None, order: int
) -> None:
    """A cooldown ends by itself, but the author's trailer does not: nothing is asked then, whichever comes first."""
    said = outlook(paged(*blocks[::order]), NOW)
    assert (said.situation, said.until) == (found, until)
    last = max(blocks, key=lambda one: (not one.passing, one.clears_at or NOW * 2))
    first = BLOCKS[last.name].reads.format(last.why)
    assert said.sentence.startswith(f"Not rolled back: {first}. Also: ")


@pytest.mark.parametrize("incident", [paged(COOLDOWN), to_blame(x.blame(vetoes=(Veto("deploy list", True, "old"),)))])
def test_a_reason_that_may_have_grown_says_when_it_was_one(incident: Incident) -> None:
    """ "last rollback 3 min ago" is of the decision, which may be long ago on a page, and is just now in a notice."""
    assert outlook(incident, NOW).sentence.startswith("Not rolled back: ")
    assert outlook(incident, NOW + 3600).sentence.startswith("Not rolled back at 02:14 UTC: ")


OFF = 'auto-deploy of web back on (it was "commit"): until then merges are not deployed.'
DENIED = "9f3c2ab is deny-listed: no rollback leads to it until you trust it: watchdog commit trust 9f3c2ab."


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (CurrentState(), "Nothing to do."),
        (CurrentState(open_tasks=1), "Nothing more for the daemon; 1 task is open: see the checklists ({})."),
        (CurrentState(open_tasks=3), "Nothing more for the daemon; 3 tasks are open: see the checklists ({})."),
        (CurrentState("commit", open_tasks=3), f"Left to do: Switch {OFF}"),
    ],
)
def test_the_open_tasks_of_a_closed_incident_are_something_to_do(state: CurrentState, step: str) -> None:
    """What the daemon asks for itself comes first; while it is open, its tasks are no step."""
    said = outlook(x.incident(), NOW, state=state)
    assert said.step == step.format("`watchdog incident checklist web-1`")
    assert "tasks" not in outlook(paged(BUDGET), NOW, state=state).step


@pytest.mark.parametrize(
    ("state", "task", "commands"),
    [
        (CurrentState(), "", ()),
        (CurrentState("commit"), f"Switch {OFF}", ("restore-auto-deploy",)),
        (CurrentState("commit", denied=True), f"Fix 9f3c2ab, then switch {OFF} {DENIED}", ("restore-auto-deploy",)),
        (CurrentState(denied=True), f"Fix 9f3c2ab. {DENIED}", ()),
    ],
)
def test_a_closed_incident_says_what_it_left(state: CurrentState, task: str, commands: tuple[str, ...]) -> None:
    """Auto-deploy that is still off, and the deny-listed commit, until people have dealt with them."""
    state = replace(state, watched=True)
    said = outlook(x.incident(), NOW, state=state)
    follows = "" if state.auto_deploy_was else "The daemon watches web as before."
    assert (said.label, said.task, said.commands, said.besides) == ("over", task, commands, follows)
    assert said.step == (f"Left to do: {task}" if task else "Nothing to do.")
    assert outlook(x.incident(), NOW).step == "", "what it left is not known"
    # On the deny-list the commit is fixed first: its diff stands out, and not the button.
    assert said.recommended == ("diff" if state.denied else commands[0] if commands else "")
    unproved = outlook(x.incident(outcome=Outcome.WITH_A_HUMAN), NOW, state=state)
    assert unproved.task == task.replace("Fix 9f3c2ab", "Fix 9f3c2ab if it is to blame"), "the rollback did not help"
    still = outlook(paged(BUDGET), NOW, state=state)
    assert ('it was "commit"' in still.besides) is bool(state.auto_deploy_was)


@pytest.mark.parametrize(
    ("pinned", "state", "says"),
    [
        (True, CurrentState(auto_deploy="commit"), "Auto-deploy is on again: the next merge deploys."),
        (True, CurrentState("commit"), ""),
        (True, CurrentState(watched=True), "The daemon watches web as before."),
        (False, CurrentState(auto_deploy="commit", watched=True), "The daemon watches web as before."),
        (False, CurrentState(), ""),
    ],
)
def test_what_follows_once_it_is_over(pinned: bool, state: CurrentState, says: str) -> None:
    """That merges deploy again only if they were held up for it; where they still are, that is the task."""
    ended = amended(x.incident(), off=pinned)
    assert outlook(ended, NOW, state=state).besides == says
    was_off = outlook(
        amended(ended, previous="off"), NOW, state=replace(state, auto_deploy_was="", auto_deploy="")
    ).besides
    assert was_off.startswith("Auto-deploy is off, as it was before") is (pinned and state.watched)
    if "as before" in says:
        stays = outlook(replace(ended, outcome=Outcome.NEW_BASELINE), NOW, state=state).besides
        assert stays.startswith("The errors of web did not stop: only what is far above"), "no other is reported"


RECOMMENDED = {
    **dict.fromkeys((Situation.UNDECIDED, Situation.ANNOUNCED, Situation.SCHEDULED, Situation.SENDING), ""),
    **dict.fromkeys((Situation.REQUESTED, Situation.DEPLOYING, Situation.VERIFYING, Situation.NO_ACTION), ""),
    **dict.fromkeys((Situation.REJECTED, Situation.STOPPED, Situation.OBSERVED, Situation.NOT_DONE), "dashboard"),
    Situation.QUESTION: "approve",
    Situation.DID_NOT_HELP: "logs",
    Situation.NEEDS_A_PERSON: "rollback",
}


@pytest.mark.parametrize(
    ("incident", "button"),
    [
        # Without its artefact no deploy there leads back.
        *(
            (one, "logs" if one.rollback.artefact_gone else RECOMMENDED[kind])
            for one, kind, *_ in CASES
            if kind in RECOMMENDED
        ),
        (to_blame(PLATFORM, next_call_at=NOW + 60), "status"),
        (x.undone(PAGE, human_needed="busy", decision=None), "dashboard"),
        (paged(BUDGET), "rollback"),
        (paged(BUDGET, PAUSED), "resume"),
        (paged(replace(BUDGET, name="newer deploy")), "dashboard"),
        (paged(replace(BUDGET, name="blind")), ""),
        # The log is read, or the key renewed, before the daemon is resumed.
        *((paged(replace(PAUSED, name=name)), "") for name in ("armed", "key")),
        (paged(TRAILER), ""),
        (suspended("billing"), "dashboard"),
        (suspended("billing", next_call_at=NOW + 60), "dashboard"),
        (suspended("billing", next_call_at=NOW + 60, acknowledged_by="ann"), "dashboard"),
        (to_blame(ELSEWHERE), ""),
        (to_blame(replace(ELSEWHERE, causes=(replace(OPENAI, page="https://status.openai.example"),))), "status"),
    ],
)
def test_the_button_that_stands_out_is_what_the_task_asks_for(incident: Incident, button: str) -> None:
    """A command before a place; none if it is done elsewhere. To acknowledge comes beside it, never before it."""
    said = outlook(incident, NOW)
    assert said.recommended == button
    assert button in ("", said.place, *said.commands) and said.place in ("", "dashboard", "logs", "status")
    heading = f"For {said.holder}, who has it" if said.holder else "Do now"
    assert said.step == (f"{heading}: {said.task}" if said.task else "Nothing to do now.")
    assert said.task or not button, "nothing to do, and nothing that stands out"


@pytest.mark.parametrize(("incident", "found", "sentence", "_"), CASES)
def test_who_has_it_is_said_once(incident: Incident, found: Situation, sentence: str, _: object) -> None:
    """By the sentence, where that says until when, or what the daemon leaves to them; else beside it."""
    if incident.closed_at is None and incident.escalation.acknowledged_by is not None:
        besides = outlook(incident, NOW).besides
        assert ("ann " in sentence or "ann's" in sentence) is ("ann ack" not in besides)
        # To have it is no answer.
        open_to = "question is still open to every approver" in besides
        assert open_to is (found is Situation.QUESTION and "ann ack" in besides)


def test_case_66_no_situation_and_no_guard_that_can_block_lacks_a_row() -> None:
    """A new one fails here; guards are read from their own source: the first argument of each `blocks(…)`."""
    assert set(ROWS) == set(Situation) == {found for _, found, _, _ in CASES}
    tree = ast.parse("".join(Path(str(one.__file__)).read_text() for one in (guards, downtime)))
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)]
    named = {one.args[0].value for one in calls if one.func.id == "blocks" and isinstance(one.args[0], ast.Constant)}  # type: ignore[attr-defined]
    # The guard `correlation` blocks or asks by one expression.
    assert named | {"correlation"} == set(BLOCKS)
    # What time alone lifts says after which event the daemon decides again; so does a fact that is missing.
    passing = {one.args[0].value for one in calls if any(word.arg == "passing" for word in one.keywords)}  # type: ignore[attr-defined]
    assert {name for name, row in BLOCKS.items() if row.passes} == (passing & named) | {"correlation"}
    assert set(UNREAD) == PASSING_VETOES


def test_no_guard_that_asks_about_migrations_lacks_its_words() -> None:
    """As above: by the guard's own source."""
    tree = ast.parse(Path(str(migrations.__file__)).read_text())
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)]
    assert {one.args[0].value for one in calls if one.func.id == "asks"} == set(FIRST)  # type: ignore[attr-defined]


def test_a_question_names_the_newer_deploy_that_a_yes_takes_back_too() -> None:
    """It may be the repair: who reads only that dep-42 is to blame would approve its loss."""
    why = "dep-43 went live on top of dep-42, and the rollback takes both back"
    for verdict, said in ((Verdict.ASK, f" else reject. Mind that {why}."), (Verdict.PASS, " else reject.")):
        decision = x.decision(course=Course.ASK, guards=(GuardAnswer(ON_TOP, verdict, why),))
        assert outlook(question(Then.ESCALATE, decision=decision), NOW).task.endswith(said)
    assert f'asks("{ON_TOP}", ' in Path(str(guards.__file__)).read_text(), "the guard is named so"


@pytest.mark.parametrize(("course", "name"), list(product(Course, BLOCKS)))
def test_every_course_with_every_block_reads_as_a_sentence(course: Course, name: str) -> None:
    """Also combinations that the core does not make today: none raises, none is silent, none shows a hole."""
    for passing, clears in product((True, False), (None, NOW + 60)):
        answer = GuardAnswer(name, Verdict.BLOCK, "a reason", passing, clears_at=clears)
        said = outlook(x.undone(x.decision(course=course, guards=(answer,))), NOW)
        assert said.sentence.endswith((".", "?")) and "None" not in said.sentence and said.label
        assert said.task or said.situation in (Situation.UNDECIDED, Situation.NO_ACTION)

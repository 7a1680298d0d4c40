"""What happens next, by situation and by blocking guard: the tables are total, and each row reads as a sentence."""

import ast
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.cli import examples as x
from tests.console.scene import policy_of, service_policy
from tests.core.incident_fields import amended
from watchdog.core.guards import guards
from watchdog.core.phases.paged import PASSING_VETOES
from watchdog.domain.decisions import Cause, Course, Decision, GuardAnswer, Verdict, Veto
from watchdog.domain.incidents import Deadline, HumanDecision, Incident, Outcome
from watchdog.domain.policy import Then
from watchdog.presentation.block_words import BLOCKS, UNREAD
from watchdog.presentation.outlook import ROWS, outlook
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.situation import Situation

NOW = x.BEGIN + 60.0
UNLESS_WORSE = " No further page is due: the daemon sends one only if it gets worse."
OTHERWISE = f"{UNLESS_WORSE.removesuffix('.')} or the decision changes."
UNLIKELY = "Nothing is rolled back: dep-42 is 30 % likely to blame, and the daemon acts from 80 %."
# 63 % likely; the rest is the own change (30 %) and what is not seen.
OPENAI = Cause("upstream openai", 9.0, "upstream openai fails: major outage")
ELSEWHERE = x.blame(probability=0.3, odds=0.43, causes=(OPENAI,))
POLICY = policy_of(service_policy("web"))
BUDGET = GuardAnswer("budget", Verdict.BLOCK, "2 of 2 rollbacks of this service today", clears_at=NOW + 600)
PAUSED = GuardAnswer("hold", Verdict.BLOCK, "paused by ann", passing=True)
TRAILER = GuardAnswer("trailer", Verdict.BLOCK, "dep-42 says 'Watchdog: no-rollback'")
SUSPENDED = GuardAnswer("service", Verdict.BLOCK, "web is suspended by billing")
COOLDOWN = GuardAnswer("cooldown", Verdict.BLOCK, "last rollback 3 min ago (limit 10 min)", clears_at=NOW + 300)
PAGE = x.decision(course=Course.PAGE)
OBSERVED = replace(PAGE, mode="observe", would="would roll back to dep-40 (1b7e0d4)", would_course="rollback")
OPEN: dict[str, object] = {"closed_at": None, "verified_at": None, "outcome": Outcome.OPEN}
WAVE = GuardAnswer("correlation", Verdict.BLOCK, "9 of 10 services fail", passing=True)
AGAIN = "the daemon decides again, and may roll back to dep-40 (1b7e0d4) by itself if web still fails."
MODE = GuardAnswer("mode", Verdict.BLOCK, "observe: reports what it would do, changes nothing")


def paged(*answers: GuardAnswer, **fields: object) -> Incident:
    """Return a paged incident whose rollback these guards block."""
    decision = fields.pop("decision", PAGE)
    assert isinstance(decision, Decision)
    return x.undone(replace(decision, guards=answers, why=f"{answers[0].name}: {answers[0].why}"), **fields)


def question(then: Then, **fields: object) -> Incident:
    """Return an incident whose question ends in 4 min."""
    deadline = Deadline(x.BEGIN + 50, then, 300.0, NOW + 240)
    return x.undone(x.decision(course=Course.ASK), asked_at=x.BEGIN + 50, deadline=deadline, **fields)


ANNOUNCED = x.undone(x.decision(course=Course.ANNOUNCE), announced_until=NOW + 120)
LOST = x.undone(x.decision(), tried=True, requested_at=NOW, human_needed="its outcome is unknown")
REFUSED = amended(LOST, refused_at=NOW, refusal="no such deploy", human_needed="the platform refused it")
USUAL = {"expected_at": NOW + 36, "overdue_at": NOW + 296, "channels": ("slack",)}
HELPLESS = x.incident(**OPEN, human_needed="the rollback did not help: HTTP 503")
MUTED, UNHEARD = {**USUAL, "expected_at": None, "muted": True}, {**USUAL, "expected_at": None, "channels": ()}
CASES = [
    (x.undone(None), Situation.UNDECIDED, "The daemon decides with the next readings.", ()),  # type: ignore[arg-type]
    (
        question(Then.ESCALATE),
        Situation.QUESTION,
        "Roll back to dep-40 (1b7e0d4)? Waits for an answer until 02:19 UTC, then pages again.",
        ("approve", "reject", "acknowledge"),
    ),
    (
        question(Then.ROLLBACK, acknowledged_by="ann"),
        Situation.QUESTION,
        "Roll back to dep-40 (1b7e0d4)? Waits for an answer until 02:19 UTC, then rolls back to dep-40 (1b7e0d4), if"
        " nothing forbids it.",
        ("approve", "reject"),
    ),
    (
        question(Then.ESCALATE, late_paged=True),
        Situation.QUESTION,
        f"Roll back to dep-40 (1b7e0d4)? No answer came by 02:19 UTC; the daemon still waits for one.{OTHERWISE}",
        ("approve", "reject", "acknowledge"),
    ),
    (
        ANNOUNCED,
        Situation.ANNOUNCED,
        "Rolls back to dep-40 (1b7e0d4) at 02:17 UTC, unless stopped.",
        ("stop", "approve"),
    ),
    (
        x.undone(x.decision(course=Course.ANNOUNCE), announced_until=NOW + 120, approved_by="ann"),
        Situation.SCHEDULED,
        "Rolls back to dep-40 (1b7e0d4) at 02:17 UTC, approved by ann, if web still fails and nothing forbids it.",
        ("stop", "approve"),
    ),
    (
        x.undone(
            x.decision(course=Course.ANNOUNCE), announced_until=NOW - 120, approved_by="ann", blocked_since=NOW - 120
        ),
        Situation.SCHEDULED,
        "The rollback to dep-40 (1b7e0d4), approved by ann, is due since 02:13 UTC, and not sent yet.",
        ("stop", "approve"),
    ),
    (
        x.undone(x.decision()),
        Situation.SENDING,
        "Rolling back to dep-40 (1b7e0d4) since 02:14 UTC: the daemon switches auto-deploy off, then sends it.",
        ("stop",),
    ),
    (
        x.undone(x.decision(), blocked_since=NOW - 30),
        Situation.SENDING,
        "Rolling back to dep-40 (1b7e0d4): due since 02:14 UTC (30 s), not sent yet. The daemon tries again with the"
        " next failed probe, and leaves it to you from 02:16 UTC on.",
        ("stop",),
    ),
    (
        x.undone(x.decision(), requested_at=NOW - 4, tried=True),
        Situation.REQUESTED,
        "Asked Render for dep-40 (1b7e0d4) at 02:15 UTC; no answer yet.",
        (),
    ),
    (
        x.undone(x.decision(), requested_at=NOW - 4, tried=True, deploy="dep-43"),
        Situation.DEPLOYING,
        "Render deploys dep-40 (1b7e0d4) again since 02:15 UTC, as dep-43; the daemon verifies it once live.",
        (),
    ),
    (
        x.incident(**OPEN),
        Situation.VERIFYING,
        "dep-40 (1b7e0d4) is live since 02:15 UTC. The incident ends once fresh probes prove the recovery.",
        (),
    ),
    (
        x.undone(x.decision(), requested_at=NOW - 4, tried=True, **USUAL),
        Situation.REQUESTED,
        "Asked Render for dep-40 (1b7e0d4) at 02:15 UTC; no answer yet, usually live within 40 s. The daemon pages at"
        " 02:20 UTC if no answer comes by then.",
        (),
    ),
    (
        x.undone(x.decision(), requested_at=NOW - 4, tried=True, deploy="dep-43", **USUAL),
        Situation.DEPLOYING,
        "Render deploys dep-40 (1b7e0d4) again since 02:15 UTC, as dep-43, usually live within 40 s; the daemon"
        " verifies it once live. The daemon pages at 02:20 UTC if it is not live by then.",
        (),
    ),
    (
        x.undone(
            x.decision(),
            requested_at=NOW - 4,
            tried=True,
            deploy="dep-43",
            **MUTED,
        ),
        Situation.DEPLOYING,
        "Render deploys dep-40 (1b7e0d4) again since 02:15 UTC, as dep-43; the daemon verifies it once live.",
        (),
    ),
    (
        x.undone(x.decision(), requested_at=NOW - 4, tried=True, **UNHEARD),
        Situation.REQUESTED,
        "Asked Render for dep-40 (1b7e0d4) at 02:15 UTC; no answer yet.",
        (),
    ),
    (
        x.incident(**OPEN, expected_at=NOW + 173, overdue_at=NOW + 293, channels=("slack",)),
        Situation.VERIFYING,
        "dep-40 (1b7e0d4) is live since 02:15 UTC. The incident ends once fresh probes prove the recovery, at 02:17 UTC"
        " at the earliest. The daemon pages at 02:19 UTC if it is not proved by then.",
        (),
    ),
    (
        paged(PAUSED),
        Situation.BLOCKED_FOR_NOW,
        f"Not rolled back: paused by ann. Once it is resumed, {AGAIN}{OTHERWISE}",
        ("resume", "stop", "acknowledge"),
    ),
    (
        x.undone(replace(PAGE, blame=x.blame(vetoes=(Veto("deploy list", True, "the list is 2 min old"),)))),
        Situation.BLOCKED_FOR_NOW,
        f"Not rolled back: the list is 2 min old. Once that list can be read again, {AGAIN}{OTHERWISE}",
        ("stop", "acknowledge"),
    ),
    (
        x.undone(replace(PAGE, mode="assist", blame=x.blame(suspect=None, change=None), why="no deploy list yet")),
        Situation.BLOCKED_FOR_NOW,
        "Not rolled back: no deploy list yet. Once a deploy can be blamed or acquitted, "
        f"{AGAIN.replace('may roll', 'may ask whether to roll').replace(' by itself', '')}{OTHERWISE}",
        ("stop", "acknowledge"),
    ),
    (
        paged(PAUSED, WAVE),
        Situation.BLOCKED_FOR_NOW,
        "Not rolled back: paused by ann. Also: 9 of 10 services fail. Once it is resumed and nothing else forbids it,"
        f" {AGAIN}{OTHERWISE}",
        ("resume", "stop", "acknowledge"),
    ),
    (
        paged(BUDGET, PAUSED),
        Situation.ASKS_LATER,
        "Not rolled back: 2 of 2 rollbacks of this service today. Also: paused by ann. The daemon asks again at 02:25"
        f" UTC, if web still fails and nothing else forbids it then.{OTHERWISE}",
        ("resume", "acknowledge"),  # a pause holds for people, too
    ),
    (
        paged(BUDGET, next_call_at=NOW + 300),
        Situation.ASKS_LATER,
        "Not rolled back: 2 of 2 rollbacks of this service today. The daemon asks again at 02:25 UTC, if web still"
        " fails then. The daemon escalates at 02:20 UTC, unless a person acknowledges it first.",
        ("rollback", "acknowledge"),
    ),
    (
        paged(BUDGET, next_call_at=NOW + 300, all_called=True),
        Situation.ASKS_LATER,
        "Not rolled back: 2 of 2 rollbacks of this service today. The daemon asks again at 02:25 UTC, if web still"
        " fails then. No step of the escalation is in its hours; the daemon looks again at 02:20 UTC.",
        ("rollback", "acknowledge"),
    ),
    (
        paged(BUDGET, acknowledged_by="ann", next_call_at=NOW + 1800),
        Situation.BLOCKED,
        "Not rolled back: 2 of 2 rollbacks of this service today. ann acknowledged it, so the daemon does not ask"
        " again. The daemon pages again at 02:45 UTC if it is still open: ann's acknowledgement ends then.",
        ("rollback",),
    ),
    (
        paged(BUDGET, asked_at=x.BEGIN),
        Situation.BLOCKED,
        "Not rolled back: 2 of 2 rollbacks of this service today. The daemon asked once, and does not ask again."
        + OTHERWISE,
        ("rollback", "acknowledge"),
    ),
    (
        paged(TRAILER),
        Situation.BLOCKED,
        "Not rolled back: dep-42 says 'Watchdog: no-rollback'. Its author forbids a rollback." + OTHERWISE,
        ("acknowledge",),
    ),
    (
        paged(MODE, decision=OBSERVED),
        Situation.OBSERVED,
        "Mode observe: the daemon changes nothing; it would roll back to dep-40 (1b7e0d4)." + OTHERWISE,
        ("acknowledge",),  # the mode would refuse a rollback by hand, too
    ),
    (
        x.undone(replace(PAGE, blame=x.blame(probability=0.3))),
        Situation.NOT_THE_DEPLOY,
        f"{UNLIKELY}{OTHERWISE}",
        ("acknowledge",),
    ),
    (
        x.undone(replace(PAGE, blame=ELSEWHERE)),
        Situation.NOT_THE_DEPLOY,
        f"{UNLIKELY} Likely another cause: upstream openai fails: major outage.{OTHERWISE}",
        ("acknowledge",),
    ),
    (
        x.undone(replace(PAGE, blame=x.blame(probability=0.3), guards=(SUSPENDED,))),
        Situation.NOT_THE_DEPLOY,
        f"{UNLIKELY.replace(': ', ': web is suspended by billing. ')}{OTHERWISE}",
        ("acknowledge",),
    ),
    (
        x.undone(x.decision(course=Course.TELL, why="the policy only notifies of this severity")),
        Situation.NO_ACTION,
        "The policy only notifies of this severity. The daemon pages no one unless it gets worse, and closes the"
        " incident when it is over.",
        ("acknowledge",),
    ),
    (
        x.undone(PAGE, human_needed="rejected by ann", human_decision=HumanDecision.REJECTED),
        Situation.REJECTED,
        f"Rejected by ann. The daemon changes nothing in this incident and watches until it is over.{UNLESS_WORSE}",
        ("acknowledge",),
    ),
    (
        x.undone(PAGE, human_needed="stopped by ann", human_decision=HumanDecision.STOPPED),
        Situation.STOPPED,
        f"Stopped by ann. The daemon changes nothing in this incident and watches until it is over.{UNLESS_WORSE}",
        ("acknowledge",),
    ),
    (
        HELPLESS,
        Situation.DID_NOT_HELP,
        "dep-40 (1b7e0d4) is live since 02:15 UTC and does not count as a recovery: the rollback did not help: HTTP"
        f" 503. The daemon changes nothing more in this incident.{UNLESS_WORSE}",
        ("acknowledge", "undo"),
    ),
    (
        LOST,
        Situation.NOT_DONE,
        "No rollback is known to be live: its outcome is unknown. The daemon changes nothing more in this"
        f" incident.{UNLESS_WORSE}",
        ("acknowledge",),
    ),
    (
        REFUSED,
        Situation.NOT_DONE,
        "Render refused the rollback to dep-40 (1b7e0d4) at 02:15 UTC: no such deploy. No deploy was made. The daemon"
        f" changes nothing more in this incident.{UNLESS_WORSE}",
        ("acknowledge",),
    ),
    (
        amended(REFUSED, artefact_gone=True),
        Situation.NOT_DONE,
        "Render refused the rollback to dep-40 (1b7e0d4) at 02:15 UTC: no such deploy. Render keeps no artefact of"
        f" dep-40. No deploy was made. The daemon changes nothing more in this incident.{UNLESS_WORSE}",
        ("acknowledge",),
    ),
    (
        x.undone(x.decision(), human_needed="paused by ann before the rollback was sent"),
        Situation.NEEDS_A_PERSON,
        "No rollback was sent: paused by ann before the rollback was sent. The daemon changes nothing more in this"
        f" incident.{UNLESS_WORSE}",
        ("rollback", "acknowledge"),
    ),
    (
        question(Then.ESCALATE, muted=True),
        Situation.QUESTION,
        "Roll back to dep-40 (1b7e0d4)? Waits for an answer until 02:19 UTC, then pages again, unless it is still"
        " silenced.",
        ("approve", "reject", "acknowledge"),
    ),
    (x.incident(), Situation.CLOSED, "Rolled back and verified.", ()),
    (
        x.incident(outcome=Outcome.WITH_A_HUMAN, human_needed="stopped by ann"),
        Situation.CLOSED,
        "Recovered, with a human (stopped by ann).",
        (),
    ),
]


@pytest.mark.parametrize(("incident", "found", "sentence", "commands"), CASES)
def test_each_situation_has_its_sentence_and_its_commands(
    incident: Incident, found: Situation, sentence: str, commands: tuple[str, ...]
) -> None:
    """The sentence states what the daemon does by itself, and the commands are those that would be accepted."""
    said = outlook(incident, NOW)
    assert (said.situation, said.sentence, said.commands) == (found, sentence, commands)


@pytest.mark.parametrize(
    ("incident", "task"),
    [
        (paged(BUDGET), "Roll back to dep-40 (1b7e0d4) by hand if dep-42 (9f3c2ab) is to blame: this limit"),
        (paged(replace(BUDGET, name="tried")), "Fix forward"),
        (paged(BUDGET, PAUSED), "Resume the daemon"),
        (paged(PAUSED), 'Resume the daemon, unless the pause is still needed. Answer "Do not roll back" if dep-42'),
        (paged(MODE, decision=OBSERVED), "Roll back to dep-40 (1b7e0d4) on Render's dashboard if dep-42 (9f3c2ab)"),
        (x.undone(x.decision(), human_needed="busy"), "Roll back to dep-40 (1b7e0d4) by hand if dep-42"),
        (x.undone(PAGE, human_needed="busy", acknowledged_by="ann", decision=None), "Find the cause"),
        (paged(TRAILER), "Fix forward, or ask its author"),
        (LOST, "Look at web's deploys on Render's dashboard before anything else; if dep-42 (9f3c2ab) is still"),
        (REFUSED, "If dep-42 (9f3c2ab) is to blame, deploy a fix, or look on Render's dashboard for a deploy that"),
        (amended(REFUSED, artefact_gone=True), "If dep-42 (9f3c2ab) is to blame, deploy a fix."),
        (x.undone(replace(PAGE, blame=ELSEWHERE)), "Look at that other cause first. Find the cause on Render's"),
        (question(Then.ESCALATE), "Approve if dep-42 (9f3c2ab) is to blame, else reject."),
        (x.undone(replace(PAGE, blame=x.blame(probability=0.3), guards=(SUSPENDED,))), "Check on Render's dashboard"),
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
    assert said.sentence.startswith(f"Not rolled back: {last.why}. Also: ")


OFF = 'auto-deploy of web back on (it was "commit"): until then merges are not deployed.'
DENIED = "9f3c2ab is deny-listed: no rollback leads to it, unless you trust it: watchdog commit trust 9f3c2ab."


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
    said = outlook(x.incident(), NOW, state=state)
    assert (said.label, said.task, said.commands, said.besides) == ("over", task, commands, "")
    unproved = outlook(x.incident(outcome=Outcome.WITH_A_HUMAN), NOW, state=state)
    assert unproved.task == task.replace("Fix 9f3c2ab", "Fix 9f3c2ab if it is to blame"), "the rollback did not help"
    still = outlook(paged(BUDGET), NOW, state=state)
    assert ("it was commit" in still.besides) is bool(state.auto_deploy_was)


def test_no_situation_lacks_a_row_or_a_case() -> None:
    """A new one fails here until it has both."""
    assert set(ROWS) == set(Situation) == {found for _, found, _, _ in CASES}


def test_each_guard_that_can_block_has_a_row() -> None:
    """Read from the guards' own source: the first argument of each `blocks(…)`."""
    tree = ast.parse(Path(guards.__file__).read_text())
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)]
    named = {one.args[0].value for one in calls if one.func.id == "blocks" and isinstance(one.args[0], ast.Constant)}  # type: ignore[attr-defined]
    # The guard `correlation` blocks or asks by one expression.
    assert named | {"correlation"} == set(BLOCKS)
    # What time alone lifts says after which event the daemon decides again; so does a fact that is missing.
    passing = {one.args[0].value for one in calls if any(word.arg == "passing" for word in one.keywords)}  # type: ignore[attr-defined]
    assert {name for name, row in BLOCKS.items() if row.passes} == (passing & named) | {"correlation"}
    assert set(UNREAD) == PASSING_VETOES


@pytest.mark.parametrize(("course", "name"), list(product(Course, BLOCKS)))
def test_every_course_with_every_block_reads_as_a_sentence(course: Course, name: str) -> None:
    """Also combinations that the core does not make today: none raises, none is silent, none shows a hole."""
    for passing, clears in product((True, False), (None, NOW + 60)):
        answer = GuardAnswer(name, Verdict.BLOCK, "a reason", passing, clears_at=clears)
        said = outlook(x.undone(x.decision(course=course, guards=(answer,))), NOW)
        assert said.sentence.endswith((".", "?")) and "None" not in said.sentence and said.label
        assert said.task or said.situation in (Situation.UNDECIDED, Situation.NO_ACTION)

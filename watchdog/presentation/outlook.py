"""What happens next in an incident, and when; and the next step for the reader. Pure.

Each situation has one row in `ROWS`, each guard that can block has one in `block_words.py`. Terminal, console, chat,
notices and API take label, sentence, next step and buttons from here, so that they never contradict each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from types import MappingProxyType

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.incidents import Incident
from watchdog.presentation.block_words import BLOCKS, block_of
from watchdog.presentation.outlooks import outlook_tasks as tasks
from watchdog.presentation.outlooks import outlook_words as words
from watchdog.presentation.outlooks import remedy_words
from watchdog.presentation.outlooks.acknowledging import acknowledging
from watchdog.presentation.outlooks.closed_words import closed
from watchdog.presentation.outlooks.current_state import CurrentState
from watchdog.presentation.outlooks.outlook_besides import besides
from watchdog.presentation.outlooks.outlook_case import Case
from watchdog.presentation.outlooks.recommended import BLOCKED, cure_words, place, recommended
from watchdog.presentation.situation import BY_ITSELF, UNDER_WAY, Situation, rolls_back_unanswered, situation
from watchdog.presentation.text import clean, short

NEEDS_YOU, REBUILDING, NAME_MAX = "needs you", "rebuilding", 20
PLAN, BLAMED = "--dry-run", "--blamed"
STOPPED = frozenset({"approve", "rollback", "undo", "restore-auto-deploy"})
"""The commands that the daemon refuses while it is paused or disarmed: it changes nothing then, for people neither."""

ONLY_RESUME = (BLOCKS["hold"], BLOCKS["armed"])
"""Nothing but `resume` cures these."""
NOT_SENT = frozenset({Situation.ANNOUNCED, Situation.SCHEDULED, Situation.SENDING})
HINDERED = NOT_SENT | {Situation.BLOCKED_FOR_NOW}
"""What the daemon would go on with by itself, were it not paused or disarmed."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What happens next in an incident, and what the reader has to do."""

    situation: Situation  # its row
    label: str  # progress in a few words, for a badge: `rolling back`, `needs you`
    sentence: str  # what happens next and when; one to three sentences
    until: float | None  # when that happens (UTC epoch seconds); None: no known time
    task: str  # the reader's next step, imperative; empty: there is nothing to do
    commands: tuple[str, ...]  # those that do it, the recommended one first; `rollback` is the service's, or `other`'s
    besides: str = ""  # what holds meanwhile, and has to be known: auto-deploy that is off, who acknowledged it
    place: str = ""  # where the next step is done: dashboard or logs, a status page, the diff; empty: elsewhere
    recommended: str = ""  # the command, or that place, that the next step asks for first: its button stands out
    heading: str = ""  # the heading of the next step: once it is over, nothing is urgent any more
    step: str = ""  # the next step under its heading, or that there is none; empty: it is not known
    holder: str = ""  # who has acknowledged what would need a person otherwise; empty: no one
    acknowledging: str = ""  # what an acknowledgement does; empty: it has one already
    refusing: str = ""  # what to reject or to stop the rollback does; empty: neither is offered
    undoing: str = ""  # what to undo its rollback does; empty: it has none
    rolls_back: bool = False  # whether a question without an answer is answered by a rollback, at `until`
    other: str = ""  # another service, whose deploy is likelier to blame: `rollback` is of that one
    other_deploy: str = ""  # that deploy: its rollback is refused once another one is live
    other_incident: str = ""  # its open incident, if that has the next step


@dataclass(frozen=True, slots=True)
class Row:
    """The words of one situation."""

    label: str  # for a badge
    happens: Callable[[Case], str]  # what happens next and when
    task: Callable[[Case], str]  # the reader's next step
    commands: tuple[str, ...] = ()  # buttons, the recommended one first
    until: Callable[[Incident], float | None] = lambda _: None  # when it happens


def outlook(incident: Incident, now: float, tz: tzinfo = UTC, state: CurrentState | None = None) -> Outlook:
    """Return what happens next in the incident, read at `now` (UTC epoch seconds) in zone `tz`.

    `state` is the present state around it; without it nothing is claimed of that.
    """
    found = situation(incident)
    row, case = ROWS[found], Case(incident, now, tz, state or CurrentState())
    commands, task = _commands(row, case), row.task(case)
    cured = "resume" in commands and (not case.state.disarmed or cure_words(case) is BLOCKS["armed"])
    if case.culprit is not None:
        # The cure of a pause comes first, and stands in front; a refused key stays to be renewed.
        lifted = case.state.stopped and "resume" in commands and cure_words(case) in ONLY_RESUME
        task, cured = tasks.other_first(case, "" if lifted else task), False
    if case.state.stopped and ({"resume", *STOPPED}.intersection(commands) or found in HINDERED):
        task = task if cured else tasks.resume_first(case, task)
        commands = ("resume", *(one for one in commands if one not in (*STOPPED, "resume")))
    if not case.state.followed and found is not Situation.CLOSED:
        return _unfollowed(case, found)
    holder = _holder(row, incident)
    heading = f"For {holder}, who has it" if holder else "Do now"
    heading = "Left to do" if found is Situation.CLOSED else heading
    return Outlook(
        situation=found,
        label=f"{holder} has it" if holder else REBUILDING if _rebuilds(case, found) else row.label,
        sentence=row.happens(case),
        until=None if case.state.stopped and found in NOT_SENT else row.until(incident),
        task=task,
        commands=commands,
        besides=besides(case, commands),
        place=place(case),
        recommended=recommended(case, commands),
        heading=heading,
        step=f"{heading}: {task}" if task else _no_step(case, found, state),
        holder=holder,
        acknowledging=acknowledging(case),
        refusing=_refusing(case, commands),
        undoing=_undoing(case),
        rolls_back=found is Situation.QUESTION and rolls_back_unanswered(incident) and not case.state.stopped,
        other=clean(case.culprit.service) if case.culprit is not None else "",
        other_deploy=clean(case.culprit.deploy) if case.culprit is not None else "",
        other_incident=clean(case.other.incident) if case.other is not None else "",
    )


def _rebuilds(case: Case, found: Situation) -> bool:
    return case.incident.rollback.rebuilds and found in UNDER_WAY - {Situation.VERIFYING}


def _unfollowed(case: Case, found: Situation) -> Outlook:
    """Return that no daemon runs: nothing that the record announces happens by itself."""
    name = clean(case.incident.id)
    sentence = f"No daemon runs, so {name} is not followed: nothing is decided, rolled back, verified or paged."
    task = f"Start the daemon ({command_line('run')}); until it is up, look after {case.service} yourself."
    return Outlook(
        situation=found,
        label="not followed",
        sentence=sentence,
        until=None,
        task=task,
        commands=(),
        besides=besides(case, ()),
        heading="Do now",
        step=f"Do now: {task}",
    )


def _holder(row: Row, incident: Incident) -> str:
    """Return who has acknowledged the incident, where it needs a person: it then needs no other reader."""
    by = incident.escalation.acknowledged_by
    return clean(by, NAME_MAX) if by is not None and row.label == NEEDS_YOU else ""


def _refusing(case: Case, commands: Sequence[str]) -> str:
    """Return what it means to refuse the rollback: no button takes that back."""
    found, name = situation(case.incident), "Reject" if "reject" in commands else ""
    if "stop" in commands:
        # Nothing is under way yet that a button could stop.
        name = "Do not roll back" if found is Situation.BLOCKED_FOR_NOW else "Stop"
    # While it is being switched off, its value before is not read back yet.
    pinned = found is Situation.SENDING or case.incident.pin.previous not in (None, "off")
    back = ", but switches auto-deploy back on if it switched that off" if pinned and not case.state.stopped else ""
    return f"{name}: the daemon changes nothing more in this incident{back}." if name else ""


def _undoing(case: Case) -> str:
    """Return what to undo the rollback does: the deploy that it left serves again."""
    if case.incident.rollback.deploy is None:
        return ""
    trusted = f", and {clean(short(case.incident.suspect_code))} is deny-listed no more" if case.state.denied else ""
    return f"Undo: Render deploys {case.suspect} again{trusted}."


def _no_step(case: Case, found: Situation, state: CurrentState | None) -> str:
    """Return that there is nothing to do, but for the tasks of the checklists; nothing where what a closed incident
    left is not known."""
    if found is not Situation.CLOSED:
        return "Nothing to do now."
    if case.state.open_tasks:
        tasks_are = "1 task is" if case.state.open_tasks == 1 else f"{case.state.open_tasks} tasks are"
        where = command_line("checklist", clean(case.incident.id))
        return f"Nothing more for the daemon; {tasks_are} open: see the checklists (`{where}`)."
    return "Nothing to do." if state is not None else ""


def _commands(row: Row, case: Case) -> tuple[str, ...]:
    """Return the commands that are worth offering: each does something now, and would not be refused."""
    held, found = case.in_peoples_way, situation(case.incident)
    cure = block_of(held).command if held is not None and found in BLOCKED else ""
    offered = {
        # Acknowledged once is enough.
        "acknowledge": case.incident.escalation.acknowledged_by is None
        and (found is not Situation.REMEDYING or case.incident.tries_without_deploy),
        "rollback": case.may_roll_back and case.culprit is None,
        # Refused while a rollback is under way, or may begin by an answer.
        "restore-auto-deploy": bool(case.state.auto_deploy_was) and found not in (*BY_ITSELF, Situation.QUESTION),
    }
    commands = (*((cure,) if cure else ()), *row.commands, *(() if found is Situation.CLOSED else _SWITCH))
    others = ("rollback",) if case.offers_other else ()
    return (*others, *(one for one in commands if offered.get(one, True)))


def rollback_line(incident: Incident, coming: Outlook, *words: str) -> str:
    """Return the line to type for the outlook's `rollback`; of this service, with these words behind it. Of another
    service it only shows the plan, which ends with the line that does it, and is refused once the deploy to blame was
    replaced."""
    if not coming.other:
        return command_line("rollback", clean(incident.service), *words)
    return command_line("rollback", coming.other, BLAMED, coming.other_deploy, PLAN)


def answer_due_at(incident: Incident) -> float | None:
    """Return when the question's default is carried out, at the earliest; None without one, or once it was."""
    deadline = incident.question.deadline
    return deadline.due_at if deadline is not None and not incident.late_paged else None


_NOTHING = tasks.always("")
_ACKNOWLEDGE = ("acknowledge",)
_BY_HAND = ("rollback", *_ACKNOWLEDGE)
_SWITCH = ("restore-auto-deploy",)
ROWS: Mapping[Situation, Row] = MappingProxyType(
    {
        Situation.UNDECIDED: Row("deciding", lambda _: "The daemon decides with the next readings.", _NOTHING),
        Situation.QUESTION: Row(
            "needs your answer",
            words.question,
            tasks.answer,
            ("approve", "reject", *_ACKNOWLEDGE),
            answer_due_at,
        ),
        Situation.ANNOUNCED: Row(
            "rollback announced",
            words.announced,
            tasks.stop_it,
            ("stop", "approve"),
            lambda incident: incident.announced_until,
        ),
        Situation.SCHEDULED: Row(
            "rollback scheduled",
            words.scheduled,
            tasks.stop_it,
            ("stop", "approve"),
            lambda incident: incident.announced_until,
        ),
        Situation.REMEDYING: Row(
            "trying a remedy",
            remedy_words.remedying,
            remedy_words.task,
            ("stop", *_ACKNOWLEDGE),
        ),
        Situation.SENDING: Row(
            "rolling back",
            words.sending,
            tasks.always("Stop it if {suspect} is not to blame; merge nothing meanwhile."),
            ("stop",),
        ),
        Situation.REQUESTED: Row("rolling back", words.requested, tasks.merge_nothing),
        Situation.DEPLOYING: Row("rolling back", words.deploying, tasks.merge_nothing),
        Situation.VERIFYING: Row("verifying", words.verifying, tasks.see_it_recover),
        Situation.BLOCKED_FOR_NOW: Row(
            NEEDS_YOU, words.with_next_page(words.blocked), tasks.cure_or_stop, ("stop", *_ACKNOWLEDGE)
        ),
        Situation.ASKS_LATER: Row(
            NEEDS_YOU, words.with_next_page(words.blocked), tasks.cure, _BY_HAND, words.clears_at
        ),
        Situation.BLOCKED: Row(NEEDS_YOU, words.with_next_page(words.blocked), tasks.cure, _BY_HAND),
        Situation.OBSERVED: Row(NEEDS_YOU, words.with_next_page(words.observed), tasks.observing, _BY_HAND),
        Situation.NOT_THE_DEPLOY: Row(
            NEEDS_YOU, words.with_next_page(words.not_the_deploy), tasks.beside_the_deploy, _BY_HAND
        ),
        Situation.NO_ACTION: Row("for information", words.no_action, _NOTHING, _ACKNOWLEDGE),
        Situation.REJECTED: Row(
            "rollback rejected", words.with_next_page(words.answered), tasks.look_elsewhere, _BY_HAND
        ),
        Situation.STOPPED: Row(
            "rollback stopped", words.with_next_page(words.answered), tasks.look_elsewhere, _BY_HAND
        ),
        Situation.DID_NOT_HELP: Row(
            NEEDS_YOU,
            words.with_next_page(words.left),
            tasks.always("Find the cause in the logs. If it is not {suspect}, undo the rollback."),
            ("acknowledge", "undo"),
        ),
        Situation.NOT_DONE: Row(NEEDS_YOU, words.with_next_page(words.left), tasks.look_at_the_deploys, _ACKNOWLEDGE),
        Situation.NEEDS_A_PERSON: Row(NEEDS_YOU, words.with_next_page(words.left), tasks.find_the_cause, _BY_HAND),
        Situation.CLOSED: Row("over", closed, tasks.clean_up, _SWITCH),
    }
)
"""One row for each situation; a test holds that none is missing."""

"""The outcome of a person's command: as one sentence for the page that follows the click, and as a row of the audit."""

from collections.abc import Mapping
from types import MappingProxyType

from watchdog.console.views.view_models import AnswerView
from watchdog.docs.page_table import HELP
from watchdog.docs.places import place_of_answer
from watchdog.domain.store_records import Command
from watchdog.presentation.text import clean, sentence

REFUSED_CODE = 3
ABOUT = (
    *("service", "of", "signal", "severity", "incident", "item", "target", "commit", "verdict"),
    *("page", "announcement", "state", "title", "text"),
)
"""The arguments that a command line of the audit shows, in this order."""
DONE: Mapping[str, str] = MappingProxyType(
    {
        "approve": "The rollback is approved; this page shows what follows.",
        "reject": "The rollback is rejected: the daemon changes nothing in this incident.",
        "stop": "The rollback is stopped.",
        "acknowledge": "Acknowledged: no further person is called for now.",
        "rollback": "The rollback is requested; its incident shows the progress.",
        "undo": "The undo is requested; its incident shows the progress.",
        "pause": "Paused: the daemon goes on watching and changes nothing.",
        "resume": "Resumed: the daemon may act again.",
        "trust": "The commit is off the deny-list.",
        "restore-auto-deploy": "Auto-deploy gets its old value back.",
        "silence": "The silence has begun; everything is still recorded.",
        "hold": "The hold has begun: no rollback without an approval.",
        "unsilence": "It has ended.",
        "label": "Your judgement of {incident} is recorded.",
        "note": "The note is added to {incident}.",
        "tick": "The checklist of {incident} is updated.",
        "follow-up": "The follow-up of {incident} is added.",
        "announce": "The announcement is on its status page.",
        "schedule-maintenance": "The maintenance is announced on its status page.",
        "update-announcement": "The announcement is updated.",
    }
)
"""What each command did, with its incident; a test holds that none is missing."""


def answer_view(command: Command) -> AnswerView:
    """Return a command with its outcome."""
    about = [clean(command.arguments[name], 200) for name in ABOUT if command.arguments.get(name)]
    state = "waiting" if not command.done else "done" if command.ok else "failed"
    name, answer = clean(command.arguments.get("what") or command.name), sentence(command.answer)
    return AnswerView(
        id=command.id,
        at=command.at,
        by=clean(command.by),
        # A command that the role forbids is stored as a refusal; `what` has its own name.
        asked=" ".join([name, *about]),
        state="refused" if state == "failed" and command.exit_code == REFUSED_CODE else state,
        answer=answer,
        command=name,
        said=_said(name, state, answer, clean(command.arguments.get("incident") or "the incident", 200)),
        help=f"{HELP}{place_of_answer(name)}" if state in ("refused", "failed") else "",
    )


def _said(name: str, state: str, answer: str, incident: str) -> str:
    if state == "waiting":
        return "The daemon has not answered yet."
    if state != "done":
        return f"Not done. {answer}"
    return DONE[name].replace("{incident}", incident) if name in DONE else answer

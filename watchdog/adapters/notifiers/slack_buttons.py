"""The blocks under a message: of an open question the exact effect of each button, and its deadline; the buttons."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.facts import facts
from watchdog.adapters.notifiers.slack_message import MAX_BUTTON, plain
from watchdog.adapters.slack.button_signature import ButtonSigner
from watchdog.domain.notices import Notice
from watchdog.ports.chat import ChatQuestion

Block = dict[str, Any]
BLOCK_ID = "watchdog"
PREFIX = "watchdog_"
"""The prefix of our action ids; the rest is the word of the command line."""
LABELS = {
    "approve": "Approve rollback",
    "reject": "Reject",
    "stop": "Stop",
    "rollback": "Roll back …",
    "undo": "Undo the rollback …",
    "acknowledge": "Acknowledge",
}
STYLES = {"approve": "primary", "reject": "danger", "stop": "danger"}
BESIDE = ("rollback", "undo", "acknowledge")
"""Buttons that answer no question. Those of a rollback only show its plan, with the line that does it."""
BESIDE_SECONDS = 7 * 86400.0
"""Lifetime of these: the daemon refuses what does not fit any more."""


def blocks(notice: Notice, question: ChatQuestion | None, signer: ButtonSigner) -> list[Block]:
    """Return the blocks for the message: the answers to an open question, and what else can be done now."""
    actions = () if question is None else ("stop",) if question.announced else ("approve", "reject")
    buttons = [_button(action, question, signer) for action in actions if question is not None]
    known = facts(notice)
    # Nothing is asked by these, so they are bound to no rollback.
    about = ChatQuestion(notice.incident, notice.service, "", "", 0.0, notice.at + BESIDE_SECONDS)
    offered = known.next.commands if known is not None else ()
    buttons += [_button(action, about, signer) for action in BESIDE if action in offered]
    if known is not None and known.next.other and "rollback" in offered:
        of_other = replace(about, service=known.next.other, suspect=known.next.other_deploy)
        made = _button("rollback", of_other, signer)
        label = plain(f"Roll {known.next.other} back …", MAX_BUTTON)
        buttons = [{**made, "text": label}, *(one for one in buttons if one["action_id"] != made["action_id"])]
    asked = [{"type": "section", "text": plain(_asks(question))}] if question is not None else []
    return [*asked, *([{"type": "actions", "block_id": BLOCK_ID, "elements": buttons}] if buttons else [])]


def act(question: ChatQuestion) -> str:
    """Return the act in one line: `roll web back from dep-42 (9f3c2ab) to dep-40 (1b7e0d4)`."""
    suspect, target = (
        text.clean(f"{deploy} ({code.removeprefix('sha256:')[:7]})" if code else deploy, 80)
        for deploy, code in ((question.suspect, question.suspect_code), (question.target, question.target_code))
    )
    return f"roll {text.clean(question.service, 80)} back from {suspect} to {target}"


def _asks(question: ChatQuestion) -> str:
    # UTC, as a channel has readers in several zones, and plain text cannot show each its own.
    until = f"{datetime.fromtimestamp(question.until, UTC):%H:%M} UTC"
    if question.announced:
        until = f"{datetime.fromtimestamp(question.until, UTC):%Y-%m-%d} {until}"
        return f"Stop: do not {act(question)}. The button counts until {until}, or until the rollback is sent."
    # A reminder is sent later than the question, whose deadline, with its default, does not move for it.
    counts = f"The buttons count until {until}, or until the question is decided."
    return f"Approve: {act(question)}, once. Reject: change nothing. {counts}"


def _button(action: str, question: ChatQuestion, signer: ButtonSigner) -> Block:
    made: Block = {
        "type": "button",
        "action_id": PREFIX + action,
        "text": plain(LABELS[action]),
        "value": signer.value(action, question),
        **({"style": STYLES[action]} if action in STYLES else {}),
    }
    # Only approving changes production, so only it asks once more; a slip of the thumb on Reject or Stop does no harm.
    if action == "approve":
        made["confirm"] = {
            "title": plain("Roll back?"),
            "text": plain(f"This will {act(question)}."[:300]),
            "confirm": plain("Roll back"),
            "deny": plain("Not yet"),
        }
    return made

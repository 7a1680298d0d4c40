"""The one button that the reader's next step asks for: it stands out, and no other does. Pure.

Rule: a reader at 3 a.m. presses what stands out, so that is never more than the step beside it asks for.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from watchdog.core.assess.other_causes import EARLIER
from watchdog.core.notice_links import status_page
from watchdog.presentation.block_words import BLOCKS, Block, block_of
from watchdog.presentation.outlooks.outlook_case import Case
from watchdog.presentation.outlooks.outlook_words import blocking_words
from watchdog.presentation.situation import Situation, blocking, situation
from watchdog.presentation.text import clean

DASHBOARD, LOGS, DIFF, STATUS = "dashboard", "logs", "diff", "status"
INCIDENT, SERVICE = "incident", "service"
"""Places where a step is done, beside the commands: the card has a link to each. The last two are those of another
service, whose deploy is likelier to blame."""
COMMANDS: Mapping[Situation, str] = MappingProxyType(
    {
        Situation.QUESTION: "approve",
        Situation.NEEDS_A_PERSON: "rollback",
        Situation.NOT_THE_DEPLOY: "rollback",
        Situation.CLOSED: "restore-auto-deploy",
    }
)
"""The command that a step asks for, if it is offered; to reject, to stop or to undo is the other way out."""
PLACES: Mapping[Situation, str] = MappingProxyType(
    {
        **dict.fromkeys((Situation.OBSERVED, Situation.NOT_THE_DEPLOY, Situation.NOT_DONE), DASHBOARD),
        **dict.fromkeys((Situation.REJECTED, Situation.STOPPED, Situation.NEEDS_A_PERSON), DASHBOARD),
        Situation.DID_NOT_HELP: LOGS,
    }
)
"""Where people go on, beside the commands."""
BLOCKED = frozenset({Situation.BLOCKED, Situation.BLOCKED_FOR_NOW, Situation.ASKS_LATER})
ON_DASHBOARD = frozenset({"mode", "newer deploy", "service"})
"""The guards whose cure (see block_words.py) is at the platform, and no command."""

RESUMED_LAST = (BLOCKS["armed"], BLOCKS["key"])
"""Their cure ends with `resume`: pressed first, it re-arms a broken daemon, or spends the one rollback on a bad key."""


def recommended(case: Case, commands: Sequence[str]) -> str:
    """Return the command of these that the next step asks for first, else its place; empty if it asks for neither."""
    found = situation(case.incident)
    if case.state.disarmed or (found in BLOCKED and cure_words(case) in RESUMED_LAST and not case.offers_other):
        return ""
    # A paused daemon refuses every other command that the step asks for.
    command = "resume" if case.state.stopped and "resume" in commands else COMMANDS.get(found, "")
    if case.culprit is not None and command != "resume":
        return "rollback" if "rollback" in commands else place(case)
    if found in BLOCKED and not case.state.stopped:
        command = cure_words(case).command or ("rollback" if cure_words(case).by_hand else "")
    # A commit on the deny-list is fixed before merges deploy again.
    if command in commands and not (found is Situation.CLOSED and case.state.denied):
        return command
    # Another place comes first.
    first = found is Situation.NOT_THE_DEPLOY and elsewhere(case)
    return "" if first and place(case) != STATUS else place(case)


def place(case: Case) -> str:
    """Return where the next step is done; empty: at no place with a link."""
    found, held, other = situation(case.incident), case.in_peoples_way, case.other
    if other is not None and (other.incident or (other.serves and other.target is None)):
        return INCIDENT if other.incident else SERVICE
    if found is Situation.CLOSED:
        # Healed before the rollback could help, its commit may need no fix.
        return DIFF if case.state.denied and case.incident.rollback.healed_at is None else ""
    if found is Situation.NOT_THE_DEPLOY and status_page(case.incident):
        return STATUS
    if found is Situation.VERIFYING and case.state.fails is not None:
        return LOGS
    if found is Situation.NOT_DONE and case.incident.rollback.artefact_gone:
        # No deploy on the dashboard leads back: what is left is a fix, of what the logs show.
        return LOGS
    if found not in BLOCKED:
        return PLACES.get(found, "")
    by_hand = cure_words(case).by_hand and not case.may_roll_back
    on_dashboard = held.name in ON_DASHBOARD if held is not None else case.unread != "control targets"
    return DASHBOARD if by_hand or on_dashboard else ""


def cure_words(case: Case) -> Block:
    """Return the words about what the reader has to deal with first, where a guard or a missing fact blocks."""
    held = case.in_peoples_way
    return blocking_words(case) if held is None or held is blocking(case.incident) else block_of(held)


def elsewhere(case: Case) -> str:
    """Return where to look first if no deploy is to blame: `upstream stripe`, Render's status page; empty: nowhere."""
    decision, likely = case.incident.decision, case.likely
    vetoes = decision.blame.vetoed if decision is not None and decision.blame is not None else ()
    if any(one.name == "platform status" for one in vetoes):
        return "Render's status page"
    # An earlier failure of the service itself is at no other place; a culprit has a step of its own.
    if likely is None or likely.name == EARLIER or case.culprit is not None:
        return ""
    if likely.name == "peers":
        return "the other services that fail"
    return f"{'the ' if likely.deploy else ''}{clean(likely.name)}"

"""The tasks of an incident: the runbook's checklists, their ticks, and follow-ups that people add.

Rule: the items are the runbook's own, in its words and order, each under an id that stays. Owners are roles, as the
runbook names no people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from watchdog.domain.severity import Severity
from watchdog.domain.texts.prose import Prose

DEVELOPERS, ON_CALL, LEAD, OWNER = "development team", "on-call engineer", "team lead", "product owner"
DECIDES: Mapping[Severity, str] = MappingProxyType(
    {Severity.CRITICAL: ON_CALL, Severity.HIGH: LEAD, Severity.MEDIUM: DEVELOPERS, Severity.LOW: OWNER}
)
"""The responsible role of each severity, by the runbook's decision matrix."""
ROLES = (ON_CALL, LEAD, DEVELOPERS, OWNER)

IMMEDIATE, SHORT_TERM, LONG_TERM = 15 * 60.0, 3600.0, 24 * 3600.0
TEXT_MAX, OWNER_MAX = 300, 80
OWN_MAX = 50
"""The most follow-ups that people may add to one incident: more is a project, and has a board."""
# As long as the story of an incident is kept.
DUE_MAX_SECONDS = 400 * 86400.0
DUE = "7d"
"""When an added follow-up is due, unless its author sets another time."""


@dataclass(frozen=True, slots=True)
class RunbookItem:
    """One line of the runbook's checklists."""

    id: str  # name that never changes, typed to tick it
    text: str  # the runbook's words
    owner: str = ""  # a role; empty: who decides on an incident of its severity
    within_seconds: float | None = None  # due so long after the service was restored; None: before the rollback
    by_people: bool = False  # nothing that the watchdog sees shows that it was done


RUNBOOK: tuple[RunbookItem, ...] = (
    RunbookItem("documented", "Document the issue (error messages, affected features, user impact)"),
    RunbookItem("team-told", "Notify team via Slack/communication channel"),
    RunbookItem("last-good", "Identify the last known stable deployment"),
    RunbookItem("deploy-related", "Verify the issue is deployment-related (not infrastructure)"),
    RunbookItem("hotfix", "Check if issue can be hotfixed faster than rollback"),
    RunbookItem("approval", "Obtain approval if required (based on severity matrix)"),
    RunbookItem("restored", "Verify service is restored", ON_CALL, IMMEDIATE),
    RunbookItem("errors", "Check error monitoring (Sentry) for new errors", ON_CALL, IMMEDIATE),
    RunbookItem("analytics", "Monitor analytics for user activity recovery", OWNER, IMMEDIATE, by_people=True),
    RunbookItem("response-times", "Verify API response times are normal", ON_CALL, IMMEDIATE),
    RunbookItem("log", "Document rollback in incident log", DEVELOPERS, SHORT_TERM),
    RunbookItem("stakeholders", "Communicate status to stakeholders", LEAD, SHORT_TERM, by_people=True),
    RunbookItem("root-cause", "Identify root cause of the issue", DEVELOPERS, SHORT_TERM, by_people=True),
    RunbookItem("fix-branch", "Create fix branch from stable version", DEVELOPERS, SHORT_TERM, by_people=True),
    RunbookItem("docs", "Update deployment documentation if needed", DEVELOPERS, SHORT_TERM, by_people=True),
    RunbookItem("post-mortem", "Conduct post-mortem meeting", LEAD, LONG_TERM, by_people=True),
    RunbookItem("lessons", "Document lessons learned", LEAD, LONG_TERM, by_people=True),
    RunbookItem("deploy-checklist", "Update deployment checklist", DEVELOPERS, LONG_TERM, by_people=True),
    RunbookItem("prevention", "Implement preventive measures", DEVELOPERS, LONG_TERM, by_people=True),
    RunbookItem("fix-deploy", "Schedule fix deployment through staging", DEVELOPERS, LONG_TERM, by_people=True),
)
RUNBOOK_IDS = frozenset(one.id for one in RUNBOOK)


@dataclass(frozen=True, slots=True)
class Tick:
    """A human ticked an item of an incident's checklists, or undid the tick."""

    at: float  # UTC epoch seconds
    incident: str  # its id
    item: str  # id of the item
    by: str  # who ticked it
    undone: bool = False  # it takes an earlier tick back


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up that a person added to an incident, in their words. Times are UTC epoch seconds."""

    at: float  # when it was added
    incident: str  # its id
    number: int  # 1 is the first one of the incident
    by: str  # who added it
    text: str  # the effect itself
    owner: str  # a role, a contact or a name
    due_at: float  # when it is due

    @property
    def id(self) -> str:
        """Return the id of its item in the incident's checklists."""
        # A prefix of their own: no id of the runbook, now or later, begins with it.
        return f"own-{self.number}"


@dataclass(frozen=True, slots=True)
class Left:
    """An open item of an incident, as reminders need it."""

    incident: str  # its id
    service: str  # its name
    severity: Severity  # of the incident
    channels: tuple[str, ...]  # channels that may be reminded of it
    item: str  # id of the item
    words: str  # text, owner, due time and command, for people
    due_at: float | None = None  # UTC epoch seconds; None: not known yet


def ticked(ticks: Iterable[Tick], incident: str) -> Mapping[str, Tick]:
    """Return the valid tick of each item of one incident; the ticks come oldest first."""
    # Oldest first, so the newest tick of an item, or its undoing, replaces the earlier ones.
    last = {one.item: one for one in ticks if one.incident == incident}
    return {item: one for item, one in last.items() if not one.undone}


@dataclass(frozen=True, slots=True)
class FollowUpsFellDue:
    """Follow-ups of an incident are overdue."""

    at: float  # UTC epoch seconds
    service: str  # its name
    incident: str  # its id
    severity: Severity  # of the incident
    channels: tuple[str, ...]  # those of the incident's that page no one
    items: tuple[str, ...]  # ids of the overdue items
    lines: tuple[Prose, ...]  # each of them in words

"""The command table: one row for each command of people, and the one place to add one.

A row without an `event` adds to the record of an incident (daemon/approvals/annotations.py), to a public status page
(daemon/approvals/announcements.py), or is looked up by the daemon first (`undo`, supervision/command_poller.py).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from watchdog.domain.commands import announcements as a
from watchdog.domain.commands import human_events as e
from watchdog.domain.commands.human_command import (
    Argument,
    ArgumentType,
    CommandGroup,
    HumanCommand,
    Role,
    Seen,
    Subject,
)
from watchdog.domain.follow_ups import DEVELOPERS, DUE, DUE_MAX_SECONDS, OWNER_MAX
from watchdog.domain.follow_ups import TEXT_MAX as FOLLOW_UP_MAX
from watchdog.domain.incident_notes import TEXT_MAX
from watchdog.domain.severity import Severity

LONGEST_QUIET_SECONDS = 30 * 86400.0
REASON_MAX = 300
# Seven characters are git's own short form; a shorter prefix could match several commits.
COMMIT_LENGTH_MIN = 7

LASTS = Argument(
    "lasts",
    "how long, as in 2h; at most 30d",
    ArgumentType.DURATION,
    max_seconds=LONGEST_QUIET_SECONDS,
    example="2h",
    flag="for",
    stored_as="seconds",
)
REASON = Argument("reason", "why, for the record", max_characters=REASON_MAX, is_cut=True, example="WHY")
SIGNAL = Argument("signal", "only where this signal alone fails", default="", example="NAME")
SEVERITY = Argument(
    "severity",
    "only of this severity; without it, a rollback of a critical incident is still notified",
    ArgumentType.CHOICE,
    default="",
    choices=tuple(one.value for one in Severity),
    example="high",
)
TARGET = Argument(
    "target",
    "the deploy to go back to, as in dep-40; without it, the one we would choose",
    default="",
    example="dep-40",
)
BLAMED = Argument(
    "blamed",
    "the deploy to blame: refused once it is not live any more, nor another one of its code",
    default="",
    example="dep-42",
)
PLANNED = Argument(
    "planned",
    "the deploy to go back to that the plan chose: refused if another one is chosen by then",
    default="",
    example="dep-40",
)
NOTE = Argument("text", "the text, at most 1000 characters", max_characters=TEXT_MAX, example="TEXT", flag="TEXT")
ROOT_CAUSE = Argument("root_cause", "it names the root cause", ArgumentType.FLAG, example="yes")
VERDICT = Argument("verdict", "your judgement", ArgumentType.CHOICE, choices=("right", "wrong"), example="right|wrong")
ITEM = Argument("item", "the item, as the checklist names it", example="ITEM")
UNDO = Argument("undo", "take the tick back instead", ArgumentType.FLAG, example="yes")
TO_DO = Argument(
    "text", "what is to be done, at most 300 characters", max_characters=FOLLOW_UP_MAX, example="TEXT", flag="TEXT"
)
OWNER = Argument(
    "owner", "whose it is: a role, a contact, a name", default=DEVELOPERS, max_characters=OWNER_MAX, example="NAME"
)
DUE_IN = Argument(
    "due",
    "in how long it is due, as in 3d",
    ArgumentType.DURATION,
    default=DUE,
    max_seconds=DUE_MAX_SECONDS,
    example="3d",
    stored_as="seconds",
)
SAYS = Argument("text", "what visitors shall know", max_characters=a.TEXT_MAX, example="TEXT")
PAGE_TITLE = Argument("title", "its headline", max_characters=a.TITLE_MAX, example="TITLE")
ABOUT_SERVICES = Argument(
    "services",
    "those concerned, as in web,api; without it, the whole page",
    default="",
    max_characters=a.SERVICES_TEXT_MAX,
    example="web,api",
)
STATE = Argument(
    "state",
    "how it stands",
    ArgumentType.CHOICE,
    default=a.PROBLEM[0].value,
    choices=tuple(stage.value for stage in a.PROBLEM if stage not in a.ENDS),
    example="identified",
)
NEW_STATE = Argument(
    "state",
    "how it stands now; resolved ends it, withdrawn takes it off the page",
    ArgumentType.CHOICE,
    default="",
    choices=tuple(stage.value for stage in (*a.PROBLEM, a.Stage.WITHDRAWN)),
    example="resolved",
)
STARTS = Argument(
    "starts",
    "when it begins, in UTC unless an offset follows",
    ArgumentType.MOMENT,
    example="2027-01-31T22:00",
    stored_as="starts_at",
)
WINDOW = Argument(
    "lasts",
    "how long it may take, as in 2h; at most 30d",
    ArgumentType.DURATION,
    max_seconds=a.LASTS_MAX_SECONDS,
    example="2h",
    flag="for",
    stored_as="seconds",
)


def _silenced(at: float, by: str, given: Mapping[str, Any]) -> e.HumanEvent:
    severity = Severity(given["severity"]) if given.get("severity") else None
    return e.Silenced(at, by, at + given["seconds"], given["reason"], given["of"], given.get("signal"), severity)


ROWS: tuple[HumanCommand, ...] = (
    HumanCommand(
        "approve",
        "Approve what an incident asks.",
        Subject.INCIDENT,
        Role.APPROVER,
        event=lambda at, by, given: e.Approved(at, given["incident"], by),
        seen=Seen.QUESTION,
        group=CommandGroup.INCIDENT,
    ),
    HumanCommand(
        "reject",
        "Reject what an incident asks; nothing is changed.",
        Subject.INCIDENT,
        Role.OPERATOR,
        event=lambda at, by, given: e.Rejected(at, given["incident"], by),
        seen=Seen.QUESTION,
        group=CommandGroup.INCIDENT,
    ),
    HumanCommand(
        "stop",
        "Stop an announced rollback before it is sent.",
        Subject.INCIDENT,
        Role.OPERATOR,
        event=lambda at, by, given: e.Stopped(at, given["incident"], by),
        group=CommandGroup.INCIDENT,
    ),
    HumanCommand(
        "acknowledge",
        "Acknowledge an incident: no further person is called for now; it answers no question.",
        Subject.INCIDENT,
        Role.OPERATOR,
        event=lambda at, by, given: e.Acknowledged(at, given["incident"], by),
        group=CommandGroup.INCIDENT,
        word="ack",
    ),
    HumanCommand(
        "rollback",
        "Roll a service back by hand: the daemon's own protocol, without the guards that restrain only the daemon.",
        Subject.SERVICE,
        Role.APPROVER,
        (TARGET, BLAMED, PLANNED),
        event=lambda at, by, given: e.RollbackRequested(at, given["service"], by, given.get("target")),
        seen=Seen.LIVE_DEPLOY,
    ),
    HumanCommand(
        "undo",
        "Take a wrong rollback back: the deploy that was blamed goes live again.",
        Subject.INCIDENT,
        Role.APPROVER,
        seen=Seen.LIVE_DEPLOY,
        group=CommandGroup.INCIDENT,
    ),
    HumanCommand(
        "pause",
        "Keep watching and notifying, but change nothing until `resume`.",
        Subject.NOTHING,
        Role.OPERATOR,
        event=lambda at, by, given: e.Paused(at, by),
    ),
    HumanCommand(
        "resume",
        "Give the watchdog its right to act back.",
        Subject.NOTHING,
        Role.APPROVER,
        event=lambda at, by, given: e.Resumed(at, by),
    ),
    HumanCommand(
        "trust",
        "Lift a commit from the deny-list: it may be rolled back to again.",
        Subject.COMMIT,
        Role.APPROVER,
        event=lambda at, by, given: e.CommitTrusted(at, given["commit"], by),
        subject_characters_min=COMMIT_LENGTH_MIN,
        group=CommandGroup.COMMIT,
    ),
    HumanCommand(
        "restore-auto-deploy",
        "Give a service's auto-deploy, switched off for a rollback, its old value back.",
        Subject.SERVICE,
        Role.APPROVER,
        event=lambda at, by, given: e.RestoreRequested(at, given["service"], by),
        group=CommandGroup.SERVICE,
    ),
    HumanCommand(
        "silence",
        "Suppress a service's notifications for a while; everything is still recorded, and rollbacks go on.",
        Subject.SERVICE_OR_ALL,
        Role.OPERATOR,
        (LASTS, REASON, SIGNAL, SEVERITY),
        event=_silenced,
        group=CommandGroup.SERVICE,
    ),
    HumanCommand(
        "hold",
        "Hold automatic rollbacks for a while: people approve each, or roll back themselves.",
        Subject.SERVICE_OR_ALL,
        Role.OPERATOR,
        (LASTS, REASON),
        event=lambda at, by, given: e.Held(at, by, at + given["seconds"], given["reason"], given["of"]),
        group=CommandGroup.SERVICE,
    ),
    HumanCommand(
        "unsilence",
        "End a silence or a hold before its time.",
        Subject.SILENCE,
        Role.APPROVER,
        event=lambda at, by, given: e.Unsilenced(at, given["which"], by),
        group=CommandGroup.SERVICE,
    ),
    HumanCommand(
        "label",
        "Record whether the watchdog judged an incident right (in mode observe: by what it would have done).",
        Subject.INCIDENT,
        Role.OPERATOR,
        (VERDICT,),
        group=CommandGroup.INCIDENT,
    ),
    HumanCommand(
        "note",
        "Add a line to an incident's record.",
        Subject.INCIDENT,
        Role.OPERATOR,
        (NOTE, ROOT_CAUSE),
        group=CommandGroup.INCIDENT,
    ),
    HumanCommand(
        "tick",
        "Tick an item of an incident's checklists, or undo that.",
        Subject.INCIDENT,
        Role.OPERATOR,
        (ITEM, UNDO),
        group=CommandGroup.INCIDENT,
    ),
    HumanCommand(
        "follow-up",
        "Add a follow-up to an incident: it is listed until it is ticked.",
        Subject.INCIDENT,
        Role.OPERATOR,
        (TO_DO, OWNER, DUE_IN),
        group=CommandGroup.INCIDENT,
    ),
    HumanCommand(
        "announce",
        "Post an announcement of a problem on a public status page.",
        Subject.PAGE,
        Role.APPROVER,
        (PAGE_TITLE, SAYS, ABOUT_SERVICES, STATE),
        group=CommandGroup.ANNOUNCEMENT,
        word="post",
    ),
    HumanCommand(
        "schedule-maintenance",
        "Announce a maintenance window on a public status page: scheduled, in progress, completed by the clock.",
        Subject.PAGE,
        Role.APPROVER,
        (PAGE_TITLE, SAYS, STARTS, WINDOW, ABOUT_SERVICES),
        group=CommandGroup.ANNOUNCEMENT,
        word="schedule",
    ),
    HumanCommand(
        "update-announcement",
        "Add an update to an announcement, resolve it, or withdraw it from its page.",
        Subject.ANNOUNCEMENT,
        Role.APPROVER,
        (SAYS, NEW_STATE),
        group=CommandGroup.ANNOUNCEMENT,
        word="update",
    ),
)
COMMANDS: Mapping[str, HumanCommand] = MappingProxyType({row.name: row for row in ROWS})

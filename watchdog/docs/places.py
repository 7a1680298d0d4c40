"""The handbook's places that errors, answers, findings and notices name. One table; a test opens each of them."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from watchdog.docs.page_table import link
from watchdog.domain import errors
from watchdog.domain.commands.announcements import PREFIX as ANNOUNCEMENT
from watchdog.domain.integrations import KINDS
from watchdog.domain.notices import Notice, NoticeKind

CONFIGURATION = "reference-configuration"
COMMANDS = "reference-commands"
VARIABLES = "reference-variables"
OWN_NOTICES = "reference-notices#notices-about-the-watchdog-itself"
INTEGRATIONS = "reference-notices#integrations"
UPGRADE = "operation#an-upgrade-of-the-watchdog-itself"
ERRORS: Mapping[type[errors.WatchdogError], str] = MappingProxyType(
    {
        errors.ConfigurationError: COMMANDS,
        errors.Forbidden: "secrets",
        errors.Temporary: INTEGRATIONS,
        errors.Permanent: INTEGRATIONS,
        errors.Outdated: UPGRADE,
        errors.OutcomeUnknown: "guarantees",
        errors.Refused: "on-call",
    }
)
"""The place of an error that names none itself; a class without a row has its parent's."""
OF_COMMANDS: Mapping[str, str] = MappingProxyType({"database": "database"})
"""The place of what a command of such a first word refuses, or cannot do, in the stead of its kind's."""
NOTICES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(KINDS, INTEGRATIONS),
        "blind": OWN_NOTICES,
        "disarmed": OWN_NOTICES,
        "record": OWN_NOTICES,
        "silences": "on-call#silences",
        "upgrade": UPGRADE,
    }
)
"""The place of a notice about the watchdog itself, by its condition: the part of `Notice.incident` before a slash."""
CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "render": "secrets#render",
        "sentry": "secrets#sentry",
        "channel": "integrations",
        "pagerduty": "integrations#pagerduty",
        "console": "console",
        "store": "secrets#postgresql",
        "dead": "integrations#heartbeat",
        "clock": INTEGRATIONS,
        "the": INTEGRATIONS,  # the title of an integration: "the probes of web"
        **dict.fromkeys(
            ("daemon", "readings", "actions", "configuration", "version", "worker", "outbox", "disk"),
            "operation#examine-a-running-installation",
        ),
    }
)
"""The place of a finding of `watchdog check --live` and `watchdog doctor`, by the first word of its name.

Others: CONFIGURATION.
"""

ROLES = "console#roles"
"""The place of a command that the visitor's role does not allow."""
API = "reference-api"
"""The place of any other request to the console's API that is refused."""
SIGN_IN = "console#sign-in-by-name"
"""The place of a name that a proxy sends, and that does not count here."""
ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("approve", "reject", "stop"), "on-call#approvals"),
        "acknowledge": "on-call#acknowledge-and-escalate",
        "rollback": "decisions#does-anything-forbid-it",
        "undo": "after-an-incident#undo-a-wrong-rollback",
        **dict.fromkeys(("pause", "resume", "hold"), "on-call#holds-and-the-pause"),
        **dict.fromkeys(("silence", "unsilence"), "on-call#silences"),
        **dict.fromkeys(("trust", "restore-auto-deploy"), "after-an-incident#auto-deploy"),
        "label": "autonomous#is-it-ready",
        **dict.fromkeys(("note", "tick", "follow-up"), "after-an-incident#post-mortem-and-checklist"),
        **dict.fromkeys(("announce", "schedule-maintenance", "update-announcement"), "console#announcements"),
    }
)
"""The place of an answer that refuses a person's command, or could not carry it out, by the name of the command."""


def handbook_line(place: str, console_url: str = "") -> str:
    """Return the last line of an error or a notice: the command, or the console's address, that shows the place."""
    return f"Handbook: {link(place, console_url)}"


def place_of_error(error: errors.WatchdogError, command: str = "") -> str:
    """Return the place that explains an error, or "" if there is none; `command` is the first word that was typed."""
    # Those alone: a store that is away, or of an older version, is the same matter under each command.
    if type(error) in (errors.Refused, errors.Permanent, errors.OutcomeUnknown) and command in OF_COMMANDS:
        return OF_COMMANDS[command]
    named = error.place if isinstance(error, errors.ConfigurationError) else ""
    return named or next((ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS), "")


def place_of_notice(notice: Notice) -> str:
    """Return the place that explains a notice about the watchdog itself; "" for other notices, and for an all-clear."""
    if notice.service != "watchdog" or notice.kind not in (NoticeKind.SELF_ALERT, NoticeKind.UPDATED):
        return ""
    # What people announce may be handed on to visitors, who have no console: its address is none of theirs.
    if notice.incident.startswith(ANNOUNCEMENT):
        return ""
    return NOTICES.get(notice.incident.partition("/")[0], OWN_NOTICES)


def place_of_check(name: str) -> str:
    """Return the place that explains a finding of that name."""
    return CHECKS.get(re.split("[ .]", name, maxsplit=1)[0], CONFIGURATION)


def place_of_answer(command: str) -> str:
    """Return the place that explains why a command was not carried out."""
    # A command of a newer version, or a mistyped one: the reference lists those that exist.
    return ANSWERS.get(command, COMMANDS)

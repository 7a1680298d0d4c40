"""The permissions that Render's calls need, so that a 403 names the permission that the key lacks.

New keys (since November 2026) carry permissions by kind of resource, which can be changed later; older keys have all
rights of their owner. Render documents no table of calls and permissions: the names are ours, after its kinds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from watchdog.adapters.api_client import BETWEEN, PermanentAnswer
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import MissingPermission, Permanent
from watchdog.domain.remedies.kinds import RemedyKind

ID = r"[A-Za-z0-9_-]+"
ACTING = "assist, autonomous"
EVERY = "every mode"


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission: its name, the calls that need it, their purpose, and the modes that make them."""

    name: str
    method: str
    path: re.Pattern[str]
    purpose: str
    modes: str = EVERY

    @property
    def changes(self) -> bool:
        """Return whether it is for calls that change production, so that no request may be sent to test it."""
        return self.method != "GET"


SERVICES = Permission("services: read", "GET", re.compile(rf"/services(/{ID})?"), "which services there are")
DEPLOYS = Permission(
    "deploys: read", "GET", re.compile(rf"/services/{ID}/deploys(/{ID})?"), "which deploy is to blame, and the target"
)
EVENTS = Permission(
    "events: read",
    "GET",
    re.compile(rf"/services/{ID}/events"),
    "crashes, and what else changed with a deploy",
)
DATABASES = Permission(
    "databases: read", "GET", re.compile(rf"/(postgres|key-value)/{ID}"), "whether a database is available"
)
SWITCH = Permission(
    "services: update", "PATCH", re.compile(rf"/services/{ID}"), "to switch auto-deploy off for a rollback", ACTING
)
DEPLOY = Permission(
    "deploys: create", "POST", re.compile(rf"/services/{ID}/(rollback|deploys)"), "to roll back", ACTING
)
RESTART = Permission(
    "services: restart", "POST", re.compile(rf"/services/{ID}/restart"), "to restart before a rollback", "`remedies`"
)
SCALE = Permission(
    "services: update", "POST", re.compile(rf"/services/{ID}/scale"), "to scale before a rollback", "`remedies`"
)
MAINTENANCE = Permission(
    "services: update",
    "PATCH",
    re.compile(rf"/services/{ID}"),
    "to switch maintenance mode while people work",
    "`remedies`",
)
PROJECTS = Permission(
    "projects: read",
    "GET",
    re.compile(r"/projects|/environments"),
    "to group services by project",
    command_line("init"),
)
OF_REMEDIES: Mapping[RemedyKind, Permission] = MappingProxyType(
    {RemedyKind.RESTART: RESTART, RemedyKind.SCALE: SCALE, RemedyKind.MAINTENANCE_MODE: MAINTENANCE}
)
"""The permissions that only a remedy of the configuration needs."""
PERMISSIONS = (SERVICES, DEPLOYS, EVENTS, DATABASES, PROJECTS, SWITCH, DEPLOY, RESTART, SCALE, MAINTENANCE)
CURE = "add it to the key at Render (Account Settings, API Keys); if it is there, its owner's role does not allow it"


def refused(error: PermanentAnswer, method: str, path: str) -> Permanent:
    """Return the error for a 403 to that call: the missing permission, unless the answer is not Render's."""
    if isinstance(error.answer.json, Mapping):
        return missing(error, method, path)
    # Render's errors are JSON objects; all else comes from between. Of a page the client has said so already.
    between = f"{error}: not Render's JSON: {BETWEEN.format(name='Render')}"
    return Permanent(str(error) if error.answer.is_page else between)


def missing(error: PermanentAnswer, method: str, path: str) -> MissingPermission:
    """Return the error for a 403 of Render to that call, with the permission that the call needs."""
    # Render's 403 does not name the missing permission, so the call itself has to.
    one = next((one for one in PERMISSIONS if one.method == method and one.path.fullmatch(path)), None)
    name, purpose = (one.name, one.purpose) if one is not None else (f"for {method} {path}", "unknown")
    return MissingPermission(f"{error}: the key lacks the permission {name} ({purpose}): {CURE}", name)

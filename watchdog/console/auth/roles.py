"""Roles and their permissions. There are three; a higher role includes the permissions of the lower ones.

A visitor gets a role by its token, or by a name that a proxy in front of us or an OpenID provider proves.

Rule: an operator may add to the record and hold the watchdog back; only an approver may let it act. An assistant reads
as a viewer, and answers a question for a person, by that person's code (assistant.py).
"""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.commands.command_table import COMMANDS
from watchdog.domain.commands.human_command import Role
from watchdog.domain.identities import ASSISTANT, OIDC, PROXY, TOKEN, identity, recorded

ASSISTED = ("approve", "reject")
"""The answers that an assistant may give for a person."""


class Way(StrEnum):
    """How a visitor came, which decides how far to trust the name: typed in with a role's token, proven, or none."""

    TOKEN = TOKEN
    PROXY = PROXY
    OIDC = OIDC
    ASSISTANT = ASSISTANT


@dataclass(frozen=True, slots=True)
class People:
    """The role of each proven name, compared letter by letter; with `everybody`, every proven name is a viewer."""

    approvers: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    viewers: frozenset[str] = frozenset()
    everybody: bool = False

    def role_of(self, name: str) -> Role | None:
        """Return the highest role of that name, or None; an empty name has none."""
        # Under `everybody` an empty name would otherwise be a viewer.
        if not name:
            return None
        if name in self.approvers:
            return Role.APPROVER
        if name in self.operators:
            return Role.OPERATOR
        return Role.VIEWER if self.everybody or name in self.viewers else None


@dataclass(frozen=True, slots=True)
class Visitor:
    """The author of a request. `name` was typed at the login, or proven (`way`).

    `form_token` is the token that the forms of this session must carry; it is empty for a program that sends a role's
    token.
    """

    role: Role
    name: str = ""
    form_token: str = ""
    way: Way = Way.TOKEN

    @property
    def by(self) -> str:
        """Return the visitor for the record: `oidc:ann (approver)`."""
        return recorded(self.way, self.name, self.role)

    @property
    def identity(self) -> str:
        """Return the identity that approvals are checked against; empty without a name."""
        return identity(self.way, self.name)

    def is_named(self, by: str) -> bool:
        """Return whether the record names this visitor: by the same way and name, in any role."""
        # In the record round brackets stand around further facts alone.
        return bool(self.name) and by.partition(" (")[0] == recorded(self.way, self.name)

    def may(self, command: str) -> bool:
        """Return whether the role is high enough for a command."""
        assisted = self.way is Way.ASSISTANT and command in ASSISTED
        return assisted or self.role.rank >= COMMANDS[command].role.rank

    def why_not(self, command: str) -> str:
        """Return why the role does not allow a command, or an empty text."""
        return "" if self.may(command) else f"{command} needs the role {COMMANDS[command].role}; you are {self.role}"

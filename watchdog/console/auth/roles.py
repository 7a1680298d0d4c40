"""Who may do what. Three roles; who has the higher one may do what the lower one may.

One comes into a role by its token, or by a name that somebody else proves (a proxy in front of us, an OpenID provider).

Rule: an operator may add to the record and hold the watchdog back; only an approver may let it act.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.commands.command_table import COMMANDS
from watchdog.domain.commands.human_command import Role
from watchdog.domain.identities import OIDC, PROXY, TOKEN, identity, recorded


class Way(StrEnum):
    """How somebody came in, which says what their name is worth: typed in with a role's token, or proven."""

    TOKEN = TOKEN
    PROXY = PROXY
    OIDC = OIDC


@dataclass(frozen=True, slots=True)
class People:
    """Who has which role, by the name that somebody else proves, letter by letter; `everybody` named so may look."""

    approvers: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    viewers: frozenset[str] = frozenset()
    everybody: bool = False

    def role_of(self, name: str) -> Role | None:
        """Return the highest role of that name, or None; nobody's name is empty."""
        if not name:
            return None
        if name in self.approvers:
            return Role.APPROVER
        if name in self.operators:
            return Role.OPERATOR
        return Role.VIEWER if self.everybody or name in self.viewers else None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. `name` is what they called themselves at the login, or what was proven (`way`).

    `form_token` is the word that their forms must carry; it is empty for a program that shows a token.
    """

    role: Role
    name: str = ""
    form_token: str = ""
    way: Way = Way.TOKEN

    @property
    def by(self) -> str:
        """Return who it is, for the record: `oidc:ann (approver)`."""
        return recorded(self.way, self.name, self.role)

    @property
    def identity(self) -> str:
        """Return under which identity they answer; empty for who gave no name."""
        return identity(self.way, self.name)

    def may(self, command: str) -> bool:
        """Tell whether the role is enough for a command."""
        return self.role.rank >= COMMANDS[command].role.rank

    def why_not(self, command: str) -> str:
        """Return why they may not, or nothing."""
        return "" if self.may(command) else f"{command} needs the role {COMMANDS[command].role}; you are {self.role}"

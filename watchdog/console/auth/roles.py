"""Who may do what. Three roles; who has the higher one may do what the lower one may.

One comes into a role by its token, or by a name that somebody else proves (a proxy in front of us, an OpenID provider).

Rule: an operator may add to the record and hold the watchdog back; only an approver may let it act.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.domain.commands.command_table import COMMANDS
from watchdog.domain.commands.human_command import Role

BRACKETS = str.maketrans(dict.fromkeys("(（﹙⁽₍❨❪⟮", "[") | dict.fromkeys(")）﹚⁾₎❩❫⟯", "]"))
"""Round ones, and those that look like them. In the record they are ours: they say how somebody came in."""


class Way(StrEnum):
    """How somebody came in, which says what their name is worth: typed in with a role's token, or proven."""

    CONSOLE = "console"
    PROXY = "proxy"
    OIDC = "oidc"


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
    way: Way = Way.CONSOLE

    @property
    def by(self) -> str:
        """Return who it is, for the record: what stands in brackets is ours, and says how they came in."""
        return f"{plainly(self.name)} ({self.way}: {self.role})" if self.name else f"{self.way}: {self.role}"

    def may(self, command: str) -> bool:
        """Tell whether the role is enough for a command."""
        return self.role.rank >= COMMANDS[command].role.rank

    def why_not(self, command: str) -> str:
        """Return why they may not, or nothing."""
        return "" if self.may(command) else f"{command} needs the role {COMMANDS[command].role}; you are {self.role}"


def plainly(name: str) -> str:
    """Return a name as it stands in the record, typed or proven: without what only we write there."""
    return name.translate(BRACKETS)

"""Who may do what. Three roles, each with a token of its own; who has the higher one may do what the lower one may.

Rule: an operator may add to the record and hold the watchdog back; only an approver may let it act.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What the bearer of a token may do: look; hold back; let act."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"

    @property
    def rank(self) -> int:
        """Return its place, the least first."""
        return tuple(Role).index(self)


NEEDS: Mapping[str, Role] = MappingProxyType(
    {
        "note": Role.OPERATOR,
        "label": Role.OPERATOR,
        "tick": Role.OPERATOR,
        "follow-up": Role.OPERATOR,
        "reject": Role.OPERATOR,
        "stop": Role.OPERATOR,
        "acknowledge": Role.OPERATOR,
        "silence": Role.OPERATOR,
        "hold": Role.OPERATOR,
        "pause": Role.OPERATOR,
        "unsilence": Role.APPROVER,
        "approve": Role.APPROVER,
        "rollback": Role.APPROVER,
        "undo": Role.APPROVER,
        "resume": Role.APPROVER,
    }
)
"""The commands of the console, and the least role for each."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. `name` is what they called themselves at the login; `form_token` is empty for a program."""

    role: Role
    name: str = ""
    form_token: str = ""

    @property
    def by(self) -> str:
        """Return who it is, for the record."""
        return f"{self.name} (console: {self.role})" if self.name else f"console: {self.role}"

    def may(self, command: str) -> bool:
        """Tell whether the role is enough for a command."""
        return self.role.rank >= NEEDS[command].rank

    def why_not(self, command: str) -> str:
        """Return why they may not, or nothing."""
        return "" if self.may(command) else f"{command} needs the role {NEEDS[command]}; you are {self.role}"

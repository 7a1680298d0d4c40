"""The type of a human command: its subject, its arguments, the role it needs, and its event.

The rows are in `command_table.py`. The command line, the console's forms, the JSON API, Slack and the roles are made of
them; `stored_arguments` checks the input, the same for all of these.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from watchdog.domain.commands.human_events import HumanEvent
from watchdog.domain.units import parse_duration, parse_time

ALL = "all"
"""The subject of a command that is about every service."""
NAME_MAX = 120
DURATION_MAX, MOMENT_MAX = 20, 40


class InvalidRequest(ValueError):
    """Input that is refused: its place, its mistake, and the correct input."""

    def __init__(self, where: str, what: str, instead: str) -> None:
        super().__init__(f"{where}: {what}; {instead}")
        self.where, self.what, self.instead = where, what, instead


class Role(StrEnum):
    """The role of a console visitor: read; add to the record and hold back actions; allow actions."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"

    @property
    def rank(self) -> int:
        """Return the role's position, the least first."""
        return tuple(Role).index(self)


class Subject(StrEnum):
    """The subject of a command: its first word. The value is the argument under which it is stored."""

    INCIDENT = "incident"
    SERVICE = "service"
    SERVICE_OR_ALL = "of"
    SILENCE = "which"
    COMMIT = "commit"
    PAGE = "page"
    ANNOUNCEMENT = "announcement"
    NOTHING = ""


class CommandGroup(StrEnum):
    """The word under which a command is grouped at the terminal."""

    TOP = ""
    INCIDENT = "incident"
    SERVICE = "service"
    COMMIT = "commit"
    ANNOUNCEMENT = "announcement"


class Seen(StrEnum):
    """The facts that the author of a command saw: the daemon refuses the command if they have changed."""

    NOTHING = "nothing"
    QUESTION = "the suspect, the target and the moment of the question"
    LIVE_DEPLOY = "which deploy is live"


class ArgumentType(StrEnum):
    """The type of an argument."""

    TEXT = "text"
    CHOICE = "choice"
    DURATION = "duration"
    MOMENT = "moment"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument after the subject."""

    name: str  # its name in forms, the JSON API and Slack
    says: str  # its help, half a sentence
    kind: ArgumentType = ArgumentType.TEXT  # what may be given
    default: str | None = None  # used if left out; empty: may be left out; None: must be given, unless a flag
    choices: tuple[str, ...] = ()  # the allowed values, for kind CHOICE
    max_characters: int = NAME_MAX  # longest text
    max_seconds: float = 0.0  # longest duration, for kind DURATION
    is_cut: bool = False  # a text that is too long is cut, not refused
    example: str = ""  # shown in the usage
    flag: str = ""  # its name at the terminal, if another one; in capitals: positional
    stored_as: str = (
        ""  # name under which the daemon gets it, if another one; durations in seconds, moments in epoch seconds
    )

    @property
    def option(self) -> str:
        """Return the argument's spelling at the terminal: `--for`."""
        return self.flag if self.flag.isupper() else f"--{self.flag or self.name.replace('_', '-')}"

    def checked(self, value: Any) -> Any:
        """Return the value to store, None where it was left out. Raises InvalidRequest."""
        if self.kind is ArgumentType.FLAG:
            return value in (True, "yes")
        # One line, single blanks: the text goes into a note, a chat message and a table cell.
        text = " ".join(str(self.default or "" if value is None else value).split())
        if not text:
            if self.default != "":
                raise InvalidRequest(self.option, "there is nothing in it to read", f"write {self.says}")
            return None
        if self.kind is ArgumentType.DURATION:
            return self._seconds(text)
        if self.kind is ArgumentType.MOMENT:
            return self._moment(text)
        if self.kind is ArgumentType.CHOICE and text not in self.choices:
            raise InvalidRequest(self.option, f"no such {self.name}", f"write one of: {', '.join(self.choices)}")
        if len(text) > self.max_characters and not self.is_cut:
            longer = self.max_characters > NAME_MAX
            instead = "keep the details where you keep reports, and write a link here" if longer else "shorten it"
            raise InvalidRequest(self.option, f"longer than {self.max_characters} characters", instead)
        return text[: self.max_characters]

    def _moment(self, text: str) -> float:
        at = parse_time(text[:MOMENT_MAX])
        if at is None:
            raise InvalidRequest(self.option, "not a date and time", f"write {self.example}, in UTC")
        return at

    def _seconds(self, text: str) -> float:
        try:
            seconds = parse_duration(text)
        except ValueError as error:
            raise InvalidRequest(self.option, str(error), f"write {self.example}") from None
        # A silence of years by a slip of the finger would hide every later outage.
        if not 0 < seconds <= self.max_seconds:
            longest = f"write something up to {self.max_seconds / 86400:.0f}d"
            raise InvalidRequest(self.option, "not a sensible time", longest)
        return seconds


@dataclass(frozen=True, slots=True)
class HumanCommand:
    """One command: the row from which every surface is made."""

    name: str  # its word in Slack, in the API and in the store
    says: str  # one sentence, the help of every surface
    subject: Subject  # its topic
    role: Role  # the least role that may give it
    arguments: tuple[Argument, ...] = ()  # those behind the subject, in order
    event: Callable[[float, str, Mapping[str, Any]], HumanEvent] | None = None
    """Makes the event from the moment (UTC epoch seconds), the author and the stored arguments. None: the command only
    adds to the record, or the daemon must look something up first.
    """
    seen: Seen = Seen.NOTHING  # what its author must have seen unchanged
    subject_characters_min: int = 1  # a shorter subject names too much
    group: CommandGroup = CommandGroup.TOP  # where it stands at the terminal
    word: str = ""  # its word there, if another one

    @property
    def words(self) -> str:
        """Return its spelling at the terminal: `incident ack`."""
        return " ".join(filter(None, (self.group.value, self.word or self.name)))

    @property
    def required(self) -> tuple[Argument, ...]:
        """Return the arguments that must be given, in order."""
        return tuple(one for one in self.arguments if one.default is None and one.kind is not ArgumentType.FLAG)

    @property
    def usage(self) -> str:
        """Return its spelling in a chat channel: `silence SERVICE 2h WHY`; a text before the last stands in quotes."""
        words = {Subject.NOTHING: "", Subject.SERVICE_OR_ALL: "SERVICE"}.get(self.subject, self.subject.name)
        texts = [f'"{one.example}"' if one.kind is ArgumentType.TEXT else one.example for one in self.required[:-1]]
        last = [one.example for one in self.required[-1:]]
        return " ".join(filter(None, (self.name, words, *texts, *last)))


def stored_arguments(command: HumanCommand, subject: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stored arguments of a command: its subject and arguments, checked. Raises InvalidRequest."""
    about: dict[str, Any] = {}
    if command.subject is not Subject.NOTHING:
        whole = command.subject is Subject.SERVICE_OR_ALL and subject == ALL
        about = {command.subject.value: None if whole else _subject(command, subject)}
    checked = {one.stored_as or one.name: one.checked(given.get(one.name)) for one in command.arguments}
    return about | {name: value for name, value in checked.items() if value is not None}


def _subject(command: HumanCommand, subject: str) -> str:
    what = command.subject.name.partition("_")[0].lower()
    if not subject:
        raise InvalidRequest(command.name, f"say which {what}", command.usage)
    if len(subject.removeprefix("sha256:")) < command.subject_characters_min:
        # A prefix of a commit shorter than that could name several.
        instead = f"give {command.subject_characters_min} characters or more"
        raise InvalidRequest(subject, f"too short to name one {what}", instead)
    if len(subject) > NAME_MAX:
        raise InvalidRequest(command.name, f"a name longer than {NAME_MAX} characters", f"say which {what}")
    return subject

"""The context of every command: the configuration's path, the environment, and the composition root, all lazy.

Rule: importing the command line imports no HTTP client, no database and no settings, so that help is fast.
"""

import os
import pwd
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.domain.identities import SAID, TERMINAL, recorded
from watchdog.domain.incident_notes import NAME_MAX

if TYPE_CHECKING:
    from watchdog.domain.code_comparison import Comparison
    from watchdog.domain.decisions import Decision, TargetChoice
    from watchdog.domain.deploys import Deploy, ServiceFacts
    from watchdog.domain.effects import Note
    from watchdog.domain.incidents import Incident
    from watchdog.domain.readings import Reading
    from watchdog.domain.reports import DemoConsole, DemoResult, SignalReport
    from watchdog.domain.store_records import Command
    from watchdog.ports import Clock, Notifier, Store
    from watchdog.settings import Settings
    from watchdog.settings.check.check_result import CheckResult


class Screen(Protocol):
    """The demo's display: see demo_screen.DemoScreen."""

    def begin(self, scenario: str, shortened: Sequence[str], at: float, console: "DemoConsole | None" = None) -> None:
        """Show the header, and how to open the console; `at` (UTC epoch seconds) is 00:00."""

    def signal(self, service: str, signal: str, reading: "Reading", latency_seconds: float | None, at: float) -> None:
        """Take one reading."""

    def note(self, note: "Note") -> None:
        """Take one line of the story."""

    def world(self, at: float, label: str, text: str) -> None:
        """Take one event of the simulated cloud; `at` is UTC epoch seconds."""

    def result(self, result: "DemoResult") -> None:
        """Show the result; what happens afterwards is shown line by line."""

    async def again(self) -> None:
        """Return once the person asks for the fault again."""


class Services(Protocol):
    """The functions that the commands use of the composition root, `watchdog.app`. Raises only errors of
    domain/errors.py."""

    async def run(self, settings: "Settings", /) -> int:
        """Run the daemon until a signal stops it; return the exit code."""

    async def once(self, settings: "Settings", /) -> "Sequence[SignalReport]":
        """Read every signal, control target and status page once."""

    def reading(self, settings: "Settings", /) -> "AbstractAsyncContextManager[Store]":
        """Open the record for reading, beside a running daemon."""

    async def command(self, settings: "Settings", name: str, arguments: Mapping[str, Any], by: str, /) -> "Command":
        """Submit a command to the daemon (without one, apply it here under the daemon's lock); return its answer."""

    async def annotate(
        self, settings: "Settings", asked: Sequence[tuple[str, Mapping[str, Any]]], by: str, /
    ) -> "Sequence[Command]":
        """Submit commands that only add to the record, or apply them here without a daemon; return their answers."""

    async def check(self, settings: "Settings", /) -> "Sequence[CheckResult]":
        """Test tokens, services, signals, channels and targets against the real services; change nothing."""

    async def deploys(self, settings: "Settings", service: str, /) -> "tuple[Sequence[Deploy], TargetChoice | None]":
        """Return a service's deploys, newest first, and the target of a rollback now."""

    async def plan(self, settings: "Settings", service: str, to: str | None, /) -> "Decision":
        """Return the decision of a manual rollback now, with every guard's answer; change nothing."""

    async def plan_undo(self, settings: "Settings", incident: "Incident", /) -> "tuple[Decision, str]":
        """Return the decision of an undo of the incident now, with every guard's answer, and its consequences in
        words."""

    async def compare(self, settings: "Settings", repo: str, base: str, head: str, /) -> "Comparison":
        """Return the comparison of two commits by the repository, within a few seconds."""

    def notifiers(self, settings: "Settings", /) -> "AbstractAsyncContextManager[Mapping[str, Notifier]]":
        """Open the channels, by name."""

    async def services(
        self, environ: Mapping[str, str], cwd: Path, base_url: str | None, /
    ) -> "tuple[Sequence[ServiceFacts], Mapping[str, str]]":
        """Return the services that WATCHDOG_RENDER_API_KEY can see, and their groups; needs no configuration."""

    async def demo(self, scenario: str, screen: Screen | None, /, *, console: bool = False) -> "DemoResult":
        """Play a scenario against the simulated cloud; the screen, if any, shows every event and the result.

        `console`: serve the web console as well, until the task is cancelled."""


@dataclass(frozen=True, slots=True)
class Context:
    """The context of one command."""

    config: Path | None
    environ: Mapping[str, str]
    cwd: Path
    load_roof: Callable[[], Services]
    utc: bool = False  # show times in UTC, not in the local zone

    def settings(self) -> "Settings":
        """Return the configuration. Raises ConfigurationError with every mistake."""
        # Imported when a command needs it, as everywhere here: `--help` must not load the YAML parser.
        from watchdog.settings.load.load import load

        return load(self.config, self.environ, self.cwd)

    def app(self) -> Services:
        """Return the composition root."""
        return self.load_roof()

    def clock(self) -> "Clock":
        """Return the real clock."""
        from watchdog.daemon.runtime.clock import SystemClock

        return SystemClock()

    def zone(self) -> tzinfo:
        """Return the time zone in which times are shown: the local one, unless --utc was given."""
        return UTC if self.utc else LocalZone()

    def who(self) -> str:
        """Return the name of the person at the terminal: the owner of this process, independent of the environment."""
        # Not getpass.getuser: it believes LOGNAME, which any user may set to another person's name.
        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return f"user {os.getuid()}"

    def author(self, said: str | None = None) -> str:
        """Return the author for the record: the person at the terminal, or the name given with `--as`, marked as
        unproven.

        Raises ConfigurationError for a name without a readable character.
        """
        from watchdog.presentation.text import clean

        typist = recorded(TERMINAL, self.who())
        if said is None:
            return typist
        name = clean(said, limit=NAME_MAX)
        if not name:
            usage_error("--as", "there is nothing in it to read", "give a name")
        return recorded(SAID, name, typist)


def usage_error(where: str, what: str, instead: str) -> NoReturn:
    """Raise ConfigurationError for a mistake on the command line."""
    raise ConfigurationError((Mistake(where, what, instead),))


def no_such_incident(name: str) -> NoReturn:
    """Raise ConfigurationError for an unknown incident."""
    usage_error(name, "no such incident", f"`{command_line('incidents')}` lists them")


def known_page(settings: "Settings", name: str) -> str:
    """Return the name if the configuration has such a status page. Raises ConfigurationError with the known names."""
    names = settings.status_pages
    if name not in names:
        instead = f"one of: {', '.join(names)}" if names else "add status_pages: to the configuration first"
        usage_error(name, "no such status page", instead)
    return name


def known_service(settings: "Settings", name: str) -> str:
    """Return the name if the configuration has such a service. Raises ConfigurationError with the known names."""
    if name not in settings.policy.services:
        usage_error(name, "no such service", f"one of: {', '.join(settings.policy.services)}")
    return name


def known_tag(settings: "Settings", tag: str) -> str:
    """Return the tag if a service has it. Raises ConfigurationError with the known tags."""
    known = sorted({one for service in settings.policy.services.values() for one in service.tags})
    if tag not in known:
        usage_error(
            tag, "no service has this tag", f"one of: {', '.join(known)}" if known else "write tags: [checkout]"
        )
    return tag


class LocalZone(tzinfo):
    """The zone of the person at the terminal, as the C library knows it: by TZ, else by the host's own setting.

    `datetime.fromtimestamp(at, LocalZone())` calls `fromutc`, which returns the offset and the name (`CET`) at that
    moment, with its daylight saving; `utcoffset` returns the offset of a wall-clock time.
    """

    def fromutc(self, at: datetime) -> datetime:
        """Return the local time of a moment."""
        # Without an argument `astimezone` takes the C library's zone, with the daylight saving of that moment.
        return at.replace(tzinfo=UTC).astimezone()

    def utcoffset(self, at: datetime | None) -> timedelta | None:
        """Return how far the zone is ahead of UTC at a local time."""
        # Python takes a time without a zone as local; with this one attached, `astimezone` would call us again.
        return None if at is None else at.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, at: datetime | None) -> timedelta | None:
        """Return None: no caller needs it."""
        return None

    def tzname(self, at: datetime | None) -> str | None:
        """Return the zone's name at a local time."""
        return None if at is None else at.replace(tzinfo=None).astimezone().tzname()

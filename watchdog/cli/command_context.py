"""What every command gets: the configuration's place, the environment, and the composition root, all lazily.

Rule: importing the command line imports no HTTP client, no database and no settings, so that help is fast.
"""

import os
import pwd
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.domain.identities import SAID, TERMINAL, recorded
from watchdog.domain.incident_notes import NAME_MAX

if TYPE_CHECKING:
    from datetime import tzinfo

    from watchdog.domain.code_comparison import Comparison
    from watchdog.domain.decisions import Decision, TargetChoice
    from watchdog.domain.deploys import Deploy, ServiceFacts
    from watchdog.domain.effects import Note
    from watchdog.domain.incidents import Incident
    from watchdog.domain.readings import Reading
    from watchdog.domain.reports import DemoResult, SignalReport
    from watchdog.domain.store_records import Command
    from watchdog.ports import Clock, Notifier, Store
    from watchdog.settings import Settings
    from watchdog.settings.check.check_result import CheckResult


class Screen(Protocol):
    """What the demo tells as it goes: see demo_screen.DemoScreen."""

    def begin(self, scenario: str, shortened: Sequence[str], at: float) -> None:
        """Show the header; `at` (UTC epoch seconds) is 00:00."""

    def signal(self, service: str, signal: str, reading: "Reading", latency_seconds: float | None, at: float) -> None:
        """Take one reading."""

    def note(self, note: "Note") -> None:
        """Take one line of the story."""

    def world(self, at: float, label: str, text: str) -> None:
        """Take one line of what the make-believe cloud does; `at` is UTC epoch seconds."""

    def result(self, result: "DemoResult") -> None:
        """Show how it ended."""


class Services(Protocol):
    """What the commands need of the composition root, `watchdog.app`. Raises only what domain/errors.py names."""

    async def run(self, settings: "Settings", /) -> int:
        """Run the daemon until it is told to stop; return the exit code."""

    async def once(self, settings: "Settings", /) -> "Sequence[SignalReport]":
        """Read every signal, control target and status page once."""

    def reading(self, settings: "Settings", /) -> "AbstractAsyncContextManager[Store]":
        """Open the record for reading, beside a running daemon."""

    async def command(self, settings: "Settings", name: str, arguments: Mapping[str, Any], by: str, /) -> "Command":
        """Have the daemon (or, when none runs, ourselves under its lock) apply a change; return its answer."""

    async def annotate(
        self, settings: "Settings", asked: Sequence[tuple[str, Mapping[str, Any]]], by: str, /
    ) -> "Sequence[Command]":
        """Have commands that only add to the record applied, by the daemon or without one; return their answers."""

    async def check(self, settings: "Settings", /) -> "Sequence[CheckResult]":
        """Test tokens, services, signals, channels and targets against the world; change nothing."""

    async def deploys(self, settings: "Settings", service: str, /) -> "tuple[Sequence[Deploy], TargetChoice | None]":
        """Return a service's deploys, newest first, and where a rollback would lead now."""

    async def plan(self, settings: "Settings", service: str, to: str | None, /) -> "Decision":
        """Return what a rollback by hand would do now, with every guard's answer; change nothing."""

    async def plan_undo(self, settings: "Settings", incident: "Incident", /) -> "tuple[Decision, str]":
        """Return what an undo of the incident would do now, with every guard's answer, and in words what follows."""

    async def compare(self, settings: "Settings", repo: str, base: str, head: str, /) -> "Comparison":
        """Return what lies between two commits, by the repository; waits a few seconds at most."""

    def notifiers(self, settings: "Settings", /) -> "AbstractAsyncContextManager[Mapping[str, Notifier]]":
        """Open the channels, by name."""

    async def services(
        self, environ: Mapping[str, str], cwd: Path, base_url: str | None, /
    ) -> "tuple[Sequence[ServiceFacts], Mapping[str, str]]":
        """Return the services that WATCHDOG_RENDER_API_KEY can see, and their groups; needs no configuration."""

    async def demo(self, scenario: str, screen: Screen | None, /) -> "DemoResult":
        """Play a scenario against the make-believe cloud; the screen, if any, is shown everything and the result."""


@dataclass(frozen=True, slots=True)
class Context:
    """What one command is run with."""

    config: Path | None
    environ: Mapping[str, str]
    cwd: Path
    load_roof: Callable[[], Services]
    utc: bool = False  # show times in UTC, not in the local zone

    def settings(self) -> "Settings":
        """Return the configuration. Raises ConfigurationError with every mistake."""
        from watchdog.settings.load.load import load

        return load(self.config, self.environ, self.cwd)

    def app(self) -> Services:
        """Return the composition root."""
        return self.load_roof()

    def clock(self) -> "Clock":
        """Return the real clock."""
        from watchdog.daemon.runtime.clock import SystemClock

        return SystemClock()

    def zone(self) -> "tzinfo":
        """Return the time zone in which times are shown: the local one, unless UTC was asked for."""
        from datetime import UTC

        from watchdog.cli.local_zone import LocalZone

        return UTC if self.utc else LocalZone()

    def who(self) -> str:
        """Return who types, for the record: whose process this is, whatever the environment says."""
        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            return f"user {os.getuid()}"

    def author(self, said: str | None = None) -> str:
        """Return who acts, for the record: who types, or the name that they gave (`--as`), marked as no more than said.

        Raises ConfigurationError for a name in which there is nothing to read.
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
    """Raise ConfigurationError for something typed on the command line."""
    raise ConfigurationError((Mistake(where, what, instead),))


def no_such_incident(name: str) -> NoReturn:
    """Raise ConfigurationError for an incident that is not in the record."""
    usage_error(name, "no such incident", f"`{command_line('incidents')}` lists them")


def known_service(settings: "Settings", name: str) -> str:
    """Return the name if the configuration has such a service. Raises ConfigurationError naming those it has."""
    if name not in settings.policy.services:
        usage_error(name, "no such service", f"one of: {', '.join(settings.policy.services)}")
    return name

"""The context of every command: the configuration's path, the environment, and the composition root, all lazy.

Rule: importing the command line imports no HTTP client, no database and no settings, so that help is fast.
"""

import os
import pwd
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import ConfigurationError, Mistake
from watchdog.domain.identities import SAID, TERMINAL, recorded
from watchdog.domain.incident_notes import NAME_MAX

if TYPE_CHECKING:
    from watchdog.cli.services import AppServices
    from watchdog.ports import Clock
    from watchdog.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """The context of one command."""

    config: Path | None
    environ: Mapping[str, str]
    cwd: Path
    load_services: Callable[[], "AppServices"]
    utc: bool = False  # show times in UTC, not in the local zone

    def settings(self) -> "Settings":
        """Return the configuration. Raises ConfigurationError with every mistake."""
        # Imported when a command needs it, as everywhere here: `--help` must not load the YAML parser.
        from watchdog.settings.load.load import load

        return load(self.config, self.environ, self.cwd)

    def app(self) -> "AppServices":
        """Return the composition root."""
        return self.load_services()

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

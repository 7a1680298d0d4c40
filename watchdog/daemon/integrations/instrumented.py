"""Wrappers of channels, repositories and pagers: each records its calls among the integrations."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from watchdog.daemon.integrations.change_events import ChangeLog
from watchdog.daemon.integrations.pager_sync import PagerReader
from watchdog.daemon.integrations.registry import IntegrationRegistry
from watchdog.domain.code_comparison import Comparison
from watchdog.domain.deploys import Commit
from watchdog.domain.errors import Partly, Permanent, Temporary
from watchdog.domain.notices import Notice
from watchdog.domain.pager import Change, Response
from watchdog.ports import Notifier, Repository


class InstrumentedNotifier:
    """A channel; a delivery to some of its people counts as working (implements ports.Notifier).

    A channel that refuses an incident's notices for good still works; one that then refuses another's, too, does not.
    """

    def __init__(self, inner: Notifier, integrations: IntegrationRegistry) -> None:
        self.name = inner.name
        self._inner = inner
        self._refused = ""  # the key of the incident whose notice was refused last, with none delivered since
        self._integrations = integrations
        integrations.expect("channel", inner.name)

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Deliver the notice."""
        with self._noted(notice):
            return await self._inner.send(notice, reference)

    @contextmanager
    def _noted(self, notice: Notice) -> Iterator[None]:
        note = self._integrations
        try:
            with note.attempt("channel", self.name, answers=Permanent):
                yield
            self._refused = ""
        # It refused some recipients, so the channel itself works.
        except Partly:
            self._refused = ""
            note.works("channel", self.name)
            raise
        except Temporary:
            raise
        except Permanent as error:
            # A notice may be refused for its own text, and the next of its incident, which shares that.
            if self._refused not in ("", notice.dedup_key):
                note.fails("channel", self.name, error=error)
            self._refused = notice.dedup_key
            raise
        except asyncio.CancelledError:  # by the attempt's deadline, or by the daemon's stop
            note.fails("channel", self.name, error=Temporary("it did not answer in time"))
            raise
        # Only its type is shown: the text may hold the channel's secret address.
        except Exception as error:
            note.fails("channel", self.name, error=Temporary(f"unexpected error ({type(error).__name__})"))
            raise

    async def check(self) -> str:
        """Ask the channel."""
        return await self._inner.check()

    async def close(self) -> None:
        """Close the channel."""
        await self._inner.close()


class InstrumentedRepository:
    """A repository; an unknown commit does not count against it (implements ports.Repository)."""

    def __init__(self, inner: Repository, integrations: IntegrationRegistry) -> None:
        self.every_seconds = inner.every_seconds
        self._inner = inner
        self._integrations = integrations
        integrations.expect("repository", REPOSITORY)

    async def commits(self, repo: str, branch: str) -> Sequence[Commit]:
        """Return the newest commits on a branch."""
        with self._integrations.attempt("repository", REPOSITORY, answers=Permanent):
            return await self._inner.commits(repo, branch)

    async def compare(self, repo: str, base: str, head: str) -> Comparison:
        """Return the commits between two commits."""
        with self._integrations.attempt("repository", REPOSITORY, answers=Permanent):
            return await self._inner.compare(repo, base, head)

    async def close(self) -> None:
        """Close connections."""
        await self._inner.close()


class InstrumentedPager:
    """A pager that is read (implements daemon.pager_sync.PagerReader)."""

    def __init__(self, inner: PagerReader, integrations: IntegrationRegistry) -> None:
        self.name, self.every_seconds = inner.name, inner.every_seconds
        self._inner = inner
        self._integrations = integrations
        integrations.expect("pager", inner.name)

    @property
    def ahead_seconds(self) -> float:
        """Return how far our clock is ahead of the pager's."""
        return self._inner.ahead_seconds

    async def responses(self, dedup_key: str, since: float) -> Sequence[Response]:
        """Return the humans' responses to a page."""
        with self._integrations.attempt("pager", self.name):
            return await self._inner.responses(dedup_key, since)

    async def close(self) -> None:
        """Close connections."""
        await self._inner.close()


class InstrumentedChanges:
    """A pager's list of changes (implements daemon.change_events.ChangeLog)."""

    def __init__(self, inner: ChangeLog, integrations: IntegrationRegistry) -> None:
        self._inner = inner
        self._integrations = integrations
        integrations.expect("changes", CHANGES)

    async def note(self, change: Change) -> None:
        """Show the change."""
        with self._integrations.attempt("changes", CHANGES):
            await self._inner.note(change)


REPOSITORY = "GitHub"
CHANGES = "PagerDuty"
"""Their names among the integrations."""

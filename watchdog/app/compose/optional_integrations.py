"""Optional integrations beside the daemon's decisions: readers of repositories and pagers.

Rule: no decision or notice waits for them, and the supervisor reports their errors. A decision that does not know the
migrations of a deploy asks.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any

from watchdog.daemon.engine.engine import Engine
from watchdog.daemon.integrations.alert_keeper import AlertKeeper, AlertKeeping
from watchdog.daemon.integrations.change_events import ChangeEvents, ChangeLog
from watchdog.daemon.integrations.deploy_authors import DeployAuthors
from watchdog.daemon.integrations.instrumented import InstrumentedChanges, InstrumentedPager, InstrumentedRepository
from watchdog.daemon.integrations.merge_poller import MergePoller
from watchdog.daemon.integrations.migration_reader import MigrationReader
from watchdog.daemon.integrations.pager_sync import PagerReader, PagerSync
from watchdog.daemon.integrations.registry import IntegrationRegistry
from watchdog.daemon.integrations.suspect_commits import SuspectCommits
from watchdog.daemon.runtime.hooks import Hooks
from watchdog.ports import Clock, Repository, Store


@dataclass(frozen=True, slots=True)
class IntegrationPorts:
    """Optional services to read or to notify. Without a repository, merges are not seen.

    `tells_commits`: the repository also names the suspect commits, the authors of the live deploy and the migrations of
    each. `pager` names the people who responded to a page, `changes` receives deploys, `alerts` are posted anew.
    """

    repository: Repository | None = None
    tells_commits: bool = False
    pager: PagerReader | None = None
    changes: ChangeLog | None = None
    alerts: AlertKeeping | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self.repository is not None:
            await self.repository.close()
        # `changes` and `alerts` are channels, which are closed with the others.
        if self.pager is not None:
            await self.pager.close()


Beside = Mapping[str, Callable[[], Coroutine[Any, Any, None]]]
"""The tasks to run, by name."""


def noted_readers(readers: IntegrationPorts, integrations: IntegrationRegistry) -> IntegrationPorts:
    """Return the same ports, each wrapped to record the outcome of its calls."""
    return replace(
        readers,
        repository=InstrumentedRepository(readers.repository, integrations) if readers.repository is not None else None,
        pager=InstrumentedPager(readers.pager, integrations) if readers.pager is not None else None,
        changes=InstrumentedChanges(readers.changes, integrations) if readers.changes is not None else None,
    )


def suspects_of(readers: IntegrationPorts, clock: Clock, engine: Callable[[], Engine]) -> SuspectCommits | None:
    """Return the reader of suspect commits, or None if the configuration does not ask for it."""
    if readers.repository is None or not readers.tells_commits:
        return None
    return SuspectCommits(readers.repository, clock, lambda: engine().state)


def beside(
    readers: IntegrationPorts,
    suspects: SuspectCommits | None,
    engine: Engine,
    store: Store,
    clock: Clock,
    listeners: Hooks,
) -> Beside:
    """Make each configured part, and subscribe it to every step."""
    parts: dict[
        str, MergePoller | SuspectCommits | DeployAuthors | MigrationReader | PagerSync | ChangeEvents | AlertKeeper
    ] = {}
    if readers.repository is not None:
        # As a function: the engine replaces its state with every step.
        parts["merges"] = MergePoller(readers.repository, clock, lambda: engine.state, engine.submit)
    if suspects is not None:
        parts["suspect-commits"] = suspects
    if readers.repository is not None and readers.tells_commits:
        parts["authors"] = DeployAuthors(readers.repository, clock, lambda: engine.state, engine.submit)
        parts["migrations"] = MigrationReader(
            readers.repository, clock, lambda: (engine.state, engine.policy), engine.submit
        )
    if readers.pager is not None:
        parts["responders"] = PagerSync(
            readers.pager, store, clock, lambda: engine.state, lambda: engine.held, engine.submit
        )
    if readers.alerts is not None:
        parts["alerts"] = AlertKeeper(readers.alerts, store, clock, lambda: engine.state, lambda: engine.held)
    if readers.changes is not None:
        parts["change-events"] = ChangeEvents(readers.changes, clock)
    listeners.stepped += [part.stepped for part in parts.values()]
    return {name: part.run for name, part in parts.items()}

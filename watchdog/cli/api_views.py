"""The console API's answers, made from the store by a command: both share one shape (console/views).

Imported for `--json` alone: the views and their modules take a tenth of a second to import.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from watchdog import __version__
from watchdog.console.dependencies import Dependencies
from watchdog.console.queries.view_queries import ViewQueries
from watchdog.console.views.view_builders import deploy_views, target_view
from watchdog.domain.errors import Permanent
from watchdog.domain.incidents import State

if TYPE_CHECKING:
    from watchdog.app.commands.seen_daemon import SeenDaemon
    from watchdog.domain.decisions import TargetChoice
    from watchdog.domain.deploys import Deploy
    from watchdog.ports import Clock, Store
    from watchdog.settings import Settings


async def queries(
    store: "Store", settings: "Settings", clock: "Clock", daemon: "SeenDaemon | None" = None
) -> ViewQueries:
    """Return the queries of the console, on this store and, where it is looked for, on its daemon. Raises Temporary."""
    policy = daemon.policy if daemon is not None else settings.policy
    state = await store.load() or State()
    return ViewQueries(
        Dependencies(
            journal=store,
            clock=clock,
            policy=lambda: policy,
            state=lambda: state,
            # A command holds no service: every state comes from the store.
            held=frozenset,
            ask=_nothing_is_asked,
            listing=_nothing_is_asked,
            settings=tuple,
            version=__version__,
            owners=lambda: settings.owners,
            own_lists=settings.checklists,
            gates=lambda: settings.gates,
            runs=daemon.runs if daemon is not None else None,
            differences=daemon.differences if daemon is not None else (),
        )
    )


async def _nothing_is_asked(*asked: str | Mapping[str, Any]) -> NoReturn:
    raise Permanent("a command that only reads sends nothing to the daemon")


def deploys_view(
    service: str, found: "Sequence[Deploy]", choice: "TargetChoice | None", now: float
) -> Mapping[str, Any]:
    """Return a service's deploys, newest first, and the target of a rollback at `now` (UTC epoch seconds)."""
    target = target_view(choice) if choice is not None else None
    return {"at": now, "service": service, "deploys": deploy_views(found, choice), "target": target}

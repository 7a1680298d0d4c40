"""The workers that paged that they are blind: each has an entry in `State.failing`, which all workers share.

Rule 1: their pages have one dedup key. Who empties the list ends them, as one worker's sight says nothing of another's.
A worker that died blind ends nothing itself: the holder of the fleet's lease does (`IntegrationMonitor`).
Rule 2: the stored list counts. A worker that sees is on it until its save succeeds: what is read anew still has it.
Rule 3: a page that arrives after that end is ended again by the worker that brought it (`daemon/outbox/own_pages.py`).
"""

from collections.abc import Mapping

from watchdog.core.context import StepContext
from watchdog.domain.fast_replace import fast_replace
from watchdog.domain.incidents import Shared, State
from watchdog.domain.integrations import SIGHT, Failing, Integration, Standing
from watchdog.domain.notices import NoticeKind


def is_listed(state: State) -> bool:
    """Return whether the worker whose state this is has its entry."""
    return _key(state.worker) in state.failing


def listed(state: State | Shared) -> Mapping[str, Failing]:
    """Return the entries of all workers."""
    return {key: failing for key, failing in state.failing.items() if key.startswith(_key(""))}


def is_empty(state: State) -> bool:
    """Return whether no worker has an entry."""
    return not listed(state)


def add(ctx: StepContext, why: str) -> None:
    """Enter this worker."""
    blind = Failing(ctx.state.blind_since or ctx.now, Standing.FAILING.value, why)
    ctx.state = fast_replace(ctx.state, failing={**ctx.state.failing, _key(ctx.state.worker): blind})


def remove(ctx: StepContext, worker: str) -> None:
    """Remove a worker that sees again, or is gone."""
    left = {key: failing for key, failing in ctx.state.failing.items() if key != _key(worker)}
    ctx.state = fast_replace(ctx.state, failing=left)


def gone(ctx: StepContext, one: Integration) -> None:
    """Remove a worker that died blind, and end the page if no other is blind."""
    remove(ctx, one.name)
    if is_empty(ctx.state):
        lines = ("Its services are judged again, by the workers that run.",)
        ctx.notify_operators(NoticeKind.RESOLVED, "blind", "watchdog: the worker that was blind is gone", lines)


def with_older_page(state: State, saved: State) -> State:
    """Return the state with an entry for the page of an older version, which wrote none.

    It ends like the page of a dead worker.
    """
    if not saved.blind_notified or not is_empty(saved):
        return state
    older = Failing(saved.blind_since or 0.0, Standing.FAILING.value, "an older version paged that")
    return fast_replace(state, failing={**state.failing, _key(""): older})


def _key(worker: str) -> str:
    return f"{SIGHT}/{worker}"

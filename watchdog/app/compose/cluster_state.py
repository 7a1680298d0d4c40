"""The state of all workers, for chat and the reports: the own services from memory, the others as last saved.

Pages have theirs in console/queries/cached_cluster_state.py, which reads the store at most once in five seconds.
"""

from dataclasses import replace

from watchdog.app.compose.composition import App
from watchdog.domain.incidents import State


async def state_of_all(app: App) -> State:
    """Return the state of all workers. Raises Temporary or Permanent if the others' cannot be read."""
    ours, engine = app.engine.state, app.engine
    others = [name for name in engine.policy.services if name not in engine.held]
    # The only worker reads nothing here: it answers even while the store is away.
    saved = await app.store.load_readonly(others) if others else None
    return replace(ours, services={**(saved.services if saved is not None else {}), **ours.services})

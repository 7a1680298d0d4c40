"""What all workers know: of what this one holds its memory is the newest word, the rest is as the others saved it."""

from dataclasses import replace

from watchdog.app.compose.composition import App
from watchdog.domain.incidents import State


async def state_of_all(app: App) -> State:
    """Return what all workers know. Raises Temporary or Permanent if what the others saved cannot be read."""
    ours, engine = app.engine.state, app.engine
    others = [name for name in engine.policy.services if name not in engine.held]
    saved = await app.store.load_readonly(others) if others else None
    return replace(ours, services={**(saved.services if saved is not None else {}), **ours.services})

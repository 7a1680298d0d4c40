"""Properties of the store in memory alone: its limits."""

from watchdog.adapters.stores import memory
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.adapters.stores.memory_database import NOTES_MAX
from watchdog.domain.effects import Note
from watchdog.domain.incidents import State
from watchdog.domain.store_records import Write


async def test_it_forgets_the_oldest_beyond_its_bounds(clock, a_state, an_incident) -> None:
    """A refuge that lasts must not eat the host's memory; the newest stay."""
    store = MemoryStore(clock)
    for number in range(memory.INCIDENTS_MAX + 5):
        await store.save(Write(a_state(an_incident(number))))
        command = await store.submit("pause", {}, "ann")
        await store.answer(command, ok=True, text="", exit_code=0)
    incidents = await store.incidents(limit=10_000)
    assert (len(incidents), incidents[-1].id) == (memory.INCIDENTS_MAX, "inc-5")
    assert await store.command(command) is not None and await store.command(1) is None
    await store.save(Write(State(), effects=[Note(float(n), "api", None, "N", "") for n in range(NOTES_MAX + 5)]))
    assert (await store.notes(limit=10**6))[0].at == 5.0
    for number in range(memory.DELIVERIES_MAX + 5):
        await store.delivered(number, "chat", f"inc-{number}", None)
    assert list(await store.deliveries(0)) == [] and list(await store.deliveries(5)) == ["chat"]

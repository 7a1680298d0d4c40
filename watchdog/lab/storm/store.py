"""The shared durable store as one worker reaches it: calls travel, fail before or after the commit, or never arrive.

Rule: a commit happens out there, at one instant, even if its worker dies meanwhile; its answer may be lost, and with it
the knowledge that the connection would have gained.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from watchdog.adapters.stores.memory import MemoryDatabase, MemoryStore
from watchdog.domain.effects import Tell, TryRemedy
from watchdog.domain.errors import Temporary
from watchdog.domain.incidents import Incident, Shared, State
from watchdog.domain.store_records import ActionRow, Command, LeaseGrant, PendingEffect, Write
from watchdog.lab.storm.channels import Post
from watchdog.lab.storm.environment import LoopClock, Nature
from watchdog.lab.storm.fault_mix import STORE_SECONDS, apart
from watchdog.lab.storm.lease_oracle import Ledger

OUTAGE_AT_SAVE = "store_outage_at_save"
OUTAGE_SECONDS = (5.0, 60.0)
CONNECT_SECONDS = 2.0
"""How long an attempt to reach a store that is down takes."""
CLOCK_AHEAD_SECONDS = 37.0
"""How far the store's own clock is ahead of all others, until it is set."""
T = TypeVar("T")


def at_once(call: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that waits for nothing, as those of the store in memory."""
    try:
        call.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("the store in memory waited for something")


@dataclass(frozen=True, slots=True)
class Obeyed:
    """A human's command that a worker said yes to, and when (virtual seconds)."""

    at: float
    worker: str
    name: str
    arguments: Mapping[str, Any]

    @property
    def service(self) -> str:
        """Return the service whose incident it names, or nothing."""
        return str(self.arguments.get("incident", "")).rpartition("-")[0]


class StoreHost:
    """Where the database runs: it may be down for a while; its `clock` is its own.

    `refused` lists the remedies that were decided and not saved: service, and when (virtual seconds).
    `written` is called when a row of the actions' journal was written. `ledger` is the world's own account of leases.
    """

    def __init__(self, nature: Nature, post: Post) -> None:
        self.nature = nature
        self.post = post
        self.clock = LoopClock(nature.loop, CLOCK_AHEAD_SECONDS)
        self.database = MemoryDatabase(self.clock)
        self.ledger = Ledger(nature.loop.time, self.clock.now)
        self.down_until = 0.0
        self.obeyed: list[Obeyed] = []
        self.refused: list[tuple[str, float]] = []
        self.written: Callable[[ActionRow], None] = lambda row: None
        self._desk = MemoryStore(self.clock, database=self.database, sole=False)
        self._outages = apart(nature.seed, "the store's outages at saves")

    def goes_down(self, seconds: float) -> None:
        """Refuse every call for so long."""
        self.nature.note(f"STORE DOWN for {seconds:.0f} s")
        self.down_until = self.nature.loop.time() + seconds

    def decision_comes(self) -> None:
        """A worker begins to save a decision: the store may go down at this very moment."""
        nature, chance = self.nature, self._outages
        # Not drawn in a seed without such a fault, as everywhere.
        likely = nature.weather.store_outage_at_save
        if likely > 0 and chance.random() < likely and not self.is_down:
            nature.struck[OUTAGE_AT_SAVE] += 1
            self.goes_down(chance.uniform(*OUTAGE_SECONDS))

    def steps_clock(self, seconds: float) -> None:
        """Set the clock that judges the leases."""
        self.nature.note(f"STORE CLOCK steps by {seconds:.1f} s")
        self.clock.skew_seconds += seconds

    def copy(self) -> MemoryDatabase:
        """Return a backup."""
        return _copied(self.database)

    def restore(self, backup: MemoryDatabase) -> None:
        """Replace the database by a backup; writes that are on their way to the old one are lost with it."""
        self.database = _copied(backup)
        # The desk holds the old database: people would go on reading what is lost.
        self._desk = MemoryStore(self.clock, database=self.database, sole=False)
        self.ledger.restored()

    def newest_state(self) -> State | None:
        """Return the saved state, as a reader without a lease sees it."""
        return at_once(self._desk.load())

    def pending(self) -> Sequence[PendingEffect]:
        """Return the effects that are written down and not finished."""
        return at_once(self._desk.pending())

    def unanswered(self) -> Sequence[Command]:
        """Return the commands of people to which no worker has said anything: the audit lacks their end."""
        return at_once(self._desk.commands())

    def submit(self, name: str, arguments: Mapping[str, str]) -> None:
        """Leave a human's command."""
        at_once(self._desk.submit(name, arguments, "human"))

    @property
    def is_down(self) -> bool:
        """Return whether it refuses every call."""
        return self.nature.loop.time() < self.down_until


class StormStore(MemoryStore):
    """One worker's connection to the shared database."""

    def __init__(self, host: StoreHost) -> None:
        super().__init__(host.clock, database=host.database, sole=False)
        self._host = host
        self._nature = host.nature
        self._worker = ""

    async def _over(self, what: str, call: Callable[[], Coroutine[Any, Any, T]], *, marked: bool = True) -> T:
        """Let a call travel, happen there, and answer. Raises Temporary, whether it happened or not."""
        nature = self._nature
        if marked:
            await nature.point(f"before {what}")
        answer: asyncio.Future[T] = nature.loop.create_future()
        seconds = CONNECT_SECONDS if self._host.is_down else nature.chance.choice(STORE_SECONDS)
        # The world carries the call: it lands even if its sender is killed or gives up meanwhile.
        nature.later(seconds, self._land, what, call, answer)
        try:
            return await answer
        finally:
            # After an error as well: a worker may die between an answer and its consequence.
            if marked:
                await nature.point(f"after {what}")

    def _land(self, what: str, call: Callable[[], Coroutine[Any, Any, T]], answer: "asyncio.Future[T]") -> None:
        nature = self._nature
        if self._host.is_down or nature.strikes("store_fails"):
            _fail(answer, Temporary("the store does not answer"))
            return
        # Kept from before the call: with the answer, the connection loses all that it would have learnt from it.
        known = (self._grant, copy(self._memo)) if nature.strikes("store_answer_lost") else None
        try:
            value = at_once(call())
        except Exception as error:  # noqa: BLE001  whatever the store says, the worker hears
            _fail(answer, error)
            return
        if known is not None:
            nature.note(f"store: {what} committed, answer lost")
            self._grant, self._memo = known
            _fail(answer, Temporary("the store's answer was lost"))
        elif not answer.done():
            answer.set_result(value)

    async def renew_leases(
        self, worker: str, names: Sequence[str], *, ttl_seconds: float, keep: Collection[str] = (), ailment: str = ""
    ) -> LeaseGrant:
        """Renew leases."""
        self._worker = worker
        # Not marked: renewals are so frequent that most kills would fall on them, where little is at stake.
        call = partial(self._hold, worker, names, ttl_seconds=ttl_seconds, keep=keep, ailment=ailment)
        return await self._over("renew_leases", call, marked=False)

    async def _hold(
        self, worker: str, names: Sequence[str], *, ttl_seconds: float, keep: Collection[str], ailment: str
    ) -> LeaseGrant:
        grant = await super().renew_leases(worker, names, ttl_seconds=ttl_seconds, keep=keep, ailment=ailment)
        self._host.ledger.granted(worker, tuple(grant.epochs), ttl_seconds)
        return grant

    async def release(self) -> None:
        """Give leases back."""
        await self._over("release", self._release)

    async def _release(self) -> None:
        await super().release()
        self._host.ledger.granted(self._worker, (), 0.0)

    async def load(self, names: Collection[str] | None = None) -> State | None:
        """Load state."""
        return await self._over("load", partial(super().load, names))

    async def load_shared(self) -> Shared:
        """Load the state that all workers share."""
        return await self._over("load_shared", partial(super().load_shared))

    async def save(self, write: Write) -> Sequence[PendingEffect]:
        """Save a step."""
        # A save without effects records a mere reading, so it is no marked point.
        if write.effects or write.closed:
            self._host.decision_comes()
        try:
            return await self._over("save", partial(self._save, write), marked=bool(write.effects))
        except Temporary:
            tries = [effect.service for effect in write.effects if isinstance(effect, TryRemedy)]
            self._host.refused += [(service, self._nature.loop.time()) for service in tries]
            raise

    async def _save(self, write: Write) -> Sequence[PendingEffect]:
        """Save; from then on people are owed the pages among the effects."""
        services = self._host.database.services
        before = dict(services)
        pending = await super().save(write)
        for name, service in services.items():
            # States are immutable: another object means that this save wrote the row.
            if before.get(name) is not service:
                self._host.ledger.wrote(self._worker, name)
        for effect in write.effects:
            # Only now: the same transaction holds the page, so no death of this worker can lose it any more.
            if isinstance(effect, Tell) and effect.notice.wakes:
                self._host.post.owe(effect.notice, effect.channels, None)
        if write.answer is not None and write.answer.ok:
            self._obeyed(self._host.database.commands[write.answer.id])
        return pending

    async def pending(self, names: Collection[str] | None = None) -> Sequence[PendingEffect]:
        """Return unfinished effects."""
        return await self._over("pending", partial(super().pending, names))

    async def finish(self, effect_id: int, outcome: str, service: str | None = None) -> None:
        """Finish an effect."""
        await self._over("finish", partial(super().finish, effect_id, outcome, service))

    async def action(self, incident: str, step: str) -> ActionRow | None:
        """Read a row of the journal."""
        return await self._over("action", partial(super().action, incident, step))

    async def put_action(self, row: ActionRow, expect: str | None) -> bool:
        """Write a row of the journal."""
        return await self._over(f"{row.step} {row.state}", partial(self._put_action, row, expect))

    async def _put_action(self, row: ActionRow, expect: str | None) -> bool:
        written = await super().put_action(row, expect)
        if written:
            self._host.ledger.wrote(self._worker, row.service)
            self._host.written(row)
        return written

    async def reference(self, incident: str, channel: str) -> str | None:
        """Read a channel's last reference."""
        return await self._over("reference", partial(super().reference, incident, channel))

    async def delivered(self, effect_id: int, channel: str, incident: str, reference: str | None) -> None:
        """Remember a delivery."""
        await self._over("delivered", partial(super().delivered, effect_id, channel, incident, reference))

    async def deliveries(self, effect_id: int) -> Sequence[str]:
        """Read who has a notice."""
        return await self._over("deliveries", partial(super().deliveries, effect_id))

    async def incident(self, incident_id: str) -> Incident | None:
        """Read an incident."""
        return await self._over("incident", partial(super().incident, incident_id))

    async def commands(self) -> Sequence[Command]:
        """Read waiting commands."""
        return await self._over("commands", partial(super().commands), marked=False)

    async def answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
        """Answer a command."""
        return await self._over("answer", partial(self._answer, command_id, ok=ok, text=text, exit_code=exit_code))

    async def _answer(self, command_id: int, *, ok: bool, text: str, exit_code: int) -> bool:
        command = self._host.database.commands.get(command_id)
        answered = await super().answer(command_id, ok=ok, text=text, exit_code=exit_code)
        if command is not None and answered and ok:
            self._obeyed(command)
        return answered

    def _obeyed(self, command: Command) -> None:
        self._host.obeyed.append(Obeyed(self._nature.loop.time(), self._worker, command.name, command.arguments))


def _copied(database: MemoryDatabase) -> MemoryDatabase:
    """Return a copy of its tables; their rows are immutable."""
    made = MemoryDatabase(database.clock)
    for name, value in vars(database).items():
        setattr(made, name, value.copy() if isinstance(value, dict | deque) else value)
    return made


def _fail(answer: "asyncio.Future[Any]", error: Exception) -> None:
    # A worker that gave up has cancelled the call; it happens all the same.
    if not answer.done():
        answer.set_exception(error)

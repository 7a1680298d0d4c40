"""Saves the result of a step, and decides which effects may run when the save fails.

Theory. A record has two readers: the next start of this worker, and the worker that takes the service over. Both
believe it. So a notice decided while the store was away, and not delivered yet, is written with the very next record: a
reader of "a human was notified" will not notify again. A notice delivered meanwhile needs no row. The end of an
incident is owed in the same way: the state drops a closed incident at the next look, and its row would stay open for
ever.

Rule 1: without a record production is not changed (fails closed), but people are notified from memory (fails open). A
notice that was sent from memory, and turns out to be in the store after all, is not sent again: the outbox compares.
The all-clear of an incident that the store has open waits for its record: the next worker would still take it for open.
Rule 2: a service whose saved state could not be read is watched from memory and not written. The same holds for a
service whose step was undone because its save failed: the commit may have been made and its acknowledgement lost, and a
later save would overwrite it. It is read again first, unless a human's no about it is not saved yet: that outweighs a
permission that may have been saved.
Rule 3: a command's answer is saved with the command's changes. A command that its author withdrew changes nothing.
Rule 4: a human's permission counts once it is saved; a command that holds actions back counts at once.
"""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import structlog

from watchdog.core.phases.close_incident import ended
from watchdog.daemon.actions.runner import unrecorded
from watchdog.daemon.engine.conversion import merge_shared
from watchdog.daemon.engine.effects_refused import EffectsRefused
from watchdog.daemon.engine.left_services import Unwritten
from watchdog.daemon.runtime.hooks import Hooks, call_safely
from watchdog.daemon.runtime.log_throttle import LogThrottle
from watchdog.domain import events as e
from watchdog.domain.effects import OUTSIDE, Effect, Tell
from watchdog.domain.errors import Displaced, Permanent, Stale, Temporary, Withdrawn
from watchdog.domain.events import Event
from watchdog.domain.incidents import Incident, Shared, State
from watchdog.domain.policy import Policy
from watchdog.domain.store_records import FLEET, CommandAnswer, PendingEffect, Write
from watchdog.ports import Clock, Store

OURSELVES = "watchdog"
"""The service that a notice about the watchdog itself names."""
OTHERS_SECONDS = 60.0
"""Age from which a pending notice about the watchdog itself is taken up by the holder of the fleet's lease."""
QUIET_AGAIN_SECONDS = 30.0
"""Pause of the saves out of turn after one failed."""
HANGS_SECONDS = 30.0
"""From this duration on a save under way is trouble: SQLite waits less for a lock, and PostgreSQL ends its calls."""
OWED_MAX = 1000
"""Notices (and closed incidents) without a row that wait for the next record; beyond it the oldest are dropped."""

UNREAD = "what was saved before could not be read yet"
ALLOWING = (
    e.Approved, e.Resumed, e.CommitTrusted, e.RollbackRequested, e.UndoRequested, e.RestoreRequested, e.Unsilenced,
    e.Silenced, e.FollowUpsFellDue, e.DrillFellDue, e.WeekSummedUp, e.AnnouncementPosted, e.PastDecidedAgain,
)  # fmt: skip
"""Events whose effects need a record: a human's permission or request to change something, and notices that are due
once. Without it the step is undone, as the human reads that nothing is done."""
HOLDING = (e.Rejected, e.Stopped, e.Acknowledged)
"""A human's no about an incident: it holds from memory until it is saved."""

log = structlog.get_logger("watchdog")


@dataclass(frozen=True, slots=True)
class StepResult:
    """The result of one event: the states before and after it, its effects, and those to perform (`pending`).

    `why_not` is why it was not saved, or empty; `policy` is the policy the core decided by. `undone`: the step does not
    count after all. `answered`: the store has the answer to the command, by this worker or by its author who gave up.
    """

    before: State
    after: State
    effects: Sequence[Effect]
    pending: Sequence[PendingEffect] = ()
    why_not: str = ""
    policy: Policy | None = None
    undone: bool = False
    answered: bool = False


class StepPersister:
    """Saves steps. `refuse` receives refusals of changes without a record; `recovered` is called when saves
    work again.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        listeners: Hooks,
        refuse: Callable[[Event], None],
        recovered: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._listeners = listeners
        self._refuse = refuse
        self._recovered = recovered
        self._written = Shared()
        self.trouble = ""
        self.effects = EffectsRefused(clock)
        self._unread: set[str] = set()
        self._held_back: set[str] = set()
        self._open: dict[str, str] = {}
        self._owed: deque[Tell] = deque(maxlen=OWED_MAX)
        self._closed: deque[Incident] = deque(maxlen=OWED_MAX)
        self._quiet_after = 0.0
        self._saving_since: float | None = None
        self._throttle = LogThrottle()

    @property
    def hanging(self) -> str:
        """Return that a save does not return, or an empty string. The engine waits for it, and handles no event.

        It is not given up: it may be made later, with the permission of a human who read that it was not recorded.
        """
        since = self._saving_since
        hangs = since is not None and self._clock.monotonic() - since >= HANGS_SECONDS
        return "a save does not return" if hangs else ""

    @property
    def unread(self) -> Collection[str]:
        """Return the names whose saved state is unknown: they are read before they are written."""
        return self._unread

    def know(
        self,
        names: Collection[str],
        state: State | None = None,
        unwritten: Sequence[Unwritten] = (),
        *,
        unread: bool = False,
    ) -> None:
        """Mark the saved state of these names as known (`state` holds it), or as `unread`; owe what is `unwritten`."""
        (self._unread.update if unread else self._unread.difference_update)(names)
        self._held_back.difference_update(names)
        # The state just read has these incidents open, and the core closes them again by itself.
        self._closed = deque((one for one in self._closed if one.service not in names), OWED_MAX)
        self._wrote(state or State(), names)
        # An all-clear that waits for its record would end the page of what is open by the state just read. A page of
        # another incident has no end by that state: it stays this process's own, which resolves it.
        gave_way = [tell for tell in self._owed if self._waits(tell) or self._gave_way(tell)]
        self._settle([tell for tell in gave_way if tell.notice.service in names])
        for one in unwritten:
            self._owed.extend(one.tells)
            self._closed.extend(one.closed)

    def _wrote(self, state: State, names: Collection[str]) -> None:
        """Remember which incidents of these names the store has open."""
        for name in names:
            service = state.services.get(name)
            incident = service.open_incident if service is not None else None
            if incident is not None:
                self._open[name] = incident.id
            else:
                self._open.pop(name, None)

    def forget(self, names: Collection[str]) -> None:
        """Drop names that another worker has now; that worker decides by the store alone."""
        self.know(names)
        # The other worker makes its own notices from the saved state: rows of this one would notify twice.
        self._settle([tell for tell in self._owed if tell.notice.service in names])

    def unwritten(self, name: str) -> Unwritten:
        """Return what the record still lacks of a service."""
        tells = [tell for tell in self._owed if tell.notice.service == name]
        return Unwritten(tells, [one for one in self._closed if one.service == name])

    def delivered(self, tell: Tell) -> None:
        """Note that a notice from memory was delivered: it needs no row any more."""
        self._settle([tell])

    def _settle(self, tells: Collection[Tell]) -> None:
        self._owed = deque((one for one in self._owed if one not in tells), OWED_MAX)

    def _may_be_written(self) -> list[Tell]:
        return [tell for tell in self._owed if tell.notice.service not in self._unread]

    def known(self, state: State) -> State:
        """Return the state without the unread services, which must not be saved."""
        kept = {name: service for name, service in state.services.items() if name not in self._unread}
        return replace(state, services=kept) if self._unread else state

    async def record(self, event: Event, result: StepResult, answer: CommandAnswer | None = None) -> StepResult:
        """Save a step, with the answer to the command behind it. Raises Displaced or Stale.

        Return the result with the effects to perform: none, if the command was withdrawn meanwhile.
        """
        # The blank state of an unread service would overwrite its saved one.
        if self._unread and not self._unread.isdisjoint(_concerned(event, result)):
            return self.unrecorded(event, result, Temporary(UNREAD))
        try:
            write = Write(result.after, event, result.effects, self._ended(result), answer)
            pending = await self._save(write)
        except (Displaced, Stale):
            raise
        # Its author has already read that the command was withdrawn, so none of it may happen.
        except Withdrawn:
            return replace(result, after=result.before, effects=(), undone=True, answered=True)
        except Exception as error:  # noqa: BLE001  people are notified after any failure of the store
            kept = self.unrecorded(event, result, error)
            if kept.undone:
                # The commit may have been made although its acknowledgement was lost: read it before writing over it.
                self._unread.update(name for name in _touched(result) if name not in self._held_back)
            return kept
        return replace(result, pending=pending, answered=answer is not None)

    async def snapshot(self, state: State, *, quietly: bool = False) -> None:
        """Save the state. Raises Displaced or Stale.

        `quietly`: save the progress of a suspicion for a worker that may take over. The save blocks every event while
        the store is slow, so it is left out while saves fail; the regular saves report that.
        """
        if quietly and (self.trouble or self._owed or self._unread or self._clock.monotonic() < self._quiet_after):
            return
        # A snapshot writes the fleet's part as well.
        if FLEET in self._unread:
            self._complain(Temporary(UNREAD))
            return
        try:
            await self._save(Write(state))
        except (Displaced, Stale):
            raise
        except Exception as error:  # noqa: BLE001  the next one follows
            if quietly:
                log.warning("suspicion readings not saved", why=type(error).__name__)
            else:
                self._complain(error)
            # Saves out of turn run under the engine's lock: each failed one delays the handling of events.
            self._quiet_after = self._clock.monotonic() + QUIET_AGAIN_SECONDS
        else:
            if self.effects.in_doubt and not quietly:
                await self._try_an_effect(state)

    async def _try_an_effect(self, state: State) -> None:
        """Save an effect for no one, after the state: it must not keep that from being saved."""
        try:
            for item in await self._save(Write(state, effects=(self.effects.trial(OURSELVES),))):
                await self._store.finish(item.id, "a trial")
        except (Displaced, Stale):
            raise
        except Exception as error:  # noqa: BLE001  it is tried again, and is part of the health
            log.error("store refuses decisions, production is left alone", why=type(error).__name__)

    async def save_final_state(self, state: State) -> None:
        """Save the state at the end. Raises Temporary, Permanent, Displaced or Stale."""
        # A worker that never read the store must not overwrite it with the state it built from memory.
        if FLEET not in self._unread:
            await self._store.save(self._with_what_is_owed(Write(state)))

    def _with_what_is_owed(self, write: Write) -> Write:
        """Return the record with the notices and closings owed, and without the unread services."""
        effects = (*self._may_be_written(), *write.effects)
        return replace(write, state=self.known(write.state), effects=effects, closed=(*self._closed, *write.closed))

    async def _save(self, write: Write) -> Sequence[PendingEffect]:
        owed = self._may_be_written()
        whole = self._with_what_is_owed(write)
        self._saving_since = self._clock.monotonic()
        try:
            pending = await self._store.save(whole)
        except (Displaced, Stale, Withdrawn):
            raise
        except Exception as error:
            self.effects.refused(whole.effects, _reason(error))
            raise
        finally:
            self._saving_since = None
        self.effects.taken(whole.effects)
        self._settle(owed)
        self._closed.clear()
        self._held_back.intersection_update(self._unread)
        self._quiet_after = 0.0
        self._wrote(whole.state, whole.state.services)
        # What this save wrote is the base for the next merge of the shared state (Rule 6 of the engine).
        self._written = write.state.shared
        if self.trouble:
            self.trouble = ""
            # Rows of commits whose acknowledgement was lost have no task yet: it looks for them.
            self._recovered()
        # `end` waits for a quiet minute: a store that fails every other time logs one recovery.
        if self._throttle.end(self._clock.monotonic()):
            log.info("store write recovered")
        return pending

    def unrecorded(self, event: Event, result: StepResult, error: Exception) -> StepResult:
        """Return the result of a step without a record: notices go from memory, changes are refused to the core.

        A human's permission is undone: the step did not happen.
        """
        lasting = bool(self.trouble)
        self._complain(error)
        # A violated invariant disables actions at once, whichever event found it.
        disarms = result.after.disarmed and not result.before.disarmed
        if isinstance(event, ALLOWING) and not disarms:
            return replace(result, after=result.before, effects=(), why_not=self.trouble, undone=True)
        if isinstance(event, HOLDING):
            self._held_back.update(_touched(result))
        for effect in result.effects:
            # The core waits for the outcome of each change: without a refusal its phase would never end.
            refusal = unrecorded(effect, self._clock.now(), lasting=lasting)
            if refusal is not None:
                self._refuse(refusal)
        tells = [effect for effect in result.effects if isinstance(effect, Tell)]
        if isinstance(
            error, (Temporary, Permanent)
        ):  # an unknown error may come from the record itself, and would spoil the next ones
            self._owed.extend(tells)
            self._closed.extend(self._ended(result))
            tells = [tell for tell in tells if not self._waits(tell)]
        return replace(result, pending=[PendingEffect(-1, tell) for tell in tells], why_not=self.trouble)

    def _ended(self, result: StepResult) -> Sequence[Incident]:
        """Return the incidents a step closed, without those of unread services; `TimePassed` closes incidents too."""
        return [one for one in ended(result.before, result.after) if one.service not in self._unread]

    def _waits(self, tell: Tell) -> bool:
        """Return whether a notice waits for the record: an all-clear whose incident the store has open."""
        notice = tell.notice
        return notice.resolves and self._open.get(notice.service) == notice.incident

    def _gave_way(self, tell: Tell) -> bool:
        """Return whether a notice is no all-clear, and about another incident than the store has open."""
        notice, open_one = tell.notice, self._open.get(tell.notice.service)
        return notice.about is not None and not notice.resolves and open_one not in (None, notice.incident)

    def _complain(self, error: Exception) -> None:
        known = isinstance(error, (Temporary, Permanent))
        self.trouble = _reason(error)
        left_out = self._throttle.take(self.trouble, self._clock.monotonic())
        if left_out is not None:
            log.error(
                "store write failed, actions suspended",
                why=self.trouble,
                left_out=left_out,
                # A traceback only for a fault of the daemon: a store's error is complete in one line.
                exc_info=None if known else error,
            )
        for listener in self._listeners.store_failed:
            call_safely(listener, self.trouble)

    def read(self, state: State, shared: Shared) -> Shared:
        """Return the shared state as the store has it now, plus this worker's unsaved changes."""
        written, self._written = self._written, shared
        return merge_shared(written, state.shared, shared)

    async def left_over(self, names: Collection[str], under_way: Collection[int]) -> Sequence[PendingEffect]:
        """Return pending effects that no task performs: of a lost commit, or of a dead worker. Raises Temporary."""
        # Effects of unread services are resumed when they are read (`Engine.adopt_services`).
        pending = await self._store.pending([name for name in names if name not in self._unread])
        return [item for item in pending if item.id not in under_way and not self._may_be_anothers(item.effect)]

    def _may_be_anothers(self, effect: Effect) -> bool:
        """Return whether another worker may be delivering the effect: each worker notifies about itself.

        A notice dated far ahead by a fast clock is taken up at once: a duplicate is better than a notice an hour late.
        """
        if not isinstance(effect, Tell) or effect.notice.service != OURSELVES:
            return False
        # `abs`: a notice dated in the future by a fast clock is older than it looks.
        return abs(self._clock.now() - effect.notice.at) < OTHERS_SECONDS


def _reason(error: Exception) -> str:
    """Return a failure in words, without the text of an error that is not ours."""
    known = isinstance(error, (Temporary, Permanent))
    return str(error) if known else f"an internal error ({type(error).__name__})"


def _touched(result: StepResult) -> list[str]:
    """Return the services that a step changes."""
    before = result.before.services
    return [name for name, service in result.after.services.items() if before.get(name) is not service]


def _concerned(event: Event, result: StepResult) -> set[str]:
    """Return the services a step concerns: the event's, and those of its outside effects."""
    outside = [one.notice if isinstance(one, Tell) else one for one in result.effects if isinstance(one, OUTSIDE)]
    names = {str(getattr(one, "service", FLEET)) for one in (event, *outside)}
    if isinstance(event, e.OF_AN_INCIDENT):
        concerned = result.before.of_incident(event.incident)
        names |= {concerned.name} if concerned is not None else set()
    return names

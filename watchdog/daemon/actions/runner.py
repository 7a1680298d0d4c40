"""Runs actions: one at a time per service; each ends as an event for the core.

Theory. The engine must not wait for Render, so an action runs in a task of its own, behind the lock of its service. The
journal's row of the action (actuator.py) makes it safe to begin it again; this file decides whether to: after a
restart, a change of workers, or an outage of the store, it asks the state whether the action is still wanted.

Rule 1: no caller waits for ever: a fault of the daemon, or a store that stays away, ends as "a human must look".
Rule 2: the core takes the outcome, and the store the core's step, before the effect is marked as finished; a crash in
between looks the outcome up again.
Rule 3: an effect of an earlier run, or one that had to wait, is performed only if the state still wants it; a change
that a pin may have made is reported.
Rule 4: when the service moved to another worker, this one stops silently: the other looks the action up and goes on.
Rule 5: the outage does not wait for a store that does not say whether an earlier run switched auto-deploy; the core
gets that switch once the store does, and before that the effect is not finished.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from watchdog.daemon.actions import auto_deploy
from watchdog.daemon.actions.actuator import Actuator
from watchdog.daemon.actions.timings import Change
from watchdog.domain import effects as fx
from watchdog.domain import events as e
from watchdog.domain.effects import Effect
from watchdog.domain.errors import Displaced, Permanent, Temporary
from watchdog.domain.events import Event
from watchdog.domain.incidents import ACTING, Phase, State
from watchdog.ports import Clock, Store

PATIENCE_SECONDS = 30.0
"""Time the store may be away during an action before a human is asked to look at its outcome."""
AGAIN_SECONDS = 2.0
FINISH_ATTEMPTS = 5
FINISH_AGAIN_SECONDS = 5.0
UNWANTED = "no longer wanted"
OUTAGE = "another outage is being handled, which needs it off"
UNRECORDED = "the journal could not be written"

ACTS = (fx.PinAutoDeploy, fx.Rollback, fx.RestoreAutoDeploy, fx.TryRemedy)
"""Effects that change production."""

log = structlog.get_logger("watchdog")


class ActionRunner:
    """Runs actions to their end.

    `state` returns the present state, `ask` submits an event to the core, `trouble` returns why the store refused the
    last record. `stay` numbers a service's stays with this worker. Another number means that the service moved away and
    back, perhaps under the same lease, and that its state was loaded anew.
    """

    def __init__(
        self,
        actuator: Actuator,
        store: Store,
        clock: Clock,
        state: Callable[[], State],
        ask: Callable[[Event], Awaitable[object]],
        trouble: Callable[[], str] = lambda: "",
        stay: Callable[[str], int | None] = lambda _: None,
    ) -> None:
        self._actuator = actuator
        self._store = store
        self._clock = clock
        self._state = state
        self._ask = ask
        self._trouble = trouble
        self._stay = stay
        self._turns: dict[str, asyncio.Lock] = {}

    async def run(self, effect_id: int, effect: Change, *, resumed: bool) -> None:
        """Perform the effect, let the core take the outcome, and only then mark the effect as finished."""
        try:
            await self._carry_out(effect_id, effect, resumed=resumed)
        except Displaced as error:
            log.warning("action left to another worker", incident=effect.incident, why=str(error))
        except (Temporary, Permanent) as error:
            log.error("action outcome unknown, reconciling later", incident=effect.incident, why=str(error))

    async def _carry_out(self, effect_id: int, effect: Change, *, resumed: bool) -> None:
        stay = self._stay(effect.service)
        landed = await self._landed(effect, stay, resumed=resumed)
        # Pin and rollback of one service never overlap; services do not wait for each other.
        async with self._turns.setdefault(effect.service, asyncio.Lock()):
            wanted = landed and self._wanted_now(effect, resumed=resumed)
            outcome = await (self._outcome(effect, resumed=resumed) if wanted else self._unwanted(effect))
        if outcome is not None:
            await self._written(effect, outcome)
        # The wait takes seconds, in which the service may have moved.
        self._still_ours(effect, stay)
        if isinstance(outcome, e.PinUnconfirmed) and outcome.previous is None:
            await self._report_earlier_switch(effect)
            self._still_ours(effect, stay)
        what = type(outcome).__name__ if outcome is not None else UNWANTED
        await self._finish(effect_id, what, effect.service)

    async def _landed(self, effect: Change, stay: int | None, *, resumed: bool) -> bool:
        """Wait until an earlier switch can no longer arrive, before auto-deploy is restored. Raises Displaced.

        Return whether the restore is still wanted. It waits outside the service's turn, so that a new outage does not
        wait.
        """
        if not isinstance(effect, fx.RestoreAutoDeploy):
            return True
        if resumed and not still_wanted(self._state(), effect):
            return False
        await self._actuator.let_land()
        self._still_ours(effect, stay)
        return True

    async def _written(self, effect: Change, outcome: Event) -> None:
        """Submit the outcome to the core, and wait until the store has the core's step. Raises Displaced."""
        await self._ask(outcome)
        # Without the core's step in the store, a crash must find the effect pending.
        while self._trouble():
            await self._clock.sleep(AGAIN_SECONDS)

    async def _report_earlier_switch(self, effect: Change) -> None:
        """Report a switch that an earlier run may have sent, where the outcome lacks it: no row was read.

        Raises Temporary where the store still does not answer: the effect stays pending, and is looked up again.
        """
        late = await self._unwanted(effect)
        service = self._state().services.get(effect.service)
        known = service is not None and service.auto_deploy_off
        # A second switch of this incident reads the same row, and its outcome is waited for.
        if late is not None and not known and not still_wanted(self._state(), effect):
            await self._written(effect, late)

    def _still_ours(self, effect: Change, stay: int | None) -> None:
        """Raise Displaced if the service moved away in between, even if it came back.

        Its state was loaded anew and may lack the outcome, so the effect stays pending and is looked up. (A lease that
        expires while the store is away may come back the same.)
        """
        if self._stay(effect.service) != stay:
            raise Displaced((effect.service,))

    def _wanted_now(self, effect: Change, *, resumed: bool) -> bool:
        """Return whether an effect is still wanted after its wait.

        Auto-deploy is restored unless a new action needs it off. The core may take it for on by a deploy list read
        before the switch landed, so its view is not asked.
        """
        if not isinstance(effect, fx.RestoreAutoDeploy):
            return not resumed or still_wanted(self._state(), effect)
        service = self._state().services.get(effect.service)
        return service is None or service.phase not in ACTING

    async def _unwanted(self, effect: Change) -> Event | None:
        """Return the event for an action that is no longer wanted: a pin may have gone through.

        Auto-deploy whose restore was announced stays off if another outage came first. If the same incident goes on,
        its end reports it.
        """
        if isinstance(effect, fx.RestoreAutoDeploy):
            service = self._state().services.get(effect.service)
            incident = service.incident if service is not None else None
            same = incident is not None and incident.id == effect.incident
            if service is None or not service.auto_deploy_off or same:
                return None
            return e.AutoDeployNotRestored(self._clock.now(), effect.service, effect.incident, OUTAGE)
        if not isinstance(effect, fx.PinAutoDeploy):
            return None
        row = await self._store.action(effect.incident, auto_deploy.STEP)
        # No intent was saved, so no request was sent.
        if row is None:
            return None
        return e.PinUnconfirmed(self._clock.now(), effect.service, effect.incident, UNWANTED, row.baseline)

    async def _outcome(self, effect: Change, *, resumed: bool) -> Event:
        """Return the outcome, looking it up while the store is away, for PATIENCE_SECONDS."""
        give_up: float | None = None
        while True:
            try:
                return await self._actuator.perform(effect, resumed=resumed)
            except Displaced:
                raise
            except (Temporary, Permanent) as error:
                log.error("store unavailable during action, reconciling", why=str(error))
                why = f"the journal does not answer: {error}"
            except Exception as error:
                log.error("action failed, internal error", exc_info=error)
                # An assertion of the protocol failed: the core disables all further actions.
                if isinstance(error, AssertionError):
                    await self._ask(e.InvariantBroken(self._clock.now(), f"{type(effect).__name__}: {error}"))
                return await self._unknown(effect, f"an internal error ({type(error).__name__}); please report it")
            # From the store's first failure: the action itself may take minutes.
            give_up = give_up if give_up is not None else self._clock.monotonic() + PATIENCE_SECONDS
            if self._clock.monotonic() >= give_up:
                return await self._unknown(effect, why)
            # From now on only look up: the request may have been sent before the store failed.
            resumed = True
            await self._clock.sleep(AGAIN_SECONDS)

    async def _unknown(self, effect: Change, why: str) -> Event:
        """Return the event that asks a human to look, with the value to restore if a pin had saved it."""
        at = self._clock.now()
        if isinstance(effect, fx.Rollback):
            return e.RollbackLost(at, effect.service, effect.incident, why)
        if isinstance(effect, fx.RestoreAutoDeploy):
            return e.AutoDeployNotRestored(at, effect.service, effect.incident, why)
        if isinstance(effect, fx.TryRemedy):
            return e.RemedyLost(at, effect.service, effect.incident, effect.remedy, why)
        try:
            row = await self._store.action(effect.incident, auto_deploy.STEP)
        except (Temporary, Permanent):
            row = None
        previous = row.baseline if row is not None else None
        return e.PinUnconfirmed(at, effect.service, effect.incident, why, previous)

    async def _finish(self, effect_id: int, outcome: str, service: str) -> None:
        """Mark the effect as finished; a worker that lost its lease while frozen finds out here. Raises Displaced."""
        # Still pending afterwards, the effect is looked up at the next start.
        for _ in range(FINISH_ATTEMPTS):
            try:
                await self._store.finish(effect_id, outcome, service)
                return
            except (Temporary, Permanent) as error:
                log.error("effect not marked finished, retrying", why=str(error))
                await self._clock.sleep(FINISH_AGAIN_SECONDS)


def still_wanted(state: State, effect: Change) -> bool:
    """Return whether an effect of an earlier run still belongs to the state.

    A rollback is always looked up, unless its incident went on to another target: a lookup changes nothing. So is a
    remedy: people are notified of one that is done, also after the end of its incident.
    """
    if isinstance(effect, fx.TryRemedy):
        return True
    service = state.services.get(effect.service)
    incident = service.incident if service is not None else None
    ours = incident is not None and incident.id == effect.incident
    if isinstance(effect, fx.Rollback):
        return not ours or incident is None or incident.rollback.target in (None, effect.target)
    if service is None:
        return False
    if isinstance(effect, fx.RestoreAutoDeploy):
        return bool(service.auto_deploy_off) and service.phase not in ACTING
    again = incident is not None and incident.pin.again and not incident.pin.off
    return ours and (service.phase is Phase.PINNING or again)


def unrecorded(effect: Effect, at: float, *, lasting: bool) -> Event | None:
    """Return the refusal sent to the core for an action whose intent could not be saved.

    `lasting`: the record before this one failed as well.
    """
    if isinstance(effect, fx.Rollback):
        return e.RollbackStoodDown(at, effect.service, effect.incident, UNRECORDED)
    if isinstance(effect, fx.PinAutoDeploy):
        # While no save succeeds, people are paged at once. After one that failed the core decides anew. Either way no
        # rollback goes out without the order to switch auto-deploy off, and without its reasons in the record.
        if lasting:
            return e.RollbackStoodDown(at, effect.service, effect.incident, UNRECORDED)
        return e.RollbackPostponed(at, effect.service, effect.incident, UNRECORDED)
    if isinstance(effect, fx.RestoreAutoDeploy):
        return e.AutoDeployNotRestored(at, effect.service, effect.incident, UNRECORDED)
    if isinstance(effect, fx.TryRemedy):
        # The rollback that is decided next cannot be saved either, and pages with that reason.
        kind = e.RemedyRefused if lasting else e.RemedyPostponed
        return kind(at, effect.service, effect.incident, effect.remedy, UNRECORDED)
    return None

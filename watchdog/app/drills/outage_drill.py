"""An outage on purpose: begun by one request, watched until the daemon has proved the recovery, cleaned up.

Rule 1: the drill is recorded before the service is broken; the cleanup follows however it ends (`Fault.clean`).
Rule 2: it decides nothing for the daemon. The times are the daemon's own record, read from its store.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from watchdog.app.drills.drill_fault import Fault
from watchdog.daemon.outbox.delivery import PASSIVE_CHANNELS
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.drills.drill import Drill, DrillStep
from watchdog.domain.errors import Refused, WatchdogError
from watchdog.domain.incidents import Incident
from watchdog.domain.units import show_seconds

LOOK_SECONDS = 0.5
WITHIN_SECONDS = 2400.0
"""How long the whole outage is waited for: a build, the detection, a rollback and its proof."""
PAGE_SECONDS = 15.0
"""How long the first delivery is waited for after everything else is over."""
INCIDENTS_READ = 10


@dataclass(slots=True)
class OutageDrill:
    """One drill on a staging service. `targets` has the limit of each step in seconds.

    `sandbox`: it runs against the simulated cloud.
    """

    fault: Fault
    targets: Mapping[str, float]
    within_seconds: float = WITHIN_SECONDS
    sandbox: bool = False
    _decided_at: float | None = field(default=None, init=False)
    _incident: Incident | None = field(default=None, init=False)

    async def run(self, by: str) -> Drill:
        """Hold the drill, and return its scoreboard.

        Raises Refused before anything is changed; after Ctrl-C or a fault it cleans up first, and raises that then.
        """
        drill = await self._begin(by)
        failed: BaseException | None = None
        try:
            drill = await self.fault.begin(drill)
            await self.fault.parts.store.put_drill(drill)
            drill = await self._watch(drill)
        except WatchdogError as error:
            drill = _with(drill, str(error))
        # Ctrl-C, and every fault of our own: the service must not stay broken.
        except BaseException as error:  # noqa: BLE001
            failed = error
            what = "interrupted" if isinstance(error, asyncio.CancelledError) else type(error).__name__
            drill = _with(await self.fault.known(drill), what)
            self.fault.parts.tell(f"{what}: cleaning up first")
        drill = await self._end(drill, by)
        if failed is not None:
            raise failed
        return drill

    async def _begin(self, by: str) -> Drill:
        name, store, clock = self.fault.parts.staging.name, self.fault.parts.store, self.fault.parts.clock
        drill = await self.fault.prepared(
            Drill(
                clock.now(),
                name,
                self.fault.method,
                by,
                sandbox=self.sandbox,
                targets=self.targets,
                within_seconds=self.within_seconds,
            )
        )
        begun = await store.begin_drill(drill)
        if begun is None:
            raise Refused(f"a drill of {name} is not finished: {command_line('drill', name, '--clean')}")
        try:
            await self.fault.admitted(by)
        except Refused as error:
            await store.put_drill(replace(_with(begun, str(error)), ended_at=clock.now()))
            raise
        return begun

    async def _watch(self, drill: Drill) -> Drill:
        """Watch until the recovery is proved, or the daemon leaves it to people, or the time is up."""
        clock = self.fault.parts.clock
        give_up, over_at = clock.monotonic() + self.within_seconds, None
        while clock.monotonic() < give_up:
            if why := await self.fault.look(drill):
                return _with(drill, why)
            drill, over = await self._look_at_store(drill)
            over_at = over_at or (clock.monotonic() if over is not None else None)
            told = DrillStep.PAGED in drill.took
            if over is not None and over_at is not None and (told or clock.monotonic() > over_at + PAGE_SECONDS):
                return _with(drill, over) if over else drill
            await clock.sleep(LOOK_SECONDS)
        what = "its recovery was not proved" if self._incident else "no incident was opened"
        return _with(drill, f"{what} within {show_seconds(self.within_seconds)}")

    async def _look_at_store(self, drill: Drill) -> tuple[Drill, str | None]:
        """Return the drill with the times known by now, and how it ended: None not yet, "" well, else what is wrong."""
        found = await self.fault.parts.store.incidents(INCIDENTS_READ, service=drill.service)
        incident = next((one for one in reversed(found) if one.opened_at >= drill.at), None)
        if incident is None:
            return replace(drill, began_at=self.fault.began_at), None
        self._incident = incident
        if incident.decision is not None and self._decided_at is None:
            self._decided_at = incident.decision.at
        began, took = await self._times(incident)
        before, drill = drill, replace(drill, incident=incident.id, began_at=began, took=took)
        for step in (one for one in DrillStep if one in drill.took and one not in before.took):
            self.fault.parts.tell(f"{step.value} after {show_seconds(drill.took[step])}")
        return drill, self.fault.ending(incident)

    async def _times(self, incident: Incident) -> tuple[float, dict[str, float]]:
        """Return when the outage began, and the seconds to each step that is known by now."""
        began = min(at for at in (self.fault.began_at, incident.onset_at) if at is not None)
        arrived = await self.fault.parts.store.first_deliveries(incident.id)
        paged = [at for channel, at in arrived.items() if channel not in PASSIVE_CHANNELS]
        moments = {
            DrillStep.DETECTED: incident.opened_at,
            DrillStep.DECIDED: self._decided_at,
            DrillStep.PAGED: min(paged, default=None),
            **self.fault.moments(incident),
        }
        took = {
            step.value: round(max(0.0, at - began), 1) for step in DrillStep if (at := moments.get(step)) is not None
        }
        return began, took

    async def _end(self, drill: Drill, by: str) -> Drill:
        """Clean up, and record the scoreboard."""
        left = await self.fault.clean(drill, by)
        drill = replace(drill, left=left, ended_at=self.fault.parts.clock.now())
        await self.fault.parts.store.put_drill(drill)
        for line in left:
            self.fault.parts.tell(f"LEFT FOR YOU: {line}")
        return drill


def _with(drill: Drill, problem: str) -> Drill:
    return replace(drill, problems=(*drill.problems, problem))

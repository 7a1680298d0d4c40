"""A drill with a known-bad commit: deployed once, watched until the daemon has proved the recovery, cleaned up.

Rule 1: the drill is recorded before the commit is deployed; the cleanup follows however it ends (`drill_cleanup`).
Rule 2: it decides nothing for the daemon. The times are the daemon's own record, read from its store.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from watchdog.adapters.platforms.render_drill import DrillRender
from watchdog.app.commands.cli_service import command
from watchdog.app.drills.drill_cleanup import DrillCleanup, Tell
from watchdog.app.drills.drill_ground import Staging, ground_of
from watchdog.daemon.outbox.delivery import PASSIVE_CHANNELS
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.deploys import Deploy
from watchdog.domain.drills.drill import Drill, DrillMethod, DrillStep
from watchdog.domain.errors import OutcomeUnknown, Refused, Temporary, WatchdogError
from watchdog.domain.incidents import Incident, Outcome
from watchdog.domain.units import show_seconds
from watchdog.ports import Clock, Store
from watchdog.settings import Settings

LOOK_SECONDS, DEPLOY_LOOK_SECONDS = 0.5, 2.0
WITHIN_SECONDS = 2400.0
"""How long the whole outage is waited for: a build, the detection, a rollback and its proof."""
LISTED_WITHIN_SECONDS = 60.0
"""How long a deploy whose request got no answer is looked for; one that Render has is listed at once."""
BROKEN_OFF_SECONDS = 10.0
"""How long the deploy of a request that was broken off is looked for: so long may the request itself take."""
PAGE_SECONDS = 15.0
"""How long the first delivery is waited for after everything else is over."""
INCIDENTS_READ = 10


@dataclass(slots=True)
class OutageDrill:
    """One drill on a staging service. `tell` shows a line of progress, `targets` has the limit of each step in seconds.

    `sandbox`: it runs against the simulated cloud.
    """

    settings: Settings
    staging: Staging
    store: Store
    client: DrillRender
    clock: Clock
    tell: Tell
    targets: Mapping[str, float]
    within_seconds: float = WITHIN_SECONDS
    sandbox: bool = False
    _live_at: float | None = field(default=None, init=False)
    _decided_at: float | None = field(default=None, init=False)
    _incident: Incident | None = field(default=None, init=False)

    async def run(self, by: str) -> Drill:
        """Hold the drill, and return its scoreboard.

        Raises Refused before anything is changed; after Ctrl-C or a fault it cleans up first, and raises that then.
        """
        drill = await self._begin(by)
        failed: BaseException | None = None
        try:
            drill = await self._deploy(drill)
            drill = await self._watch(drill)
        except WatchdogError as error:
            drill = _with(drill, str(error))
        # Ctrl-C, and every fault of our own: the service must not stay broken.
        except BaseException as error:  # noqa: BLE001
            failed = error
            what = "interrupted" if isinstance(error, asyncio.CancelledError) else type(error).__name__
            drill = _with(await self._known(drill), what)
            self.tell(f"{what}: cleaning up first")
        drill = await self._end(drill, by)
        if failed is not None:
            raise failed
        return drill

    async def _begin(self, by: str) -> Drill:
        state, live, warning = await ground_of(self.settings, self.staging, self.store, self.client, self.clock)
        if warning:
            self.tell(f"warning: {warning}")
        name, commit = self.staging.name, self.staging.commit
        drill = Drill(
            self.clock.now(),
            name,
            DrillMethod.BAD_COMMIT,
            by,
            sandbox=self.sandbox,
            commit=commit,
            good=live.id,
            good_commit=live.commit or "",
            targets=self.targets,
            within_seconds=self.within_seconds,
        )
        begun = await self.store.begin_drill(drill)
        if begun is None:
            raise Refused(f"a drill of {name} is not finished: {command_line('drill', name, '--clean')}")
        # The last drill had its commit denied, and a commit that returns is asked about instead of rolled back.
        if commit in state.denied:
            # First, so that the cleanup of a drill that is killed looks whether it is denied again.
            lifted = replace(begun, lifted=True)
            await self.store.put_drill(lifted)
            answered = await command(self.settings, "trust", {"commit": commit}, by)
            if not answered.ok:
                await self.store.put_drill(replace(_with(begun, answered.answer), ended_at=self.clock.now()))
                raise Refused(f"the known-bad commit is still on the deny-list: {answered.answer}")
            return lifted
        return begun

    async def _deploy(self, drill: Drill) -> Drill:
        """Deploy the known-bad commit, once, and record the deploy's id."""
        self.tell(f"deploying the known-bad commit {drill.commit[:7]} on {drill.service}; {drill.good} is live")
        try:
            made = await self.client.deploy_bad_commit()
        except OutcomeUnknown as error:
            self.tell(f"{error}: looking for it in Render's list, nothing is sent again")
            made = None
        drill = replace(drill, deploy=made or await self._listed(drill))
        await self.store.put_drill(drill)
        return drill

    async def _listed(self, drill: Drill, within_seconds: float = LISTED_WITHIN_SECONDS) -> str:
        """Return the id of the drill's deploy by Render's list. Raises Temporary if there is none after a while."""
        give_up = self.clock.monotonic() + within_seconds
        while True:
            if found := _own(await self.client.deploys(self.staging.id), drill):
                return found
            if self.clock.monotonic() > give_up:
                raise Temporary("Render lists no deploy of the known-bad commit")
            await self.clock.sleep(DEPLOY_LOOK_SECONDS)

    async def _known(self, drill: Drill) -> Drill:
        """Return the drill with its deploy's id, which a request that Ctrl-C broke off did not return."""
        if drill.deploy:
            return drill
        with contextlib.suppress(WatchdogError):
            return replace(drill, deploy=await self._listed(drill, BROKEN_OFF_SECONDS))
        return drill

    async def _watch(self, drill: Drill) -> Drill:
        """Watch until the recovery is proved, or the daemon leaves it to people, or the time is up."""
        give_up, looked, over_at = self.clock.monotonic() + self.within_seconds, 0.0, None
        while self.clock.monotonic() < give_up:
            if self._live_at is None and self.clock.monotonic() - looked > DEPLOY_LOOK_SECONDS:
                looked = self.clock.monotonic()
                if why := await self._look_at_render(drill):
                    return _with(drill, why)
            drill, over = await self._look_at_store(drill)
            over_at = over_at or (self.clock.monotonic() if over is not None else None)
            told = DrillStep.PAGED in drill.took
            if over is not None and over_at is not None and (told or self.clock.monotonic() > over_at + PAGE_SECONDS):
                return _with(drill, over) if over else drill
            await self.clock.sleep(LOOK_SECONDS)
        what = "its recovery was not proved" if self._incident else "no incident was opened"
        return _with(drill, f"{what} within {show_seconds(self.within_seconds)}")

    async def _look_at_render(self, drill: Drill) -> str:
        """Note when the bad commit went live; return why it never will."""
        try:
            deploy = await self.client.deploy(self.staging.id, drill.deploy)
        except Temporary:
            return ""
        if deploy.was_live:
            ahead = self.client.clock.ahead_seconds if self.client.clock is not None else 0.0
            self._live_at = (deploy.finished_at or self.clock.now() - ahead) + ahead
            self.tell(f"{deploy.id} is live: the outage begins")
        return f"the known-bad commit did not go live ({deploy.status_words})" if _never(deploy) else ""

    async def _look_at_store(self, drill: Drill) -> tuple[Drill, str | None]:
        """Return the drill with the times known by now, and how it ended: None not yet, "" well, else what is wrong."""
        found = await self.store.incidents(INCIDENTS_READ, service=drill.service)
        incident = next((one for one in reversed(found) if one.opened_at >= drill.at), None)
        if incident is None:
            return replace(drill, began_at=self._live_at), None
        self._incident = incident
        if incident.decision is not None and self._decided_at is None:
            self._decided_at = incident.decision.at
        began, took = await self._times(incident)
        before, drill = drill, replace(drill, incident=incident.id, began_at=began, took=took)
        for step in (one for one in DrillStep if one in drill.took and one not in before.took):
            self.tell(f"{step.value} after {show_seconds(drill.took[step])}")
        return drill, _ending(incident)

    async def _times(self, incident: Incident) -> tuple[float, dict[str, float]]:
        """Return when the outage began, and the seconds to each step that is known by now."""
        began = min(at for at in (self._live_at, incident.onset_at) if at is not None)
        arrived = await self.store.first_deliveries(incident.id)
        paged = [at for channel, at in arrived.items() if channel not in PASSIVE_CHANNELS]
        moments = {
            DrillStep.DETECTED: incident.opened_at,
            DrillStep.DECIDED: self._decided_at,
            DrillStep.REQUESTED: incident.rollback.requested_at,
            DrillStep.PAGED: min(paged, default=None),
            DrillStep.RESTORED: incident.rollback.restored_at,
            DrillStep.VERIFIED: incident.rollback.verified_at,
        }
        took = {step.value: round(max(0.0, at - began), 1) for step, at in moments.items() if at is not None}
        return began, took

    async def _end(self, drill: Drill, by: str) -> Drill:
        """Clean up, and record the scoreboard."""
        cleanup = DrillCleanup(self.settings, self.staging, self.store, self.client, self.clock, self.tell)
        left = await cleanup.clean(drill, by)
        drill = replace(drill, left=left, ended_at=self.clock.now())
        await self.store.put_drill(drill)
        for line in left:
            self.tell(f"LEFT FOR YOU: {line}")
        return drill


def _own(deploys: Sequence[Deploy], drill: Drill) -> str:
    """Return the id of the drill's deploy; the same commit of an earlier drill is older than what was live."""
    newer = takewhile(lambda one: one.id != drill.good, deploys)
    return next((one.id for one in newer if one.commit == drill.commit), "")


def _with(drill: Drill, problem: str) -> Drill:
    return replace(drill, problems=(*drill.problems, problem))


def _never(deploy: Deploy) -> bool:
    return deploy.has_ended and not deploy.was_live


def _ending(incident: Incident) -> str | None:
    if incident.rollback.verified_at is not None:
        return ""
    if incident.closed_at is not None:
        return f"the incident ended otherwise: {incident.outcome or Outcome.UNSEEN}"
    return f"the daemon left it to people: {incident.human_needed}" if incident.human_needed else None

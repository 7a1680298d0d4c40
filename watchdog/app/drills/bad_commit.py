"""A known-bad commit as the fault of a drill: deployed once, and left by the daemon's own rollback."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from watchdog.adapters.platforms.render_drill import DrillRender
from watchdog.app.commands.cli_service import command
from watchdog.app.drills.drill_cleanup import DrillCleanup
from watchdog.app.drills.drill_ground import DrillParts, commit_ground_of
from watchdog.domain.deploys import Deploy
from watchdog.domain.drills.drill import Drill, DrillMethod, DrillStep
from watchdog.domain.errors import OutcomeUnknown, Refused, Temporary, WatchdogError
from watchdog.domain.incidents import Incident, Outcome

DEPLOY_LOOK_SECONDS = 2.0
LISTED_WITHIN_SECONDS = 60.0
"""How long a deploy whose request got no answer is looked for; one that Render has is listed at once."""
BROKEN_OFF_SECONDS = 10.0
"""How long the deploy of a request that was broken off is looked for: so long may the request itself take."""


@dataclass(slots=True)
class BadCommit:
    """The commit of one drill (implements `drill_fault.Fault`)."""

    parts: DrillParts
    client: DrillRender
    method: DrillMethod = field(default=DrillMethod.BAD_COMMIT, init=False)
    began_at: float | None = field(default=None, init=False)
    _denied: bool = field(default=False, init=False)
    _looked: float = field(default=0.0, init=False)

    async def prepared(self, drill: Drill) -> Drill:
        """Return the drill with its commit, and the deploy to which the daemon will roll back. Raises Refused."""
        ground, warning = await commit_ground_of(self.parts)
        if warning:
            self.parts.tell(f"warning: {warning}")
        commit, live = self.parts.staging.commit, ground.live
        self._denied = commit in ground.state.denied
        # The last drill had its commit denied, and a commit that returns is asked about instead of rolled back. Noted
        # first, so that the cleanup of a drill that is killed looks whether it is denied again.
        return replace(drill, commit=commit, good=live.id, good_commit=live.commit or "", lifted=self._denied)

    async def admitted(self, by: str) -> None:
        """Take the commit off the deny-list. Raises Refused."""
        if not self._denied:
            return
        answered = await command(self.parts.settings, "trust", {"commit": self.parts.staging.commit}, by)
        if not answered.ok:
            raise Refused(f"the known-bad commit is still on the deny-list: {answered.answer}")

    async def begin(self, drill: Drill) -> Drill:
        """Deploy the known-bad commit, once, and return the drill with the deploy's id."""
        self.parts.tell(f"deploying the known-bad commit {drill.commit[:7]} on {drill.service}; {drill.good} is live")
        try:
            made = await self.client.deploy_bad_commit()
        except OutcomeUnknown as error:
            self.parts.tell(f"{error}: looking for it in Render's list, nothing is sent again")
            made = None
        return replace(drill, deploy=made or await self._listed(drill))

    async def _listed(self, drill: Drill, within_seconds: float = LISTED_WITHIN_SECONDS) -> str:
        """Return the id of the drill's deploy by Render's list. Raises Temporary if there is none after a while."""
        clock = self.parts.clock
        give_up = clock.monotonic() + within_seconds
        while True:
            if found := _own(await self.client.deploys(self.parts.staging.id), drill):
                return found
            if clock.monotonic() > give_up:
                raise Temporary("Render lists no deploy of the known-bad commit")
            await clock.sleep(DEPLOY_LOOK_SECONDS)

    async def known(self, drill: Drill) -> Drill:
        """Return the drill with its deploy's id, which a request that Ctrl-C broke off did not return."""
        if drill.deploy:
            return drill
        with contextlib.suppress(WatchdogError):
            return replace(drill, deploy=await self._listed(drill, BROKEN_OFF_SECONDS))
        return drill

    async def look(self, drill: Drill) -> str:
        """Note when the bad commit went live; return why it never will."""
        clock = self.parts.clock
        if self.began_at is not None or clock.monotonic() - self._looked <= DEPLOY_LOOK_SECONDS:
            return ""
        self._looked = clock.monotonic()
        try:
            deploy = await self.client.deploy(self.parts.staging.id, drill.deploy)
        except Temporary:
            return ""
        if deploy.was_live:
            ahead = self.client.clock.ahead_seconds if self.client.clock is not None else 0.0
            self.began_at = (deploy.finished_at or clock.now() - ahead) + ahead
            self.parts.tell(f"{deploy.id} is live: the outage begins")
        never = deploy.has_ended and not deploy.was_live
        return f"the known-bad commit did not go live ({deploy.status_words})" if never else ""

    def moments(self, incident: Incident) -> Mapping[DrillStep, float | None]:
        """Return when the steps of the rollback came, by the daemon's record."""
        return {
            DrillStep.REQUESTED: incident.rollback.requested_at,
            DrillStep.RESTORED: incident.rollback.restored_at,
            DrillStep.VERIFIED: incident.rollback.verified_at,
        }

    def ending(self, incident: Incident) -> str | None:
        """Return how the outage ended: None not yet, "" well, else what is wrong."""
        if incident.rollback.verified_at is not None:
            return ""
        if incident.closed_at is not None:
            return f"the incident ended otherwise: {incident.outcome or Outcome.UNSEEN}"
        return f"the daemon left it to people: {incident.human_needed}" if incident.human_needed else None

    async def clean(self, drill: Drill, by: str) -> tuple[str, ...]:
        """Clean up, and return what is left to do by hand; it may be repeated."""
        return await DrillCleanup(self.parts).clean(drill, by)

    async def close(self) -> None:
        """Close its client."""
        await self.client.close()


def _own(deploys: Sequence[Deploy], drill: Drill) -> str:
    """Return the id of the drill's deploy; the same commit of an earlier drill is older than what was live."""
    newer = takewhile(lambda one: one.id != drill.good, deploys)
    return next((one.id for one in newer if one.commit == drill.commit), "")

"""Cleans up after a drill by commit: the service leaves the known-bad commit, and auto-deploy is given back.

Theory. The daemon's own rollback is the cleanup. Only where the daemon is done and the bad commit is still live, one
rollback is requested here, as a person requests it: through the daemon's protocol, which sends it at most once. So two
rollbacks are never under way, and a cleanup may be repeated: after a crash, or by `watchdog drill --clean`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchdog.app.commands.cli_service import command
from watchdog.app.drills.drill_ground import DrillParts
from watchdog.core.assess.suspect_deploy import live_deploy
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.deploys import Deploy
from watchdog.domain.drills.drill import Drill
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Temporary, WatchdogError
from watchdog.domain.incidents import ACTING, ServiceState

LIMIT_SECONDS = 1500.0
"""How long the cleanup waits for a deploy on its way and for a rollback: as long as the daemon follows one by hand."""
REFUSED_SECONDS, AGAIN_SECONDS = 180.0, 10.0
"""How long a refused rollback is asked for again, and how often."""
GIVEN_BACK_SECONDS = 60.0
LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Cleanup:
    """What the cleanups of all methods share: the daemon's record, its commands, and auto-deploy."""

    parts: DrillParts

    async def _service(self) -> ServiceState | None:
        state = await self.parts.store.load_readonly((self.parts.staging.name,))
        return state.services.get(self.parts.staging.name) if state is not None else None

    async def _daemon_acts(self) -> bool:
        service = await self._service()
        return service is not None and service.phase in ACTING

    async def _command(self, name: str, arguments: Mapping[str, Any], by: str) -> str:
        """Give the daemon a command; return why it was not carried out, or ""."""
        try:
            answered = await command(self.parts.settings, name, arguments, by)
        except WatchdogError as error:
            return str(error)
        return "" if answered.ok else answered.answer or "refused"

    async def _give_auto_deploy_back(self, by: str) -> tuple[str, ...]:
        """Give auto-deploy its value back, once no rollback is under way; return what is left."""
        give_up = self.parts.clock.monotonic() + LIMIT_SECONDS
        while await self._daemon_acts() and self.parts.clock.monotonic() < give_up:
            await self.parts.clock.sleep(LOOK_SECONDS)
        name = self.parts.staging.name
        how = command_line("restore-auto-deploy", name)
        service = await self._service()
        if service is None or service.auto_deploy_off in ("", "off"):
            return ()
        if why := await self._command("restore-auto-deploy", {"service": name}, by):
            return (f"auto-deploy of {name} is off ({why}): {how}",)
        give_up = self.parts.clock.monotonic() + GIVEN_BACK_SECONDS
        while self.parts.clock.monotonic() < give_up:
            # The store has it half a minute later; Render is what counts.
            if (await self.parts.client.facts(self.parts.staging.id)).auto_deploy != "off":
                self.parts.tell(f"auto-deploy of {name} is given back")
                return ()
            await self.parts.clock.sleep(LOOK_SECONDS)
        return (f"auto-deploy of {name} was not given back yet: {how}",)


@dataclass(frozen=True, slots=True)
class DrillCleanup(Cleanup):
    """The cleanup of drills by commit."""

    async def clean(self, drill: Drill, by: str) -> tuple[str, ...]:
        """Clean up, and return what is left to do by hand; it may be repeated. Raises nothing expected."""
        try:
            left = await self._leave_the_bad_commit(drill, by)
            # With the bad commit live, auto-deploy stays off: what it would do then is a person's to decide.
            left = left or await self._give_auto_deploy_back(by)
            return (*left, *await self._not_denied(drill))
        except (Temporary, Permanent, OutcomeUnknown, Refused) as error:
            return (f"it is not known what {self.parts.staging.name} runs ({error}): {self._by_hand(drill)}",)

    async def _leave_the_bad_commit(self, drill: Drill, by: str) -> tuple[str, ...]:
        """Wait for the daemon, else request one rollback; return what is left."""
        give_up, asked, refused, again_at = self.parts.clock.monotonic() + LIMIT_SECONDS, False, "", 0.0
        while self.parts.clock.monotonic() < give_up:
            deploys = await self._deploys()
            live = live_deploy(deploys) if deploys else None
            if live is not None and not _is_bad(live, drill) and not _comes(deploys, drill):
                self.parts.tell(f"{self.parts.staging.name} runs {live.id} ({(live.commit or '')[:7]})")
                return ()
            # A deploy on its way is never overtaken, neither the bad one nor one that leads away from it.
            settled = live is not None and not any(one.in_progress for one in deploys)
            due = not asked and self.parts.clock.monotonic() >= again_at
            if settled and due and live is not None and not await self._daemon_acts():
                self.parts.tell(
                    f"{live.id} is still live: rolling {self.parts.staging.name} back to {drill.good} by hand"
                )
                wanted = {"service": self.parts.staging.name, "target": drill.good, "seen": {"live deploy": live.id}}
                refused = await self._command("rollback", wanted, by)
                # Of what was refused nothing was sent: the daemon may not have seen the deploy yet, or act just now.
                asked, again_at = not refused, self.parts.clock.monotonic() + AGAIN_SECONDS
                give_up = min(give_up, self.parts.clock.monotonic() + REFUSED_SECONDS) if refused else give_up
            await self.parts.clock.sleep(LOOK_SECONDS)
        why = f" ({refused})" if refused else ""
        return (f"{self.parts.staging.name} may still run the known-bad commit{why}: {self._by_hand(drill)}",)

    async def _deploys(self) -> Sequence[Deploy]:
        """Return the deploys; none while Render does not answer for now."""
        try:
            return await self.parts.client.deploys(self.parts.staging.id)
        except Temporary:
            return ()

    async def _not_denied(self, drill: Drill) -> tuple[str, ...]:
        """Return what is left of the deny-list: only a rollback that the daemon decided denies the commit again."""
        if not drill.lifted:
            return ()
        state = await self.parts.store.load_readonly((self.parts.staging.name,))
        if state is not None and drill.commit in state.denied:
            return ()
        return (
            f"{drill.commit[:7]} is not denied any more, as it was before the drill, since the daemon did not roll it "
            f"back; the next drill that passes denies it again: {command_line('drill', drill.service)}",
        )

    def _by_hand(self, drill: Drill) -> str:
        return command_line("rollback", self.parts.staging.name, "--to", drill.good)


def _is_bad(deploy: Deploy, drill: Drill) -> bool:
    return deploy.commit == drill.commit


def _comes(deploys: Sequence[Deploy], drill: Drill) -> bool:
    return any(one.in_progress and _is_bad(one, drill) for one in deploys)

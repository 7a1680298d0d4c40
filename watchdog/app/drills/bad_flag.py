"""A known-bad feature flag as the fault of a drill: switched on once, and off again by the daemon's own remedy.

Theory. No deploy is to blame for it, so the daemon pages people, and tries what the policy has for such an outage
(`without_deploy`). What the drill switches off itself is read first, and done under an action hold of the service: no
remedy of the daemon begins in a hold, so the two are never under way at once, and a cleanup may be repeated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from watchdog.adapters.options import Context
from watchdog.adapters.remedies.flag_on import FlagSwitch
from watchdog.app.drills.drill_cleanup import Cleanup
from watchdog.app.drills.drill_ground import DrillParts, Ground, ground_of, no_drill
from watchdog.domain.drills.drill import Drill, DrillMethod, DrillStep
from watchdog.domain.errors import OutcomeUnknown, Permanent, Refused, Temporary
from watchdog.domain.incidents import Incident, Outcome, Phase
from watchdog.domain.policy import Mode
from watchdog.domain.remedies.remedy import RemedyAttempt, RemedyResult, cools_down
from watchdog.domain.units import show_seconds
from watchdog.settings import Settings

LOOK_SECONDS = 1.0
ON_WITHIN_SECONDS = 30.0
"""How long the flag is read after a request whose answer was lost."""
ARRIVED_SECONDS = 15.0
"""So long a request that was broken off may still arrive: the flag has to stay off for that time."""
AGAIN_SECONDS = 15.0
LIMIT_SECONDS = 600.0
HOLD_SECONDS, HELD_SECONDS = 180.0, 120.0
"""How long the cleanup's hold lasts, and how long after its begin it is counted on. It ends by itself."""
UNTRIED_SECONDS = 150.0
"""So long after people were paged the daemon may still try the flag (core/phases/remedies.py, the put-off time)."""
SUSPECTED_SECONDS = 8 * 3600.0
"""A deploy that went live less than this ago may be suspected (core/assess/onset_prior.py): then it is rolled back."""

IN_FLIGHT = frozenset({Phase.REMEDYING, Phase.PINNING, Phase.ROLLING_BACK, Phase.DEPLOYING})
"""The phases in which the daemon may have sent something that has not arrived."""


@dataclass(slots=True)
class BadFlag:
    """The flag of one drill (implements `drill_fault.Fault`)."""

    parts: DrillParts
    flag: str
    switch: FlagSwitch
    method: DrillMethod = field(default=DrillMethod.FLAG, init=False)
    began_at: float | None = field(default=None, init=False)

    async def prepared(self, drill: Drill) -> Drill:
        """Return the drill with its flag. Raises Refused where the daemon would not switch it off by itself."""
        ground = await ground_of(self.parts)
        why = why_no_remedy(ground, self.parts.staging.name, self.flag, self.parts.clock.now())
        if not why and not await self.switch.is_off():
            why = f"flag {self.flag} is on already: switch it off in your flag service first"
        if why:
            raise no_drill(self.parts.staging, why)
        return replace(drill, flag=self.flag)

    async def admitted(self, by: str) -> None:
        """Do nothing: what would keep the daemon from it refused the drill."""

    async def begin(self, drill: Drill) -> Drill:
        """Switch the flag on, once."""
        clock, tell = self.parts.clock, self.parts.tell
        tell(f"switching feature flag {self.flag} on for {drill.service}")
        sent_at = clock.now()
        try:
            await self.switch.switch_on()
        except OutcomeUnknown as error:
            tell(f"{error}: reading the flag, nothing is sent again")
            await self._read_as_on()
        self.began_at = sent_at
        tell(f"{self.flag} is on: the outage begins")
        return replace(drill, switched=True)

    async def _read_as_on(self) -> None:
        """Wait until the flag is read as on. Raises Temporary if it is not, after a while."""
        clock = self.parts.clock
        give_up = clock.monotonic() + ON_WITHIN_SECONDS
        while await self.switch.is_off():
            if clock.monotonic() > give_up:
                raise Temporary(f"flag {self.flag} is not read as on")
            await clock.sleep(LOOK_SECONDS)

    async def known(self, drill: Drill) -> Drill:
        """Return the drill as it is: the cleanup reads the flag."""
        return drill

    async def look(self, drill: Drill) -> str:
        """Return "": the outage began with the request."""
        return ""

    def moments(self, incident: Incident) -> Mapping[DrillStep, float | None]:
        """Return when the steps of the remedy came, by the daemon's record."""
        attempt = self._attempt(incident)
        if attempt is None:
            return {}
        return {
            DrillStep.REQUESTED: attempt.requested_at,
            DrillStep.RESTORED: attempt.done_at,
            DrillStep.VERIFIED: attempt.ended_at if attempt.result is RemedyResult.HELPED else None,
        }

    def _attempt(self, incident: Incident) -> RemedyAttempt | None:
        return next((one for one in incident.remedies if one.name == self.flag), None)

    def ending(self, incident: Incident) -> str | None:
        """Return how the outage ended: None not yet, "" well, else what is wrong."""
        attempt = self._attempt(incident)
        if attempt is not None and attempt.ended_at is not None:
            helped = attempt.result is RemedyResult.HELPED
            return "" if helped else f"the flag as remedy {attempt.result}: {attempt.why}"
        if incident.closed_at is not None:
            return f"the incident ended otherwise: {incident.outcome or Outcome.UNSEEN}"
        if incident.human_needed:
            return f"the daemon left it to people: {incident.human_needed}"
        decision = incident.decision
        late = self.parts.clock.now() - incident.opened_at > UNTRIED_SECONDS
        if late and attempt is None and decision is not None and decision.why_no_remedy:
            return f"no flag was tried: {decision.why_no_remedy}"
        return None

    async def clean(self, drill: Drill, by: str) -> tuple[str, ...]:
        """Clean up, and return what is left to do by hand; it may be repeated. Raises nothing expected."""
        return await FlagCleanup(self.parts, self.switch).clean(drill, by)

    async def close(self) -> None:
        """Close its clients."""
        await self.switch.close()
        await self.parts.client.close()


def flag_of(settings: Settings, parts: DrillParts) -> BadFlag:
    """Return the flag of a drill on that service. Raises Refused where it has none."""
    staging = parts.staging
    if staging.flag_on is None or staging.flag_off is None:
        raise Refused(
            f"{staging.name} has no flag that breaks it: write services.{staging.name}.drill.flag_on, and a "
            "flag_off of the same flag with without_deploy: true"
        )
    context = Context(clock=parts.clock, endpoints=settings.endpoints, secrets=settings.secrets, guard=settings.guard)
    switch = FlagSwitch(staging.flag_on, staging.flag_off, context, parts.client.check_staging)
    return BadFlag(parts, staging.flag_on.flag, switch)


def why_no_remedy(ground: Ground, name: str, flag: str, now: float) -> str:
    """Return why the daemon would not switch the flag off by itself, or ""."""
    policy, service, live = ground.daemon.policy.services[name], ground.service(name), ground.live
    if policy.mode is not Mode.AUTONOMOUS:
        return f"in mode {policy.mode} no flag is switched off where no deploy is suspected: write mode: autonomous"
    remedy = next((one for one in policy.remedies if one.name == flag), None)
    if remedy is None or not remedy.without_deploy:
        return f"the daemon that runs has no flag_off of {flag} with without_deploy: true: restart it"
    if cools_down(remedy, service.remedied, now):
        at = max(at for one, at in service.remedied if one == flag)
        left = show_seconds(remedy.cooldown_seconds - (now - at))
        return f"{flag} was switched off a short while ago, and its cooldown lasts for another {left}"
    # One that is a rollback is acquitted always.
    if live.is_rollback:
        return ""
    age = now - (live.finished_at or live.created_at)
    if age < SUSPECTED_SECONDS:
        wait = show_seconds(SUSPECTED_SECONDS - age)
        return f"{live.id} went live {show_seconds(age)} ago, and the daemon may suspect it: wait {wait}"
    return ""


@dataclass(frozen=True, slots=True)
class FlagCleanup(Cleanup):
    """The cleanup of drills by flag: the flag is off, and stays off."""

    switch: FlagSwitch

    async def clean(self, drill: Drill, by: str) -> tuple[str, ...]:
        """Clean up, and return what is left to do by hand; it may be repeated. Raises nothing expected."""
        try:
            if left := await self._switch_off(drill, by):
                return left
        except (Temporary, Permanent) as error:
            return (_by_hand(drill, str(error)),)
        try:
            return await self._give_auto_deploy_back(by)
        except (Temporary, Permanent, OutcomeUnknown, Refused) as error:
            return (f"{drill.flag} is off, and it is not known how auto-deploy of {drill.service} is ({error})",)

    async def _switch_off(self, drill: Drill, by: str) -> tuple[str, ...]:
        """Wait for the daemon, else switch the flag off by one request; return what is left."""
        clock = self.parts.clock
        give_up, off_since, held_until, again_at, why = clock.monotonic() + LIMIT_SECONDS, None, 0.0, 0.0, ""
        while (now := clock.monotonic()) < give_up:
            # Before the flag is read: a request that was under way then may still change it.
            busy = await self._in_flight()
            off, unread = await self._is_off()
            off_since = (now if off_since is None else off_since) if off and not busy else None
            if off_since is not None and now - off_since >= (0.0 if drill.switched else ARRIVED_SECONDS):
                self.parts.tell(f"flag {drill.flag} is off")
                return ()
            if not off and not busy and now >= again_at:
                if now >= held_until:
                    why = await self._hold(drill, by)
                    held_until, again_at = (now, now + AGAIN_SECONDS) if why else (now + HELD_SECONDS, now)
                    continue
                self.parts.tell(f"switching feature flag {drill.flag} off")
                why, again_at = await self._sent() or unread, clock.monotonic() + AGAIN_SECONDS
            await clock.sleep(LOOK_SECONDS)
        return (_by_hand(drill, why),)

    async def _in_flight(self) -> bool:
        """Return whether a remedy of the daemon may be under way, or a rollback."""
        service = await self._service()
        if service is None or service.phase not in IN_FLIGHT:
            return False
        attempt = service.incident.remedy if service.incident is not None else None
        return service.phase is not Phase.REMEDYING or attempt is None or attempt.done_at is None

    async def _is_off(self) -> tuple[bool, str]:
        """Return whether the flag is read as off, and why that is not known."""
        try:
            return await self.switch.is_off(), ""
        except (Temporary, Permanent) as error:
            return False, str(error)

    async def _hold(self, drill: Drill, by: str) -> str:
        """Keep the daemon from a remedy of its own for a while; return why it is not kept from it."""
        reason = f"drill {drill.number} switches its flag off"
        wanted = {"of": self.parts.staging.name, "seconds": HOLD_SECONDS, "reason": reason}
        return await self._command("hold", wanted, by)

    async def _sent(self) -> str:
        """Send the request; return what went wrong."""
        try:
            await self.switch.switch_off()
        except (Temporary, Permanent, Refused, OutcomeUnknown) as error:
            return str(error)
        return ""


def _by_hand(drill: Drill, why: str) -> str:
    return f"flag {drill.flag} may be on{f' ({why})' if why else ''}: switch it off in your flag service"

"""A known-bad feature flag as the fault of a drill: switched on once, and off again by the daemon's own remedy.

Theory. No deploy is to blame for it, so the daemon pages people, and tries what the policy has for such an outage
(`without_deploy`). What the drill switches off itself is read first, and done under an action hold of the service: no
remedy of the daemon begins in a hold, so the two are not under way at once unless the daemon refuses the hold for a
minute. A cleanup may be repeated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from watchdog.adapters.options import Context
from watchdog.adapters.remedies.flag_on import FlagSwitch
from watchdog.app.drills.drill_cleanup import Cleanup
from watchdog.app.drills.drill_ground import DrillParts, Ground, ground_of, no_drill
from watchdog.core.assess.onset_prior import prior_of
from watchdog.core.assess.suspect_deploy import change_of, same_code_run
from watchdog.domain.deploys import Deploy
from watchdog.domain.drills.drill import Drill, DrillMethod, DrillStep
from watchdog.domain.errors import OutcomeUnknown, Refused, Temporary, WatchdogError
from watchdog.domain.incidents import Incident, Outcome, Phase, ServiceState
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
UNHELD_SECONDS = 60.0
"""How long a hold that is refused, or not answered, is asked for again before the flag is switched off without."""
LIMIT_SECONDS = 600.0
HOLD_SECONDS, HELD_SECONDS = 180.0, 120.0
"""How long the cleanup's hold lasts, and how long after its begin it is counted on. It ends by itself."""
UNTRIED_SECONDS = 150.0
"""So long after people were paged the daemon may still try the flag (core/phases/remedies.py, the put-off time)."""
SUSPECTED_SECONDS_MAX = 48 * 3600.0
"""From here on no deploy is suspected, however rare other incidents are."""
WAIT_STEP_SECONDS = 300

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
    _untouched: bool = field(default=False, init=False)

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
        except WatchdogError:
            self._untouched = True
            raise
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
        if self._untouched:
            # Nothing was sent: what is on now another one switched on.
            return ()
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
    if wait := suspected_seconds(ground, service, live, now):
        age = show_seconds(now - (live.finished_at or live.created_at))
        return f"{live.id} went live {age} ago, and the daemon may suspect it: wait {show_seconds(wait)}"
    return ""


def suspected_seconds(ground: Ground, service: ServiceState, live: Deploy, now: float) -> float:
    """Return how long to wait until the daemon suspects the live deploy of no outage that begins then.

    By the daemon's own prior: the calmer the service, the longer. With all that may speak against a deploy in a drill:
    errors that are new in it, as no one had the flag on before, and crashes.
    """
    weights = ground.daemon.policy.blame
    change = change_of(same_code_run(ground.deploys, live), now, weights)
    evidence = max(1.0, weights.new_errors_in_release) * max(1.0, weights.platform_reports_crash)
    limit = weights.ask_floor / (1.0 - weights.ask_floor) / evidence
    waits = range(0, int(SUSPECTED_SECONDS_MAX), WAIT_STEP_SECONDS)
    # From the far end: the odds rise again where load takes time to come.
    suspected = (one for one in reversed(waits) if prior_of(service, change, now + one, weights, now).odds >= limit)
    last = next(suspected, None)
    return 0.0 if last is None else float(last + WAIT_STEP_SECONDS)


@dataclass(frozen=True, slots=True)
class FlagCleanup(Cleanup):
    """The cleanup of drills by flag: the flag is off, and stays off."""

    switch: FlagSwitch

    async def clean(self, drill: Drill, by: str) -> tuple[str, ...]:
        """Clean up, and return what is left to do by hand; it may be repeated. Raises nothing expected."""
        if left := await self._switch_off(drill, by):
            return left
        try:
            return await self._give_auto_deploy_back(by)
        except WatchdogError as error:
            return (f"{drill.flag} is off, and it is not known how auto-deploy of {drill.service} is ({error})",)

    async def _switch_off(self, drill: Drill, by: str) -> tuple[str, ...]:
        """Wait for the daemon, else switch the flag off by one request; return what is left."""
        clock = self.parts.clock
        give_up, off_since, refused_at, held_until, again_at = clock.monotonic() + LIMIT_SECONDS, None, None, 0.0, 0.0
        busy = why = ""
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
                    refused_at = now if refused_at is None else refused_at
                    # Off twice is off; a service that stays broken because its daemon does not answer is worse.
                    goes_on = not why or now - refused_at >= UNHELD_SECONDS
                    held_until, again_at = (now + HELD_SECONDS, now) if goes_on else (now, now + AGAIN_SECONDS)
                    continue
                self.parts.tell(f"switching feature flag {drill.flag} off{f', without a hold: {why}' if why else ''}")
                why, again_at = await self._sent() or unread, clock.monotonic() + AGAIN_SECONDS
            await clock.sleep(LOOK_SECONDS)
        return (_by_hand(drill, busy or why),)

    async def _in_flight(self) -> str:
        """Return why a remedy of the daemon may be under way, or a rollback; "" where none is."""
        try:
            service = await self._service()
        except WatchdogError as error:
            return f"the daemon's record cannot be read: {error}"
        if service is None or service.phase not in IN_FLIGHT:
            return ""
        attempt = service.incident.remedy if service.incident is not None else None
        if service.phase is Phase.REMEDYING and attempt is not None and attempt.done_at is not None:
            return ""
        return f"by its record the daemon is at work on it ({service.phase})"

    async def _is_off(self) -> tuple[bool, str]:
        """Return whether the flag is read as off, and why that is not known."""
        try:
            return await self.switch.is_off(), ""
        except WatchdogError as error:
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
        except WatchdogError as error:
            return str(error)
        return ""


def _by_hand(drill: Drill, why: str) -> str:
    return f"flag {drill.flag} may be on{f' ({why})' if why else ''}: switch it off in your flag service"

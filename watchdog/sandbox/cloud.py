"""The shared state of the sandbox and the life cycle of deploys: the only file that changes the simulated world.

A deploy goes created -> build_in_progress -> update_in_progress -> live; the one before becomes deactivated.
A rollback is a new deploy without a build. One at a time per service: under `wait` (Render's default) the newest
waiting deploy runs next and those between are canceled; under `override` the running one is canceled.

Rule 1: each change is logged at the moment it happens.
Rule 2: a version misbehaves only while its deploy is live; a fault in `faults` is independent of versions.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from watchdog.sandbox import clock
from watchdog.sandbox.request_log import EventLog
from watchdog.sandbox.site.behaviours import GOOD, KINDS, Behaviour
from watchdog.sandbox.vendors.failure_modes import Modes
from watchdog.sandbox.world import (
    COMMITS,
    FLAGS,
    Announcement,
    Commit,
    Deploy,
    PlatformEvent,
    Service,
    services_at_start,
)

CREATED_SECONDS = 0.2
"""How long a deploy stays `created`."""
HITS_LIMIT, STATUS_PAGES = 100_000, ("render", "sentry", "openai")
SUSPENDERS = ("user", "admin", "billing", "parent_service", "stuck_crashlooping", "hipaa_enablement", "unknown")
CONTROL = "control"
"""The name under which both control targets fail together."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A request that the site's own code answered, as Sentry's SDK inside the site would see it."""

    at: float
    service: str
    commit: str
    path: str
    status: int


class Cloud:
    """Services, faults and the log. `changed` is called after each change that may open or shut a site's port.

    The life cycle of a deploy is a chain of timers: `_start` -> `_build` -> `_update` -> `_finish`. Each link first
    checks the status, because a cancel or an override may have ended the deploy while the timer ran.
    """

    def __init__(
        self,
        log: EventLog,
        modes: Modes,
        quirks: frozenset[str] = frozenset(),
        rollback_seconds: float = 60.0,
        seed: int = 1,
        speed: float = 1.0,
        more_services: int = 0,
        *,
        staging: bool = False,
    ) -> None:
        self.log = log
        self.modes = modes
        self.quirks = quirks
        self.rollback_seconds = rollback_seconds
        self.restart_seconds = 2.0
        self.seed = seed
        self.random = random.Random(seed)  # noqa: S311 - luck of the story, not of security
        self.timers = clock.Timers(speed)
        self.services = {service.name: service for service in services_at_start(quirks, more_services, staging=staging)}
        self.code: dict[str, Behaviour] = {COMMITS["bad"][0]: KINDS["error"]}
        """What a commit does that never ran."""
        self.faults: dict[str, Behaviour] = {}
        self.flags = dict(FLAGS)
        self.fault_began: dict[str, float] = {}
        self.announced: dict[str, list[Announcement]] = {}
        self.hits: deque[Hit] = deque(maxlen=HITS_LIMIT)
        self.changed: Callable[[], None] = lambda: None
        self._next_deploy = 42
        self._next_event = 1

    def by_id(self, service_id: str) -> Service | None:
        """Return a service by its Render id, unless it was deleted."""
        return next((service for service in self.listed() if service.id == service_id), None)

    def listed(self) -> Sequence[Service]:
        """Return the services that Render has."""
        return [service for service in self.services.values() if not service.deleted]

    def service(self, name: str) -> Service:
        """Return a service by its name. Raises ValueError naming the known ones."""
        if name not in self.services:
            raise ValueError(f"no service {name!r}; known: {', '.join(self.services)}")
        return self.services[name]

    # --- deploys -----------------------------------------------------------------------------------------------------

    def deploy(
        self,
        service: str = "web",
        *,
        commit: str | None = None,
        message: str | None = None,
        behaviour: Behaviour | None = None,
        trigger: str = "new_commit",
        build_seconds: float = 3.0,
        update_seconds: float = 2.0,
        fails: bool = False,
    ) -> Deploy:
        """Begin a deploy and return it. A commit that ran before keeps its behaviour, unless `behaviour` is given.

        Live after CREATED_SECONDS + build + update seconds; `fails` ends it as build_failed instead.
        """
        owner = self.service(service)
        known = next((d for d in reversed(owner.deploys) if commit is not None and d.commit == commit), None)
        # dep-42 and dep-43 get the fixed commits of COMMITS, which texts of the demo name; later ones a random id.
        if commit is None:
            commit, default = COMMITS.get(str(self._next_deploy), (f"{self.random.getrandbits(160):040x}", "Change"))
        else:
            default = known.message if known else "Change"
        made = self._make(owner, commit, default if message is None else message, trigger)
        made.behaviour = behaviour or self.code.get(commit or "") or (known.behaviour if known else GOOD)
        made.build_seconds, made.update_seconds = build_seconds, update_seconds
        # A negative update time marks a deploy whose build fails; `_build` reads it.
        if fails:
            made.update_seconds = -1.0
        self._begin(owner, made)
        return made

    def rollback(self, service: Service, target: Deploy) -> Deploy:
        """Begin a rollback: a new deploy with the target's artifact. Auto-deploy stays as it is (a rollback by API)."""
        made = self._make(service, target.commit, target.message, "rollback", rollback_of=target.id)
        # The target's own digest: the sandbox has no mutable tags, which Render would pull anew.
        made.image_ref, made.image_sha = target.image_ref, target.image_sha
        made.behaviour = target.behaviour
        # A rollback has no build, so the whole time from the request to live is this and CREATED_SECONDS.
        made.update_seconds = max(0.0, self.rollback_seconds - CREATED_SECONDS)
        self.log.append("rollback_accepted", service=service.name, deploy=made.id, target=target.id)
        self._begin(service, made)
        return made

    def restart(self, service: Service, instances: int | None = None) -> Deploy:
        """Begin a new deploy of what is live, without a build: a restart, or as many instances. Raises ValueError."""
        live = service.live
        if live is None:
            raise ValueError(f"nothing is live at {service.name}")
        made = self._make(service, live.commit, live.message, "service_updated" if instances else "manual")
        made.restart_of, made.image_ref, made.image_sha = live.id, live.image_ref, live.image_sha
        # What a restart cures is cured: memory that leaked is free again.
        made.behaviour = GOOD if live.behaviour.restart_cures and instances is None else live.behaviour
        made.update_seconds = max(0.0, self.restart_seconds - CREATED_SECONDS)
        if instances is not None:
            counts, service.instances = {"fromInstances": service.instances, "toInstances": instances}, instances
            self.record_event(service, "instance_count_changed", counts)
        self.log.append("restart_accepted" if instances is None else "scaled", service=service.name, deploy=made.id)
        self._begin(service, made)
        return made

    def _make(self, service: Service, commit: str | None, message: str, trigger: str, **more: Any) -> Deploy:
        at = clock.now()
        made = Deploy(f"dep-{self._next_deploy}", commit, message, "created", trigger, at, at, **more)
        self._next_deploy += 1
        self.log.append("deploy_created", service=service.name, deploy=made.id, commit=commit, trigger=trigger)
        return made

    def _begin(self, service: Service, made: Deploy) -> None:
        running = service.in_progress()
        service.deploys.append(made)
        # Render's policies: `wait` for workspaces since 2025-07-14; `override` in older ones also cancels rollbacks.
        if running is not None and self.modes.peek("overlap") == "override":
            self.cancel(service, running)
        elif running is not None:
            # Render keeps only the newest waiting deploy.
            for waiting in service.deploys:
                if waiting.status == "queued":
                    self._finish(service, waiting, "canceled")
            made.status = "queued"
            return
        self._start(service, made)

    def _start(self, service: Service, made: Deploy) -> None:
        made.status, made.updated_at = "created", clock.now()
        trigger = dict.fromkeys(("firstBuild", "envUpdated", "manual", "deployedByRender", "clearCache"), False)
        trigger |= {"manual": made.trigger == "manual", "rollback": made.rollback_of is not None}
        details: dict[str, Any] = {"deployId": made.id, "trigger": trigger}
        # The only place where Render exposes the target of a rollback.
        if made.rollback_of is not None:
            details["trigger"] = trigger | {"rollbackTargetDeployId": made.rollback_of}
        self.record_event(service, "deploy_started", details)
        built = made.rollback_of is not None or made.restart_of is not None
        after_created = self._update if built else self._build
        self.timers.after(CREATED_SECONDS, lambda: after_created(service, made))

    def _build(self, service: Service, made: Deploy) -> None:
        if made.status != "created":
            return
        made.status, made.started_at, made.updated_at = "build_in_progress", clock.now(), clock.now()
        failed = made.update_seconds < 0
        self.timers.after(
            made.build_seconds,
            lambda: self._finish(service, made, "build_failed") if failed else self._update(service, made),
        )

    def _update(self, service: Service, made: Deploy) -> None:
        if made.status not in ("created", "build_in_progress"):
            return
        made.started_at = made.started_at or clock.now()
        made.status, made.updated_at = "update_in_progress", clock.now()
        self.timers.after(made.update_seconds, lambda: self._finish(service, made, "live"))

    def cancel(self, service: Service, made: Deploy) -> None:
        """Cancel a deploy that is in progress."""
        self._finish(service, made, "canceled")

    def _finish(self, service: Service, made: Deploy, status: str) -> None:
        """End a deploy, start the newest queued one, and if it is live schedule the fault of its version."""
        if not made.running:
            return
        if status == "live" and (before := service.live) is not None:
            before.status, before.updated_at = "deactivated", clock.now()
            self._fall_silent(service, before)
        made.status, made.updated_at, made.finished_at = status, clock.now(), clock.now()
        outcome = {"live": "succeeded", "canceled": "canceled"}.get(status, "failed")
        # Render's deploy_ended events carry the outcome twice; the number is the deprecated form.
        number = {"succeeded": 2, "failed": 3, "canceled": 4}[outcome]
        ended = {"deployId": made.id, "reason": {}, "deployStatus": outcome, "status": number}
        self.record_event(service, "deploy_ended", ended)
        what = "deploy_live" if status == "live" else "deploy_canceled" if status == "canceled" else "deploy_failed"
        self.log.append(what, service=service.name, deploy=made.id, commit=made.commit)
        if status == "live" and made.behaviour.kind != "good":
            self.timers.after(made.behaviour.after_seconds, lambda: self._break(service, made))
        self.changed()
        waiting = [deploy for deploy in service.deploys if deploy.status == "queued"]
        if waiting and service.in_progress() is None:
            self._start(service, waiting[-1])

    def _break(self, service: Service, made: Deploy) -> None:
        # Replaced before its fault began: this version never misbehaves.
        if made.status != "live":
            return
        made.broken_at = clock.now()
        self.log.append("fault_started", target=service.name, kind=made.behaviour.kind, deploy=made.id)
        self._crash(service, made.behaviour)
        self.changed()

    def _fall_silent(self, service: Service, before: Deploy) -> None:
        if before.broken_at is not None:
            self.log.append("fault_cleared", target=service.name, kind=before.behaviour.kind, deploy=before.id)

    def _crash(self, service: Service, behaviour: Behaviour) -> None:
        # Only a crash is reported here; of Render's other reasons (unhealthy, oomKilled …) the sandbox simulates none.
        if behaviour.kind == "refused" and behaviour.reported:
            reason = {"evicted": False, "nonZeroExit": 1}
            self.record_event(service, "server_failed", {"instanceID": service.instance_id, "reason": reason})

    # --- faults and settings -----------------------------------------------------------------------------------------

    def acting(self, name: str) -> tuple[Behaviour, float]:
        """Return the current behaviour of a service or the control targets, and since when.

        A fault of the world takes precedence over that of a flag, and this one over the fault of the serving version.
        """
        if name in self.faults:
            return self.faults[name], self.fault_began[name]
        if name in self.services and self.flags.get(self.services[name].bad_flag):
            return KINDS["error"], 0.0
        serving = self.services[name].serving if name in self.services else None
        if serving is not None and serving.broken_at is not None:
            cured = serving.behaviour.cured(self.flags, self.services[name].instances)
            return (GOOD, 0.0) if cured else (serving.behaviour, serving.broken_at)
        return GOOD, 0.0

    def set_fault(self, target: str, fault: Behaviour) -> None:
        """Make a service, the control targets or a status page fail, with any live version. Raises ValueError."""
        known = (*self.services, CONTROL, *STATUS_PAGES)
        if target not in known:
            raise ValueError(f"nothing called {target!r} can fail; known: {', '.join(known)}")
        if fault.kind == "good":
            self.clear_fault(target)
            return
        self.faults[target], self.fault_began[target] = fault, clock.now()
        self.log.append("fault_started", target=target, kind=fault.kind)
        # A crash that lasts is reported once, when it begins.
        if target in self.services:
            self._crash(self.services[target], fault)
        self.changed()

    def clear_fault(self, target: str) -> None:
        """End a fault of the world, if there is one."""
        fault = self.faults.pop(target, None)
        self.fault_began.pop(target, None)
        if fault is not None:
            self.log.append("fault_cleared", target=target, kind=fault.kind)
            self.changed()

    def merge(self, service: str = "web", **deploy: Any) -> Deploy | None:
        """Merge a colleague's commit; with auto-deploy off it stays on the branch. Returns the deploy, or None."""
        owner = self.service(service)
        self.log.append("merged", service=service, auto_deploy=owner.auto_deploy_trigger)
        # The danger after a rollback by API: auto-deploy stays on, and a merge ships the bad code again.
        if owner.auto_deploy_trigger != "off":
            return self.deploy(service, **deploy)
        sha = deploy.get("commit") or f"{self.random.getrandbits(160):040x}"
        owner.merged.append(Commit(sha, deploy.get("message") or "Change", clock.now()))
        return None

    def set_auto_deploy(self, service: Service, trigger: str) -> None:
        """Turn auto-deploy to commit, checksPass or off."""
        before, service.auto_deploy_trigger = service.auto_deploy_trigger, trigger
        service.updated_at = clock.now()
        # Setting the present value again is no change and records no event.
        if before == trigger:
            return
        self.log.append("auto_deploy_changed", service=service.name, **{"from": before, "to": trigger})
        if "off" in (before, trigger):
            kind = "auto_deploy_disabled" if trigger == "off" else "auto_deploy_enabled"
            details = {"reason": "setting_change"} | ({"fromTrigger": before} if trigger == "off" else {})
            self.record_event(service, kind, details)

    def set_flag(self, flag: str, enabled: bool) -> None:
        """Switch a feature flag on or off. Raises ValueError for an unknown one."""
        if flag not in self.flags:
            raise ValueError(f"no feature flag {flag!r}; known: {', '.join(self.flags)}")
        before, self.flags[flag] = self.flags[flag], enabled
        self.log.append("flag_switched", flag=flag, **{"from": before, "to": enabled})
        self.changed()

    def set_maintenance(self, service: Service, enabled: bool) -> None:
        """Switch a service's maintenance mode on or off: the platform then answers in its place."""
        if service.maintenance is enabled:
            return
        service.maintenance, service.updated_at = enabled, clock.now()
        self.log.append("maintenance_mode", service=service.name, enabled=enabled)
        self.changed()
        # Render has one type of event for both directions.
        self.record_event(service, "maintenance_mode_enabled", {"enabled": enabled})

    def suspend(self, service: Service, by: str = "user") -> None:
        """Suspend a service as one of SUSPENDERS, such as its user or billing. Raises ValueError for another name."""
        if by not in SUSPENDERS:
            raise ValueError(f"nobody called {by!r} suspends; known: {', '.join(SUSPENDERS)}")
        if by in service.suspenders:
            return
        self.record_event(service, "suspender_added", {"actor": by})
        # Several suspenders may hold a service; only the first one suspends it.
        if not service.suspended:
            self.record_event(service, "service_suspended", {})
        service.suspenders.append(by)
        service.updated_at = clock.now()
        self.log.append("suspended", service=service.name, by=by)
        self.changed()

    def delete(self, service: Service) -> None:
        """Delete a service: Render knows it no more, and answers 404 at its address."""
        service.deleted = True
        self.log.append("deleted", service=service.name)
        self.changed()

    def resume(self, service: Service, by: str = "user") -> None:
        """End the suspension by one suspender; the service is back when no suspender is left."""
        if by not in service.suspenders:
            return
        service.suspenders.remove(by)
        service.updated_at = clock.now()
        self.record_event(service, "suspender_removed", {"actor": by})
        if not service.suspended:
            self.record_event(service, "service_resumed", {})
        self.log.append("resumed", service=service.name, by=by)
        self.changed()

    def announce(self, vendor: str, name: str, components: tuple[str, ...], begins_in: float, lasts: float) -> None:
        """Announce maintenance of components (by id) on a vendor's status page, to begin in so many seconds."""
        made = self.announced.setdefault(vendor, [])
        begins = clock.now() + begins_in
        made.append(Announcement(f"mnt-{len(made) + 1}", name, components, clock.now(), begins, begins + lasts))
        self.log.append("announced", vendor=vendor, name=name)

    def record_event(self, service: Service, kind: str, details: dict[str, Any]) -> PlatformEvent:
        """Add an event to a service's list at Render, as documented for its kind."""
        event = PlatformEvent(f"evt-{self._next_event:020d}", clock.now(), service.id, kind, details)
        self._next_event += 1
        service.events.append(event)
        return event

    def answered(self, service: Service, path: str, status: int) -> None:
        """Record a request that the site's own code answered; Sentry's counts are made from these."""
        live = service.live
        self.hits.append(Hit(clock.now(), service.name, (live.commit or "") if live else "", path, status))

    def close(self) -> None:
        """Cancel all timers of the simulated world."""
        self.timers.close()

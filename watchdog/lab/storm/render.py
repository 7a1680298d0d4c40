"""A Render at the level of the port: it loses, delays and reorders, and records every real change.

A request travels and cannot be recalled: it lands even if its sender is dead, gave up, or is frozen, or it is lost. Its
answer travels back, late or never. A POST is *not* duplicated by the network (TCP does not do that), but two requests
may overtake each other, and the platform takes each that lands as a new one: a resent rollback is a second rollback.
Its answer to a reader may be a few seconds old, older than its last answer, and in any order. A switch of
auto-deploy may be had twice, the second time late.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from watchdog.adapters.platforms.render_parse import newest_first
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import Gone, OutcomeUnknown, Permanent, Temporary
from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.fault_mix import (
    DEPLOY_SECONDS,
    LIST_SECONDS,
    QUICK_DEPLOY_SECONDS,
    SLOW_LIST_SECONDS,
    STALE_SECONDS,
)
from watchdog.lab.storm.loop import Process
from watchdog.lab.storm.requests import Requests
from watchdog.ports import PlatformEvent

LIST_TIMEOUT_SECONDS = 10.0


@dataclass(slots=True)
class Release:
    """A deploy as it really is: `fails` is the share of requests it answers badly, from `onset_seconds` after live.

    `gone`: its artefact is not kept any more, so it can only be built again. `began_at`, `replacing_at` (its instances
    begin to be put there), `live_at` and `ended_at` (on its way no more) are virtual seconds.
    """

    deploy: Deploy
    fails: float = 0.0
    onset_seconds: float = 0.0
    by: str = "history"
    live_at: float | None = None
    began_at: float = float("-inf")
    gone: bool = False
    replacing_at: float | None = None
    ended_at: float | None = None
    past: list[tuple[float, Deploy]] = field(default_factory=list)

    def as_of(self, moment: float) -> Deploy:
        """Return the deploy as it was at that moment (virtual seconds); as it is, if nothing older is known."""
        return next((deploy for until, deploy in self.past if moment < until), self.deploy)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A rollback (or rebuild) taken: its sender, departure and landing (virtual seconds), its target, and the release
    that served when it landed (`left`)."""

    service: str
    worker: str
    sent_at: float
    landed_at: float
    target: Release
    made: str
    left: Release | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A failure that a worker's probe saw."""

    at: float
    by: Process


@dataclass(slots=True)
class Service:
    """One service: its releases, newest first, its auto-deploy setting, and outages that no deploy is to blame for.

    And the workers' knowledge of it (virtual seconds): `seen_failing` by their probes, `looks` at its deploys that were
    answered: when each was asked for, and as of when it was shown.
    """

    name: str
    releases: list[Release] = field(default_factory=list)
    auto_deploy: str = "commit"
    switches: list[tuple[float, str]] = field(default_factory=list)
    broken_until: float = 0.0
    broken_share: float = 1.0
    seen_failing: list[Seen] = field(default_factory=list)
    looks: list[tuple[float, float]] = field(default_factory=list)

    @property
    def live(self) -> Release | None:
        """Return the release that serves."""
        return next((one for one in self.releases if one.deploy.is_live), None)

    def share(self, now: float) -> float:
        """Return the share of requests that fail now."""
        live = self.live
        if now < self.broken_until:
            return self.broken_share
        if live is None or live.live_at is None or now < live.live_at + live.onset_seconds:
            return 0.0
        return live.fails

    def put(self, release: Release, now: float, **changes: object) -> None:
        """Change a release's deploy."""
        release.past.append((now, release.deploy))
        release.deploy = replace(release.deploy, **changes)  # type: ignore[arg-type]

    def switch(self, value: str, now: float) -> None:
        """Set auto-deploy."""
        self.switches.append((now, self.auto_deploy))
        self.auto_deploy = value

    def auto_deploy_as_of(self, moment: float) -> str:
        """Return the value of auto-deploy at that moment (virtual seconds)."""
        return next((value for until, value in self.switches if moment < until), self.auto_deploy)


class Render:
    """The platform itself. `changed` is called when a service's health may have changed, `asked` when a rollback is
    under way or its answer is lost, with the service's name; `restarts` when a worker asks for a restart, and returns
    what happens as that lands. `slow`: it takes long over every answer to a reader.
    """

    def __init__(self, nature: Nature) -> None:
        self.nature = nature
        self.services: dict[str, Service] = {}
        self.accepted: list[Accepted] = []
        self.changed: Callable[[Service], None] = lambda service: None
        self.asked: Callable[[str, str], None] = lambda service, moment: None
        self.restarts: Callable[[str, str], Callable[[], str]]
        self.slow = nature.strikes("list_slow")
        self._numbers = count(1)
        self._commits = count(1)

    def commit(self) -> str:
        """Return a new commit id."""
        return f"{next(self._commits):07x}"

    def found(self, name: str, ages: Sequence[float]) -> Service:
        """Create a service with a history of good deploys, so many seconds old, newest last.

        In some seeds the platform keeps no artefact of them any more.
        """
        gone = self.nature.strikes("artefacts_gone")
        service = self.services[name] = Service(name)
        for age in ages:
            at = self.nature.now() - age
            deploy = Deploy(
                f"dep-{next(self._numbers)}",
                "deactivated",
                "new_commit",
                self.commit(),
                created_at=at - 60,
                started_at=at - 50,
                finished_at=at,
            )
            service.releases.insert(0, Release(deploy, live_at=-age, gone=gone))
        service.releases[0].deploy = replace(service.releases[0].deploy, status="live")
        return service

    def begin(
        self,
        service: Service,
        trigger: str,
        commit: str,
        *,
        by: str,
        fails: float = 0.0,
        onset_seconds: float = 0.0,
        quick: bool = False,
    ) -> Release:
        """Begin a deploy: it goes live, or fails, by and by."""
        nature, now = self.nature, self.nature.now()
        deploy = Deploy(f"dep-{next(self._numbers)}", "created", trigger, commit, created_at=now, started_at=now)
        release = Release(deploy, fails, onset_seconds, by, began_at=nature.loop.time())
        service.releases.insert(0, release)
        seconds = nature.chance.uniform(*(QUICK_DEPLOY_SECONDS if quick else DEPLOY_SECONDS))
        nature.note(f"{service.name}: {deploy.id} begins ({trigger}, {commit}, by {by}, fails {fails:g})")
        nature.later(seconds / 2, self._update, service, release)
        nature.later(seconds, self._end, service, release)
        return release

    def _update(self, service: Service, release: Release) -> None:
        if release.deploy.in_progress:
            release.replacing_at = self.nature.loop.time()
            service.put(release, release.replacing_at, status="update_in_progress")

    def _end(self, service: Service, release: Release) -> None:
        """Let a deploy go live, or fail; it takes over from every older deploy, and no newer one."""
        nature, now = self.nature, self.nature.loop.time()
        if not release.deploy.in_progress:
            return
        release.ended_at = now
        if nature.strikes("rollback_fails"):
            service.put(release, now, status="update_failed", finished_at=nature.now())
            nature.note(f"{service.name}: {release.deploy.id} FAILED")
            return
        for older in service.releases[service.releases.index(release) + 1 :]:
            if older.deploy.is_live:
                service.put(older, now, status="deactivated")
            elif older.deploy.in_progress:
                service.put(older, now, status="canceled", finished_at=nature.now())
                older.ended_at = now
        service.put(release, now, status="live", finished_at=nature.now())
        release.live_at = now
        nature.note(f"{service.name}: {release.deploy.id} LIVE")
        self.changed(service)
        nature.later(release.onset_seconds, self.changed, service)

    def take(self, service: Service, trigger: str, target: Release, worker: str, sent_at: float) -> str:
        """Take a rollback, or the target built again, that landed; return the new deploy's id."""
        left, landed_at, commit = service.live, self.nature.loop.time(), target.deploy.commit or ""
        fails, onset = target.fails, target.onset_seconds
        made = self.begin(service, trigger, commit, by=worker, fails=fails, onset_seconds=onset)
        self.accepted.append(Accepted(service.name, worker, sent_at, landed_at, target, made.deploy.id, left))
        self.nature.note(
            f"{service.name}: {trigger.upper()} to {target.deploy.id} ACCEPTED from {worker} as {made.deploy.id}"
        )
        return made.deploy.id


class RenderClient:
    """One worker's way to the platform (ports.WritablePlatform), with the exceptions the real adapter promises."""

    name = "render"
    can_write = True

    @property
    def nature(self) -> Nature:
        """Return the ground of its world."""
        return self._nature

    def __init__(self, render: Render, worker: str) -> None:
        self._render = render
        self._nature = render.nature
        self._worker = worker
        self._requests = Requests(render.nature, worker, "Render")

    # --- reading ---

    async def services(self) -> Sequence[ServiceFacts]:
        """Return every service."""
        return [await self.facts(name) for name in self._render.services]

    async def facts(self, service_id: str) -> ServiceFacts:
        """Return a service's facts. Raises Temporary."""
        service, as_of = await self._read(service_id)
        return ServiceFacts(service_id, service_id, auto_deploy=service.auto_deploy_as_of(as_of))

    async def deploys(self, service_id: str, back_to: str | None = None) -> Sequence[Deploy]:
        """Return deploys, as they were up to three seconds ago. Raises Temporary.

        The platform may list them in any order, and some twice (as pages do); the shipped adapter sorts them.
        """
        asked_at = self._nature.loop.time()
        service, as_of = await self._read(service_id)
        service.looks.append((asked_at, as_of))
        shown: Sequence[Deploy] = [one.as_of(as_of) for one in service.releases if one.began_at <= as_of]
        if self._nature.strikes("list_shuffled"):
            shown = newest_first(self._shuffled(shown))
        if back_to is not None and all(deploy.id != back_to for deploy in shown):
            raise Temporary(f"{back_to} is not among the newest deploys of {service_id}")
        return tuple(shown)

    async def deploy(self, service_id: str, deploy_id: str) -> Deploy:
        """Return one deploy. Raises Temporary or Permanent."""
        service, as_of = await self._read(service_id)
        for one in service.releases:
            if one.deploy.id == deploy_id:
                return one.as_of(as_of)
        raise Permanent(f"Render answered 404 for {deploy_id}")

    async def events(self, service_id: str, since: float) -> Sequence[PlatformEvent]:
        """Return no events: the storm has other signals."""
        return ()

    async def close(self) -> None:
        """Nothing to close."""

    def _shuffled(self, deploys: Sequence[Deploy]) -> Sequence[Deploy]:
        order = [*deploys, self._nature.chance.choice(deploys)]
        self._nature.chance.shuffle(order)
        return order

    async def _read(self, service_id: str) -> tuple[Service, float]:
        """Return a service, and as of which moment (virtual seconds) it is to be shown: the answer travels, too."""
        nature = self._nature
        if nature.strikes("list_fails"):
            await asyncio.sleep(nature.chance.choice((0.1, LIST_TIMEOUT_SECONDS)))
            raise Temporary("Render answered 502")
        slow = self._render.slow and nature.weather.list_slow > 0
        seconds = nature.chance.choice(SLOW_LIST_SECONDS if slow else LIST_SECONDS)
        await asyncio.sleep(seconds / 2)
        stale = nature.chance.choice(STALE_SECONDS) if nature.strikes("list_stale") else 0.0
        as_of = nature.loop.time() - stale
        await asyncio.sleep(seconds / 2)
        return self._render.services[service_id], as_of

    # --- changing ---

    async def set_auto_deploy(self, service_id: str, value: str) -> str:
        """Set auto-deploy; return its new value. Raises Temporary or OutcomeUnknown."""
        service = self._render.services[service_id]

        def change() -> str:
            service.switch(value, self._nature.loop.time())
            self._nature.note(f"{service_id}: auto-deploy = {value} from {self._worker}")
            return value

        twice = self._nature.strikes("switch_twice")
        return await self._requests.send(f"auto-deploy {service_id}", change, twice=twice)

    async def rollback(self, service_id: str, deploy_id: str) -> str | None:
        """Send one rollback. Raises Temporary (nothing happened), Permanent (refused) or OutcomeUnknown."""
        service = self._render.services[service_id]
        target = next(one for one in service.releases if one.deploy.id == deploy_id)
        return await self._ask(service, "rollback", target)

    async def redeploy(self, service_id: str, commit: str) -> str | None:
        """Send one order to build a commit again. Raises as `rollback` does."""
        service = self._render.services[service_id]
        built = [one for one in service.releases if one.deploy.commit == commit]
        target = next((one for one in built if one.live_at is not None), built[0])  # a commit is asked for, no deploy
        return await self._ask(service, "api", target)

    async def restart(self, service_id: str) -> None:
        """Send one order to restart. Raises as `rollback` does."""
        lands = self._render.restarts(service_id, self._worker)
        await self._requests.send(f"restart {service_id}", lands)

    async def _ask(self, service: Service, trigger: str, target: Release) -> str:
        sent_at = self._nature.loop.time()
        self._nature.note(f"{self._worker} SENDS {trigger} of {service.name} to {target.deploy.id}")

        def accept() -> str:
            if trigger == "rollback" and target.gone:
                raise Gone(f"Render answered 404: the artefact of {target.deploy.id} is gone")
            return self._render.take(service, trigger, target, self._worker, sent_at)

        self._render.asked(service.name, "under way")
        try:
            return await self._requests.send(f"{trigger} {service.name}", accept)
        except OutcomeUnknown:
            self._render.asked(service.name, "answer lost")
            raise

"""The world of one seed: two hosts, one store, one Render, sites that break, people; a storm, and the calm after it.

    nature  chance, virtual time, who is killed or frozen        render    the real acts of the platform
    store   the shared database, as each worker reaches it       channels  the real deliveries
    remedies what was tried before a rollback, and what came of it
    ledger  who was really granted which lease                   episodes  the real failures, and when
    site    the sites, as a probe sees them                       people    who acts at the same time
    backups the store put back to a copy of minutes ago
    seed_verdict  from the world's side, with targets, remedy_verdict and missed_outages

Left out, and why: the network does not duplicate POSTs (TCP does not), the loop's stall detector (a freeze is
worse), status pages and error feeds (they never start a rollback), metrics that are sent away, a store whose clock is
set back by more than seconds. A freeze between the guard's comparison and the socket write cannot be closed and is not
drawn; a request lands within 8 s, as the settle window assumes.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from watchdog.domain.incidents import Phase
from watchdog.domain.policy import (
    DEFAULT_MATRIX,
    Budget,
    Mode,
    Pace,
    Policy,
    Rule,
    ServicePolicy,
    SignalPolicy,
    Verification,
)
from watchdog.domain.store_records import ActionRow
from watchdog.lab.storm import missed_outages, remedy_verdict, seed_verdict, targets
from watchdog.lab.storm.backups import Backups
from watchdog.lab.storm.channels import Post
from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.episodes import Episodes
from watchdog.lab.storm.host import CHANNELS, CONTROL_URL, Host, Run
from watchdog.lab.storm.loop import RUNNING, Process
from watchdog.lab.storm.people import People
from watchdog.lab.storm.remedies import Remedies
from watchdog.lab.storm.render import Render
from watchdog.lab.storm.seed_events import HOUR_SECONDS, NTP_SECONDS, Plot
from watchdog.lab.storm.seed_verdict import Score
from watchdog.lab.storm.store import StoreHost

AT_LEAST_SECONDS = 600.0
AT_MOST_SECONDS = 3600.0
"""So long after the faults stopped, everything must have come to its end."""
REPAIRED_AFTER_SECONDS = missed_outages.LONG_SECONDS + 10.0
"""When people have repaired the sites that still fail, after the storm: by then a page must have come."""
LOOK_SECONDS = 10.0
ASSIST_SHARE = 0.15
HISTORY_SECONDS = (200_000.0, 100_000.0, 50_000.0)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one seed. `fingerprint` is the SHA-256 of everything that happened.

    `judged` counts the outages that could be paged about or cured; `struck` the faults, by kind.
    """

    seed: int
    seconds: float
    score: Score
    fingerprint: str
    trace: tuple[str, ...]
    rollbacks: int
    judged: int
    struck: Counter[str]


class World:
    """One seed. `run` is the program of a worker; `weather`: probabilities of faults that are not left to the seed."""

    def __init__(self, seed: int, run: Run, weather: Mapping[str, float] = MappingProxyType({})) -> None:
        self.nature = nature = Nature(seed)
        # After the draw: to force one fault does not shift the draws of the others.
        nature.weather = replace(nature.weather, **weather)
        nature.died = self._restart
        # The order of these lines is part of each seed: several constructors draw from the common stream.
        self.render = Render(nature)
        self.episodes = Episodes(nature)
        self.render.changed = self.episodes.look
        for number in range(nature.chance.randint(2, 4)):
            self.render.found(f"srv-{number + 1}", HISTORY_SECONDS)
        self.remedies = Remedies(nature, self.render)
        self.policy = self.remedies.configured(policy_of(nature, tuple(self.render.services)))
        self.post = Post(nature)
        self.store = StoreHost(nature, self.post)
        self.people = People(nature, self.render, self.store, self._wake)
        outside = (self.policy, self.store, self.render, self.remedies, self.post)
        self.hosts = [Host(name, nature, *outside, run) for name in ("a", "b")]
        self.plot = Plot(nature)
        self.backups = Backups(nature, self.store, self.post, self.render, self.hosts)
        self.store.written = self._written

    def play(self) -> Result:
        """Run the seed to its end."""
        nature = self.nature
        try:
            nature.loop.run_until_complete(self._live())
        finally:
            nature.loop.close()
        # Judged after the loop is closed: no verdict can change the course of a seed.
        seen = missed_outages.judge(self._books())
        return Result(
            seed=nature.seed,
            seconds=nature.loop.time(),
            score=self._judge(seen.found),
            fingerprint=nature.fingerprint(),
            trace=tuple(nature.trace),
            rollbacks=len(self.render.accepted),
            judged=seen.judged,
            struck=nature.struck,
        )

    async def _live(self) -> None:
        self._plan()
        await asyncio.sleep(self.plot.ends_at)
        self._clear_up()
        give_up = self.plot.ends_at + AT_MOST_SECONDS
        while self.nature.loop.time() < give_up:
            await asyncio.sleep(LOOK_SECONDS)
            # Not sooner: a page counts as lost only after DELIVERY_SECONDS in which its channel worked.
            if self.nature.loop.time() >= AT_LEAST_SECONDS and not self._unrest() and not self._rung():
                break

    def _plan(self) -> None:
        nature, plot = self.nature, self.plot
        chance = nature.chance
        for host in self.hosts:
            # Not at one moment: either host may come first and take all leases.
            nature.later(chance.uniform(0.0, 5.0), host.start)
        plot.incidents(self.render, self.episodes.look)
        services = list(self.render.services.values())
        for _ in range(plot.some("humans", 3)):
            nature.later(plot.during(), self.people.act, chance.choice(services))
        for _ in range(plot.some("store_outages", 2)):
            nature.later(plot.during(), self.store.goes_down, chance.uniform(5.0, 60.0))
        for _ in range(plot.some("channel_outages", 3)):
            nature.later(plot.during(), self.post.goes_down, chance.choice(CHANNELS), chance.uniform(30.0, 600.0))
        for _ in range(plot.some("blindness", 2)):
            nature.later(plot.during(), chance.choice(self.hosts).goes_blind, chance.uniform(10.0, 90.0))
        for _ in range(plot.some("clock_steps", 3)):
            step = chance.choice((HOUR_SECONDS, -HOUR_SECONDS, chance.uniform(-NTP_SECONDS, NTP_SECONDS)))
            nature.later(plot.during(), chance.choice(self.hosts).steps_clock, step)
        for _ in range(plot.some("store_clock_steps", 2)):
            # Never back by an hour: a dead worker would then keep its leases for an hour more, and no one could act.
            step = chance.choice((HOUR_SECONDS, *(chance.uniform(-NTP_SECONDS, NTP_SECONDS) for _ in range(3))))
            nature.later(plot.during(), self.store.steps_clock, step)
        for _ in range(plot.some("stops", 2)):
            nature.later(plot.during(), chance.choice(self.hosts).stops)
        self.backups.plan(plot.ends_at)

    def _clear_up(self) -> None:
        """Stop all faults; people come and repair the sites that still fail."""
        nature = self.nature
        nature.clears_up()
        self.store.down_until = 0.0
        self.post.recovers()
        for host in self.hosts:
            host.sight.blind_until = 0.0
            host.clock.skew_seconds = 0.0
        # A pause may outlast the storm, and under it no service would come to rest.
        nature.later(20.0, self.people.resume)
        nature.later(REPAIRED_AFTER_SECONDS, self._repair)

    def _repair(self) -> None:
        for service in self.render.services.values():
            if self.episodes.open_of(service.name) is not None:
                self.people.fix(service)

    def _restart(self, process: Process) -> None:
        host = next((host for host in self.hosts if host.started and host.started[-1].process is process), None)
        # While the store is restored nothing may run; the end of the restore starts the hosts.
        if host is not None and not self.backups.under_way:
            host.start()

    def _written(self, row: ActionRow) -> None:
        self.people.at_row(row)
        self.remedies.written(row)
        self.backups.written(row)

    def _wake(self) -> None:
        for host in self.hosts:
            if host.started:
                host.started[-1].commanded.set()

    def _unrest(self) -> list[str]:
        """Return all that is not at rest: services with an open incident or a failing site, unfinished effects,
        commands without an answer.
        """
        state = self.store.newest_state()
        found = [f"{one.service} still fails" for one in self.episodes.all if one.ended is None]
        for name in self.policy.services:
            service = state.services.get(name) if state is not None else None
            if service is None:
                found.append(f"{name} was never saved")
            elif service.phase is not Phase.CALM or (service.incident and service.incident.closed_at is None):
                found.append(f"{name} is {service.phase.value}")
        found += [f"effect {item.id} is not finished: {type(item.effect).__name__}" for item in self.store.pending()]
        found += [f"command {one.id} has no answer: {one.name}" for one in self.store.unanswered()]
        found += [f"{host.name} is {host.started[-1].process.state}" for host in self.hosts if not self._runs(host)]
        return found

    def _rung(self) -> list[str]:
        """Return the channels whose last notice of something that is over is a page.

        A worker that lost the service looks up its pages once a minute, and resolves them then.
        """
        services = list(self.render.services.values())
        return seed_verdict.rung_after_end(self.post, self._open_incidents(), services, self.backups.restored)

    def _open_incidents(self) -> list[str]:
        """Return the ids of the incidents that the state holds as open; pages about the watchdog have none."""
        state = self.store.newest_state()
        services = state.services.values() if state is not None else ()
        return [one.incident.id for one in services if one.incident is not None and one.incident.closed_at is None]

    def _runs(self, host: Host) -> bool:
        return host.started[-1].process.state is RUNNING

    def _books(self) -> missed_outages.Books:
        return missed_outages.Books(
            episodes=self.episodes,
            render=self.render,
            arrived=self.post.arrived,
            stopped=self.people.stopped,
            proved=[one for host in self.hosts for one in host.proved],
            disturbed=self.nature.disturbed,
            outages=self.post.outages,
            channels=CHANNELS,
            held=self.store.ledger.held,
            remedies=self.remedies.sent,
        )

    def _judge(self, missed_ones: list[str]) -> Score:
        accepted, episodes, people = self.render.accepted, self.episodes, self.people
        restored = self.backups.restored
        orders = targets.Orders(people.asked, self.store.obeyed, people.resumed, restored, self.post.arrived)
        tried = remedy_verdict.Tried(self.remedies, accepted, self._books(), orders, self.store.refused)
        now = self.nature.loop.time()
        open_ones = self._open_incidents()
        services = list(self.render.services.values())
        # Before that hour is over the world has stopped only because everything was at rest.
        stuck = self._unrest() if now >= self.plot.ends_at + AT_MOST_SECONDS else []
        return Score(
            double_rollbacks=[
                *seed_verdict.doubles(accepted, episodes, people.asked),
                *targets.repeated(accepted, orders),
            ],
            wrong_targets=[
                *targets.wrong(accepted, self.render, episodes, orders),
                *targets.given_back(services, accepted),
                *remedy_verdict.wrong(tried),
            ],
            missed=missed_ones,
            stuck=stuck,
            lost_pages=seed_verdict.lost(self.post, now, services),
            left_off=seed_verdict.left_off(services, self.post),
            left_open=seed_verdict.left_open(self.store.database.incidents.values(), open_ones),
            rung_after_end=self._rung(),
            double_remedies=remedy_verdict.doubles(tried),
            early_rollbacks=remedy_verdict.early(tried),
            untold_remedies=remedy_verdict.untold(tried, self.post),
            faults=[
                *(fault for host in self.hosts for fault in host.faults),
                *self.nature.loop.complaints,
                *self.store.ledger.broken,
            ],
        )


def policy_of(nature: Nature, names: tuple[str, ...]) -> Policy:
    """Return the user's policy in this seed: the shipped one, with a shorter proof to keep seeds short.

    Its budget is wide: the protocol alone shall prevent a second rollback, not a budget that is used up.
    """
    chance = nature.chance
    services = {}
    for name in names:
        mode = Mode.ASSIST if nature.happens(ASSIST_SHARE) else Mode.AUTONOMOUS
        signal = SignalPolicy("home", "http", critical=True, every_seconds=10.0)
        services[name] = ServicePolicy(
            name, name, mode, veto_seconds=chance.choice((0.0, 0.0, 20.0)), signals=(signal,)
        )
    matrix = {severity: Rule(rule.do, rule.within_seconds, CHANNELS) for severity, rule in DEFAULT_MATRIX.items()}
    return Policy(
        services=MappingProxyType(services),
        matrix=MappingProxyType(matrix),
        control=(CONTROL_URL,),
        alerts=CHANNELS,
        budget=Budget(per_service_per_day=4, per_fleet_per_10m=4, cooldown_seconds=60.0),
        pace=Pace(suspect_in_watch_seconds=2.0),
        verification=Verification(seconds=60.0),
    )

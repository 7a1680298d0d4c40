"""Remedies before a rollback, which the services of some seeds have: what each really does, and every request for one.

Rule: which seeds have some, and what these do, is drawn apart: a seed without a remedy keeps its course.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from watchdog.adapters.options import Context
from watchdog.adapters.remedies.restart import Restart, RestartOptions
from watchdog.domain.errors import Temporary
from watchdog.domain.policy import Policy
from watchdog.domain.remedies.kinds import RemedyKind
from watchdog.domain.remedies.remedy import Remedy
from watchdog.domain.store_records import ActionResult, ActionRow
from watchdog.lab.storm.environment import LoopClock, Nature
from watchdog.lab.storm.fault_mix import LIST_SECONDS, apart
from watchdog.lab.storm.render import Render, RenderClient, Service
from watchdog.lab.storm.requests import Requests
from watchdog.ports import Before, RemedyAction

FAULT = "remedies"
HAS_SHARE, BOTH_SHARE, CURES_SHARE, LOOK_SHARE = 0.8, 0.3, 0.6, 0.75
PROVE_SECONDS = (20.0, 100.0)
ALONE_SHARE, COOLDOWN_SECONDS = 0.4, (120.0, 600.0)
EFFECT_SECONDS = (0.0, 2.0, 8.0)
"""From a flag that is off to programs that know it: less than each of the above. A failure is confirmed anew within a
minute, so that a remedy without its time shows where it was to have longer."""
LOOK_TIMEOUT_SECONDS = 3.5


@dataclass(frozen=True, slots=True)
class Drawn:
    """A remedy of a service. `cures`: bad deploys work again, so many seconds after it."""

    service: str
    kind: RemedyKind
    remedy: Remedy
    cures: bool
    effect_seconds: float

    @property
    def name(self) -> str:
        """Return the name by which decisions and people know it."""
        return self.remedy.name


@dataclass(slots=True)
class Order:
    """A request for a remedy. Times are virtual seconds; `landed_at` is None if it never arrived.

    `land` lets it happen; `answered`: the journal has the yes, so it outlives its sender. Of the row that was saved
    before it: `incident`, and `by_clock`, its time by the sender's clock.
    """

    of: Drawn
    worker: str
    sent_at: float
    land: Callable[[], str]
    landed_at: float | None = None
    answered: bool = False
    incident: str = ""
    by_clock: float | None = None

    @property
    def service(self) -> str:
        """Return the service that it is for."""
        return self.of.service


class Remedies:
    """What the services of one seed have, and each request that was sent.

    `marked`: service, remedy and moment of each that the journal took for sent, `marked_for` the last one's row;
    `off`: flags, and since when.
    """

    def __init__(self, nature: Nature, render: Render) -> None:
        self.drawn: list[Drawn] = []
        self.sent: list[Order] = []
        self.marked: list[tuple[str, str, float]] = []
        self.marked_for: dict[tuple[str, str], ActionRow] = {}
        self.off: dict[str, float] = {}
        self._nature = nature
        self._render = render
        render.restarts = self._restarts

    def configured(self, policy: Policy) -> Policy:
        """Draw the services' remedies, and return the policy with them."""
        nature = self._nature
        chance = apart(nature.seed, "the remedies of services")
        if chance.random() >= nature.weather.remedies:
            return policy
        nature.struck[FAULT] += 1
        for service in policy.services:
            if chance.random() >= HAS_SHARE:
                continue
            for kind in chance.sample(list(ACTIONS), 2 if chance.random() < BOTH_SHARE else 1):
                flag = kind is RemedyKind.FLAG_OFF
                remedy = Remedy(
                    f"checkout-{service}" if flag else f"{kind}:service",
                    chance.choice(PROVE_SECONDS),
                    has_look=not flag or chance.random() < LOOK_SHARE,
                )
                cures, seconds = chance.random() < CURES_SHARE, chance.choice(EFFECT_SECONDS)
                self.drawn.append(Drawn(service, kind, remedy, cures, seconds))
                nature.note(f"{service} HAS {remedy.name} ({'cures' if cures else 'does not cure'})")
        self._also_without_deploy()
        services = {name: replace(one, remedies=self._of(name)) for name, one in policy.services.items()}
        return replace(policy, services=MappingProxyType(services))

    def _also_without_deploy(self) -> None:
        """Draw which of them apply without a suspected deploy, too, and their cooldown. A draw of its own."""
        chance = apart(self._nature.seed, "remedies without a suspected deploy")
        for place, one in enumerate(self.drawn):
            if chance.random() < ALONE_SHARE:
                remedy = replace(one.remedy, without_deploy=True, cooldown_seconds=chance.choice(COOLDOWN_SECONDS))
                self.drawn[place] = replace(one, remedy=remedy)
                self._nature.note(f"{one.service}: {one.name} ALSO WITHOUT A DEPLOY")

    def _of(self, service: str) -> tuple[Remedy, ...]:
        return tuple(one.remedy for one in self.drawn if one.service == service)

    def actions(self, client: RenderClient, worker: str) -> dict[tuple[str, str], RemedyAction]:
        """Return one worker's ways to do them."""
        return {(one.service, one.name): ACTIONS[one.kind](self, one, client, worker) for one in self.drawn}

    def asks(self, drawn: Drawn, worker: str) -> Order:
        """Enter a request that leaves now."""
        order = Order(drawn, worker, self._nature.loop.time(), lambda: self._lands(order))
        row = self.marked_for.get((drawn.service, drawn.name))
        if row is not None and row.sent_at is not None:
            order.incident, order.by_clock = row.incident, row.sent_at
        self.sent.append(order)
        self._nature.note(f"{worker} SENDS {drawn.name} of {drawn.service}")
        return order

    def _restarts(self, service: str, worker: str) -> Callable[[], str]:
        (drawn,) = (one for one in self.drawn if (one.service, one.kind) == (service, RemedyKind.RESTART))
        return self.asks(drawn, worker).land

    def written(self, row: ActionRow) -> None:
        """A row of the journal was written: one that is marked as sent counts as tried, whatever becomes of it."""
        name = row.step.partition(" ")[2]
        if row.state == "done" or row.result is ActionResult.WITHOUT_ID:
            asked = (one for one in reversed(self.sent) if (one.service, one.of.name) == (row.service, name))
            if (order := next(asked, None)) is not None:
                order.answered = True
        if row.state == "sending" and any((one.service, one.name) == (row.service, name) for one in self.drawn):
            self.marked.append((row.service, name, self._nature.loop.time()))
            self.marked_for[row.service, name] = row

    def _lands(self, order: Order) -> str:
        drawn, nature = order.of, self._nature
        order.landed_at = nature.loop.time()
        nature.note(f"{drawn.service}: {drawn.name} DONE for {order.worker}")
        service = self._render.services[drawn.service]
        if drawn.kind is RemedyKind.RESTART:
            self._begin_again(drawn, service, order.worker)
        elif drawn.name not in self.off:
            self.off[drawn.name] = order.landed_at
            nature.later(drawn.effect_seconds, self._cure, drawn, service)
        return drawn.name

    def _cure(self, drawn: Drawn, service: Service) -> None:
        if drawn.cures and service.live is not None:
            service.live.fails = 0.0
            self._render.changed(service)

    def _begin_again(self, drawn: Drawn, service: Service, worker: str) -> None:
        """Begin the deploy as which the platform shows a restart, if anything is live."""
        live = service.live
        if live is None:
            return
        # Where it does not cure, the outage goes on: one that begins anew would be restarted over and over.
        fails = 0.0 if drawn.cures else live.fails
        self._render.begin(service, "manual", live.deploy.commit or "", by=worker, fails=fails, quick=True)


class StormFlag:
    """One worker's way to one feature flag (ports.RemedyAction)."""

    believed = False
    needs_before = False

    def __init__(self, remedies: Remedies, drawn: Drawn, client: RenderClient, worker: str) -> None:
        self.can_look = drawn.remedy.has_look
        self._remedies = remedies
        self._drawn = drawn
        self._nature = client.nature
        self._worker = worker
        self._requests = Requests(client.nature, worker, "The flag service")

    async def before(self) -> Before:
        """Return whether the flag is off already. Raises Temporary."""
        return Before(done=self.can_look and await self.look(""))

    async def apply(self) -> None:
        """Send the request once. Raises Temporary, Permanent or OutcomeUnknown."""
        order = self._remedies.asks(self._drawn, self._worker)
        await self._requests.send(f"flag {self._drawn.name}", order.land)

    async def look(self, baseline: str) -> bool:
        """Return whether the flag is off. Raises Temporary."""
        nature = self._nature
        if nature.strikes("list_fails"):
            await asyncio.sleep(nature.chance.choice((0.1, LOOK_TIMEOUT_SECONDS)))
            raise Temporary("the flag service answered 502")
        await asyncio.sleep(nature.chance.choice(LIST_SECONDS))
        return self._drawn.name in self._remedies.off

    async def close(self) -> None:
        """Nothing to close."""


def _restart(remedies: Remedies, drawn: Drawn, client: RenderClient, worker: str) -> RemedyAction:
    """Return the shipped restart, on the storm's platform."""
    context = Context(
        clock=LoopClock(client.nature.loop), endpoints={}, secrets={}, platform=client, platform_id=drawn.service
    )
    return Restart(RestartOptions(), context)


ACTIONS: Mapping[RemedyKind, Callable[[Remedies, Drawn, RenderClient, str], RemedyAction]] = MappingProxyType(
    {RemedyKind.FLAG_OFF: StormFlag, RemedyKind.RESTART: _restart}
)
"""How a worker does each kind that is drawn."""
NOT_DRAWN = frozenset({RemedyKind.WEBHOOK, RemedyKind.SCALE, RemedyKind.MAINTENANCE_MODE})
"""A webhook is one HTTP call, as a flag's is. Neither numbers of instances nor maintenance mode are simulated:
tests/faults has them.
"""


def for_service(orders: Sequence[Order], service: str) -> list[Order]:
    """Return the requests for a service."""
    return [one for one in orders if one.service == service]

"""One of the two machines that run a worker: its clock, its sight of the sites, and the processes that start there.

The clock is wrong in the ways real ones are: its wall clock may be off, its monotonic time only ever goes on.
"""

import asyncio
from asyncio import Event
from collections.abc import Callable, Coroutine, Sequence
from random import Random
from typing import Any

from watchdog.domain.effects import Effect, Note, Tell
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Bad, FailureKind, Good, Reading
from watchdog.lab.storm.channels import Post
from watchdog.lab.storm.environment import LoopClock, Nature
from watchdog.lab.storm.loop import DEAD, Process
from watchdog.lab.storm.remedies import Remedies
from watchdog.lab.storm.render import Render, Seen, Service
from watchdog.lab.storm.store import StoreHost
from watchdog.ports import Sample

CHANNELS = ("pager", "chat")
CONTROL_URL = "https://control.example"
# The time limits of reads run on while a process stands still: such a timeout is no fault of the daemon.
FROZEN_SECONDS = 60.0
GRACE_SECONDS = 30.0
"""How long Render waits for a process that was asked to stop."""
EVERY_SECONDS = 10.0
READ_SECONDS = (0.05, 0.1, 0.3)
TIMEOUT_SECONDS = 3.0
DOWN = Bad("HTTP 500", FailureKind.STATUS)
UNREACHABLE = Bad("no answer", FailureKind.TIMEOUT)
UP = Good("HTTP 200")


class HostNetwork:
    """Whether a host's network works: without it, everything seems to be down."""

    def __init__(self, nature: Nature) -> None:
        self._nature = nature
        self.blind_until = 0.0

    @property
    def is_blind(self) -> bool:
        """Return whether no site can be reached from here."""
        return self._nature.loop.time() < self.blind_until


class Probe:
    """A probe of a service, or of the control target without one, as this host sees it (ports.SignalSource)."""

    adaptive = timed = True

    def __init__(
        self, nature: Nature, sight: HostNetwork, process: Process, name: str, service: Service | None
    ) -> None:
        self.name = name
        self.kind = "http" if service is not None else "control"
        self.every_seconds = EVERY_SECONDS
        self._nature = nature
        self._sight = sight
        self._process = process
        self._service = service

    async def read(self) -> Sequence[Sample]:
        """Look once."""
        if self._sight.is_blind:
            # A host without a network gets no answer at all: only the time limit ends its probe.
            await asyncio.sleep(TIMEOUT_SECONDS)
            return (Sample(UNREACHABLE),)
        seconds = self._nature.chance.choice(READ_SECONDS)
        await asyncio.sleep(seconds)
        return (Sample(self._answer(), latency_seconds=seconds),)

    def _answer(self) -> Reading:
        service, now = self._service, self._nature.loop.time()
        # The control target never fails by itself: it looks down only to a host without a network.
        if service is None or not self._nature.happens(service.share(now)):
            return UP
        # For the judge: a worker can have known only of a failure that a probe saw.
        service.seen_failing.append(Seen(now, self._process))
        return DOWN

    async def close(self) -> None:
        """Nothing to close."""


class WorkerProcess:
    """One start of a worker, with everything outside that it can reach. Its name is unique to the start, and so is each
    connection it makes to the store, the platform and the channels.

    `commanded` is set when a human left a command in the store, `stopping` when it is to end in good order; `failed` is
    called with the faults of the daemon itself.
    """

    def __init__(self, host: "Host", number: int) -> None:
        self.name = f"{host.name}.{number}"
        self.process = Process(self.name)
        self.nature: Nature = host.nature
        self.clock = host.clock
        self.policy = host.policy
        self.store_host = host.store
        self.stopping = Event()
        self.render = host.render
        self.remedies = host.remedies
        self.post = host.post
        self.chance: Random = host.nature.chance
        self.commanded = Event()
        # A command may have waited in the store since before this start: the worker looks once at once.
        self.commanded.set()
        self._host = host

    def sources(self, name: str) -> Sequence[Probe]:
        """Return the probes of a service, or of the control target."""
        host = self._host
        if name in host.policy.services:
            return [Probe(host.nature, host.sight, self.process, "home", host.render.services[name])]
        return [Probe(host.nature, host.sight, self.process, CONTROL_URL, None)] if name == "control" else []

    def story(self, note: Note) -> None:
        """Take a line of the daemon's own story; an invariant that it found violated counts as a fault."""
        self.nature.note(f"{self.name}: {note.service} {note.incident or ''} {note.label} {note.text}")
        # The daemon's claim is only noted: whether the site worked at that moment is for the judge to find out.
        if note.label == "VERIFIED":
            self._host.proved.append((note.service, self.nature.loop.time()))
        if note.label == "DISARMED":
            self._host.faults.append(f"{self.name} DISARMED {note.text}")

    def told(self, effects: Sequence[Effect]) -> None:
        """Take the effects of a step: the outbox of this process holds its pages, even if the save fails."""
        for effect in effects:
            if not isinstance(effect, Tell):
                continue
            self._host.post.compose(effect.notice)
            # Notices for information may be lost with a process; only pages are owed to people.
            if effect.notice.wakes:
                self._host.post.owe(effect.notice, effect.channels, self.process)

    def failed(self, task: str, error: BaseException) -> None:
        """Record a fault of the daemon itself: no weather excuses one."""
        stood_still = sum(stop - start for start, stop in self.process.frozen)
        if isinstance(error, TimeoutError) and stood_still >= FROZEN_SECONDS:
            return  # a read that stood still with all of us is given up, which is right
        why = f"{self.name} {task}: {type(error).__name__}: {error}"
        self.nature.note(f"FAULT {why}")
        self._host.faults.append(why)


Run = Callable[[WorkerProcess], Coroutine[Any, Any, None]]
"""Runs a worker until it is killed."""


class Host:
    """A machine. `run` is the worker's program; `proved` lists the recoveries that it called verified, and when."""

    def __init__(
        self,
        name: str,
        nature: Nature,
        policy: Policy,
        store: StoreHost,
        render: Render,
        remedies: Remedies,
        post: Post,
        run: Run,
    ) -> None:
        self.name = name
        self.nature = nature
        self.policy = policy
        self.store = store
        self.render = render
        self.remedies = remedies
        self.post = post
        self.clock = LoopClock(nature.loop)
        self.sight = HostNetwork(nature)
        self.faults: list[str] = []
        self.proved: list[tuple[str, float]] = []
        self.started: list[WorkerProcess] = []
        self._run = run

    def start(self) -> None:
        """Start the worker's program."""
        start = WorkerProcess(self, len(self.started) + 1)
        self.started.append(start)
        self.nature.note(f"{start.name} starts")
        self.nature.spawn(start.process, lambda: self._run(start))

    def stops(self) -> None:
        """Ask the worker to end in good order, as a deploy of it does; it is killed if it takes too long."""
        start, nature = self.started[-1], self.nature
        if start.process.state is DEAD:
            return
        nature.note(f"{start.name} IS ASKED TO STOP")
        start.stopping.set()
        nature.disturb(GRACE_SECONDS, start.name)
        # Render sends SIGTERM and, after its grace period, SIGKILL: a worker that hangs must not keep its leases.
        nature.later(GRACE_SECONDS, nature.kill, start.process, "as it did not stop")

    def steps_clock(self, seconds: float) -> None:
        """Set the wall clock wrong."""
        self.nature.note(f"{self.name} CLOCK off by {seconds:.1f} s")
        self.clock.skew_seconds = seconds

    def goes_blind(self, seconds: float) -> None:
        """Cut the network to the sites."""
        self.nature.note(f"{self.name} BLIND for {seconds:.0f} s")
        self.nature.disturb(seconds, self.name, blind=True)
        self.sight.blind_until = self.nature.loop.time() + seconds

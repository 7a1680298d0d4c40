"""Channels to people: they fail, go down for a while, or deliver and lose the answer. `Post` has real deliveries."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from watchdog.domain.errors import Temporary
from watchdog.domain.notices import Notice
from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.loop import Process

SEND_SECONDS = (0.1, 0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A notice that people received: by which channel, and when (virtual seconds). `copy`: the network repeated it."""

    channel: str
    notice: Notice
    at: float
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Owed:
    """A page that the outbox has had since `at`: written down (`by` is None), or only in a worker's memory."""

    notice: Notice
    channels: tuple[str, ...]
    at: float
    by: Process | None


@dataclass(slots=True)
class Outage:
    """A channel refusing everything from `start` to `stop` (virtual seconds)."""

    channel: str
    start: float
    stop: float


@dataclass(slots=True)
class Post:
    """The deliveries of all channels, and until when each channel is down.

    `composed` is when each notice was (virtual seconds): the time it carries is its worker's, whose clock may be off.
    """

    nature: Nature
    arrived: list[Arrived] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)
    composed: dict[tuple[object, ...], float] = field(default_factory=dict)
    down_until: dict[str, float] = field(default_factory=dict)
    outages: list[Outage] = field(default_factory=list)

    def goes_down(self, channel: str, seconds: float) -> None:
        """Let a channel refuse everything for so long."""
        self.nature.note(f"CHANNEL {channel} DOWN for {seconds:.0f} s")
        now = self.nature.loop.time()
        self.down_until[channel] = now + seconds
        self.outages.append(Outage(channel, now, now + seconds))

    def recovers(self) -> None:
        """Let every channel work again."""
        now = self.nature.loop.time()
        self.down_until.clear()
        for outage in self.outages:
            # The judge excuses a late page only while the channel was really down.
            outage.stop = min(outage.stop, now)

    def compose(self, notice: Notice) -> None:
        """Record the moment at which a notice was composed from the facts of that moment."""
        # A step that is decided again composes the same notice once more: the first time dates it.
        self.composed.setdefault(notice.identity, self.nature.loop.time())

    def owe(self, notice: Notice, channels: Sequence[str], by: Process | None) -> None:
        """Remember that people are owed a page: for ever if it is written down, else while its worker lives.

        It is composed by now: who wrote it down may stand still before it says so.
        """
        self.compose(notice)
        self.owed.append(Owed(notice, tuple(channels), self.nature.loop.time(), by))

    def forget(self, since: float) -> None:
        """Drop the pages written after that moment (virtual seconds): the store was restored to a copy of then."""
        # A page in the memory of a living worker does not depend on the store.
        self.owed = [page for page in self.owed if page.by is not None or page.at <= since]

    def receive(self, channel: str, notice: Notice, copy: bool = False) -> None:
        """Take a notice for people."""
        self.arrived.append(Arrived(channel, notice, self.nature.loop.time(), copy))
        self.nature.note(f"{channel} <- {notice.incident} {notice.kind.value}{' (wakes)' if notice.wakes else ''}")


class StormChannel:
    """One worker's end of a channel (ports.Notifier)."""

    def __init__(self, post: Post, name: str) -> None:
        self.name = name
        self._post = post
        self._nature = post.nature

    async def send(self, notice: Notice, reference: str | None) -> str | None:
        """Deliver. Raises Temporary, whether it arrived or not."""
        nature = self._nature
        await nature.point(f"before {self.name}")
        await asyncio.sleep(nature.chance.choice(SEND_SECONDS))
        # Judged on arrival: an outage that begins while the notice travels refuses it as well.
        down = nature.loop.time() < self._post.down_until.get(self.name, 0.0)
        if down or nature.strikes("channel_fails"):
            raise Temporary(f"{self.name} answered 503")
        self._post.receive(self.name, notice)
        # The network delivers a second copy late. It is marked, as it says nothing of the daemon's last word.
        if nature.strikes("notice_twice"):
            nature.later(nature.chance.choice(SEND_SECONDS), self._post.receive, self.name, notice, True)
        # People have the notice and the worker cannot know: sending it again is right, dropping it would lose pages.
        if nature.strikes("channel_answer_lost"):
            raise Temporary(f"{self.name} did not answer")
        await nature.point(f"after {self.name}")
        return reference or f"{self.name}/{notice.incident}"

    async def check(self) -> str:
        """Say that it would work."""
        return "simulated"

    async def close(self) -> None:
        """Nothing to close."""

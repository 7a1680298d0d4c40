"""Channels to people: they fail, go down for a while, or deliver and lose the answer. They know who was really told."""

import asyncio
from dataclasses import dataclass, field

from watchdog.domain.errors import Temporary
from watchdog.domain.notices import Notice
from watchdog.lab.storm.nature import Nature

SEND_SECONDS = (0.1, 0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A notice that people have: through which channel, and when (virtual seconds)."""

    channel: str
    notice: Notice
    at: float


@dataclass(slots=True)
class Post:
    """What arrived, of all channels, and until when each channel is down."""

    nature: Nature
    arrived: list[Arrived] = field(default_factory=list)
    down_until: dict[str, float] = field(default_factory=dict)

    def goes_down(self, channel: str, seconds: float) -> None:
        """Let a channel refuse everything for so long."""
        self.nature.note(f"CHANNEL {channel} DOWN for {seconds:.0f} s")
        self.down_until[channel] = self.nature.loop.time() + seconds

    def recovers(self) -> None:
        """Let every channel work again."""
        self.down_until.clear()

    def receive(self, channel: str, notice: Notice) -> None:
        """Take a notice for people."""
        self.arrived.append(Arrived(channel, notice, self.nature.loop.time()))
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
        down = nature.loop.time() < self._post.down_until.get(self.name, 0.0)
        if down or nature.happens(nature.weather.channel_fails):
            raise Temporary(f"{self.name} answered 503")
        self._post.receive(self.name, notice)
        if nature.happens(nature.weather.channel_answer_lost):
            raise Temporary(f"{self.name} did not answer")
        await nature.point(f"after {self.name}")
        return reference or f"{self.name}/{notice.incident}"

    async def check(self) -> str:
        """Say that it would work."""
        return "simulated"

    async def close(self) -> None:
        """Nothing to close."""

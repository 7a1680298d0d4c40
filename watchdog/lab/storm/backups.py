"""Backups: the store is put back to a copy of minutes ago while no worker runs, and a forgotten bad commit returns.

Rule: all of it is drawn from a stream of its own, so that a seed in which it does not happen keeps its course.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.adapters.stores.memory import MemoryDatabase
from watchdog.domain.store_records import ActionRow
from watchdog.lab.storm.channels import Post
from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.fault_mix import apart
from watchdog.lab.storm.host import Host
from watchdog.lab.storm.loop import DEAD
from watchdog.lab.storm.render import Accepted, Release, Render
from watchdog.lab.storm.store import StoreHost

FAULT = "store_restored"
AWAY_SECONDS = (40.0, 90.0)
"""How long no worker runs during a restore: longer than any request to the platform is under way."""
AGE_SECONDS = (20.0, 240.0)
SETTLED_SECONDS = 40.0
"""The earliest moment of a copy; and how long the storm goes on after a restore."""
AT_A_MOMENT_SHARE = 0.5
MOMENTS = (("pin", "sending"), ("rollback", "planned"), ("rollback", "sending"), ("rollback", "accepted"))
"""Rows of the actions' journal: a copy is made just when one is written, for such a moment is short."""
SOON_SHARE = 0.8
SOON_SECONDS = (1.0, 60.0)
"""From an accepted rollback to the restore; without a rollback, the store is restored as late as possible."""
RETURNS_SHARE = 0.7
AGAIN_SECONDS = 10.0
RETURNS_SECONDS = 60.0
"""The latest moment, after the workers are back, at which the forgotten bad commit is deployed again."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The store was put back: when (virtual seconds), and to a copy of when."""

    copied_at: float
    at: float


class Backups:
    """At most one restore in a seed. `under_way`: no worker may run; `restored` lists it once it is over."""

    def __init__(self, nature: Nature, store: StoreHost, post: Post, render: Render, hosts: Sequence[Host]) -> None:
        self.under_way = False
        self.restored: list[Restored] = []
        self._nature = nature
        self._store = store
        self._post = post
        self._render = render
        self._hosts = hosts
        # A stream of its own: one more draw from the common one would change the course of every kept seed.
        self._chance = apart(nature.seed, "what is restored")
        self._latest = self._away = 0.0
        self._moment: tuple[str, str] | None = None
        self._copy: tuple[float, MemoryDatabase] | None = None

    def plan(self, ends_at: float) -> None:
        """Draw whether the store is restored, when, and to the copy of which moment."""
        chance, nature = self._chance, self._nature
        if chance.random() >= nature.weather.store_restored:
            return
        away = chance.uniform(*AWAY_SECONDS)
        # A later restore would be judged in the calm: the workers shall come back while the storm goes on.
        self._latest = ends_at - away - SETTLED_SECONDS
        if chance.random() < AT_A_MOMENT_SHARE:
            self._moment = chance.choice(MOMENTS)
        # A copy is dangerous when it forgets a rollback. A random moment rarely does, so most restores follow one.
        if chance.random() < SOON_SHARE:
            self._away = away
            nature.later(chance.uniform(SETTLED_SECONDS, 2 * SETTLED_SECONDS), self._make_copy)
            nature.later(self._latest, self._begin_at_last)
            return
        at = chance.uniform(2 * SETTLED_SECONDS, self._latest)
        # Not older than the first moment at which the store holds anything.
        age = min(chance.uniform(*AGE_SECONDS), at - SETTLED_SECONDS)
        nature.later(at - age, self._make_copy)
        nature.later(at, self._begin, away)

    def written(self, row: ActionRow) -> None:
        """A row of the journal was written: this may be the moment of the copy, or that after which it is restored."""
        # One copy only: the same moment of a later rollback would give a newer copy, which forgets less.
        if self._moment == (row.step, row.state) and not self.under_way and not self.restored:
            self._moment = None
            self._make_copy()
        if self._away and self._copy is not None and (row.step, row.state) == ("rollback", "accepted"):
            after = self._chance.uniform(*SOON_SECONDS)
            if self._nature.loop.time() + after < self._latest:
                away, self._away = self._away, 0.0
                self._nature.later(after, self._begin, away)

    def _begin_at_last(self) -> None:
        """No rollback came that it could follow: the store is restored all the same."""
        if self._away:
            self._begin(self._away)

    def _make_copy(self) -> None:
        if self.under_way:
            return  # put off until then
        copy = self._store.copy()
        # A store that was away from the start holds no service yet: such a copy would be a first start.
        if len(copy.services) < len(self._render.services):
            self._nature.later(AGAIN_SECONDS, self._make_copy)
            return
        self._copy = self._nature.loop.time(), copy

    def _begin(self, away: float) -> None:
        nature = self._nature
        if self._copy is None:
            return  # the store never held every service before
        now, (copied_at, _) = nature.loop.time(), self._copy
        nature.note(f"THE STORE IS RESTORED from a copy of {now - copied_at:.0f} s ago; nothing runs for {away:.0f} s")
        nature.struck[FAULT] += 1
        # Blind rather than stopped, for the judge: no other worker could take the services over.
        nature.disturb(away, blind=True)
        self.under_way = True
        # A write that a killed worker had sent is still on its way: it must find the store down, not commit to it.
        self._store.down_until = now + away
        for host in self._hosts:
            nature.kill(host.started[-1].process, "for the restore")
        # The last rollback of each service that the copy lacks: the deny-list in it lacks the bad commit, too.
        for one in {one.service: one for one in self._render.accepted if one.landed_at > copied_at}.values():
            if self._chance.random() < RETURNS_SHARE:
                nature.later(self._chance.uniform(0.0, away + RETURNS_SECONDS), self._return, one)
        nature.later(away, self._end)

    def _end(self) -> None:
        assert self._copy is not None, "a copy was made before"
        now, (copied_at, copy) = self._nature.loop.time(), self._copy
        self._nature.note("THE STORE IS BACK")
        self._store.restore(copy)
        self._store.down_until = now
        # The restored outbox lacks the pages that were written after the copy, so no worker can deliver them.
        self._post.forget(copied_at)
        self.restored.append(Restored(copied_at, now))
        self.under_way = False
        for host in self._hosts:
            if host.started[-1].process.state is DEAD:
                host.start()

    def _return(self, one: Accepted) -> None:
        """Deploy the rolled-back commit again, by a human, once the rollback is over."""
        service = self._render.services[one.service]
        made: Release = next(item for item in service.releases if item.deploy.id == one.made)
        if made.deploy.in_progress:
            self._nature.later(AGAIN_SECONDS, self._return, one)
            return
        # A rollback that never went live took no commit away, so there is none to bring back.
        if made.live_at is None or one.left is None:
            return
        left = one.left
        self._render.begin(
            service,
            "manual",
            left.deploy.commit or "",
            by="human",
            fails=left.fails,
            onset_seconds=left.onset_seconds,
        )

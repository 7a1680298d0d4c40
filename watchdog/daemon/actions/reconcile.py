"""Looks a send up in the deploy list, among the deploys newer than the baseline. Changes nothing.

Rule 1: "empty is never everything": a list that is unreadable, empty or lacks the baseline justifies nothing.
Rule 2: to take a foreign deploy for the own one is the safe mistake: it sends nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from watchdog.daemon.actions.timings import Answer, Found, NoTrace, Timings, UnreadableList
from watchdog.domain.deploys import BY_API, Deploy
from watchdog.domain.effects import Rollback
from watchdog.domain.errors import Permanent, Temporary
from watchdog.ports import Clock, Platform

UNREADABLE = "the deploy list cannot be read"


@dataclass(frozen=True, slots=True)
class DeployLookup:
    """One lookup: the effect to find, the platform, and its time limits."""

    platform: Platform
    clock: Clock
    timings: Timings
    effect: Rollback

    async def deploys(self) -> Sequence[Deploy] | None:
        """Return the deploys, newest first and back to the baseline; None if the list is not readable that far."""
        baseline = self.effect.baseline
        try:
            found = await self.platform.deploys(self.effect.platform_id, back_to=baseline)
        except (Temporary, Permanent):
            return None
        # A list that lacks the baseline may lack the deploy in question as well.
        return found if any(deploy.id == baseline for deploy in found) else None

    async def patiently(self, *, resumed: bool = False) -> tuple[float, Sequence[Deploy] | None]:
        """Return when the last look began (monotonic seconds) and the deploys, asking again for a while.

        For longer before an action is `resumed`: without the list nothing says that it was not sent.
        """
        timings = self.timings
        give_up = self.clock.monotonic() + (timings.lost_seconds if resumed else timings.read_patience_seconds)
        while True:
            looked_at = self.clock.monotonic()
            found = await self.deploys()
            if found is not None or self.clock.monotonic() >= give_up:
                return looked_at, found
            await self.clock.sleep(self.timings.look_every_seconds)

    def find_own_deploy(self, deploys: Sequence[Deploy]) -> Deploy | None:
        """Return the oldest deploy newer than the baseline that is the result of the effect, or None.

        Of a rollback: one with the target's code (any rollback, if the code is unknown), or a build of that code by the
        API: a restored store does not know that the artefact was gone and its commit built anew. Of a rebuild: one of
        its commit.
        """
        newer = newer_than(deploys, self.effect.baseline)
        hits = [deploy for deploy in newer if (_rebuilt if self.effect.rebuild else _rolled_back)(deploy, self.effect)]
        # The list does not name the request behind a deploy: the first match after the baseline is taken.
        return hits[-1] if hits else None


Reconcile = Callable[[DeployLookup], Awaitable[Answer]]
"""Decides the outcome of a send whose answer was lost."""


def newer_than(deploys: Sequence[Deploy], deploy_id: str) -> Sequence[Deploy]:
    """Return the deploys (newest first) that are newer than that one; none, if it is not among them."""
    ids = [deploy.id for deploy in deploys]
    return deploys[: ids.index(deploy_id)] if deploy_id in ids else ()


def _rolled_back(deploy: Deploy, effect: Rollback) -> bool:
    if deploy.is_rollback:
        # Render may list a deploy before its commit: a rollback without a code counts as ours (rule 2).
        return effect.target_code is None or deploy.code in (None, effect.target_code)
    return deploy.trigger == BY_API and deploy.code is not None and deploy.code == effect.target_code


def _rebuilt(deploy: Deploy, effect: Rollback) -> bool:
    """Return whether the deploy brings the target's commit; one started by the API may lack its commit at first."""
    return deploy.code == effect.target_code or (deploy.code is None and deploy.trigger == BY_API)


async def look_up(search: DeployLookup) -> Answer:
    """Read until the deploy shows, the settle window has passed without it, or the list stays unreadable.

    The window runs on the monotonic clock; after a restart it begins anew, which only makes it longer.
    """
    clock, timings = search.clock, search.timings
    began = clock.monotonic()
    while True:
        # Before the read: only a list read after the whole window proves that no request arrived.
        waited = clock.monotonic() - began
        deploys = await search.deploys()
        hit = search.find_own_deploy(deploys) if deploys is not None else None
        if hit is not None:
            return Found(hit)
        if deploys is not None and waited > timings.settle_seconds:
            return NoTrace(f"no trace of it in the deploy list after {timings.settle_seconds:.0f} s", deploys)
        if waited > timings.lost_seconds:
            return UnreadableList(UNREADABLE)
        await clock.sleep(timings.look_every_seconds)

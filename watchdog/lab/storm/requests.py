"""A request on its way to a vendor that changes something, and its answer on the way back.

It cannot be recalled: it lands even if its sender is dead, gave up, or is frozen, or it is lost. Its answer travels
back, late or never.
"""

import asyncio
from collections.abc import Callable

from watchdog.domain.errors import Gone, OutcomeUnknown, Permanent, Temporary
from watchdog.lab.storm.environment import Nature
from watchdog.lab.storm.fault_mix import ANSWER_SECONDS, LANDING_MAX_SECONDS, LANDING_SECONDS

CLIENT_SECONDS = 10.0
"""The real client's total deadline of one request (adapters/api_client.py)."""
RESET_SECONDS = (0.05, 0.5, 2.0)
"""When a connection breaks: its request may be under way all the same, in some proxy."""


class Requests:
    """One worker's requests to one vendor."""

    def __init__(self, nature: Nature, worker: str, vendor: str) -> None:
        self._nature = nature
        self._worker = worker
        self._vendor = vendor

    async def send(self, what: str, effect: Callable[[], str], *, twice: bool = False) -> str:
        """Let a request travel, have its effect, and its answer come back; or the deadline end the waiting."""
        nature = self._nature
        # No freeze: between the guard's last comparison and the socket write no program can close the gap.
        await nature.point(f"before {what}", may_freeze=False)
        if nature.strikes("request_not_connected"):
            await asyncio.sleep(1.0)
            raise Temporary(f"{self._vendor} could not be connected: nothing was sent")
        answer: asyncio.Future[str | Exception] = nature.loop.create_future()
        patience = CLIENT_SECONDS
        if nature.strikes("connection_reset"):
            patience = nature.chance.choice(RESET_SECONDS)
        if not nature.strikes("request_lost"):
            for _ in range(2 if twice else 1):
                nature.later(self._travel_seconds(patience), self._land, what, effect, answer)
        try:
            async with asyncio.timeout(patience):
                came = await answer
        except TimeoutError:
            raise OutcomeUnknown(f"{self._vendor} did not answer: it may or may not have happened") from None
        await nature.point(f"after {what}")
        if isinstance(came, Exception):
            raise came
        return came

    def _travel_seconds(self, patience: float) -> float:
        """Return how long a request is under way: at most `LANDING_MAX_SECONDS` longer than its sender waits."""
        chance = self._nature.chance
        if not self._nature.strikes("slow_landing"):
            return chance.choice(LANDING_SECONDS)
        latest = patience + LANDING_MAX_SECONDS
        # Half of them land in the last 3 s allowed, where a settle window that is too short shows.
        return chance.uniform(chance.choice((0.0, latest - 3.0)), latest)

    def _land(self, what: str, effect: Callable[[], str], answer: "asyncio.Future[str | Exception]") -> None:
        """Have the request's effect, or refuse it; then let the answer travel back, or be lost."""
        nature = self._nature
        came: str | Exception
        if nature.strikes("request_limited"):
            came = Temporary(f"{self._vendor} answered 429", retry_after_seconds=nature.chance.choice((0.0, 5.0, 30.0)))
        elif nature.strikes("refused"):
            came = Permanent(f"{self._vendor} answered 404")
        else:
            came = self._effect(effect)
        if nature.strikes("answer_lost"):
            nature.note(f"{what}: answer to {self._worker} lost")
            return
        nature.later(nature.chance.choice(ANSWER_SECONDS), _answer, answer, came)

    def _effect(self, effect: Callable[[], str]) -> str | Exception:
        """Have the effect; the answer may be a 500 all the same."""
        try:
            came = effect()
        except Gone as error:
            return error
        if self._nature.strikes("answer_500"):
            return OutcomeUnknown(f"{self._vendor} answered 500: it may or may not have happened")
        return came


def _answer(answer: "asyncio.Future[str | Exception]", came: str | Exception) -> None:
    if not answer.done():
        answer.set_result(came)

"""Virtual time: what is due is done in order, each thing at its moment."""

import heapq
from collections.abc import Callable
from itertools import count


class EventQueue:
    """What is to be done and when (UTC epoch seconds)."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, at: float, do: Callable[[], None]) -> None:
        """Have something done then; at once, if that is past."""
        heapq.heappush(self._due, (at if at > self.now else self.now, next(self._order), do))

    def run(self, until: float) -> None:
        """Do all that is due by then, and what becomes due meanwhile."""
        due, take = self._due, heapq.heappop
        while due and due[0][0] <= until:
            self.now, _, do = take(due)
            do()

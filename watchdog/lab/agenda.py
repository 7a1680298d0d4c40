"""Virtual time: what is due is done in order, each thing at its moment."""

import heapq
from collections.abc import Callable
from itertools import count


class Agenda:
    """What is to be done and when (UTC epoch seconds)."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, at: float, do: Callable[[], None]) -> None:
        """Have something done then; at once, if that is past."""
        heapq.heappush(self._due, (max(at, self.now), next(self._order), do))

    def step(self, until: float) -> bool:
        """Do what is due next, if it is due by then; tell whether it was."""
        if not self._due or self._due[0][0] > until:
            return False
        self.now, _, do = heapq.heappop(self._due)
        do()
        return True

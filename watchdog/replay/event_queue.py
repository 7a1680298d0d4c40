"""Virtual time: a queue of callbacks that run in order of their due times."""

import heapq
from collections.abc import Callable
from itertools import count


class EventQueue:
    """Callbacks with their due times (UTC epoch seconds); `now` is the time of the callback that runs.

    Time jumps from one callback to the next. Callbacks due at the same moment run in the order in which they were
    added, so a run is deterministic.
    """

    def __init__(self, now: float) -> None:
        self.now = now
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, at: float, do: Callable[[], None]) -> None:
        """Add a callback for that moment; one in the past runs next, at the present time."""
        # The running number breaks ties and keeps the heap from comparing callbacks.
        heapq.heappush(self._due, (at if at > self.now else self.now, next(self._order), do))

    def run(self, until: float) -> None:
        """Run all callbacks due until that moment, including those that are added meanwhile."""
        # Local names: a simulated year runs through this loop 19 million times.
        due, take = self._due, heapq.heappop
        while due and due[0][0] <= until:
            self.now, _, do = take(due)
            do()

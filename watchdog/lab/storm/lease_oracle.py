"""The world's own account of leases: which worker held which, and when. It records every grant and trusts no fence.

A grant before the last one had run out, and a write by a worker that does not hold the name, are entered as broken.
"""

from collections.abc import Callable, Sequence

NO_OWNER = ""


class Ledger:
    """Keeps the account. `now` is virtual time, `store_now` the time of the store's clock, which judges leases."""

    def __init__(self, now: Callable[[], float], store_now: Callable[[], float]) -> None:
        self.broken: list[str] = []
        self._now = now
        self._store_now = store_now
        self._history: dict[str, list[tuple[float, str]]] = {}
        self._until: dict[str, float] = {}

    def granted(self, worker: str, names: Sequence[str], ttl_seconds: float) -> None:
        """Enter that a worker holds these names, and no others, from now on for so long."""
        # A grant lists all leases of the worker, so a name that it leaves out is free again.
        for name, history in self._history.items():
            if history[-1][1] == worker and name not in names:
                history.append((self._now(), NO_OWNER))
        for name in names:
            holder = self.holder(name)
            # By the store's clock, which alone judges leases: by another one a rightful takeover would look broken.
            if holder not in (NO_OWNER, worker) and self._until[name] > self._store_now():
                self.broken.append(f"{name or 'the fleet'} was granted to {worker} while {holder} held it")
            if holder != worker:
                self._history.setdefault(name, []).append((self._now(), worker))
            self._until[name] = self._store_now() + ttl_seconds

    def restored(self) -> None:
        """Enter that no worker holds a lease: the store is another one now, and every worker begins anew."""
        for history in self._history.values():
            history.append((self._now(), NO_OWNER))

    def wrote(self, worker: str, name: str) -> None:
        """Enter that a worker's write on a name was taken."""
        if self.holder(name) != worker:
            self.broken.append(f"{worker} wrote {name}, which {self.holder(name) or 'nobody'} held")

    def holder(self, name: str) -> str:
        """Return who was granted a name last and did not give it back."""
        return self._history[name][-1][1] if name in self._history else NO_OWNER

    def held(self, name: str, worker: str, start: float, stop: float) -> bool:
        """Return whether a worker (or any of a host's: "a" means "a.1", "a.2") held a name between two moments."""
        history = self._history.get(name, [])
        ends = [*(at for at, _ in history), float("inf")][1:]
        return any(
            holder in (worker, f"{worker}.{holder.rpartition('.')[2]}") and at <= stop and end >= start
            for (at, holder), end in zip(history, ends, strict=False)
        )

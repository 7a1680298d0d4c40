"""Two real workers on one real PostgreSQL, guarding many services of one sandbox; one of them over a network to cut.

Rule: what they did is read from outside: the sandbox's logs (requests, pages, each site's accesses) and the leases.
"""

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.child_processes import put_first
from tests.support.daemon_processes import SHORT, Cloud, Daemon, running_cloud, until
from tests.support.databases import dumped, in_database
from tests.support.many_services import guard_many
from tests.support.network_partition import Cuttable, cuttable
from tests.support.postgres_server import PostgresServer, running_postgres

MOVES = """
CREATE TABLE moves (name text, from_worker text, at double precision);
CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN INSERT INTO moves VALUES (NEW.name, OLD.owner, extract(epoch FROM clock_timestamp())); RETURN NEW; END';
CREATE TRIGGER note_move AFTER UPDATE ON leases FOR EACH ROW WHEN (OLD.owner <> NEW.owner)
  EXECUTE FUNCTION note_move()
"""
"""The database notes when a lease changes hands, in the very transaction and by its own clock."""
SIGNALLED = Path(__file__).with_name("signalled_daemon.py")


@dataclass
class Pair:
    """Two workers (not started yet), their database, and the network of the second."""

    cloud: Cloud
    server: PostgresServer
    network: Cuttable
    near: Daemon
    far: Daemon
    services: list[str]

    def start(self, point: str | None = None) -> None:
        """Start both and wait until each watches its share; whoever first comes to the point is stopped there."""
        for worker in (self.near, self.far):
            config = self.config(worker)
            if point is None:
                worker.start(sys.executable, "-m", "watchdog", "run", "-c", str(config))
            else:
                once = str(self.cloud.folder / "stopped")
                worker.start(sys.executable, str(SIGNALLED), point, str(config), "SIGSTOP", once)
        until(lambda: self.shared() and all(worker.ready() for worker in self.both))

    @property
    def both(self) -> tuple[Daemon, Daemon]:
        return self.near, self.far

    def config(self, worker: Daemon) -> Path:
        """Return a worker's configuration: they differ in nothing but the way to the database."""
        return self.cloud.config if worker is self.near else self.cloud.folder / "far.yaml"

    def owners(self) -> dict[str, str]:
        """Return who holds each service, by the database's own clock."""
        rows = self.near.rows("SELECT name, owner FROM leases WHERE expires > extract(epoch FROM clock_timestamp())")
        return {service: owner for service, owner in rows if service in self.services}

    def holding(self, worker: Daemon) -> set[str]:
        """Return the services that a worker's newest process holds."""
        names = {line["worker"] for line in worker.said("services taken up")}
        return {service for service, owner in self.owners().items() if owner in names}

    def note_moves(self) -> None:
        """Have the database note from now on when leases change hands; it and the workers come before neighbours."""
        for pid in (self.near.process.pid, self.far.process.pid, self.server.pid):
            put_first(pid)
        self.server.execute(MOVES, self.near.record.url)

    def clock(self) -> float:
        """Return the time by the database's clock, which judges leases."""
        return float(self.near.rows("SELECT extract(epoch FROM clock_timestamp())")[0][0])

    def last_move(self, worker: Daemon) -> float:
        """Return when, by the database's clock, the last lease was taken from a worker's newest process."""
        names = {line["worker"] for line in worker.said("services taken up")}
        return max(float(at) for name, at in self.near.rows("SELECT from_worker, at FROM moves") if name in names)

    def shared(self) -> bool:
        """Tell whether every service is held, and both hold about half."""
        near, far = self.holding(self.near), self.holding(self.far)
        return near | far == set(self.services) and abs(len(near) - len(far)) <= 2

    def holder(self, service: str) -> Daemon:
        (worker,) = (one for one in self.both if service in self.holding(one))
        return worker

    def other(self, worker: Daemon) -> Daemon:
        return self.far if worker is self.near else self.near

    def changes(self) -> list[tuple[str, str]]:
        """Return every request to Render that could change something: method and path."""
        return [
            (one["method"], one["path"])
            for one in self.cloud.log("request")
            if one["vendor"] == "render" and one["method"] != "GET"
        ]

    def seen_since(self, moment: float) -> set[str]:
        return {service for at, service, _, _ in self.cloud.hits() if at > moment} & set(self.services)

    def gaps(self, begin: float) -> dict[str, float]:
        """Return the longest time without a probe of each service, from a moment on until now."""
        times: dict[str, list[float]] = {service: [begin] for service in self.services}
        for at, service, _, _ in self.cloud.hits():
            if service in times and at > begin:
                times[service].append(at)
        now = time.time()
        return {
            service: max(after - before for before, after in zip(ats, [*ats[1:], now], strict=True))
            for service, ats in times.items()
        }


@contextmanager
def pair(folder: Path, services: int = 6, *, more: str = SHORT, rollback_seconds: float = 1.0) -> Iterator[Pair]:
    """Run a sandbox with so many services and a database; the workers are not started yet.

    At the end of the block no fault of our own may be in anybody's log.
    """
    with (
        running_postgres() as server,
        running_cloud(folder, quirks=False, rollback_seconds=rollback_seconds, more_services=services - 1) as cloud,
        cuttable(server.socket_path) as network,
    ):
        url = server.new_database()
        names = guard_many(cloud, more=more)
        near, far = Daemon(cloud, name="near"), Daemon(cloud, name="far")
        cloud.write(replace={near.record.url: url}, more="")
        over_the_network = re.sub(r"@/(\w+)\?.*", rf"@127.0.0.1:{network.port}/\1", url)
        text = cloud.config.read_text(encoding="utf-8").replace(url, over_the_network)
        (cloud.folder / "far.yaml").write_text(text, encoding="utf-8")
        near.record = far.record = in_database(server, url)
        try:
            yield Pair(cloud, server, network, near, far, names)
            for worker in (near, far):
                assert "Traceback" not in worker.words() and "task failed" not in worker.words(), worker.words()[-4000:]
        finally:
            near.end()
            far.end()
            (folder / "postgresql.dump").write_text(dumped(near.record), encoding="utf-8")


def seconds_until(condition: Callable[[], object]) -> float:
    began = time.monotonic()
    until(condition)
    return time.monotonic() - began

"""Two real workers in network namespaces of their own, behind links of the kernel that can be cut and slowed down.

The database and the sandbox are in the namespace of the process that uses this, which must be a new one
(`unshare --net`): it is configured as the middle of a star. Each worker has two links, one to the world (sites and
vendors, 127.0.0.1) and one to the store (127.0.0.3). The addresses are loopback ones, which the kernel routes over a
link if it is told to (`route_localnet`): the sandbox knows no other.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.workers import SIGNALLED, Pair
from tests.support.daemon_processes import Daemon, running_cloud, until
from tests.support.databases import dumped, in_database
from tests.support.many_services import guard_many
from tests.support.postgres_server import running_postgres

NAMESPACED = Path(__file__).with_name("namespaced.py")
STORE, WORLD = "store", "world"
TARGETS = {WORLD: "127.0.0.1", STORE: "127.0.0.3"}
SLOW = ("tbf", "rate", "64kbit", "burst", "1600", "latency", "3s")
"""8 KB a second, in the order in which it was sent, and lost beyond three seconds."""


def why_not() -> str:
    """Return why there can be no namespaces here, or nothing."""
    try:
        new = [*["unshare", "--net", "sh", "-c"], "ip link add dev a0 type veth peer name a1 && tc qdisc show dev a0"]
        done = subprocess.run(new, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        return str(error)
    return "" if done.returncode == 0 else f"no network namespaces: {done.stderr.strip()}"


def run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stderr)


def make_middle() -> None:
    """Make the new namespace that we are in the middle of the star."""
    run("ip", "link", "set", "dev", "lo", "up")
    run("ip", "address", "del", "127.0.0.1/8", "dev", "lo")
    for target in TARGETS.values():
        run("ip", "address", "add", f"{target}/32", "dev", "lo")
    Path("/proc/sys/net/ipv4/conf/all/route_localnet").write_text("1")


class Ends:
    """A namespace with two links to the middle."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)  # ends with us
        ours = os.readlink("/proc/self/ns/net")
        until(lambda: self._name() not in ("", ours))
        self.pid = str(self._holder.pid)
        self._inside("ip", "link", "set", "dev", "lo", "up")
        self._inside("ip", "address", "flush", "dev", "lo")
        self._inside("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet")
        for link, target in TARGETS.items():
            run(*f"ip link add dev {self._dev(link)} type veth peer name {link} netns {self.pid}".split())
            self._inside("ip", "address", "add", f"{self.address(link)}/32", "dev", link)
            self._inside("ip", "link", "set", "dev", link, "up")
            self._inside(*f"ip route add {target}/32 dev {link} src {self.address(link)}".split())
            self.heal(link)

    def address(self, link: str = WORLD) -> str:
        return f"127.77.{self.number}.{1 if link == WORLD else 2}"

    def cut(self, link: str) -> None:
        """Let every packet vanish: the far end sees no carrier, and no answer."""
        run("ip", "link", "set", "dev", self._dev(link), "down")

    def slow(self, link: str) -> None:
        """Let what is sent to the far end trickle."""
        run("tc", "qdisc", "add", "dev", self._dev(link), "root", *SLOW)

    def heal(self, link: str) -> None:
        subprocess.run(["tc", "qdisc", "del", "dev", self._dev(link), "root"], capture_output=True, check=False)
        run("ip", "link", "set", "dev", self._dev(link), "up")
        route = f"ip route replace {self.address(link)}/32 dev {self._dev(link)} src {TARGETS[link]}"
        run(*route.split())

    def end(self) -> None:
        self._holder.kill()
        self._holder.wait()

    def _dev(self, link: str) -> str:
        return f"{link}{self.number}"

    def _inside(self, *words: str) -> None:
        run("nsenter", "--target", self.pid, "--net", *words)

    def _name(self) -> str:
        try:
            program = Path(f"/proc/{self._holder.pid}/comm").read_text().strip()
            return os.readlink(f"/proc/{self._holder.pid}/ns/net") if program == "cat" else ""
        except FileNotFoundError:
            return ""


@dataclass
class Linked(Pair):
    """Two workers behind links; `ends` has the namespace of each by name."""

    ends: dict[str, Ends] = field(default_factory=dict)

    def start(self, point: str | None = None) -> None:
        """Start both; whoever first comes to the point is stopped there."""
        once = str(self.cloud.folder / "stopped")
        for worker in self.both:
            words = (point or "never", str(self.config(worker)), "SIGSTOP", once)
            worker.start(sys.executable, str(NAMESPACED), self.ends[worker.name].pid, str(SIGNALLED), *words)
        until(lambda: self.shared() and all(worker.ready() for worker in self.both))

    def config(self, worker: Daemon) -> Path:
        """Return a worker's configuration: they differ in the address that they listen on."""
        return self.cloud.folder / f"{worker.name}.yaml"

    def heal(self, worker: Daemon, links: Sequence[str]) -> None:
        for link in links:
            self.ends[worker.name].heal(link)


@contextmanager
def linked(folder: Path, services: int, *, more: str, rollback_seconds: float) -> Iterator[Linked]:
    """Run a sandbox, a database and the links; the workers are not started yet."""
    make_middle()
    with (
        running_postgres(listen=TARGETS[STORE], clients="127.0.0.0/8") as server,
        running_cloud(folder, quirks=False, rollback_seconds=rollback_seconds, more_services=services - 1) as cloud,
    ):
        url = server.new_database()
        names = guard_many(cloud, more=more)
        ends = {"near": Ends(1), "far": Ends(2)}
        near, far = (Daemon(cloud, name=name, host=ends[name].address()) for name in ends)
        text = cloud.config.read_text(encoding="utf-8")
        over_the_link = re.sub(r"@/(\w+)\?.*", rf"@{TARGETS[STORE]}:5432/\1", url)
        for worker in (near, far):
            mine = text.replace(near.record.url, over_the_link).replace('"127.0.0.1:0"', f'"{worker.host}:0"')
            (cloud.folder / f"{worker.name}.yaml").write_text(mine, encoding="utf-8")
        near.record = far.record = in_database(server, url)
        try:
            yield Linked(cloud, server, None, near, far, names, ends)
        finally:
            near.end()
            far.end()
            for one in ends.values():
                one.end()
            (folder / "postgresql.dump").write_text(dumped(near.record), encoding="utf-8")

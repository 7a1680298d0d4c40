"""Case 40 at the composition root: whatever the daemon builds, it connects only where the guard allows."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.notifiers.letters import notice
from tests.app import scenes
from tests.app.scenes import NAMES, URLS, wired
from tests.support.clocks import FakeClock, eventually
from watchdog.app.compose.composition import build_sources
from watchdog.app.compose.daemon_run import _start_senders
from watchdog.domain.errors import Permanent, Temporary
from watchdog.domain.readings import Unknown
from watchdog.settings import Settings

CHANNELS = """  pagerduty: {}
  webhook: {}
  email: {smtp: "0x7f.1:PORT", from: w@acme.example, to: [ops@acme.example], tls: none}
"""


@contextlib.contextmanager
def trap() -> Iterator[tuple[int, Callable[[], bool]]]:
    """Listen on loopback; the function tells whether anybody connected."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(64)
        sock.setblocking(False)

        def sprung() -> bool:
            try:
                sock.accept()
            except BlockingIOError:
                return False
            return True

        yield sock.getsockname()[1], sprung


def settings_of(folder: Path, port: int, more: str = "") -> Settings:
    """Return settings whose every address is a name for loopback that only a resolver sees through."""
    base = f"https://0x7f.1:{port}"
    urls = URLS | {name: f"{base}/{name}" for name in NAMES}
    urls |= {name: f"{base}/{name}.json" for name in URLS if name.startswith("status_")}
    urls |= {"crons": f"{base}/api/1/cron/watchdog/key/", "control": [f"{base}/control/1", f"{base}/control/2"]}
    changes = {
        '"127.0.0.1:0"}': f'"127.0.0.1:0", remote_write: "{base}/write"}}',
        "  pagerduty: {}\n": CHANNELS.replace("PORT", str(port)),
    }
    hook = {"WATCHDOG_WEBHOOK_URL": f"{base}/webhook"}
    return scenes.settings_of(folder, more=more, urls=urls, environ=hook, **changes)


async def test_case_40_every_client_of_the_daemon_asks_the_guard(tmp_path: Path) -> None:
    """Probes, control targets, status pages, Sentry, Render, GitHub, and every channel."""
    with trap() as (port, sprung):
        clock = FakeClock()
        async with wired(settings_of(tmp_path, port), clock) as app:
            for _, source in build_sources(app.settings, clock, app.platform):
                reading = (await source.read())[-1].reading
                assert isinstance(reading, Unknown) and "leads to the private address" in reading.why, source.name
            assert app.platform is not None and len(app.notifiers) == 4
            with pytest.raises(Temporary, match="leads to the private address"):
                await app.platform.services()
            assert app.readers.repository is not None
            with pytest.raises(Temporary, match="leads to the private address"):
                await app.readers.repository.commits("https://github.com/acme/web", "main")
            for channel in app.notifiers.values():
                with pytest.raises((Temporary, Permanent), match="leads to the private address"):
                    await channel.send(notice(), None)
        assert not sprung()


async def test_case_40_the_senders_of_the_daemon_ask_the_guard(tmp_path: Path) -> None:
    """Remote write and both heartbeats: counted as failed, and nobody was connected to."""
    with trap() as (port, sprung):
        clock = FakeClock(auto=False)
        async with wired(settings_of(tmp_path, port), clock) as app:
            _start_senders(app)
            value = app.metrics.registry.get_sample_value
            await eventually(lambda: value("watchdog_remote_write_batches_total", {"outcome": "failed"}))
            await clock.advance(61)
            for switch in ("healthchecks", "sentry_crons"):
                labels = {"switch": switch, "outcome": "failed"}
                await eventually(lambda labels=labels: value("watchdog_heartbeat_pings_total", labels))
        assert not sprung()


async def test_case_40_a_listed_host_is_connected_to(tmp_path: Path) -> None:
    """The same configuration, with the name under `private_hosts`: the trap springs."""
    with trap() as (port, sprung):
        clock = FakeClock(auto=False)
        async with wired(settings_of(tmp_path, port, "private_hosts: [0x7f.1]\n"), clock) as app:
            sources = build_sources(app.settings, clock, app.platform)
            source = next(source for _, source in sources if source.name == "home")
            source.timeout_seconds = 0.5
            await source.read()
        assert sprung()

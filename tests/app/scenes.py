"""A daemon of a written configuration, wired in this process and not started: for tests of the composition root."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.support.intercepted_calls import Overheard
from watchdog.adapters.stores.memory import MemoryDatabase, MemoryStore
from watchdog.app.compose.composition import App, build
from watchdog.daemon.engine.conversion import CONTROL, VENDORS
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.ports import Clock
from watchdog.sandbox.config_file import write_config
from watchdog.settings import Settings
from watchdog.settings.load.load import load

NOBODY = "http://127.0.0.1:1"
VENDORS_OF = ("render", "sentry", "pagerduty", "pagerduty_api", "slack", "github")
NAMES = ("site", "api", *VENDORS_OF, "webhook", "slack_webhook", "heartbeat")
URLS: dict[str, Any] = {
    **{name: f"{NOBODY}/{name}" for name in NAMES},
    **{f"status_{name}": f"{NOBODY}/status/{name}.json" for name in ("render", "sentry", "openai")},
    "crons": f"{NOBODY}/api/1/cron/watchdog/key/",
    "control": [f"{NOBODY}/control/1", f"{NOBODY}/control/2"],
}
"""Addresses as the sandbox tells them, at which nobody listens."""


def settings_of(
    folder: Path,
    mode: str = "autonomous",
    more: str = "",
    *,
    urls: Mapping[str, Any] = URLS,
    environ: Mapping[str, str] = MappingProxyType({}),
    **replaced: str,
) -> Settings:
    """Return the settings of the sandbox's own configuration, with pieces of its text replaced."""
    path = write_config(folder, urls, mode, more=more)
    text = path.read_text(encoding="utf-8")
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return load(path, environ, folder)


class FaultyStore(Overheard, calls="renew_leases save incidents notes"):
    """A store whose call raises while `faults` has an error for it; `asked` are the calls that were made."""

    def __init__(self, clock: Clock, database: MemoryDatabase | None = None) -> None:
        super().__init__(clock, database, sole=database is None)
        self.faults: dict[str, Exception] = {}
        self.asked: list[str] = []

    async def heard(self, call: str, *given: Any) -> None:
        self.asked.append(call)
        if call in self.faults:
            raise self.faults[call]


def built(settings: Settings, clock: Clock, store: MemoryStore) -> App:
    return build(settings, clock, on_error=lambda name, error: None, store=store)


@asynccontextmanager
async def wired(settings: Settings, clock: Clock | None = None, store: MemoryStore | None = None) -> AsyncIterator[App]:
    """Wire a daemon over a store in memory; give everything back at the end."""
    clock = clock or SystemClock()
    app = built(settings, clock, store or MemoryStore(clock))
    await app.store.open()
    try:
        yield app
    finally:
        await app.supervisor.stop(5.0)
        await app.close()


async def watching(app: App) -> None:
    """Take up every service and give the scheduler its sources, as a start does; nothing is read yet."""
    await app.sharing.renew()
    await app.watches.begin((CONTROL, VENDORS))

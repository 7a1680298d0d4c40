"""Notifies people that the daemon runs without its store (damaged, newer, full, it hangs), and when it recovers.

Rule 1: these notices are about the store alone; notices of incidents are sent from memory meanwhile
(there are none while a save hangs: the engine waits for it).
Rule 2: a notice from here has no row in the store, so only this process can end it, and does so when it stops. The next
start reports at once whether the store is still away.
"""

import asyncio
from contextlib import suppress

from watchdog.app.compose.daemon_factory import Daemon
from watchdog.domain.effects import Tell
from watchdog.domain.integrations import KINDS
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.domain.severity import Severity

PATIENCE_SECONDS = KINDS["store"].patience_seconds
"""How long a store may be away (its restart, our deploy) before a person is paged; at a start, at once."""
LOOK_SECONDS = 2.0
LAST_WORD_SECONDS = 1.0
LINES = (
    "The daemon keeps probing and paging from memory, and changes nothing in production.",
    "The daemon retries the store until it can be used; no restart is needed.",
)
HANGING_LINES = (
    "Nothing is judged and no outage is paged until that save returns.",
    "Look at the disk that holds the store, and at the load of its host.",
)


async def watch_the_record(daemon: Daemon) -> None:
    """Watch the store, for ever; one page per outage."""
    # No patience at the start: a daemon that never had its store has nothing but memory, and people must know.
    patience = 0.0
    while True:
        began = daemon.clock.monotonic()
        while daemon.sharing.store_trouble and daemon.clock.monotonic() - began < patience:
            await daemon.clock.sleep(LOOK_SECONDS)
        if daemon.sharing.store_trouble:
            await _page_until_it_is_back(daemon)
        patience = PATIENCE_SECONDS
        await daemon.clock.sleep(LOOK_SECONDS)


async def _page_until_it_is_back(daemon: Daemon) -> None:
    title = f"watchdog runs without its store: {daemon.sharing.store_trouble}"
    _tell(daemon, NoticeKind.SELF_ALERT, title, HANGING_LINES if daemon.engine.recorder.hanging else LINES)
    try:
        while daemon.sharing.store_trouble:
            await daemon.clock.sleep(LOOK_SECONDS)
    # The last word before the process ends: nothing else could resolve the page.
    except asyncio.CancelledError:
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD_SECONDS):
                how = ("Its next start reports whether the store is back.",)
                stops = _notice(daemon, NoticeKind.RESOLVED, "watchdog stops without its store", how)
                # Delivered in this task: a stopping supervisor does not wait for one that is spawned now.
                await daemon.outbox.deliver(None, stops)
        raise
    _tell(daemon, NoticeKind.RESOLVED, "watchdog has its store again", ())


def _tell(daemon: Daemon, kind: NoticeKind, title: str, lines: tuple[str, ...]) -> None:
    tell = _notice(daemon, kind, title, lines)
    daemon.supervisor.spawn("tell:record", daemon.outbox.deliver(None, tell))


def _notice(daemon: Daemon, kind: NoticeKind, title: str, lines: tuple[str, ...]) -> Tell:
    notice = Notice(
        at=daemon.clock.now(),
        incident="record",
        service="watchdog",
        severity=Severity.HIGH,
        kind=kind,
        title=title,
        lines=lines,
        wakes=kind is NoticeKind.SELF_ALERT,
    )
    return Tell(notice, daemon.engine.policy.alerts)

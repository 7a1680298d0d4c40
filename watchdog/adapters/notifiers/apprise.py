"""Apprise: each notice to the services that only this library reaches (extra `apprise`), by addresses that are secrets.

Rule 1: the library blocks, and its timeouts bound each read, not an answer that dribbles. So an address has threads of
its own, at most two, and a send has one deadline: one that hangs keeps no other address, channel or exit waiting.
Rule 2: of a failure the library gives a log line alone. It is quoted without any part of the address, and nothing is
decided by it: each failure counts as one for now, so the outbox tries again, and calls a stand-in.
Rule 3: an address that took a notice does not get it again when the notice is repeated for the others.
Rule 4: it connects where the operator's addresses lead, and follows no redirect. The guard of addresses cannot judge
it: the library resolves names itself.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Protocol
from urllib.parse import unquote

from cachetools import LRUCache

from watchdog.adapters.notifiers import text
from watchdog.adapters.notifiers.channel_options import ChannelOptions
from watchdog.adapters.notifiers.webhook_body import filled
from watchdog.adapters.options import Context
from watchdog.adapters.redactor import Redactor
from watchdog.domain.commands.command_line import command_line
from watchdog.domain.errors import ConfigurationError, Mistake, Partly, Temporary
from watchdog.domain.notices import Notice
from watchdog.ports import Notifier

URLS = "WATCHDOG_APPRISE_URLS"
LIBRARY = "apprise"
URLS_MAX = 20
THREADS = 2
"""How many sends of one address may be under way: a hanging one and its repetition."""
TOTAL_SECONDS = 15.0
PAUSE_SECONDS = 1.0
"""The library waits up to 5.5 s between two requests to a service: a page would wait for the note before it."""
REMEMBERED = 1000
"""The number of notices whose remaining addresses we remember."""
WORDS = {"title": "$title", "body": "$news\n$link"}


class AppriseOptions(ChannelOptions):
    """Nothing of its own: the addresses are secrets, in WATCHDOG_APPRISE_URLS."""


class Service(Protocol):
    """The part of the library's services that is used."""

    def notify(self, *, title: str, body: str, notify_type: str, body_format: str, overflow: str) -> bool:
        """Send, and return whether the service took it."""


class Target:
    """One address. `name` is the library's word for the service, as in `discord`, and the place of the address."""

    def __init__(self, name: str, url: str, service: Service, total_seconds: float = TOTAL_SECONDS) -> None:
        self.name = name
        self._service = service
        self._redact = Redactor(_parts(url))
        self._total_seconds = total_seconds
        self._free = threading.Semaphore(THREADS)

    async def send(self, words: dict[str, Any], kind: str) -> None:
        """Send once. Raises Temporary."""
        if not self._free.acquire(blocking=False):
            raise Temporary(f"{self.name} still holds {THREADS} earlier notices")
        outcome: Future[str | None] = Future()
        outcome.set_running_or_notify_cancel()
        # Not of a pool: its threads are waited for when the process ends, and one of these may hang.
        threading.Thread(target=self._run, args=(outcome, words, kind), name=LIBRARY, daemon=True).start()
        try:
            async with asyncio.timeout(self._total_seconds):
                why = await asyncio.wrap_future(outcome)
        except TimeoutError:
            raise Temporary(f"{self.name} did not answer in {self._total_seconds:g} s") from None
        if why is not None:
            raise Temporary(f"{self.name} did not take it{why and f': {why}'}")

    def _run(self, outcome: "Future[str | None]", words: dict[str, Any], kind: str) -> None:
        """Send in this thread; the outcome is None, or why not."""
        said = _LastLine()
        log = logging.getLogger(LIBRARY)
        log.addHandler(said)
        try:
            took = self._service.notify(**words, notify_type=kind, body_format="text", overflow="truncate")
            why = None if took else self._safe(said.line)
        except Exception as error:  # noqa: BLE001  a hundred plugins of others: each failure is one for now
            # The type alone: the text of a foreign exception may hold the address.
            why = type(error).__name__
        finally:
            log.removeHandler(said)
            self._free.release()
        outcome.set_result(why)

    def _safe(self, line: str) -> str:
        # An address that the library shows itself has letters of the secret at its ends.
        return text.clean(self._redact(re.sub(r"\S+://\S+", "***", line)), 200)


class _LastLine(logging.Handler):
    """Keeps the last warning that was logged in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.line = ""
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, if it is of this thread."""
        if record.thread == self._thread:
            self.line = record.getMessage()


def _parts(url: str) -> set[str]:
    """Return the address behind its scheme, and each part of it that could be a secret."""
    rest = url.partition("://")[2]
    return {rest, *(part for one in (rest, unquote(rest)) for part in re.split(r"[^\w.~-]+", one))}


class Apprise:
    """Sends each notice to every address. There is nothing to refer to later: the reference is empty."""

    name = "apprise"

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = tuple(targets)
        # Only in memory: after a restart, an address that has the notice may get it again.
        self._left: LRUCache[object, tuple[Target, ...]] = LRUCache(REMEMBERED)

    async def send(self, notice: Notice, reference: str | None) -> str:
        """Send to all addresses at once, or to those that lack the notice. Raises Temporary, or Partly."""
        words = {name: said.strip() for name, said in filled(WORDS, notice).items()}
        asked = self._left.get(notice.identity, self._targets)
        outcomes = await asyncio.gather(*(one.send(words, _kind(notice)) for one in asked), return_exceptions=True)
        left = []
        for target, outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome, Temporary):
                left.append((target, outcome))
            elif isinstance(outcome, BaseException):
                raise outcome
        self._left.pop(notice.identity, None)
        if not left:
            return ""
        why = left[0][1]
        if len(left) == len(self._targets):
            raise why
        self._left[notice.identity] = tuple(target for target, _ in left)
        raise Partly(f"{len(left)} of {len(self._targets)} addresses lack it: {why}", "", again=True)

    async def check(self) -> str:
        """Return what needs no message: the library knows the form of each address."""
        names = ", ".join(one.name for one in self._targets)
        return f"{URLS} has addresses of the right form ({names}); `{command_line('notify test')}` sends to them"

    async def close(self) -> None:
        """Nothing to close: each request has a connection of its own."""


def _kind(notice: Notice) -> str:
    """Return the library's word for the urgency. By `info` and `success` it closes alerts where a service has them."""
    if notice.resolves:
        return "success"
    if notice.wakes:
        return "failure"
    return "info" if notice.news else "warning"


def secrets(options: AppriseOptions) -> tuple[str, ...]:
    """Return the variables that must be set."""
    return (URLS,)


def build(options: AppriseOptions, context: Context) -> Notifier:
    """Build the channel. Raises ConfigurationError, without repeating it, for an address that the library refuses."""
    # Here: it takes 26 MB, and half a second, of those alone who have this channel.
    from apprise import Apprise as Library
    from apprise import AppriseAsset, PersistentStoreMode

    # Its lines hold parts of addresses; `Target` quotes what matters.
    log = logging.getLogger(LIBRARY)
    log.propagate = False
    log.addHandler(logging.NullHandler())
    asset = AppriseAsset(app_id="watchdog", app_desc="watchdog", storage_mode=PersistentStoreMode.MEMORY)
    asset.http_redirects, asset.image_url_mask, asset.image_url_logo = False, "", ""
    found, written = [], context.secrets.get(URLS, "").split()
    for place, url in enumerate(written[: URLS_MAX + 1], 1):
        service = Library.instantiate(url, asset=asset, suppress_exceptions=True) if place <= URLS_MAX else None
        if service is None or not service.enabled:
            what = f"its address {place} is none that apprise can use"
            how = (
                f"write at most {URLS_MAX}, with blanks between them, each as https://appriseit.com/services/ shows it"
            )
            raise ConfigurationError((Mistake(URLS, what, how),))
        service.request_rate_per_sec = min(service.request_rate_per_sec, PAUSE_SECONDS)
        found.append(Target(f"{url.partition('://')[0].lower()} (address {place})", url, service))
    return Apprise(found)

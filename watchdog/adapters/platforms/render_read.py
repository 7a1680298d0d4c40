"""Reading Render: services, deploys, events; over a client that may be limited to GET.

Rule 1: an empty answer is never everything; an empty list that should hold something counts as "not read".
Rule 2: few requests: 400 GETs a minute are shared by all services and all keys of one user. The facts of all services
come from one paged list. An event is read once for all callers. The more services there are, the less often a calm one
is read (`calm_seconds`). An action (see domain/urgency) reads its own service, now.
"""

import asyncio
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from types import MappingProxyType

from watchdog.adapters.api_client import Answer, ApiClient, PermanentAnswer
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.platforms.render_events import (
    CHANGING,
    POSTGRES_BROKEN,
    POSTGRES_WELL,
    EventChanges,
    parse_event,
    store_event,
)
from watchdog.adapters.platforms.render_list import PAGE_MAX, ServiceList
from watchdog.adapters.platforms.render_parse import (
    check_deploys,
    newest_first,
    parse_deploy,
    parse_service,
    parse_store,
    show_time,
    unwrap,
)
from watchdog.adapters.platforms.render_permissions import refused
from watchdog.domain.deploys import Deploy, ServiceFacts
from watchdog.domain.errors import Misshapen, MissingPermission, Permanent, Temporary
from watchdog.domain.urgency import Urgency, reading_for_suspects_first, urgency
from watchdog.ports import Clock, ClockReading, PlatformEvent, Withheld

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
STORES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"dpg-": ("postgres", "Postgres"), "red-": ("key-value", "Key Value")}
)
"""The data stores, which have no deploys, by the prefix of their ids: the path that Render has for them, and a name."""
FORBIDDEN = 403
PAGE = 20
PAGES_MAX = 10
NEWEST = 3
"""So many of the newest deploys must have every field that decisions rely on."""
ONCE_LIVE_WANTED = 5
"""The deploys that once served which are looked for behind a row of failed ones, within 3 pages."""
EVENTS_EVERY_SECONDS = 60.0
FIRST_READS_AT_ONCE = 20
FIRST_READ_GAP_SECONDS = 3.0
"""A first read of past changes takes two requests: after a start, for so many services at once, then one by one."""
EVENTS_TIMEOUT_SECONDS = {Urgency.SPARE: 20.0, Urgency.ACTING: 5.0}
EVENTS_AGAIN_SECONDS = 10.0
"""Seconds until a failed read of events is tried again."""
OVERLAP_SECONDS = 120.0
"""Events are read again this many seconds back: their clock is not ours, and they may be listed late."""


class RenderReader:
    """Reads Render (implements ports.Platform). One list per `deploys`, and one of events at most once a minute.

    `calm_seconds`: how often a service is read while nothing is wrong. `withheld`: services that no call concerns.
    """

    name = "render"
    can_write = False

    def __init__(
        self, api: ApiClient, clock: Clock, calm_seconds: float = 0.0, withheld: Withheld | None = None
    ) -> None:
        self._api = api
        self._clock = clock
        self._withheld = withheld or Withheld()
        self._events_every = max(EVENTS_EVERY_SECONDS, calm_seconds)
        self._changes: dict[str, EventChanges] = {}
        self._all = ServiceList(self.services, clock)
        self._first_reads = deque[float](maxlen=FIRST_READS_AT_ONCE)

    async def services(self) -> Sequence[ServiceFacts]:
        """Return every service the key can see (at most 1,000). Raises Temporary or Permanent."""
        rows = await self._pages("/services", "service", pages=PAGES_MAX)
        return tuple(facts for facts in map(parse_service, rows) if facts is not None)

    async def groups(self) -> Mapping[str, str]:
        """Return `project, environment` by service id; a service may be in none. Raises Temporary or Permanent."""
        projects = [mapping(one) for one in await self._pages("/projects", "project", pages=PAGES_MAX)]
        names = {text(one.get("id")): text(one.get("name")) for one in projects}
        if not names:
            return {}
        # Render joins the values of a list parameter by commas (style form, not exploded).
        asked = {"projectId": ",".join(names)}
        found = await self._pages("/environments", "environment", pages=PAGES_MAX, params=asked)
        return {
            str(service): f"{names.get(text(one.get('projectId')), '')}, {text(one.get('name'))}"
            for one in map(mapping, found)
            for service in one.get("serviceIds") or ()
        }

    @property
    def clock(self) -> ClockReading | None:
        """Return the offset of our clock from Render's, by its latest answer; None before the first."""
        return self._api.clock

    async def facts(self, service_id: str) -> ServiceFacts:
        """Return Render's present facts of a service or a data store. Raises Temporary or Permanent."""
        path = self._path(service_id)
        # An action decides on fresh facts alone; the shared list may be a few seconds old.
        if urgency() is not Urgency.ACTING and not is_store(service_id):
            known = await self._all.facts(service_id)
            if known is not None:
                return known
        body = await self._one(path)
        facts = parse_store(body, _store(service_id)[0]) if is_store(service_id) else parse_service(body)
        if facts is None:
            raise Misshapen(f"Render's answer about {service_id} cannot be read")
        return facts

    async def deploys(self, service_id: str, back_to: str | None = None) -> Sequence[Deploy]:
        """Return deploys newest first, each with its changes of configuration; none for a database, which has none.

        Raises Temporary when the list is empty or `back_to` is not within 1,000 deploys, and Permanent.
        """
        path = self._path(service_id)
        if is_store(service_id):
            return ()
        deploys = await self._list_deploys(path, back_to)
        if not deploys:
            raise Temporary(f"Render listed no deploy of {service_id}, and an empty list is never everything")
        if back_to is not None and all(deploy.id != back_to for deploy in deploys):
            raise Temporary(f"{back_to} is not among the {len(deploys)} newest deploys of {service_id}")
        await self._read_changes(service_id, deploys)
        known = self._changes[service_id]
        unread = len(deploys) if known.read_at is None else known.not_covered(deploys)
        # No proof that nothing changed with these: the core will ask before it brings the old back.
        marked = known.mark(deploys)
        # What the key lacks the permission for, no later list can tell.
        again = not known.lacking
        doubted = (replace(deploy, changed=(known.unread,), changes_unread=again) for deploy in deploys[:unread])
        return (*doubted, *marked[unread:])

    async def deploy(self, service_id: str, deploy_id: str) -> Deploy:
        """Return one deploy. Raises Temporary or Permanent."""
        deploy = parse_deploy(await self._one(f"{self._path(service_id)}/deploys/{safe_id(deploy_id)}"))
        if deploy is None:
            raise Misshapen(f"Render's answer about {deploy_id} cannot be read")
        return deploy

    async def events(self, service_id: str, since: float) -> Sequence[PlatformEvent]:
        """Return events since then (UTC epoch seconds), oldest first. Raises Temporary or Permanent.

        Render lists none for a database: its status is read, and each minute of being down is one bad event.
        """
        if is_store(service_id):
            return await self._store_events(service_id)
        # Before the request: an event that happens while Render answers must be read again next time.
        began = self._clock.now()
        rows = await self._list_events(service_id, since)
        self._learn(service_id, rows, since, began)
        begin = self._api.theirs(since)
        found = (event for event in map(parse_event, rows) if event is not None and event.at >= begin)
        return tuple(sorted({event.id: event for event in found}.values(), key=lambda event: event.at))

    async def close(self) -> None:
        """Close connections."""
        await self._api.close()

    def _path(self, service_id: str) -> str:
        """Return the path of a service or database. Raises Permanent for no id, or why its calls are withheld."""
        if service_id in self._withheld.ids:
            # Of many callers: each would add its own frames to what the error holds.
            raise self._withheld.why.with_traceback(None)
        return service_path(service_id)

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Read. Raises Temporary or Permanent; MissingPermission for a 403 of Render itself."""
        try:
            return await self._api.get(path, params)
        except PermanentAnswer as error:
            if error.status == FORBIDDEN:
                raise refused(error, "GET", path) from error
            raise

    async def _one(self, path: str) -> object:
        answer = await self._get(path)
        if not isinstance(answer.json, Mapping):
            raise Misshapen("Render answered something that is not a JSON object")
        return answer.json

    async def _page(self, path: str, key: str, params: Mapping[str, str]) -> tuple[list[object], int, str | None]:
        """Return the objects of one page, how many rows it had, and the cursor after it."""
        answer = await self._get(path, params)
        if not isinstance(answer.json, list):
            raise Misshapen("Render answered something that is not a JSON list")
        rows, cursor = unwrap(answer.json, key)
        return rows, len(answer.json), cursor

    async def _pages(self, path: str, key: str, *, pages: int, params: Mapping[str, str] | None = None) -> list[object]:
        """Return the objects of at most `pages` pages of 100."""
        query, rows = {**(params or {}), "limit": str(PAGE_MAX)}, list[object]()
        for _ in range(pages):
            more, count, cursor = await self._page(path, key, query)
            rows += more
            # By rows, not by objects: a row without the object still shows that the page was full.
            if count < PAGE_MAX or cursor is None:
                break
            query["cursor"] = cursor
        return rows

    async def _list_deploys(self, service: str, back_to: str | None) -> tuple[Deploy, ...]:
        """Return deploys, paged until `back_to` (or enough that once served) is found; the first page is small."""
        path, found = f"{service}/deploys", list[Deploy]()
        size = PAGE if back_to is None else PAGE_MAX
        query = {"limit": str(size)}
        for page in range(PAGES_MAX):
            rows, count, cursor = await self._page(path, "deploy", query)
            # Not in a search for one deploy: it must not fail over the shape of another.
            if page == 0 and back_to is None:
                check_deploys(rows[:NEWEST])
            found += [deploy for deploy in map(parse_deploy, rows) if deploy is not None]
            if count < size or cursor is None or _enough(found, back_to, page):
                break
            size = PAGE_MAX
            query = {"limit": str(size), "cursor": cursor}
        return newest_first(found)

    async def _list_events(self, service_id: str, since: float, kind: str = "") -> list[object]:
        params = {"startTime": show_time(self._api.theirs(since))} | ({"type": kind} if kind else {})
        return await self._pages(f"{self._path(service_id)}/events", "event", pages=5, params=params)

    async def _store_events(self, database_id: str) -> Sequence[PlatformEvent]:
        status = text(mapping(await self._one(self._path(database_id))).get("status"))
        # An unknown status is neither good nor bad: Render adds new ones without notice.
        if status not in POSTGRES_WELL | POSTGRES_BROKEN:
            raise Temporary(
                f"Render does not say whether {database_id} is available (status {status[:40] or 'absent'})"
            )
        event = store_event(status, database_id, self._clock.now(), _store(database_id)[1])
        return () if event is None else (event,)

    async def _read_changes(self, service_id: str, deploys: Sequence[Deploy]) -> None:
        """Learn the changes of configuration, best-effort: when a new deploy shows up, else once a minute (calm: more
        rarely).
        """
        known, tick = self._changes.setdefault(service_id, EventChanges()), self._clock.monotonic()
        if not self._is_due(known, deploys[0].id, tick):
            return
        # Taken before the request: changes during it belong to the next reading.
        known.tried_at, began = tick, self._clock.now()
        # A decision about a suspected service waits for this, and asks a human without it: as urgent as acting.
        try:
            with reading_for_suspects_first():
                async with asyncio.timeout(EVENTS_TIMEOUT_SECONDS[urgency()]):
                    rows = await self._changing_events(service_id, known, deploys)
        except (Temporary, Permanent, TimeoutError) as error:
            known.failed, known.lacking = True, error.permission if isinstance(error, MissingPermission) else ""
            return  # a rollback does not wait for these; a later reading tries again
        # Oldest first, so that the newest report on a deploy is learnt last, and stays.
        for row in reversed(rows):
            known.learn(row)
        known.read_at, known.newest, known.failed = began, deploys[0].id, False

    def _is_due(self, known: EventChanges, newest: str, tick: float) -> bool:
        """Return whether events are to be read now (`tick`: monotonic seconds); a yes takes the caller's turn."""
        since = tick - known.tried_at if known.tried_at is not None else inf
        if known.failed:
            return since >= EVENTS_AGAIN_SECONDS
        calm = urgency() is Urgency.SPARE
        if known.read_at is None and calm:
            soonest = self._first_reads[0] + FIRST_READS_AT_ONCE * FIRST_READ_GAP_SECONDS if self._first_reads else -inf
            if len(self._first_reads) == FIRST_READS_AT_ONCE and tick < soonest:
                return False
            self._first_reads.append(tick)
        return known.newest != newest or since >= (self._events_every if calm else EVENTS_EVERY_SECONDS)

    def _learn(self, service_id: str, rows: Sequence[object], since: float, began: float) -> None:
        """Learn changes from events that were read for another reason, if they join on to the known ones."""
        known = self._changes.get(service_id)
        # A gap between the two readings could hide a change, which would then count as "nothing changed".
        if known is not None and known.read_at is not None and since <= known.read_at:
            for row in reversed(rows):
                known.learn(row)
            known.read_at, known.tried_at = began, self._clock.monotonic()

    async def _changing_events(self, service_id: str, known: EventChanges, deploys: Sequence[Deploy]) -> list[object]:
        """Return events since the last reading; at first types of configuration alone, back to the oldest deploy."""
        if known.read_at is not None:
            return await self._list_events(service_id, known.read_at - OVERLAP_SECONDS)
        since = deploys[-1].created_at
        return [row for kind in CHANGING for row in await self._list_events(service_id, since, kind)]


def service_path(service_id: str) -> str:
    """Return the path of a service or database. Raises Permanent for a text that cannot be an id."""
    return f"/{_store(service_id)[0] if is_store(service_id) else 'services'}/{safe_id(service_id)}"


def is_store(service_id: str) -> bool:
    """Return whether an id is that of a data store."""
    return service_id[:4] in STORES


def _store(store_id: str) -> tuple[str, str]:
    return STORES[store_id[:4]]


def safe_id(given: str) -> str:
    """Return an id as it is. Raises Permanent for a text that could mean another path."""
    if not _ID.fullmatch(given):
        raise Permanent(f"not an id of Render's: {given[:60]!r} (they look like srv-…, crn-…, dpg-…, red-…, dep-…)")
    return given


def _enough(found: Sequence[Deploy], back_to: str | None, page: int) -> bool:
    if back_to is not None:
        return any(deploy.id == back_to for deploy in found)
    # Failed deploys in a row may fill the first page, and then hide every target of a rollback.
    return sum(deploy.was_live for deploy in found) >= ONCE_LIVE_WANTED or page >= 2

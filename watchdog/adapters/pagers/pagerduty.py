"""PagerDuty's REST API: who acknowledged or resolved our pages. It can only GET.

Rule 1: only the acts of users count. Our own integration's acknowledgement or resolve is the daemon's, not a person's.
Rule 2: one key has several incidents, a new one after each resolve; the newest few are read.
Rule 3: the log of an incident is read again only when the incident changed: otherwise one request a round.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cachetools import LRUCache

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.json_values import mapping, text
from watchdog.adapters.notifiers.text import clean
from watchdog.adapters.options import Context
from watchdog.domain.errors import Misshapen, Permanent
from watchdog.domain.pager import Response
from watchdog.domain.units import parse_time

MAX_DEDUP_KEY = 255
TOKEN = "WATCHDOG_PAGERDUTY_API_TOKEN"  # noqa: S105  the name of a variable, not what it holds
US, EU = "https://api.pagerduty.com", "https://api.eu.pagerduty.com"
ACCEPT = "application/vnd.pagerduty+json;version=2"
EVERY_SECONDS = 20.0
INCIDENTS_MAX, ENTRIES_MAX = 5, 100
NAME_MAX = 60
WHOLE_SECONDS = 1.0
REMEMBERED_MAX = 500
STATUSES = ("triggered", "acknowledged", "resolved")
CHANGES_WITH = ("status", "last_status_change_at", "updated_at", "acknowledgements")
"""The fields of an incident that change with any act on it; times alone have whole seconds only."""
HUMAN = ("user_reference", "user")
DONE = MappingProxyType(
    {
        "acknowledge_log_entry": "acknowledged",
        "acknowledgement_log_entry": "acknowledged",  # PagerDuty's own document has both words for it
        "resolve_log_entry": "resolved",
    }
)
_ID = re.compile(r"[A-Za-z0-9]{1,40}")
HINTS = MappingProxyType(
    {
        401: f"check {TOKEN} (a read-only REST API key) and the region (us or eu)",
        403: f"the key behind {TOKEN} may not read incidents: make a read-only one for the whole account",
        404: "check endpoints.pagerduty_api and the region (us or eu)",
    }
)


class PagerDutyReader:
    """Reads incidents by our key (implements pager_sync.PagerReader)."""

    name = "pagerduty"
    every_seconds = EVERY_SECONDS

    def __init__(self, api: ApiClient) -> None:
        self._api = api
        self._read: LRUCache[str, tuple[str, tuple[Response, ...]]] = LRUCache(REMEMBERED_MAX)

    @property
    def ahead_seconds(self) -> float:
        """Return how far our clock is ahead of PagerDuty's, by its last answer; 0 where that has no date."""
        return self._api.clock.ahead_seconds if self._api.clock is not None else 0.0

    async def responses(self, dedup_key: str, since: float) -> Sequence[Response]:
        """Return the responses of people, oldest first."""
        incidents = await self._incidents(dedup_key)
        done = [response for one in reversed(incidents) for response in await self._of(one)]
        begin = self._api.theirs(since)
        return sorted((one for one in done if one.at >= begin), key=lambda one: one.at)

    async def resolved_by_a_person(self, dedup_key: str, since: float = 0.0) -> bool:
        """Return whether a person resolved the newest incident of that key, if it was opened since a moment of ours."""
        newest = next(iter(await self._incidents(dedup_key)), None)
        # Not the status alone: our own resolve before a second page may be listed before that page is.
        if newest is None or newest.get("status") != "resolved":
            return False
        # PagerDuty writes whole seconds, by its own clock, whose offset is known from the list's answer.
        if (parse_time(newest.get("created_at")) or 0.0) + WHOLE_SECONDS < since - self.ahead_seconds:
            return False
        return any(one.what == "resolved" for one in await self._of(newest))

    async def _incidents(self, dedup_key: str) -> Sequence[Mapping[str, Any]]:
        """Return the newest few incidents of the key, the newest first."""
        # Without `date_range=all` PagerDuty lists the last month only.
        asked = [("incident_key", alert_key(dedup_key)), ("date_range", "all"), ("sort_by", "created_at:desc")]
        asked += [("limit", str(INCIDENTS_MAX)), *(("statuses[]", status) for status in STATUSES)]
        found = _list_of(await self._get("/incidents", asked), "incidents")
        return [one for one in map(mapping, found[:INCIDENTS_MAX]) if _ID.fullmatch(text(one.get("id")))]

    async def check(self) -> str:
        """Read one incident, to prove that the key has that right."""
        _list_of(await self._get("/incidents", [("limit", "1")]), "incidents")
        return "who acknowledges is read back"

    async def close(self) -> None:
        """Close connections."""
        await self._api.close()

    async def _of(self, incident: Mapping[str, Any]) -> Sequence[Response]:
        """Return the responses of people to one incident; its log is read only if the incident changed."""
        name = text(incident.get("id"))
        mark = _mark(incident)
        known = self._read.get(name)
        if known is not None and known[0] == mark:
            return known[1]
        body = await self._get(f"/incidents/{name}/log_entries", [("limit", str(ENTRIES_MAX))])
        done = tuple(_human_acts(_list_of(body, "log_entries")[:ENTRIES_MAX]))
        self._read[name] = (mark, done)
        return done

    async def _get(self, path: str, params: Sequence[tuple[str, str]]) -> object:
        return (await self._api.get(path, params)).json


def _mark(incident: Mapping[str, Any]) -> str:
    """Return a digest that changes with the incident; short, since many are kept. Raises Misshapen."""
    try:
        said = "\n".join(str(incident.get(key)) for key in CHANGES_WITH)
    # The vendor chooses the nesting; `str` of a list in a list in a list exhausts the stack.
    except RecursionError:
        raise Misshapen("PagerDuty answered an incident that is nested without end") from None
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()


def _human_acts(entries: Sequence[Any]) -> Iterator[Response]:
    """Yield the acts of users among the entries of a log, oldest first; the log has the newest first."""
    for entry in map(mapping, reversed(entries)):
        agent, at = mapping(entry.get("agent")), parse_time(entry.get("created_at"))
        what, name = DONE.get(text(entry.get("type"))), text(entry.get("id"))
        # Entries of services, integrations and escalation policies have other kinds of agent.
        if what is not None and agent.get("type") in HUMAN and at is not None and name:
            who = clean(text(agent.get("summary")) or text(agent.get("name")) or text(agent.get("id")), NAME_MAX)
            yield Response(clean(name, NAME_MAX), at, what, who or "an unnamed user")


def _list_of(body: object, key: str) -> list[Any]:
    found = mapping(body).get(key)
    if not isinstance(found, list):
        raise Misshapen(f"PagerDuty answered something that holds no {key}")
    return found


def build(region: str, context: Context) -> PagerDutyReader | None:
    """Return the reader, or None without a key. Raises Permanent for a key that cannot be sent."""
    token = context.secrets.get(TOKEN, "").strip()
    if not token:
        return None
    if not re.fullmatch(r"[!-~]{1,200}", token):
        raise Permanent(f"{TOKEN} is not an API key: copy it again")
    endpoint = context.endpoints.get("pagerduty_api", US)
    api = ApiClient(
        "PagerDuty",
        # A named endpoint (the sandbox, a proxy) wins over the region.
        EU if region == "eu" and endpoint == US else endpoint,
        headers={"authorization": f"Token token={token}", "accept": ACCEPT, "content-type": "application/json"},
        clock=context.clock,
        read_only=True,
        attempts=1,
        guard=context.guard,
        hints=HINTS,
    )
    return PagerDutyReader(api)


def alert_key(key: str) -> str:
    """Return an incident's key; one too long for PagerDuty keeps its head and gets its hash as tail."""
    if len(key) <= MAX_DEDUP_KEY and key.isprintable():
        return key
    # PagerDuty takes 255 characters; two long keys with the same head must stay two alerts.
    tail = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
    return f"{clean(key, 180)}/{tail}"

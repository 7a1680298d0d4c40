"""Words of other tools and habits (Gatus, Uptime Kuma, cron, templates), and our word for each.

Rule: they are looked up where a word is refused anyway, and for values that would load without effect.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from watchdog.adapters.signals.probe_options.named_secrets import ANY_PLACE, PLACE

SITES = "write services: {web: {signals: {home: {http: https://www.example.com}}}}"
PEOPLE = "write channels: {slack: {}}, pagerduty, email or webhook"
KEYS: Mapping[str, str] = MappingProxyType(
    {
        "url": "the kind of signal is the key: write http: https://… (does it answer?), or latency: (how fast?)",
        "target": "the kind of signal is the key: write http: https://…",
        "interval": "write every: 30s",
        "heartbeatInterval": "write every: 30s",
        "retryInterval": "leave it out: the daemon probes faster once a check fails",
        "maxretries": "leave it out: a failure is confirmed by time and number (see advanced.detection)",
        "retries": "leave it out: a failure is confirmed by time and number (see advanced.detection)",
        "conditions": 'write status: 2xx, contains: "text", json: {"$.status": ok} or max_latency: 2s',
        "accepted_statuscodes": "write status: 2xx, or a list as in [200, 404]",
        "keyword": 'write contains: "text"',
        "type": "the kind of signal is the key: write http: https://…",
        "method": "leave it out: probes are GET requests",
        "group": "leave it out: services stand below services: by name",
        "alerts": "the channels of each severity are policy: {critical: {tell: [slack]}}",
        "alerting": PEOPLE,
        "notifications": PEOPLE,
        "notification": PEOPLE,
        "notificationIDList": PEOPLE,
        "monitors": SITES,
        "monitorList": SITES,
        "sites": SITES,
        "storage": "write store: sqlite:///watchdog.db",
        "schedule": "write every: 30s for a signal; windows: {nights: Sun 02:00-04:00 Europe/Berlin} for changes",
        "cron": "write every: 30s for a signal; windows: {nights: Sun 02:00-04:00 Europe/Berlin} for changes",
    }
)
"""Keys of Gatus, Uptime Kuma and their kin."""
TEMPLATE = re.compile(r"\$\{[A-Za-z_]|\{\{|^\$[A-Z_][A-Z0-9_]*$")
CRON = "a cron expression, which says when to begin and not until when"
_CRON = re.compile(r"\s*(@\w+|[\d*][\d*/,-]*( +[\dA-Za-z*?][\w*/,?#-]*){4,5})\s*")
SHORT_FORMS: Sequence[tuple[Sequence[str], str]] = (
    (("services", "*", "signals", "*"), "{http: https://www.example.com}"),
    (("channels", "slack"), '{channel: "#incidents"}'),
    (("channels", "*"), "{}"),
    (("policy", "*"), "{do: ask}"),
)
"""The form of the mapping that is wanted in place of a plain word."""
SERVICE_DEPTH = 3
"""The length of a path of services, a name, and a key of the service itself."""
FREE_TEXT = frozenset({"contains", "matches", "json", "header", "expect", "query", "age_of", "reason", "title"})
"""Keys with text of the site, or for people, below them: it may look like anything."""
PROBE_KEYS = frozenset({"headers", "auth", "proxy", "api_key"})
"""Keys of a signal that may name secrets; so may `body`, which may look like anything besides."""


def is_template(text: str, path: Sequence[str | int]) -> bool:
    """Return whether a value waits for a program that fills in variables; this one fills in the secrets of probes."""
    if "signals" in path:
        # Which variables may be named there, the options of the probe say.
        if "body" in path:
            return False
        # The steps of a journey say by themselves which values they carry.
        text = ANY_PLACE.sub("", text) if "steps" in path else text
        text = PLACE.sub("", text) if not PROBE_KEYS.isdisjoint(path) else text
    return TEMPLATE.search(text) is not None and FREE_TEXT.isdisjoint(path)


def is_cron(value: object) -> bool:
    """Return whether a value is a cron expression."""
    # Cut first: the expression backtracks, and the value may be thousands of characters long.
    return isinstance(value, str) and _CRON.fullmatch(value[:100]) is not None


def instead_of_key(path: Sequence[str | int], key: str) -> str:
    """Return our word for another tool's key at that place, or an empty text."""
    below_services, hint = path[0] == "services", KEYS.get(key, "")
    # Below other sections these words have other meanings, or are names of the user's own.
    if not hint or (len(path) > 1 and not below_services):
        return ""
    return f"below signals: {{home: {{…}}}}, {hint}" if len(path) == SERVICE_DEPTH else hint


def instead_of_mapping(path: Sequence[str | int], given: object, name: str) -> str:
    """Return the form of the mapping that is wanted at that place; `name` is its key as messages may show it."""
    shape = next((shape for where, shape in SHORT_FORMS if _fits(path, where)), "")
    if isinstance(given, list) and not shape:
        if path == ("endpoints",):
            return f"these are base URLs of the vendors' APIs. For sites, {SITES}"
        return "a list has no names: write each below a name of your own, without the -, as in web: {…}"
    if given is None:
        return "nothing stands below it: indent what belongs to it" + (f", or write {name}: {shape}" if shape else "")
    return f"write a mapping, as in {name}: {shape}" if shape else "write a mapping, as in {key: value}"


def _fits(path: Sequence[str | int], where: Sequence[str]) -> bool:
    return len(path) == len(where) and all(want in ("*", part) for part, want in zip(path, where, strict=True))

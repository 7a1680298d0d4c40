"""Upptime: `sites:` of its `.upptimerc.yml`.

Rule: its schedule is that of GitHub (five minutes at best) and no choice of the team, so our own pace is kept.
"""

from collections.abc import Mapping
from typing import Any

from watchdog.settings.other_tools.probe_request import (
    http_signal,
    set_body,
    set_contains,
    set_headers,
    set_method,
    tcp_signal,
)
from watchdog.settings.other_tools.sites import (
    NO_EQUAL,
    STATUSES,
    VERIFIED,
    Found,
    Keys,
    Site,
    entries,
    host_of,
    pace,
    set_statuses,
    word,
)

TIMEOUT_SECONDS, REDIRECTS = 30.0, 3
"""What Upptime waits for an answer, and how many redirects it follows unless the site says otherwise."""
OTHER_CHECKS: Mapping[str, str] = {"ws": NO_EQUAL["websocket"], "icmp-ping": NO_EQUAL["ping"]}
READ = frozenset(("check", "method", "name", "url", "port", "expectedStatusCodes", "headers", "body", "maxRedirects"))
SILENT = frozenset(("slug", "icon", "verbose", "assignees", "tags"))
"""Keys of a site about its page and its issues."""
MISSING_TEXT = "__dangerous__body_down_if_text_missing"
NOTED: Mapping[str, str] = {
    "maxResponseTime": "a slow site is degraded there, not down: watch its speed with latency: and p95:",
    "__dangerous__body_down": "what must not stand in a page has no equal: expect what must, with contains:",
    "__dangerous__body_degraded": "a degraded site has no equal: expect what must stand in the page, with contains:",
    "__dangerous__body_degraded_if_text_missing": "a degraded site has no equal: write contains: if it is an outage",
    "__dangerous__insecure": VERIFIED,
    "__dangerous__disable_verify_peer": VERIFIED,
    "__dangerous__disable_verify_host": VERIFIED,
    "ipv6": "all addresses of the host are tried in turn",
}
OWN_AFFAIRS: Mapping[str, str] = {
    "notifications": "choose who is notified below channels:",
    "workflowSchedule": "here a probe comes every 10 s; every: of a signal changes that",
    "status-website": "here console: has public status pages",
}


def recognises(document: Mapping[str, Any]) -> bool:
    """Return whether this is a configuration of Upptime."""
    return all(isinstance(document.get(key), str) for key in ("owner", "repo")) and "sites" in document


def read(documents: list[Mapping[str, Any]], keys: Keys) -> Found:
    """Return the sites."""
    found = Found()
    for document in documents:
        found.sites += [_site(entry, keys) for entry in entries(document.get("sites"))]
        found.notes += [f"{key}: {note}" for key, note in OWN_AFFAIRS.items() if document.get(key)]
    return found


def _site(entry: Mapping[str, Any], keys: Keys) -> Site:
    url, check = word(entry.get("url")).strip(), word(entry.get("check")) or "http"
    site = Site(word(entry.get("name")) or host_of(url))
    if check == "http":
        site.signals["home"] = signal = _page(site, url, entry, keys)
    elif check in ("tcp-ping", "ssl"):
        site.signals["port"] = signal = _port(site, url, entry, check)
    else:
        site.left_out = OTHER_CHECKS.get(check, NO_EQUAL["other"])
        return site
    pace(signal, None, TIMEOUT_SECONDS)
    for key, note in NOTED.items():
        if entry.get(key) not in (None, False, ""):
            site.note(f"{key}: {note}")
    site.note_keys(entry, READ | SILENT | NOTED.keys() | {MISSING_TEXT})
    return site


def _page(site: Site, url: str, entry: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    signal = http_signal(site, url, keys)
    set_method(signal, site, word(entry.get("method")))
    lines = entry.get("headers")
    pairs = [word(line).partition(":") for line in lines] if isinstance(lines, list) else []
    set_headers(signal, site, {name.strip(): value for name, _, value in pairs if name.strip()}, keys)
    set_body(signal, site, entry.get("body"), keys)
    codes = entry.get("expectedStatusCodes")
    listed = [int(word(code)) for code in codes if word(code).isdecimal()] if isinstance(codes, list) else []
    # Of the answers from 200 to 399 its own list lacks only those that no server gives.
    accepted = listed or range(200, 400)
    set_statuses(signal, site, [code for code in STATUSES if code in accepted], "expectedStatusCodes")
    given = entry.get("maxRedirects")
    redirects = given if isinstance(given, int) and not isinstance(given, bool) else REDIRECTS
    signal["redirects"] = min(max(redirects, 0), 10)
    set_contains(signal, site, word(entry.get(MISSING_TEXT)), MISSING_TEXT)
    return signal


def _port(site: Site, url: str, entry: Mapping[str, Any], check: str) -> dict[str, Any]:
    tls = check == "ssl"
    host = host_of(url if "://" in url else f"tcp://{url}")
    signal = tcp_signal(site, host, word(entry.get("port")) or ("443" if tls else ""))
    if tls:
        site.note("ssl: a certificate that has ended is bad; how long one still holds, readings of http: show")
        signal["tls"] = True
    return signal

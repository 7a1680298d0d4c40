"""Gatus: `endpoints:` with their conditions. Also its older name for them, `services:`."""

import re
from collections.abc import Mapping
from typing import Any

from watchdog.adapters.signals.options import REDIRECTS_MAX
from watchdog.settings.other_tools.gatus_conditions import set_conditions
from watchdog.settings.other_tools.probe_request import (
    http_signal,
    set_body,
    set_headers,
    set_method,
    set_proxy,
)
from watchdog.settings.other_tools.sites import (
    NO_EQUAL,
    VERIFIED,
    Found,
    Keys,
    Site,
    entries,
    host_of,
    pace,
    seconds_of,
    word,
)

TIMEOUT_SECONDS = 10.0
"""The default timeout of Gatus."""
READ = frozenset(
    ("name", "group", "url", "method", "headers", "body", "interval", "conditions", "client", "enabled", "graphql")
)
SILENT = frozenset(("alerts", "ui", "description", "extra-labels"))
"""Keys of an endpoint that say nothing of what is probed."""
OWN_AFFAIRS = frozenset(
    (
        *("web", "ui", "storage", "metrics", "security", "debug", "concurrency", "skip-invalid-config-update"),
        *("disable-monitoring-lock", "announcements", "default-endpoint"),
    )
)
"""Sections about Gatus itself."""
OTHER_SECTIONS: Mapping[str, str] = {
    "maintenance": "maintenance: a person writes `silences:` here, for people, or `action_holds:`",
    "remote": "remote: other instances are not read",
    "connectivity": "connectivity: here `control:` names pages that tell whether our own network works",
    "tunneling": "tunneling: nothing is probed through SSH",
}
OTHER_KINDS: Mapping[str, str] = {
    "icmp": NO_EQUAL["ping"],
    "dns": NO_EQUAL["dns"],
    "udp": "UDP has no equal",
    "sctp": "SCTP has no equal",
    "ws": NO_EQUAL["websocket"],
    "wss": NO_EQUAL["websocket"],
    "grpc": NO_EQUAL["grpc"],
    "grpcs": NO_EQUAL["grpc"],
    "domain": "the end of a domain's registration has no equal",
}


def recognises(document: Mapping[str, Any]) -> bool:
    """Return whether this is a configuration of Gatus."""
    if any(isinstance(document.get(key), list) for key in ("external-endpoints", "suites")):
        return True
    listed = (*entries(document.get("endpoints")), *entries(document.get("services")))
    return any("url" in entry and isinstance(entry.get("conditions"), list) for entry in listed)


def read(documents: list[Mapping[str, Any]], keys: Keys) -> Found:
    """Return the endpoints as sites."""
    found = Found()
    for document in documents:
        for entry in (*entries(document.get("endpoints")), *entries(document.get("services"))):
            found.sites.append(_site(entry, keys))
        for entry in entries(document.get("external-endpoints")):
            site = Site(word(entry.get("name")), word(entry.get("group")))
            site.left_out = NO_EQUAL["push"]
            found.sites.append(site)
        for entry in entries(document.get("suites")):
            site = Site(word(entry.get("name")), word(entry.get("group")))
            site.left_out = "steps that hand on values have no equal: write a check of your own, and command:"
            found.sites.append(site)
        found.notes += _sections(document)
    return found


def _sections(document: Mapping[str, Any]) -> list[str]:
    alerting = document.get("alerting")
    named = (
        [key for key in alerting if re.fullmatch(r"[a-z0-9-]{1,20}", str(key))] if isinstance(alerting, dict) else []
    )
    notes = [f"alerting ({', '.join(named[:10])}): choose who is notified below channels:"] if named else []
    notes += [note for key, note in OTHER_SECTIONS.items() if key in document]
    own = sorted(OWN_AFFAIRS & document.keys())
    return [*notes, *([f"{', '.join(own)}: settings of Gatus itself"] if own else [])]


def _site(entry: Mapping[str, Any], keys: Keys) -> Site:
    url = word(entry.get("url")).strip()
    site = Site(word(entry.get("name")) or host_of(url), word(entry.get("group")))
    if entry.get("enabled") is False:
        site.left_out = "it is disabled there"
        return site
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    kind = next((kind for kind in ("dns", "grpc") if kind in entry), scheme)
    if kind in OTHER_KINDS:
        site.left_out = OTHER_KINDS[kind]
        return site
    signal = _port(site, scheme, url, entry) if scheme in _PORTS else _page(site, url, entry, keys)
    client = entry.get("client")
    client = client if isinstance(client, dict) else {}
    pace(signal, seconds_of(site, "interval", entry), seconds_of(site, "timeout", client) or TIMEOUT_SECONDS)
    _set_client(signal, site, client, keys)
    site.note_keys(entry, READ | SILENT)
    site.signals["home" if "http" in signal else "port"] = signal
    return site


def _page(site: Site, url: str, entry: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """Return the signal of an endpoint that speaks HTTP."""
    signal = http_signal(site, url, keys)
    body = entry.get("body")
    if entry.get("graphql") is True and isinstance(body, str):
        set_method(signal, site, "POST")
        body = {"query": body}
    else:
        set_method(signal, site, word(entry.get("method")))
    headers = entry.get("headers")
    set_headers(signal, site, headers if isinstance(headers, dict) else {}, keys)
    set_body(signal, site, body, keys)
    set_conditions(signal, site, entry.get("conditions"))
    return signal


_PORTS: Mapping[str, Mapping[str, Any]] = {
    "tcp": {},
    "tls": {"tls": True},
    "starttls": {},
    "ssh": {"banner": "^SSH-"},
}
"""The options of a port by the scheme of its address."""
DEFAULT_PORT = {"ssh": 22}


def _port(site: Site, scheme: str, url: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the signal of an endpoint that is a port."""
    place = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    if scheme in DEFAULT_PORT and not re.search(r":\d+$", place):
        place = f"{place}:{DEFAULT_PORT[scheme]}"
    if scheme == "starttls":
        site.note("STARTTLS: only whether the port takes a connection is looked at")
    if entry.get("body") or entry.get("ssh"):
        site.note("what is sent there, or who logs in: nothing is sent to a port here")
    for given in entry.get("conditions") or [] if isinstance(entry.get("conditions"), list) else []:
        if not isinstance(given, str) or "[CONNECTED]" not in given:
            site.note("conditions other than [CONNECTED]: a port is only connected to")
    return {"tcp": place, **_PORTS[scheme]}


def _set_client(signal: dict[str, Any], site: Site, client: Mapping[str, Any], keys: Keys) -> None:
    if "http" in signal:
        # Gatus follows redirects by default, and our probes follow none.
        if client.get("ignore-redirect") is not True:
            signal["redirects"] = REDIRECTS_MAX
        set_proxy(signal, site, word(client.get("proxy-url")), keys)
    if client.get("insecure") is True:
        site.note(f"client.insecure: {VERIFIED}")
    for key, what in (("tls", "write the files in tls: {client_cert: …}"), ("oauth2", "it has no equal")):
        if key in client:
            site.note(f"client.{key}: {what}")
    site.note_keys(client, ("timeout", "ignore-redirect", "proxy-url", "insecure", "tls", "oauth2"), "client.")

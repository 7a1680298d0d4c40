"""Uptime Kuma: the monitors of a backup (version 1), or of what its API answers (version 2, which writes no backups).

A backup has them in a list, the API by their numbers; scripts also write the list alone.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from watchdog.adapters.signals.options import REDIRECTS_MAX
from watchdog.settings.other_tools.foreign_file import LISTED
from watchdog.settings.other_tools.json_conditions import NoEqual, bounds, demand_open, forms, set_value
from watchdog.settings.other_tools.probe_request import (
    basic_auth,
    bearer_auth,
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
    literal,
    pace,
    set_statuses,
    word,
)
from watchdog.settings.text.yaml_document import show_key

KEYS_OF_A_MONITOR = frozenset(("accepted_statuscodes", "retryInterval", "maxretries", "notificationIDList"))
"""Keys that its monitors of every kind have; one of them is enough, since scripts leave some out."""
TIMEOUT_SHARE = 0.8
"""Of the interval: its own choice of a timeout, which is no choice of the team, so ours is kept."""
REDIRECTS = 10
"""How many redirects it follows unless the monitor says otherwise."""
BANNERS: Mapping[str, str] = {"port": "", "smtp": "^220[ -]"}
"""What a port greets with, by the kind of monitor; empty: nothing is expected."""
DATABASE = "a query of a database has no equal: watch its port with tcp:"
OTHER_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("ping", "tailscale-ping"), NO_EQUAL["ping"]),
    **dict.fromkeys(("sqlserver", "mongodb", "mysql", "oracledb", "postgres", "redis"), DATABASE),
    "dns": NO_EQUAL["dns"],
    "push": NO_EQUAL["push"],
    "grpc-keyword": NO_EQUAL["grpc"],
    "websocket-upgrade": NO_EQUAL["websocket"],
}
NOTED: Mapping[str, str] = {
    "ignoreTls": VERIFIED,
    "proxyId": "write the proxy yourself, in proxy: {url: …}",
    "cacheBust": "a changing query has no equal: let a header or the site itself keep caches out",
    "domainExpiryNotification": "the end of a domain's registration has no equal",
}
LOGINS: Mapping[str, str] = {
    "mtls": "write the files in tls: {client_cert: …}",
    "oauth2-cc": "it has no equal: a token that does not end can stand in auth: {bearer: …}",
    "ntlm": "it has no equal",
}
CONTENT_TYPES: Mapping[str, str] = {"form": "application/x-www-form-urlencoded", "xml": "text/xml; charset=utf-8"}


def recognises(document: Mapping[str, Any]) -> bool:
    """Return whether this holds monitors of Uptime Kuma."""
    if isinstance(document.get("monitorList"), (list, dict)):
        return True
    return any("type" in one and KEYS_OF_A_MONITOR & one.keys() for one in _monitors(document))


def read(documents: list[Mapping[str, Any]], keys: Keys) -> Found:
    """Return the monitors as sites."""
    found = Found()
    for document in documents:
        monitors = _monitors(document)
        groups = {word(one.get("id")): word(one.get("name")) for one in monitors if one.get("type") == "group"}
        found.sites += [_site(one, groups, keys) for one in monitors if one.get("type") != "group"]
        found.notes += [note for note in _notes(document, monitors) if note not in found.notes]
    return found


def _monitors(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = document.get("monitorList", document.get(LISTED, document))
    return entries(list(listed.values()) if isinstance(listed, dict) else listed)


def _notes(document: Mapping[str, Any], monitors: list[Mapping[str, Any]]) -> list[str]:
    """Return what concerns all monitors."""
    kinds = [_kind_of(one) for one in entries(document.get("notificationList"))]
    named = ", ".join(dict.fromkeys(filter(None, kinds)))
    notes = []
    if kinds or any(one.get("notificationIDList") for one in monitors):
        notes.append(f"notifications{f' ({named})' if named else ''}: choose who is notified below channels:")
    if any(_number(one, "maxretries") for one in monitors):
        notes.append("retries: each signal needs several failures in a row before it is an outage")
    if any(_chosen_timeout(one) is None for one in monitors if word(one.get("type")) in EXPECTED):
        notes.append("timeouts that are 80 % of the interval: here the default is 5 s; timeout: of a signal changes it")
    if any(_number(one, "resendInterval") for one in monitors):
        notes.append("resendInterval: reminders come from escalation:")
    return notes


def _kind_of(notification: Mapping[str, Any]) -> str:
    """Return the kind of a notification, which its settings name; they are JSON, and hold its keys."""
    kind = _parsed(word(notification.get("config"))).get("type", notification.get("type"))
    return kind if isinstance(kind, str) and re.fullmatch(r"[A-Za-z0-9-]{1,20}", kind) else ""


def _parsed(text: str) -> dict[str, Any]:
    """Return the mapping of JSON that a text holds, or an empty one."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(entry: Mapping[str, Any], key: str) -> float:
    """Return a number that is more than zero, or zero."""
    given = entry.get(key)
    if not isinstance(given, (int, float)) or isinstance(given, bool):
        return 0.0
    return float(given) if 0 < given < 10**9 else 0.0


def _chosen_timeout(entry: Mapping[str, Any]) -> float | None:
    """Return the timeout in seconds. None: there is none, or it is the usual share of the interval."""
    timeout = _number(entry, "timeout")
    return timeout if timeout and abs(timeout - TIMEOUT_SHARE * _number(entry, "interval")) >= 1 else None


def _site(entry: Mapping[str, Any], groups: Mapping[str, str], keys: Keys) -> Site:
    url, kind = word(entry.get("url")).strip(), word(entry.get("type"))
    tags = [word(tag.get("name")) for tag in entries(entry.get("tags"))]
    group = groups.get(word(entry.get("parent")), "")
    site = Site(word(entry.get("name")) or host_of(url), group or next(iter(tags), ""))
    expected = EXPECTED.get(kind)
    if entry.get("active") in (0, False) or entry.get("forceInactive") is True:
        site.left_out = "it is paused there"
    elif entry.get("upsideDown") in (1, True):
        site.left_out = "upsideDown: a site that is up when it does not answer has no equal"
    elif kind in BANNERS:
        site.signals["port"] = signal = _port(site, entry, kind)
    elif expected is not None:
        site.signals["home"] = signal = _page(site, url, entry, keys)
        expected(signal, site, entry)
    else:
        site.left_out = OTHER_KINDS.get(kind) or f"{show_key(kind)}: {NO_EQUAL['other']}"
    if site.left_out:
        return site
    pace(signal, _number(entry, "interval") or None, _chosen_timeout(entry))
    if len({*tags} - {site.group}) > (0 if group else 1):
        site.note("tags: a service takes one of them here from there; write others in tags:")
    return site


def _page(site: Site, url: str, entry: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """Return the signal of a monitor that speaks HTTP."""
    signal = http_signal(site, url, keys)
    set_method(signal, site, word(entry.get("method")))
    headers = entry.get("headers")
    headers = headers if isinstance(headers, dict) else _parsed(word(headers))
    if not headers and word(entry.get("headers")).strip() not in ("", "{}"):
        site.note("headers: not JSON that can be read")
    set_headers(signal, site, headers, keys)
    _set_login(signal, site, entry, keys)
    _set_body(signal, site, entry, keys)
    codes = entry.get("accepted_statuscodes")
    # It takes no number for a status, only a text.
    ranges = [_range(code) for code in codes if isinstance(code, str)] if isinstance(codes, list) else [range(200, 300)]
    accepted = [code for code in STATUSES if any(code in one for one in ranges)]
    set_statuses(signal, site, accepted, "accepted_statuscodes")
    given = entry.get("maxredirects")
    redirects = given if isinstance(given, int) and not isinstance(given, bool) else REDIRECTS
    signal["redirects"] = min(max(redirects, 0), REDIRECTS_MAX)
    if entry.get("ipFamily") in ("ipv4", "ipv6"):
        signal["ip"] = entry["ipFamily"][-1]
    for key, note in NOTED.items():
        if entry.get(key):
            site.note(f"{key}: {note}")
    return signal


def _range(code: str) -> range:
    """Return the statuses of `200-299` or `301`; none of anything else."""
    found = re.fullmatch(r"\s*(\d{1,3})(?:\s*-\s*(\d{1,3}))?\s*", code)
    return range(int(found[1]), int(found[2] or found[1]) + 1) if found else range(0)


def _set_login(signal: dict[str, Any], site: Site, entry: Mapping[str, Any], keys: Keys) -> None:
    """Write user and password, or the token. A header `authorization` comes before them there."""
    user, password = word(entry.get("basic_auth_user")), word(entry.get("basic_auth_pass"))
    # Backups of before 1.18 do not name the way: a user is enough.
    way = word(entry.get("authMethod", "basic"))
    if way in LOGINS:
        site.note(f"authMethod {way}: {LOGINS[way]}")
    elif "auth" in signal or any(name.lower() == "authorization" for name in signal.get("headers", {})):
        return
    elif way == "basic" and (user or password):
        basic_auth(signal, site, user, password, keys)
    elif way == "bearer" and (token := word(entry.get("bearer_token"))):
        bearer_auth(signal, site, token, keys)


def _set_body(signal: dict[str, Any], site: Site, entry: Mapping[str, Any], keys: Keys) -> None:
    body, coding = word(entry.get("body")), word(entry.get("httpBodyEncoding")) or "json"
    if not body.strip():
        return
    set_body(signal, site, (_parsed(body) or body) if coding == "json" else body, keys)
    given = {name.lower() for name in signal.get("headers", {})}
    # JSON that is sent as a mapping names itself.
    if isinstance(signal.get("body"), str) and "content-type" not in given:
        signal.setdefault("headers", {})["Content-Type"] = CONTENT_TYPES.get(coding, "application/json")


def _port(site: Site, entry: Mapping[str, Any], kind: str) -> dict[str, Any]:
    signal = tcp_signal(site, word(entry.get("hostname")).strip(), word(entry.get("port")) or "25" * (kind == "smtp"))
    if kind == "smtp" and entry.get("smtpSecurity") == "secure":
        signal["tls"] = True
    if entry.get("smtpSecurity") == "starttls":
        site.note("smtpSecurity: STARTTLS is not begun; only the greeting is looked at")
    if word(entry.get("expectedTlsAlert")) not in ("", "none"):
        site.note("expectedTlsAlert: no equal")
    if BANNERS[kind]:
        signal["banner"] = BANNERS[kind]
    return signal


def _expect_keyword(signal: dict[str, Any], site: Site, entry: Mapping[str, Any]) -> None:
    if entry.get("invertKeyword"):
        site.note("invertKeyword: what must not stand in a page has no equal: expect what must, with contains:")
    else:
        set_contains(signal, site, word(entry.get("keyword")), "keyword")


def _expect_json(signal: dict[str, Any], site: Site, entry: Mapping[str, Any]) -> None:
    """Write a query of JSONata that is a path of names and indexes; any other is noted."""
    value, operator = word(entry.get("expectedValue")), word(entry.get("jsonPathOperator")) or "=="
    try:
        if signal.get("method") == "HEAD":
            raise NoEqual("the answer to a HEAD has no body")
        demand_open(word(entry.get("jsonPath")), operator, value)
        # A name with a dash would be a subtraction there; names in quotes are another thing in each.
        found = re.fullmatch(r"(?:\$\.?)?((?:\.?\w+|\[-?\d+\])+)", word(entry.get("jsonPath")).strip())
        if not found:
            raise NoEqual("only a path of names and indexes has an equal, as in $.checks[0].status")
        path = found[1] if found[1].startswith("[") else f".{found[1].lstrip('.')}"
        set_value(signal, f"${path}", _condition(operator, value))
    except NoEqual as error:
        site.note(f"jsonPath: {error}")


def _condition(operator: str, value: str) -> dict[str, Any]:
    if found := bounds(operator, value):
        return found
    if operator == "contains" and value:
        return {"matches": literal(value)}
    if operator != "==" or not value:
        raise NoEqual("a value is compared with ==, contains, and with numbers by < and >")
    return {"in": forms(value)}


def _expect_no_more(signal: dict[str, Any], site: Site, entry: Mapping[str, Any]) -> None:
    """The status is all that a plain monitor looks at."""


EXPECTED: Mapping[str, Callable[[dict[str, Any], Site, Mapping[str, Any]], None]] = {
    "http": _expect_no_more,
    "keyword": _expect_keyword,
    "json-query": _expect_json,
}
"""What a monitor that speaks HTTP expects of the page, by its kind."""

"""Prometheus with its blackbox exporter: modules of the exporter say how the targets in the jobs are probed.

The two are separate files, which are given together: `--from blackbox.yml --from prometheus.yml`.
"""

import re
from collections.abc import Mapping
from typing import Any

from watchdog.adapters.signals.options import REDIRECTS_MAX
from watchdog.adapters.signals.pattern import check_pattern
from watchdog.domain.texts.secret_shapes import holds_secret
from watchdog.settings.other_tools.probe_request import (
    basic_auth,
    bearer_auth,
    http_signal,
    set_body,
    set_headers,
    set_method,
    set_proxy,
    tcp_signal,
)
from watchdog.settings.other_tools.scrape_jobs import Target, targets_of
from watchdog.settings.other_tools.sites import (
    NO_EQUAL,
    STATUSES,
    VERIFIED,
    Found,
    Keys,
    Site,
    entries,
    has_variable,
    host_of,
    pace,
    seconds_of,
    set_statuses,
    word,
)
from watchdog.settings.text.yaml_document import show_key

OTHER_PROBERS: Mapping[str, str] = {
    "icmp": NO_EQUAL["ping"],
    "dns": NO_EQUAL["dns"],
    "grpc": NO_EQUAL["grpc"],
    "websocket": NO_EQUAL["websocket"],
}
READ_OF_HTTP = frozenset(
    (
        *("valid_status_codes", "valid_http_versions", "method", "headers", "http_headers", "body", "follow_redirects"),
        *("basic_auth", "authorization", "bearer_token", "bearer_token_file", "proxy_url", "tls_config"),
        *("fail_if_body_not_matches_regexp", "fail_if_header_not_matches", "preferred_ip_protocol", "fail_if_not_ssl"),
    )
)
SILENT = frozenset(("ip_protocol_fallback", "compression", "enable_http2", "enable_http3", "body_size_limit"))
"""Keys that say nothing of what a good answer is."""
NEGATED = "what must not be there has no equal: expect what must, with contains: or expect:"
NOTED: Mapping[str, str] = {
    "fail_if_body_matches_regexp": NEGATED,
    "fail_if_header_matches": NEGATED,
    "fail_if_body_json_matches_cel": NEGATED,
    "fail_if_body_json_not_matches_cel": "CEL has no equal: write the conditions in expect: {json: …}",
    "fail_if_ssl": "no equal: give an address of http:// and redirects: 0",
    "body_file": "write what it holds in body:",
    "oauth2": "it has no equal: a token that does not end can stand in auth: {bearer: …}",
}
TLS_FILES = ("ca_file", "cert_file", "key_file", "ca", "cert", "key")


def recognises(document: Mapping[str, Any]) -> bool:
    """Return whether this is a configuration of Prometheus or of the blackbox exporter."""
    return isinstance(document.get("scrape_configs"), list) or bool(_modules(document))


def read(documents: list[Mapping[str, Any]], keys: Keys) -> Found:
    """Return the targets as sites, each probed as its module says."""
    found = Found()
    modules = {name: module for document in documents for name, module in _modules(document).items()}
    for document in documents:
        for target in targets_of(document, found):
            found.sites.append(_site(target, modules.get(target.module), keys))
    return found


def _modules(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    listed = document.get("modules")
    listed = listed if isinstance(listed, dict) else {}
    return {str(name): one for name, one in listed.items() if isinstance(one, dict) and "prober" in one}


def _site(target: Target, module: Mapping[str, Any] | None, keys: Keys) -> Site:
    prober = word(module.get("prober")) if module else ""
    # The exporter probes a name without a scheme by http.
    url = target.place if re.match(r"(?i)https?://", target.place) else f"http://{target.place}"
    site = Site(target.name or (target.place if prober == "tcp" else _name(url)) or target.job, target.job)
    if target.note:
        site.note(target.note)
    if module is None:
        shown = show_key(target.module or "(none)")
        site.left_out = f"its module {shown} stands in no file given: name the exporter's as well, --from blackbox.yml"
        return site
    options = module.get(prober)
    options = options if isinstance(options, dict) else {}
    if prober == "http":
        site.signals["home"] = signal = _page(site, url, options, keys)
    elif prober == "tcp":
        site.signals["port"] = signal = _port(site, url, options)
    else:
        site.left_out = OTHER_PROBERS.get(prober) or f"{show_key(prober)}: {NO_EQUAL['other']}"
        return site
    limits = (seconds_of(site, "scrape_timeout", target.pace), seconds_of(site, "timeout", module))
    pace(signal, seconds_of(site, "scrape_interval", target.pace), min(filter(None, limits), default=None))
    return site


def _name(url: str) -> str:
    """Return host and path, by which the targets of a job differ; less where they may hold a key, or a variable."""
    path = re.sub(r"^[^/?#]*|[?#].*", "", url.partition("://")[2])
    host = host_of(url)
    return "" if has_variable(host) else host + ("" if holds_secret(path) or has_variable(path) else path.rstrip("/"))


def _page(site: Site, url: str, options: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    """Return the signal of a module whose prober is http."""
    signal = http_signal(site, url, keys)
    set_method(signal, site, word(options.get("method")))
    _set_headers(signal, site, options, keys)
    _set_login(signal, site, options, keys)
    set_body(signal, site, options.get("body"), keys)
    codes = options.get("valid_status_codes")
    if isinstance(codes, list) and codes:
        listed = [int(word(code)) for code in codes if word(code).isdecimal() and len(word(code)) < 5]
        set_statuses(signal, site, [code for code in STATUSES if code in listed], "valid_status_codes")
    if options.get("follow_redirects") is not False and options.get("no_follow_redirects") is not True:
        signal["redirects"] = REDIRECTS_MAX
    _expect_of_body(signal, site, options.get("fail_if_body_not_matches_regexp"))
    _expect_of_headers(signal, site, options.get("fail_if_header_not_matches"))
    set_proxy(signal, site, word(options.get("proxy_url")), keys)
    if (version := _ip(options)) and "proxy" not in signal:
        signal["ip"] = version
    versions = options.get("valid_http_versions")
    if isinstance(versions, list) and versions and "HTTP/1.1" not in versions:
        site.note("valid_http_versions: our probes speak HTTP/1.1")
    if options.get("fail_if_not_ssl") is True and not url.lower().startswith("https:"):
        site.note("fail_if_not_ssl: write the address with https://")
    _note_rest(site, options)
    return signal


def _note_rest(site: Site, options: Mapping[str, Any]) -> None:
    for key, note in NOTED.items():
        if options.get(key):
            site.note(f"{key}: {note}")
    given = {key: value for key, value in options.items() if value is not False}
    site.note_keys(given, READ_OF_HTTP | SILENT | NOTED.keys() | {"no_follow_redirects"})
    _note_tls(site, options)


def _note_tls(site: Site, options: Mapping[str, Any]) -> None:
    tls = options.get("tls_config")
    tls = tls if isinstance(tls, dict) else {}
    if tls.get("insecure_skip_verify") is True:
        site.note(f"tls_config.insecure_skip_verify: {VERIFIED}")
    if any(tls.get(key) for key in TLS_FILES):
        site.note("tls_config: name its files in tls: {ca: …, client_cert: …}")
    site.note_keys(tls, ("insecure_skip_verify", *TLS_FILES), "tls_config.")


def _ip(options: Mapping[str, Any]) -> str:
    """Return the version of IP that is probed, or an empty text where the exporter takes either.

    It prefers IPv6 and takes IPv4 where a name has no such address; so a preference for IPv4 leaves IPv6 out for nearly
    all names, and one for IPv6 leaves IPv4 out only without that fallback.
    """
    preferred = word(options.get("preferred_ip_protocol"))
    if preferred == "ip4":
        return "4"
    return "6" if preferred == "ip6" and options.get("ip_protocol_fallback") is False else ""


def _set_headers(signal: dict[str, Any], site: Site, options: Mapping[str, Any], keys: Keys) -> None:
    """Write the headers; those whose values are secrets, or stand in files, become variables."""
    headers, more = options.get("headers"), options.get("http_headers")
    plain = {str(name): value for name, value in headers.items()} if isinstance(headers, dict) else {}
    secret: dict[str, str] = {}
    for name, given in more.items() if isinstance(more, dict) else []:
        given = given if isinstance(given, dict) else {}
        for kind in ("values", "secrets", "files"):
            # Of several the exporter sends the last.
            for value in _texts(given.get(kind))[-1:]:
                (plain if kind == "values" else secret)[str(name)] = value
    set_headers(signal, site, {name: value for name, value in plain.items() if name not in secret}, keys)
    for name, value in secret.items():
        meaning = f"the header {show_key(name.lower())} of {site.name}, its whole value"
        signal.setdefault("headers", {})[name] = keys.place(value, f"{site.name}_{name}", meaning)


def _texts(value: object) -> list[str]:
    return [word(one) for one in value if word(one)] if isinstance(value, list) else []


def _set_login(signal: dict[str, Any], site: Site, options: Mapping[str, Any], keys: Keys) -> None:
    """Write the credentials; those that stand in a file of their own get a variable as well."""
    if any(name.lower() == "authorization" for name in signal.get("headers", {})):
        return
    basic, other = options.get("basic_auth"), options.get("authorization")
    if isinstance(basic, dict):
        user, password = (word(basic.get(key)) or word(basic.get(f"{key}_file")) for key in ("username", "password"))
        basic_auth(signal, site, user, password, keys)
    other = other if isinstance(other, dict) else {"credentials": options.get("bearer_token")}
    places = (other.get("credentials"), other.get("credentials_file"), options.get("bearer_token_file"))
    token = next(filter(None, map(word, places)), "")
    way = word(other.get("type")) or "Bearer"
    if token and way.lower() == "bearer" and "auth" not in signal:
        bearer_auth(signal, site, token, keys)
    elif token and "auth" not in signal:
        value = keys.place(f"{way} {token}", f"{site.name}_authorization", f"the header authorization of {site.name}")
        signal.setdefault("headers", {})["Authorization"] = value


def _expect_of_body(signal: dict[str, Any], site: Site, given: object) -> None:
    """Write the expressions that must all be found: a probe takes one plain text and one expression."""
    for text in _texts(given):
        key = "contains" if re.fullmatch(r"[\w\s<>/\"'=:;,%#@!&~-]+", text) and "contains" not in signal else "matches"
        if signal.get("method") == "HEAD":
            site.note("fail_if_body_not_matches_regexp: the answer to a HEAD has no body")
        elif holds_secret(text) or has_variable(text):
            site.note("fail_if_body_not_matches_regexp: one of its texts looks like a key, or is a variable")
        elif key in signal or (key == "matches" and not _is_expression(text)):
            site.note("fail_if_body_not_matches_regexp: some of several are left; join them by hand in matches:")
        else:
            signal[key] = text


def _is_expression(text: str) -> bool:
    try:
        check_pattern(text)
    except ValueError:
        return False
    return True


def _expect_of_headers(signal: dict[str, Any], site: Site, given: object) -> None:
    for one in entries(given):
        name, text = word(one.get("header")), word(one.get("regexp"))
        known = signal.get("expect", {}).get("headers", {})
        if one.get("allow_missing") is True or name in known or holds_secret(text) or not _is_expression(text):
            site.note("fail_if_header_not_matches: only one expression for each header that must be there has an equal")
        elif name and text:
            signal.setdefault("expect", {}).setdefault("headers", {})[name] = text


def _port(site: Site, url: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the signal of a module whose prober is tcp; of a dialogue only its first line, if that is the server's."""
    place = url.partition("://")[2].partition("/")[0]
    host, _, port = place.rpartition(":")
    signal = tcp_signal(site, host.strip("[]"), port)
    if options.get("tls") is True:
        signal["tls"] = True
    lines = entries(options.get("query_response"))
    expected = word(lines[0].get("expect")) if lines else ""
    # It looks at one line at a time, without the end of the line, which belongs to what is looked at here.
    banner = "(?m)" + re.sub(r"(?<!\\)[$]$", "", expected)
    if expected and not holds_secret(expected) and _is_expression(banner):
        signal["banner"] = banner
    if len(lines) > (1 if "banner" in signal else 0) or any(line.get("send") for line in lines):
        site.note("query_response: nothing is sent to a port; only a greeting is looked at")
    _note_tls(site, options)
    return signal

"""The request of a probe, from what another tool sends: address, headers, credentials, body. No secret stays in it."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from watchdog.adapters.signals.probe_options.request import OWN_HEADERS
from watchdog.domain.texts.secret_shapes import SECRET, holds_secret, is_secret, names_secret
from watchdog.settings.other_tools.sites import Keys, Site, has_variable, word

DEPTH_MAX = 20
"""Levels of a body that are looked through for secrets; what lies deeper is treated as one."""
VARIABLE = "its address has a variable, which no line here fills in: write the address itself"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH")


def http_signal(site: Site, url: str, keys: Keys) -> dict[str, Any]:
    """Return the signal `http` for an address; the site is left out where the address cannot be written.

    A user and password in the address become `auth`.
    """
    address, user, password = _without_credentials(url.strip())
    site.left_out = site.left_out or _unwritable(address)
    signal: dict[str, Any] = {"http": address}
    if user or password:
        basic_auth(signal, site, user, password, keys)
    return signal


def _without_credentials(url: str) -> tuple[str, str, str]:
    """Return address, user and password."""
    scheme, mark, rest = url.partition("://")
    place = re.match(r"[^/?#]*", rest)
    authority = place[0] if place else ""
    if not mark or "@" not in authority:
        return url, "", ""
    credentials, _, host = authority.rpartition("@")
    user, _, password = credentials.partition(":")
    return f"{scheme}://{host}{rest[len(authority) :]}", unquote(user), password


def _unwritable(url: str) -> str:
    """Return why an address cannot stand in our configuration, or an empty text."""
    if has_variable(url):
        return VARIABLE
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return "its address cannot be read"
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return "its address is not one of http:// or https://"
    behind_host = url.partition("://")[2][len(parts.netloc) :]
    if holds_secret(behind_host) or SECRET.search(url) or any(names_secret(name) for name, _ in query):
        return (
            "its address has what looks like a key, which never stands in this file: let the site take it "
            "from a header, or write the address yourself if it is none"
        )
    return ""


def basic_auth(signal: dict[str, Any], site: Site, user: str, password: str, keys: Keys) -> None:
    """Write a user and a password into a signal; the password becomes a variable, and a user like a key as well."""
    if "auth" in signal:
        return
    # A user without a password is a key in its stead.
    if not password or not user or is_secret(user) or has_variable(user):
        user = keys.place(user or "user", f"{site.name}_user", f"the user of {site.name}")
    place = keys.place(password, f"{site.name}_password", f"the password of {site.name}")
    signal["auth"] = {"basic": {"user": user, "password": place}}


def bearer_auth(signal: dict[str, Any], site: Site, token: str, keys: Keys) -> None:
    """Write a bearer token into a signal, as a variable."""
    signal["auth"] = {"bearer": keys.place(token, f"{site.name}_token", f"the bearer token of {site.name}")}


def set_method(signal: dict[str, Any], site: Site, method: str) -> None:
    """Write the method; a site that is asked by one that no probe sends is left out."""
    method = method.strip().upper() or "GET"
    if method not in METHODS:
        site.left_out = site.left_out or "a probe is sent every few seconds for years: there is no such method"
    elif method != "GET":
        signal["method"] = method


def set_headers(signal: dict[str, Any], site: Site, headers: Mapping[str, Any], keys: Keys) -> None:
    """Write the headers; the secrets among them become variables."""
    for name, given in headers.items():
        value = word(given).strip()
        lower = name.lower()
        if lower == "authorization" and _authorization(signal, site, value, keys):
            continue
        if lower in OWN_HEADERS:
            site.note(f"the header {lower}: the connection sets it by itself")
        elif value:
            if names_secret(name) or holds_secret(value) or has_variable(value):
                value = keys.place(value, f"{site.name}_{name}", f"the header {lower} of {site.name}, its whole value")
            signal.setdefault("headers", {})[name] = value


def _authorization(signal: dict[str, Any], site: Site, value: str, keys: Keys) -> bool:
    """Write a header `authorization` as auth, and return whether it is of a form that has one."""
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "bearer" and rest.strip():
        bearer_auth(signal, site, rest.strip(), keys)
        return True
    try:
        user, mark, password = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return False
    if scheme.lower() != "basic" or not mark:
        return False
    basic_auth(signal, site, user, password, keys)
    return "auth" in signal


def set_body(signal: dict[str, Any], site: Site, body: object, keys: Keys) -> None:
    """Write the body; what looks like a secret in it becomes a variable."""
    if body in (None, "", {}, []):
        return
    if signal.get("method", "GET") in ("GET", "HEAD", "OPTIONS"):
        site.note("the body: this method has none here")
        return
    value = body
    if isinstance(body, str):
        try:
            parsed = json.loads(body)
        except (ValueError, RecursionError):
            parsed = None
        # As text where it holds no secret: it is sent just as it was.
        value = parsed if isinstance(parsed, (dict, list)) and _hidden(parsed, "", site, Keys()) != parsed else body
    if isinstance(value, str):
        if names_secret(value) or is_secret(value) or has_variable(value):
            value = keys.place(value, f"{site.name}_body", f"the whole body that is sent to {site.name}")
    else:
        value = _hidden(value, "", site, keys)
    signal["body"] = value


def set_contains(signal: dict[str, Any], site: Site, text: str, key: str) -> None:
    """Write the text that must stand in the page; `key` is what the other tool calls it."""
    if not text:
        return
    if signal.get("method") == "HEAD":
        site.note(f"{key}: the answer to a HEAD has no body")
    elif holds_secret(text) or has_variable(text):
        site.note(f"{key}: its text looks like a key, or is a variable")
    else:
        signal["contains"] = text


def tcp_signal(site: Site, host: str, port: str) -> dict[str, Any]:
    """Return the signal `tcp` for a port; the site is left out where it cannot be written."""
    if has_variable(host + port):
        site.left_out = site.left_out or VARIABLE
    elif not host or not port:
        site.left_out = site.left_out or "it has no host with a port: write tcp: host:port"
    return {"tcp": f"[{host}]:{port}" if ":" in host else f"{host}:{port}"}


def _hidden(value: Any, name: str, site: Site, keys: Keys, depth: int = 0) -> Any:
    """Return a value of JSON with variables in the place of what looks like a secret; `name` is the keys to it."""
    if isinstance(value, dict) and depth < DEPTH_MAX:
        return {str(key): _hidden(item, f"{name} {key}", site, keys, depth + 1) for key, item in value.items()}
    if isinstance(value, list) and depth < DEPTH_MAX:
        return [_hidden(item, name, site, keys, depth + 1) for item in value]
    text = word(value) or ("…" if isinstance(value, (dict, list)) else "")
    if not text or isinstance(value, bool):
        return value
    if names_secret(name) or holds_secret(text) or has_variable(text) or text == "…":
        key = name.split()[-1] if name.split() else "body"
        return keys.place(text, f"{site.name}_{key}", f"the value that is sent to {site.name} in its body")
    return value


def set_proxy(signal: dict[str, Any], site: Site, url: str, keys: Keys) -> None:
    """Write the proxy; its password becomes a variable."""
    if not url:
        return
    address, user, password = _without_credentials(url)
    if not address.lower().startswith("http://") or has_variable(address):
        site.note("the proxy: only one of http:// can be written, without a variable in its address")
        return
    signal["proxy"] = {"url": address.rstrip("/")}
    if user or password:
        what = f"of the proxy of {site.name}"
        signal["proxy"]["user"] = keys.place(user, f"{site.name}_proxy_user", f"the user {what}")
        signal["proxy"]["password"] = keys.place(password, f"{site.name}_proxy", f"the password {what}")

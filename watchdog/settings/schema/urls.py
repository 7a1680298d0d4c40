"""Web addresses in the configuration: whole, without credentials, encrypted where they leave this machine."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.options import parse_url, travels_in_clear

_URL = re.compile(r"(https?)://([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?([/?#]\S*)?")


def _any_http_url(text: str) -> str:
    match = _URL.fullmatch(text)
    # Brackets may hold any hex digits; only the library knows which of them are an IPv6 address.
    if match is None or len(text) > 2000 or (match[2].startswith("[") and not _is_address(match[2])):
        raise ValueError("not a web address: write https://host/path, without a user or password in it")
    # The reader of all URLs refuses impossible ports, with a message of its own.
    parse_url(text)
    # A bare host has one spelling here, with or without the slash that browsers add.
    return text.rstrip("/") if match[4] in (None, "/") else text


def http_url(text: str) -> str:
    """Return a web address that is encrypted, or of this machine. Raises ValueError with the form to write."""
    plain = _any_http_url(text)
    if travels_in_clear(plain):
        raise ValueError("not encrypted: write https:// (http:// is for this machine only)")
    return plain


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return False


def _base_url(text: str) -> str:
    plain = http_url(text)
    if urlsplit(plain)._replace(scheme="", netloc="").geturl():
        raise ValueError("not an address alone: write https://watchdog.acme.example, with nothing behind the host")
    return plain


def _host_name(text: str) -> str:
    if len(text) > 253 or not re.fullmatch(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*", text):
        raise ValueError("not the name of a host: write it without scheme and port, as in watchdog.acme.example")
    return text.lower()


_WEB = r"^https?://[^\s/?#@]+([/?#]\S*)?$"
_ENCRYPTED = r"^(https://[^\s/?#@]+|http://(localhost|127\.[0-9.]+|\[[0-9A-Fa-f:]+\])(:\d+)?)([/?#]\S*)?$"
HostName = Annotated[
    str,
    AfterValidator(_host_name),
    written_as(r"^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*$", "watchdog.acme.example"),
]
HttpUrl = Annotated[str, AfterValidator(http_url), written_as(_ENCRYPTED, "https://www.example.com")]
AnyHttpUrl = Annotated[str, AfterValidator(_any_http_url), written_as(_WEB, "https://metrics.example.com/push")]
BaseUrl = Annotated[
    str, AfterValidator(_base_url), written_as(r"^https?://[^\s/?#@]+/?$", "https://watchdog.acme.example")
]

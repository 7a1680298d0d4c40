"""What a probe sends: method, headers, body and credentials.

Rule 1: the file holds no key; it names variables (named_secrets.py), which are filled in when a probe is built.
Rule 2: headers, body and credentials go to the host of the configuration alone, to no other that a redirect names.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self

import httpx
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from watchdog.adapters.options import Options
from watchdog.adapters.signals.probe_options.named_secrets import (
    PLACE,
    NamesSecrets,
    check_places,
    filled,
    only_a_place,
    texts_of,
)
from watchdog.domain.texts.secret_shapes import holds_secret, names_secret

BODY_CHARACTERS_MAX = 64 * 1024
HEADERS_MAX, HEADER_CHARACTERS_MAX = 30, 2000
OWN_HEADERS = frozenset(
    (
        *("host", "content-length", "transfer-encoding", "connection", "keep-alive", "accept-encoding", "te"),
        *("trailer", "upgrade", "expect", "proxy-authorization", "proxy-connection"),
    )
)
"""Headers by which the connection works, or that the probe sets by itself."""
_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_KEY_IN_COOKIE = re.compile(r"[^=;\s]{16,}\s*(;|$)")
"""A long value; short ones, as of a consent, are no keys."""

Method = Annotated[
    Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH"],
    BeforeValidator(lambda written: written.upper() if isinstance(written, str) else written),
]
"""DELETE is left out: a probe is sent every few seconds, for years."""


def check_headers(headers: dict[str, str], place: re.Pattern[str] = PLACE) -> dict[str, str]:
    """Return the headers if they can be sent, and a key of theirs is in a place. Raises ValueError."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise ValueError("not the name of a header: write it as in x-api-key")
        if name.lower() in OWN_HEADERS:
            raise ValueError("a header that the connection itself needs: write another one, or leave it out")
        if not value.isascii() or not value.isprintable() or value != value.strip() or not value:
            raise ValueError("not the value of a header: write printable ASCII on one line, without blanks around it")
        if len(value) > HEADER_CHARACTERS_MAX:
            raise ValueError(f"too long for a header: write {HEADER_CHARACTERS_MAX} characters at most")
        check_places(value)
        is_cookie = name.lower() == "cookie"
        by_name = holds_secret(value) if is_cookie else names_secret(name)
        if not place.search(value) and (by_name or (is_cookie and _KEY_IN_COOKIE.search(value))):
            only_a_place(value)
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError("the same header twice, in other letters: write it once")
    return headers


def _check_body(body: Any) -> Any:
    if body is None:
        return None
    if not isinstance(body, (str, dict, list)):
        raise ValueError("neither text nor JSON: write a text in quotes, or a mapping")
    for text in texts_of(body):
        check_places(text)
    try:
        written = body if isinstance(body, str) else json.dumps(body, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("not JSON: write texts, numbers, true, false and null, and put dates in quotes") from None
    if len(written) > BODY_CHARACTERS_MAX:
        raise ValueError(f"too large: write {BODY_CHARACTERS_MAX // 1024} KiB at most")
    return body


def _check_user(user: str) -> str:
    if not user or ":" in user or not user.isprintable():
        raise ValueError("not a user name: write one without a colon")
    return check_places(user)


SecretPlace = Annotated[str, AfterValidator(only_a_place)]
"""The place of a secret, and no more."""


class BasicAuth(Options):
    """A user and a password."""

    user: Annotated[str, AfterValidator(_check_user)] = Field(description="the name that the site knows the probe by")
    password: SecretPlace = Field(description='the place of a secret, as in "${WATCHDOG_PROBE_PASSWORD}"')


class ProbeAuth(Options):
    """Who the probe says that it is: one of the two."""

    basic: BasicAuth | None = None
    bearer: SecretPlace | None = None

    @model_validator(mode="after")
    def _one(self) -> "ProbeAuth":
        if (self.basic is None) == (self.bearer is None):
            raise ValueError('one of the two, please: write basic: {user: …, password: "${…}"} or bearer: "${…}"')
        return self


class SentOptions(NamesSecrets):
    """One request; left out: a plain GET."""

    method: Method = "GET"
    headers: Annotated[dict[str, str], Field(max_length=HEADERS_MAX), AfterValidator(check_headers)] = Field(
        default_factory=dict
    )
    body: Annotated[
        Any, AfterValidator(_check_body), WithJsonSchema({"type": ["string", "object", "array", "null"]})
    ] = None
    auth: ProbeAuth | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.body is not None and self.method in _WITHOUT_BODY:
            raise ValueError(f"a {self.method} has no body: write method: POST, or remove body")
        if self.auth is not None and any(name.lower() == "authorization" for name in self.headers):
            raise ValueError("the credentials twice: write auth, or the header authorization, not both")
        return self

    def written(self) -> Mapping[str, Any]:
        """Return what may name a variable, by its key."""
        auth = self.auth.model_dump() if self.auth is not None else None
        return {**super().written(), "headers": self.headers, "body": self.body, "auth": auth}


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """A request as it is sent; its repr shows neither headers nor body, which may hold secrets."""

    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, options: SentOptions, secrets: Mapping[str, str]) -> "ProbeRequest":
        """Return the request of these options, with the values in their places."""
        headers = {name: filled(value, secrets) for name, value in options.headers.items()}
        given = {name.lower() for name in headers}
        body = b""
        if isinstance(options.body, str):
            body = filled(options.body, secrets).encode()
        elif options.body is not None:
            body = json.dumps(filled(options.body, secrets), ensure_ascii=False, separators=(",", ":")).encode()
            headers |= {} if "content-type" in given else {"Content-Type": "application/json"}
        if options.auth is not None:
            headers["Authorization"] = _credentials(options.auth, secrets)
        return cls(options.method, headers, body)

    def after(self, status: int) -> "ProbeRequest":
        """Return the request that follows a redirect of that status on the same host (RFC 9110, 15.4)."""
        # 307 and 308 ask for the same request; of the others all clients make a GET, and a HEAD stays one.
        if status in (307, 308) or self.method in ("GET", "HEAD"):
            return self
        kept = {name: value for name, value in self.headers.items() if not name.lower().startswith("content-")}
        return ProbeRequest("GET", kept)

    def elsewhere(self, status: int) -> "ProbeRequest | None":
        """Return the request that follows a redirect to another host: it carries nothing; None: it cannot be made."""
        onward = self.after(status)
        return ProbeRequest(onward.method) if onward.method in _WITHOUT_BODY else None


def known_words(options: SentOptions, secrets: Mapping[str, str]) -> list[str]:
    """Return the secrets that a request sends, and its credentials as they are sent."""
    credentials = [_credentials(options.auth, secrets).partition(" ")[2]] if options.auth is not None else []
    return [*(secrets.get(name, "") for name in options.variables), *credentials]


def _credentials(auth: ProbeAuth, secrets: Mapping[str, str]) -> str:
    if auth.basic is None:
        return f"Bearer {filled(auth.bearer, secrets)}"
    pair = f"{filled(auth.basic.user, secrets)}:{filled(auth.basic.password, secrets)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Return whether two addresses are of one server; from http to https of the same host counts as the same."""
    if one.host != other.host:
        return False
    mine, theirs = (one.scheme, one.port), (other.scheme, other.port)
    # httpx says None for the port of the scheme: a site that only sends its visitors to https.
    return mine == theirs or (mine, theirs) == (("http", None), ("https", None))

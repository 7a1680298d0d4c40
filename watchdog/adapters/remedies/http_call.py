"""A remedy by the HTTP requests of the configuration: one that does it, and perhaps one that reads what came of it.

`{token}` in a header is replaced by the secret of the kind, so that the file holds no key.

Rule 1: the one request of the configuration is all that the client can send, beside a GET of the look.
Rule 2: no message holds an address, a header or the token.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.json_schema_hooks import written_as
from watchdog.adapters.options import Context, Options, travels_in_clear
from watchdog.adapters.remedies.options import CureOptions
from watchdog.adapters.signals.json_path import ABSENT, JsonPath
from watchdog.adapters.signals.options import check_url
from watchdog.adapters.token_headers import check_headers, names_token, with_token
from watchdog.domain.errors import Permanent
from watchdog.ports import Before

TIMEOUT_SECONDS, LOOK_TIMEOUT_SECONDS = 10.0, 3.5
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


def call_url(text: str) -> str:
    """Return the address of a service to call. Raises ValueError with the form to write."""
    parts = urlsplit(check_url(text))
    # The token would travel in clear; http is for a service on this machine.
    if travels_in_clear(text):
        raise ValueError("not encrypted: write https:// (http:// is for this machine only)")
    if parts.fragment or len(text) > 2000:
        raise ValueError("not an address to call: write https://host/path, with nothing behind a #")
    return text


def is_name(text: str) -> bool:
    """Return whether a text can name what a remedy acts on, in its stored name."""
    return _NAME.fullmatch(text) is not None


def _json_path(text: str) -> str:
    JsonPath.parse(text)
    return text


def _value(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        raise ValueError("not one value: write what is read once it is done, as in false")
    return value


CallUrl = Annotated[
    str,
    AfterValidator(call_url),
    written_as(r"^https?://[^\s/?#@]+([/?]\S*)?$", "https://app.launchdarkly.com/api/v2/flags/default/new-checkout"),
]
Headers = Annotated[dict[str, str], Field(max_length=20)]


class _WithHeaders(Options):
    """A request with headers; `token` names the variable whose value stands in the place of `{token}`."""

    token: ClassVar[str]

    @field_validator("headers", check_fields=False)
    @classmethod
    def _check_headers(cls, headers: dict[str, str] | None) -> dict[str, str] | None:
        check_headers(headers or {}, cls.token)
        return headers


class CallRequest(_WithHeaders):
    """The one request that does the remedy. A kind says which methods it may have."""

    method: str
    url: CallUrl
    headers: Headers = Field(default_factory=dict)
    body: dict[str, Any] | None = None


class CallLook(_WithHeaders):
    """The request that reads what came of it: a GET, with the headers of the other request unless it names its own."""

    url: CallUrl
    headers: Headers | None = None
    json_path: Annotated[str, AfterValidator(_json_path)] = Field(alias="json", max_length=300)
    equals: Annotated[Any, AfterValidator(_value)] = False


class CallOptions(CureOptions):
    """A remedy by such requests; a kind narrows them."""

    request: CallRequest
    look: CallLook | None = None

    @property
    def has_look(self) -> bool:
        """Return whether what came of it can be read."""
        return self.look is not None

    @property
    def look_headers(self) -> Mapping[str, str]:
        """Return the headers with which it is read."""
        own = self.look.headers if self.look is not None else None
        return self.request.headers if own is None else own

    @property
    def secret(self) -> str:
        """Return the variable of the token, if a header has a place for it."""
        placed = names_token(self.request.headers) or names_token(self.look_headers)
        return self.request.token if placed else ""


class HttpCall:
    """One remedy: done by one request, read by another (implements ports.RemedyAction). `vendor` names who answers."""

    believed = False
    needs_before = False
    vendor: ClassVar[str]

    def __init__(self, options: CallOptions, context: Context) -> None:
        request, look = options.request, options.look
        base, self._path = _split(request.url)
        self._method, self._body = request.method, request.body
        allowed = (request.method, self._path, request.body)
        token = context.secrets.get(request.token, "")
        self._writer = ApiClient(
            self.vendor,
            base,
            headers=with_token(request.headers, token),
            clock=context.clock,
            timeout_seconds=TIMEOUT_SECONDS,
            allow=lambda method, path, json: (method, path, json) == allowed,
            guard=context.guard,
        )
        self.can_look = look is not None
        self._look, self._reader, self._read_path = look, None, ""
        if look is not None:
            base, self._read_path = _split(look.url)
            self._reader = ApiClient(
                self.vendor,
                base,
                headers=with_token(options.look_headers, token),
                clock=context.clock,
                timeout_seconds=LOOK_TIMEOUT_SECONDS,
                read_only=True,
                attempts=1,
                guard=context.guard,
            )

    async def before(self) -> Before:
        """Return whether it is done already. Raises Temporary or Permanent."""
        return Before(done=self.can_look and await self.look(""))

    async def apply(self) -> None:
        """Send the request once. Raises Temporary, Permanent, Refused or OutcomeUnknown."""
        await self._writer.change(self._method, self._path, self._body)

    async def look(self, baseline: str) -> bool:
        """Return whether it is read as done. Raises Temporary or Permanent."""
        assert self._look is not None and self._reader is not None, "it can be read"
        answer = await self._reader.get(self._read_path)
        found = JsonPath.parse(self._look.json_path).find(answer.json)
        if found is ABSENT:
            raise Permanent(f"{self.vendor} answered without {self._look.json_path}: correct look.json")
        # As JSON compares: true is not 1.
        wanted = self._look.equals
        return isinstance(found, bool) == isinstance(wanted, bool) and bool(found == wanted)

    async def close(self) -> None:
        """Close both clients."""
        await self._writer.close()
        if self._reader is not None:
            await self._reader.close()


def _split(url: str) -> tuple[str, str]:
    """Return an address without and from its path on."""
    parts = urlsplit(url)
    rest = parts._replace(scheme="", netloc="").geturl()
    return f"{parts.scheme}://{parts.netloc}", rest if rest.startswith("/") else f"/{rest}"

"""The shape of `console:` and of `status_pages:`: roles, the proof of identity, and the public pages."""

import ipaddress
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field, ValidatorFunctionWrapHandler, WrapValidator

from watchdog.adapters.json_schema_hooks import Also, written_as
from watchdog.presentation.text import clean
from watchdog.settings.schema.tuning import LISTED, Section
from watchdog.settings.schema.urls import BaseUrl, http_url

EVERYBODY = "*"
PERSON_MAX = 120
PEOPLE_MAX = 500
SHOWN_MAX = 60
PAGE_SERVICES_MAX = 15
"""With so many services a page stays below 55 KB, beside its logo and announcements."""
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
NEVER = frozenset(
    {
        *("accept", "authorization", "connection", "content-length", "content-type", "cookie", "forwarded", "host"),
        *("origin", "referer", "transfer-encoding", "user-agent", "via", "x-real-ip"),
        *("x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-form-token"),
    }
)
"""Headers that browsers or proxies send for another purpose: none of them names the logged-in user."""


def _person(text: str) -> str:
    # No comma: proxies join repeated headers with one, and two names would become a third.
    if not 0 < len(text) <= PERSON_MAX or text != clean(text, PERSON_MAX) or "," in text or text == EVERYBODY:
        raise ValueError("not a name: write it as the login names it, letter by letter, as in ann@acme.example")
    return text


def _viewers(value: object, listed: ValidatorFunctionWrapHandler) -> object:
    """Accept `"*"` for every user who is logged in there; in a list of names it is none."""
    return (EVERYBODY,) if value in (EVERYBODY, [EVERYBODY]) else listed(value)


def _header(text: str) -> str:
    if not HEADER.fullmatch(text) or text.lower() in NEVER:
        raise ValueError("not a header with an identity: write X-Forwarded-User, or what your proxy sets")
    return text


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("not an address or a network: write 127.0.0.1, 10.0.0.0/8 or ::1") from None
    # From /0 every client could set the header, and so choose its name and role.
    if network.prefixlen == 0:
        raise ValueError("any client could claim any identity: write the proxy's address alone") from None
    return str(network)


def _issuer(text: str) -> str:
    """Return the issuer unchanged, with its last slash: the provider's tokens name it so."""
    http_url(text)
    # The discovery path is appended to the issuer, and would end up in a query or fragment.
    if "?" in text or "#" in text:
        raise ValueError("not an issuer: write it as its provider writes it, with nothing behind the path")
    return text


def _word(text: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", text):
        raise ValueError("not a client id: write it as its provider shows it")
    return text


def _claim(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_:/.-]{0,99}", text):
        raise ValueError("not a claim: write email, preferred_username or sub")
    return text


Network = Annotated[str, AfterValidator(_network)]
Claim = Annotated[str, AfterValidator(_claim), written_as(r"^[A-Za-z][A-Za-z0-9_:/.-]{0,99}$", "email", "sub")]
Person = Annotated[str, AfterValidator(_person), written_as(r"^[^,]+$", "ann@acme.example")]
People = Annotated[tuple[Person, ...], Field(max_length=PEOPLE_MAX), LISTED]


class PeopleShape(Section):
    """Roles, by the name under which a user is logged in elsewhere."""

    approvers: People = ()
    operators: People = ()
    viewers: Annotated[People, WrapValidator(_viewers), Also({"const": EVERYBODY})] = ()

    @property
    def everybody(self) -> bool:
        """Return whether every user who logs in there may look."""
        return self.viewers == (EVERYBODY,)


class ProxyShape(PeopleShape):
    """A proxy in front of the console that names the logged-in user in a header; believed from its addresses only."""

    user_header: Annotated[str, AfterValidator(_header), written_as(f"^{HEADER.pattern}$", "X-Forwarded-User")]
    sources: Annotated[tuple[Network, ...], Field(min_length=1, max_length=50), LISTED] = Field(alias="from")


class OidcShape(PeopleShape):
    """An OpenID provider that proves a user's identity, by one claim of its token."""

    issuer: Annotated[str, AfterValidator(_issuer), written_as(r"^https?://[^\s?#@]+$", "https://login.acme.example")]
    client_id: Annotated[str, AfterValidator(_word), written_as(r"^[!-~]{1,200}$", "watchdog")]
    claim: Claim = "email"


def _shown_name(text: str) -> str:
    if not text or text != clean(text, SHOWN_MAX):
        raise ValueError(f"not a name to be shown: write one line of up to {SHOWN_MAX} letters")
    return text


def _colour(text: str) -> str:
    if not COLOUR.fullmatch(text):
        raise ValueError('not a colour: write six hexadecimal digits behind #, in quotes, as in "#1a7f5a"')
    return text.lower()


ShownName = Annotated[str, AfterValidator(_shown_name)]
Names = Annotated[Mapping[str, ShownName], Field(max_length=PAGE_SERVICES_MAX), AfterValidator(MappingProxyType)]


class StatusPageShape(Section):
    """The public view of a group of services, each by its own name or by the one that visitors know."""

    title: ShownName
    services: Annotated[tuple[str, ...], Field(min_length=1, max_length=PAGE_SERVICES_MAX), LISTED]
    names: Names = Field(default_factory=lambda: MappingProxyType({}))
    # A path; once loaded, the picture itself as a `data:` address.
    logo: Annotated[str, Field(min_length=1, max_length=400)] | None = Field(default=None, repr=False)
    colour: Annotated[str, AfterValidator(_colour), written_as(f"^{COLOUR.pattern}$", "#1a7f5a")] | None = None

    @property
    def shown(self) -> Mapping[str, str]:
        """Return its services, each with the name that visitors read."""
        return {one: self.names.get(one, one) for one in self.services}


class ConsoleShape(Section):
    """The web console, on the server of `metrics.listen`."""

    enabled: bool = False
    url: BaseUrl | None = None  # its address for browsers
    tokens: bool = True  # the token of a role admits its bearer
    proxy: ProxyShape | None = None
    oidc: OidcShape | None = None

    @property
    def names_are_proven(self) -> bool:
        """Return whether a proxy or a provider names the logged-in user."""
        return self.proxy is not None or self.oidc is not None

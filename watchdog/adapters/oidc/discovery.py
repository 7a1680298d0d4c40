"""The endpoints that an OpenID provider publishes, judged before any request goes there.

Rule 1: the document must name the very issuer that was configured (OpenID Connect Discovery 1.0, 4.3).
Rule 2: every endpoint is https; plain http is for a provider on this machine, and only on this machine.
Rule 3: the document's hosts are judged like all others. It may not name an address of its own choice (10.0.0.5,
localhost), unless the issuer is there.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from watchdog.adapters.json_values import mapping
from watchdog.domain.errors import Permanent

WELL_KNOWN = "/.well-known/openid-configuration"
URL_MAX = 2000


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints for sign-in, for codes and for keys; `by_form`: the client secret goes into the form."""

    authorize: str
    token: str
    keys: str
    by_form: bool


def endpoints_of(document: object, issuer: str) -> Endpoints:
    """Return the endpoints of the discovery document. Raises Permanent with its fault."""
    said = mapping(document)
    # Compared exactly, also the slash at its end: the tokens carry this text, and `iss` is compared in the same way.
    if said.get("issuer") != issuer:
        raise Permanent(
            "its discovery document is of another issuer: write console.oidc.issuer exactly as the provider writes it"
        )
    methods = said.get("token_endpoint_auth_methods_supported")
    if isinstance(methods, list) and not {"client_secret_basic", "client_secret_post"} & set(map(str, methods)):
        raise Permanent("it takes no client secret: choose client_secret_basic for this client there")
    # A provider that lists no methods may still know PKCE; one that lists others would refuse each login.
    challenges = said.get("code_challenge_methods_supported")
    if isinstance(challenges, list) and "S256" not in challenges:
        raise Permanent("it does not know PKCE with S256")
    return Endpoints(
        authorize=_door(said, "authorization_endpoint", issuer),
        token=_door(said, "token_endpoint", issuer),
        keys=_door(said, "jwks_uri", issuer),
        by_form=isinstance(methods, list) and "client_secret_basic" not in methods,
    )


def _door(said: Mapping[str, object], name: str, issuer: str) -> str:
    url = said.get(name)
    if not isinstance(url, str) or len(url) > URL_MAX or not url.isascii() or not url.isprintable() or " " in url:
        raise Permanent(f"its discovery document has no {name}")
    try:
        parts, home = urlsplit(url), urlsplit(issuer)
        # Reading the port raises ValueError for an impossible one.
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise Permanent(f"its {name} is no address") from None
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise Permanent(f"its {name} is no address")
    # Plain http carries our secret, so it stays on the machine of an issuer that is itself plain http.
    if parts.scheme != "https" and not (parts.scheme == home.scheme == "http" and host == home.hostname):
        raise Permanent(f"its {name} is not encrypted")
    if _is_a_place(host.rstrip(".")) and host != home.hostname:
        raise Permanent(f"its {name} leads to an address outside the issuer's host")
    return url


def _is_a_place(host: str) -> bool:
    """Return whether it is an address, or this machine, rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # `127.1` and `2130706433` are addresses to the C library, though not to `ipaddress`.
        return host == "localhost" or host.endswith(".localhost") or host.replace(".", "").isdigit()
    return True

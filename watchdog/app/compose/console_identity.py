"""Who may use the console, made of the settings; its libraries are imported only where it is enabled.

Rule: what binds the forms of a proxy's users is signed with a key that all workers share, if they share a secret of the
console; else with one of this process, and a page of before a restart must be loaded anew.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import secrets
from typing import TYPE_CHECKING

from watchdog.daemon.http.http_auth import FAILURES_AT_ONCE, FAILURES_PER_SECOND, Buckets, Guesses, peer_of
from watchdog.ports import Clock
from watchdog.settings import Settings
from watchdog.settings.model.settings import PeopleSettings
from watchdog.settings.rules.console_access import CONSOLE_TOKEN, CONSOLE_TOKENS, OIDC_SECRET

if TYPE_CHECKING:
    from watchdog.console.auth.proxy_auth import Proxy
    from watchdog.console.auth.roles import People
    from watchdog.console.auth.session import Oidc
    from watchdog.console.dependencies import Access

CODES_AT_ONCE, CODES_PER_SECOND = 20.0, 1.0
"""Behind a proxy all are one address: who waits there because of a stranger waits for a second."""
REQUESTS_AT_ONCE, REQUESTS_PER_SECOND = 120.0, 20.0
"""A page is up to four requests, and several people may sit behind one address."""


def access_of(settings: Settings, clock: Clock) -> Access:
    """Return who may look, and do what."""
    from watchdog.console.dependencies import Access
    from watchdog.domain.commands.human_command import Role

    tokens = CONSOLE_TOKENS.items() if settings.console.tokens else ()
    return Access(
        tokens={Role(role): settings.secrets[name] for role, name in tokens if name in settings.secrets},
        peer=peer_of,
        requests=Buckets(clock, REQUESTS_AT_ONCE, REQUESTS_PER_SECOND),
        guesses=Guesses(clock),
        failures=Buckets(clock, FAILURES_AT_ONCE, FAILURES_PER_SECOND),
        codes=Buckets(clock, CODES_AT_ONCE, CODES_PER_SECOND),
        proxy=_proxy(settings),
        oidc=_oidc(settings, clock),
        url=settings.console.url or "",
    )


def _proxy(settings: Settings) -> Proxy | None:
    from watchdog.console.auth.proxy_auth import Proxy

    proxy = settings.console.proxy
    if proxy is None:
        return None
    return Proxy(
        proxy.user_header,
        tuple(map(ipaddress.ip_network, proxy.sources)),
        people_of(proxy.people),
        form_key(settings),
    )


def _oidc(settings: Settings, clock: Clock) -> Oidc | None:
    """Return the OpenID provider, whose client is imported only then.

    The key that signs sessions is made of its secret and of who says by what who somebody is: a session of another
    provider, or of another claim, names somebody else.
    """
    from watchdog.console.auth.session import Oidc

    oidc = settings.console.oidc
    if oidc is None:
        return None
    from watchdog.adapters.oidc.provider import OidcClient, OidcProvider
    from watchdog.console.auth.oidc_login import BACK

    secret = settings.secrets[OIDC_SECRET]
    client = OidcClient(oidc.issuer, oidc.client_id, secret, f"{settings.console.url}{BACK}", oidc.claim)
    who_says_who = json.dumps([oidc.issuer, oidc.client_id, oidc.claim]).encode()
    key = hmac.new(secret.encode(), b"watchdog console oidc\n" + who_says_who, hashlib.sha256).digest()
    return Oidc(OidcProvider(client, clock, settings.guard), people_of(oidc.people), key)


def people_of(people: PeopleSettings) -> People:
    """Return who has which role."""
    from watchdog.console.auth.roles import People

    approvers, operators, viewers = map(frozenset, (people.approvers, people.operators, people.viewers))
    return People(approvers, operators, viewers, people.everybody)


def form_key(settings: Settings) -> bytes:
    """Return the key that signs what binds the forms of a proxy's users."""
    shared = settings.secrets.get(CONSOLE_TOKEN, "")
    return hmac.new(shared.encode() or secrets.token_bytes(32), b"watchdog console proxy", hashlib.sha256).digest()

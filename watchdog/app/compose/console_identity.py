"""The console's users and their roles, from the settings; its libraries are imported only if it is enabled.

Rule: the forms of a proxy's users are signed with a key that all workers share, if they share a secret of the console.
Else the key belongs to this process, and pages loaded before a restart must be reloaded.
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
from watchdog.settings.rules.console_access import ASSISTANT_TOKEN, CONSOLE_TOKEN, CONSOLE_TOKENS, OIDC_SECRET
from watchdog.settings.schema.console_schema import PeopleShape

if TYPE_CHECKING:
    from watchdog.console.auth.assistant import Assistant
    from watchdog.console.auth.proxy_auth import Proxy
    from watchdog.console.auth.roles import People
    from watchdog.console.auth.session import Oidc
    from watchdog.console.dependencies import Access

CODES_AT_ONCE, CODES_PER_SECOND = 20.0, 1.0
"""Behind a proxy all clients share one address: a person delayed there by an attacker waits about a second."""
REQUESTS_AT_ONCE, REQUESTS_PER_SECOND = 120.0, 20.0
"""A page is up to four requests, and several people may share one address."""


def access_of(settings: Settings, clock: Clock) -> Access:
    """Return the console's access rules: tokens, proxy, provider, and the rate limits."""
    # Imported here, like all of the console: without it, FastAPI and its libraries stay out of memory.
    from watchdog.console.dependencies import Access
    from watchdog.domain.commands.human_command import Role

    # Switched off, a token that is still in the environment must admit no one.
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
        assistant=_assistant(settings),
    )


def _assistant(settings: Settings) -> Assistant | None:
    """Return the token of assistants, and the key of the codes, which every worker with our secrets has."""
    from watchdog.console.auth.assistant import Assistant

    token = settings.secrets.get(ASSISTANT_TOKEN, "") if settings.console.tokens else ""
    if not token:
        return None
    # Where tokens are on, the approver's is set. Of it alone: an assistant has its own, and must not make codes.
    key = hmac.new(settings.secrets[CONSOLE_TOKEN].encode(), b"watchdog console assistant", hashlib.sha256).digest()
    return Assistant(token, key)


def _proxy(settings: Settings) -> Proxy | None:
    from watchdog.console.auth.proxy_auth import Proxy

    proxy = settings.console.proxy
    if proxy is None:
        return None
    return Proxy(
        proxy.user_header,
        tuple(map(ipaddress.ip_network, proxy.sources)),
        people_of(proxy),
        form_key(settings),
    )


def _oidc(settings: Settings, clock: Clock) -> Oidc | None:
    """Return the OpenID provider; its client is imported only if one is configured.

    The key that signs sessions is derived from its secret, issuer, client and claim: a session of another provider, or
    of another claim, would name a different person.
    """
    from watchdog.console.auth.session import Oidc

    oidc = settings.console.oidc
    if oidc is None:
        return None
    from watchdog.adapters.oidc.provider import OidcClient, OidcProvider
    from watchdog.console.auth.oidc_login import BACK

    secret = settings.secrets[OIDC_SECRET]
    client = OidcClient(oidc.issuer, oidc.client_id, secret, f"{settings.console.url}{BACK}", oidc.claim)
    # JSON keeps the parts apart: concatenated, two different triples could give the same key.
    who_says_who = json.dumps([oidc.issuer, oidc.client_id, oidc.claim]).encode()
    key = hmac.new(secret.encode(), b"watchdog console oidc\n" + who_says_who, hashlib.sha256).digest()
    return Oidc(OidcProvider(client, clock, settings.guard), people_of(oidc), key)


def people_of(people: PeopleShape) -> People:
    """Return the role of each person."""
    from watchdog.console.auth.roles import People

    approvers, operators, viewers = map(frozenset, (people.approvers, people.operators, people.viewers))
    return People(approvers, operators, viewers, people.everybody)


def form_key(settings: Settings) -> bytes:
    """Return the key that signs the form tokens of a proxy's users."""
    # Without a shared secret a random key: better a reload after a restart than a key that others can guess.
    shared = settings.secrets.get(CONSOLE_TOKEN, "")
    return hmac.new(shared.encode() or secrets.token_bytes(32), b"watchdog console proxy", hashlib.sha256).digest()

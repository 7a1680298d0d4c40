"""An OpenID provider over real HTTP: discovery, a page for choosing a user, codes that are exchanged for tokens, keys.

    async with Issuer(redirect_uris=["http://127.0.0.1:9464/login/oidc/callback"]) as issuer:
        ... issuer.url, issuer.lies = "wrong_nonce", issuer.trouble["token"] = "hang", issuer.rotate() ...

Rule 1: it is as strict as a real provider about client, secret, redirect address and PKCE; each code is valid once.
Rule 2: it signs with `cryptography` directly, so that the console's token checks are tested against independent code.
It is imported only where the extra `console` is installed, and so is no part of the simulated cloud.
"""

import asyncio
import base64
import hashlib
import hmac
import html
import json
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from watchdog.sandbox import clock, keys
from watchdog.sandbox.sockets import Listener, gone, read_body

CODE_SECONDS = 60
TOKEN_SECONDS = 300
HUGE_BYTES = 4 * 1024 * 1024
PAGE = '<!doctype html><link rel="icon" href="data:,"><title>Log in</title>'
Claims = dict[str, Any]

USERS: Mapping[str, Claims] = {
    name: {"sub": f"id-{name}", "email": f"{name}@acme.example", "email_verified": True, "preferred_username": name}
    for name in ("ann", "otto", "vera", "nobody")
}

LIES: Mapping[str, Callable[[Claims], Claims]] = {
    "wrong_nonce": lambda claims: {**claims, "nonce": "0" * 64},
    "no_nonce": lambda claims: _without(claims, "nonce"),
    "wrong_aud": lambda claims: {**claims, "aud": "somebody-else"},
    "aud_among_others": lambda claims: {**claims, "aud": [claims["aud"], "somebody-else"]},
    "other_azp": lambda claims: {**claims, "azp": "somebody-else"},
    "other_issuer": lambda claims: {**claims, "iss": "https://login.other.example"},
    "expired": lambda claims: {**claims, "exp": claims["iat"] - 120},
    "no_exp": lambda claims: _without(claims, "exp"),
    "not_yet": lambda claims: {**claims, "nbf": claims["iat"] + 3600},
    "from_the_future": lambda claims: {**claims, "iat": claims["iat"] + 3600, "exp": claims["exp"] + 7200},
    "old": lambda claims: {**claims, "iat": claims["iat"] - 3 * 3600},
    "unverified": lambda claims: {**claims, "email_verified": False},
    "verified_unsaid": lambda claims: _without(claims, "email_verified"),
    "no_email": lambda claims: _without(claims, "email"),
    "odd_email": lambda claims: {**claims, "email": ["ann@acme.example"]},
    "two_names": lambda claims: {**claims, "email": "vera@acme.example,ann@acme.example"},
}
"""False claims of an ID token: each changes or removes one claim."""
FORGERIES = (
    *("alg_none", "hs256_public_key", "hs256_secret", "foreign_key", "unknown_kid"),
    *("changed_afterwards", "not_a_token", "no_proof"),
)
"""Forgeries of an ID token: wrong keys or algorithms, no signature, or no token."""
TROUBLES: Mapping[str, Callable[[], Response]] = {
    "hang": lambda: Response(status_code=500),
    "huge": lambda: JSONResponse({"filling": "x" * HUGE_BYTES}),
    "error": lambda: JSONResponse({"error": "<script>alert(1)</script>"}, 500),
    "refused": lambda: JSONResponse({"error": "<script>alert(1)</script>"}, 403),
    "garbage": lambda: Response("<html>not JSON", media_type="application/json"),
    "elsewhere": lambda: RedirectResponse("http://169.254.169.254/latest", 302),
}
"""Faulty answers of an endpoint."""


def _without(claims: Claims, name: str) -> Claims:
    return {key: value for key, value in claims.items() if key != name}


@dataclass(slots=True)
class Signer:
    """A private key and its key id in the JWKS."""

    kid: str
    private: rsa.RSAPrivateKey = field(repr=False)

    def public(self) -> dict[str, str]:
        """Return the public half as a JWK."""
        numbers = self.private.public_key().public_numbers()
        shown = {"n": _number(numbers.n), "e": _number(numbers.e)}
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, **shown}

    def pem(self) -> bytes:
        """Return the public half as PEM: the text that a checker vulnerable to key confusion takes for an HMAC key."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form)


def new_signer() -> Signer:
    """Return a new key."""
    return Signer(secrets.token_hex(4), rsa.generate_private_key(public_exponent=65537, key_size=2048))


@cache  # generated once a process: generating one takes longer than all else that a provider does
def own_signer() -> Signer:
    """Return the key that every provider of this process begins with."""
    return new_signer()


@cache
def foreign_signer() -> Signer:
    """Return a key that no provider publishes."""
    return new_signer()


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code's user, the parameters of its request, and its expiry (epoch seconds)."""

    user: str
    asked: Mapping[str, str]
    until: float


class Issuer:
    """A provider on a port of its own, for one client; browsers are redirected to `redirect_uris` only.

    `lies` names the false claim (LIES) or forgery (FORGERIES) of its tokens; `trouble` maps an endpoint (discovery,
    token, jwks) to its fault (TROUBLES). `document` overrides parts of the discovery document; `users` are the claims
    of each user; `asked` counts the requests by endpoint. With `echoes` the token endpoint answers with that status and
    the content of the request.
    """

    def __init__(self, redirect_uris: Collection[str] = (), *, by_form: bool = False) -> None:
        self.redirect_uris = list(redirect_uris)
        self.lies = ""
        self.trouble: dict[str, str] = {}
        self.document: dict[str, Any] = {}
        self.users: dict[str, Claims] = {name: dict(claims) for name, claims in USERS.items()}
        self.asked: Counter[str] = Counter()
        self.echoes: int | None = None
        self._by_form = by_form
        self._signers: Sequence[Signer] = ()
        self._codes: dict[str, Code] = {}
        doors: dict[str, Callable[[Request], Any]] = {
            "/.well-known/openid-configuration": self._discovery,
            "/authorize": self._authorize,
            "/token": self._token,
            "/jwks": self._jwks,
        }
        self._listener = Listener(
            Starlette(routes=[Route(path, door, methods=["GET", "POST"]) for path, door in doors.items()])
        )
        self.url = self._listener.url

    async def __aenter__(self) -> Self:
        # In a thread: generating an RSA key would block the event loop, which also serves the requests of a test.
        self._signers = [await asyncio.to_thread(own_signer)]
        await self._listener.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._listener.close()

    async def rotate(self) -> None:
        """Replace the signing key; the JWKS then holds only the new one."""
        self._signers = [await asyncio.to_thread(new_signer)]

    async def _troubled(self, request: Request, door: str) -> Response | None:
        self.asked[door] += 1
        kind = self.trouble.get(door)
        # The client must give up by a timeout of its own; the answer below is never read.
        if kind == "hang":
            await gone(request.receive)
        return TROUBLES[kind]() if kind is not None else None

    async def _discovery(self, request: Request) -> Response:
        methods = ["client_secret_post"] if self._by_form else ["client_secret_basic", "client_secret_post"]
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": methods,
            "code_challenge_methods_supported": ["S256"],
        }
        return await self._troubled(request, "discovery") or JSONResponse({**said, **self.document})

    async def _jwks(self, request: Request) -> Response:
        # An unusable key first: a client should ignore it (RFC 7517, section 5) and find the right one.
        shown = [{"kty": "EC", "kid": "odd", "crv": "P-0"}, *(one.public() for one in self._signers)]
        return await self._troubled(request, "jwks") or JSONResponse({"keys": shown})

    async def _authorize(self, request: Request) -> Response:
        """Show the users (GET), and redirect the browser of the chosen one back with a code (POST)."""
        asked = dict(request.query_params)
        why = self._why_not(asked)
        if why:
            return HTMLResponse(f"<h1>{html.escape(why)}</h1>", 400)
        if request.method == "GET":
            buttons = "".join(f'<button name="user" value="{name}">{name}</button>' for name in self.users)
            return HTMLResponse(f'{PAGE}<form method="post">{buttons}</form>')
        user = (await _form(request)).get("user", "")
        if user not in self.users:
            return self._back(asked, {"error": "access_denied"})
        code = secrets.token_urlsafe(24)
        self._codes[code] = Code(user, asked, clock.now() + CODE_SECONDS)
        return self._back(asked, {"code": code})

    def _why_not(self, asked: Mapping[str, str]) -> str:
        wanted = {"client_id": keys.OIDC_CLIENT_ID, "response_type": "code", "code_challenge_method": "S256"}
        wrong = [name for name, value in wanted.items() if asked.get(name) != value]
        wrong += ["redirect_uri"] if asked.get("redirect_uri") not in self.redirect_uris else []
        wrong += ["scope"] if "openid" not in asked.get("scope", "").split() else []
        # Shorter values are too easy to guess: they protect against forged answers and replayed tokens.
        wrong += [name for name in ("state", "nonce", "code_challenge") if len(asked.get(name, "")) < 32]
        return f"refused: {', '.join(wrong)}" if wrong else ""

    def _back(self, asked: Mapping[str, str], said: Mapping[str, str]) -> Response:
        # 303 turns the form's POST into a GET; `iss` lets the client detect a mix-up of providers (RFC 9207).
        return RedirectResponse(
            f"{asked['redirect_uri']}?{urlencode({**said, 'state': asked['state'], 'iss': self.url})}", 303
        )

    async def _token(self, request: Request) -> Response:
        troubled = await self._troubled(request, "token")
        if troubled is not None:
            return troubled
        form = await _form(request)
        # A provider that reflects the request: the client secret must not reach the console's logs or pages.
        if self.echoes is not None:
            return JSONResponse({"message": f"{request.headers.get('authorization')} {form}"}, self.echoes)
        if not self._is_the_client(request, form):
            return JSONResponse({"error": "invalid_client"}, 401)
        # Taken out before it is checked: a failed exchange uses the code up as well.
        code = self._codes.pop(form.get("code", ""), None)
        if form.get("grant_type") != "authorization_code" or code is None or clock.now() > code.until:
            return JSONResponse({"error": "invalid_grant"}, 400)
        # PKCE: only the client that began the login knows the verifier behind the challenge (RFC 7636).
        challenge = _text(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if challenge != code.asked["code_challenge"] or form.get("redirect_uri") != code.asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        said = {"access_token": secrets.token_urlsafe(24), "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        proof = {} if self.lies == "no_proof" else {"id_token": self._signed(self._claims(code))}
        return JSONResponse({**said, **proof})

    def _is_the_client(self, request: Request, form: Mapping[str, str]) -> bool:
        given = (form.get("client_id", ""), form.get("client_secret", ""))
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            name, _, secret = base64.b64decode(pair).decode().partition(":")
            # Both parts are form-encoded before the base64 (RFC 6749, section 2.3.1).
            given = (unquote_plus(name), unquote_plus(secret))
        return given == (keys.OIDC_CLIENT_ID, keys.OIDC_SECRET) and (scheme != "Basic") is self._by_form

    def _claims(self, code: Code) -> Claims:
        now = int(clock.now())
        ours = {"iss": self.url, "aud": keys.OIDC_CLIENT_ID, "iat": now, "exp": now + TOKEN_SECONDS}
        # The protocol's claims last: the claims of a user cannot override them.
        claims = {**self.users[code.user], **ours, "nonce": code.asked["nonce"]}
        return LIES[self.lies](claims) if self.lies in LIES else claims

    def _signed(self, claims: Claims) -> str:
        """Return the ID token, signed by the provider's key or forged as `lies` names it."""
        shown = self._signers[0]
        # `foreign_key` signs with another key under the known key id, `unknown_kid` also names its own id.
        signer = foreign_signer() if self.lies in ("foreign_key", "unknown_kid") else shown
        kid = signer.kid if self.lies == "unknown_kid" else shown.kid
        algorithm = {"alg_none": "none", "hs256_public_key": "HS256", "hs256_secret": "HS256"}.get(self.lies, "RS256")
        header = {"typ": "JWT", "alg": algorithm, "kid": kid}
        said = f"{_text(json.dumps(header).encode())}.{_text(json.dumps(claims).encode())}"
        if self.lies == "not_a_token":
            return "not a token"
        # A true signature over other claims: only a checker that verifies the signature notices.
        if self.lies == "changed_afterwards":
            proof = signer.private.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256())
            other = _text(json.dumps({**claims, "email": "root@acme.example"}).encode())
            return f"{said.split('.')[0]}.{other}.{_text(proof)}"
        if algorithm == "none":
            return f"{said}."
        if algorithm == "HS256":
            # Key confusion: a checker that trusts the header's `alg` takes the public key for the HMAC's secret.
            key = shown.pem() if self.lies == "hs256_public_key" else keys.OIDC_SECRET.encode()
            return f"{said}.{_text(hmac.new(key, said.encode(), hashlib.sha256).digest())}"
        return f"{said}.{_text(signer.private.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form."""
    return {name: values[0] for name, values in parse_qs((await read_body(request)).decode()).items()}


def _text(content: bytes) -> str:
    # JWS uses base64url without padding (RFC 7515, section 2).
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8, "big"))

"""The checks of an ID token. Pure: a token, keys and the time in, a name out.

Rule 1: only signatures by the provider's private key count: neither `none` nor an HMAC is accepted.
Rule 2: for us, from the issuer, of this very attempt, now: every claim of OpenID Connect Core 3.1.3.7 is checked.
Rule 3: an e-mail address that the provider did not verify proves no identity.
"""

import hmac
from typing import Any

from joserfc.errors import ClaimError, ExpiredTokenError
from joserfc.jwk import KeySet, RSAKey
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import JWTClaimsRegistry, decode

from watchdog.domain.errors import Permanent

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LEEWAY_SECONDS = 60
"""The tolerated difference of two clocks, in seconds."""
OLD_SECONDS = 3600
"""A proof made longer ago does not belong to this login, even if it has not expired."""
RSA_BITS_MIN = 2048
"""A shorter key is too weak for a proof (NIST SP 800-131A), and RFC 7518, 3.3 requires as much."""
NAME_MAX = 120
EMAIL = "email"


class UnknownKey(Permanent):
    """The token is signed with a key that is not among these: the provider may have changed its keys."""


def keys_of(document: object) -> KeySet:
    """Return the keys for signatures, without weak ones and those of an unknown kind. Raises Permanent."""
    listed = document.get("keys") if isinstance(document, dict) else None
    found = []
    for one in listed if isinstance(listed, list) else ():
        # `oct` is a shared secret: with one in the set, an attacker who knows it could sign tokens.
        if isinstance(one, dict) and one.get("kty") != "oct" and one.get("use", "sig") == "sig":
            found += _one_key(one)
    if not found:
        raise Permanent("it shows no key that a signature could be checked with")
    return KeySet(found)


def _one_key(raw: dict[str, Any]) -> list[Any]:
    try:
        found = list(KeySet.import_key_set({"keys": [raw]}).keys)
        return [key for key in found if not isinstance(key, RSAKey) or key.public_key.key_size >= RSA_BITS_MIN]
    except Exception:  # noqa: BLE001  a key that cannot be read is none; the others may be good
        return []


def verified_name(token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, claim: str, now: float) -> str:
    """Return the name that the token proves; `now` is UTC epoch seconds.

    Raises UnknownKey, or Permanent with the fault in our own words.
    """
    claims = _verified(token, keys)
    _check_claims(claims, issuer, client_id, now)
    given = claims.get("nonce")
    # The nonce binds the token to this browser's attempt: a token stolen from another login has another one.
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), nonce.encode()):
        raise Permanent("its proof is not of this login (nonce)")
    return _name(claims, claim)


def _verified(token: str, keys: KeySet) -> dict[str, Any]:
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        header = extract_compact(token.encode(), registry=registry).headers()
    except Exception:  # noqa: BLE001  a malformed token may raise anything in a parser; it proves no name
        raise Permanent("what it sent is no proof (not a signed token)") from None
    if header.get("alg") not in ALGORITHMS:
        raise Permanent("its ID token is not signed with the provider's key (alg)")
    kid = header.get("kid")
    # Without a key id a single key is the only candidate; with several, trying each would be a guess.
    if not [key for key in keys if key.kid == kid] and (kid is not None or len(keys.keys) > 1):
        raise UnknownKey("its proof is signed with a key that it does not show (kid)")
    try:
        return decode(token, keys, algorithms=ALGORITHMS, registry=registry).claims
    except Exception:  # noqa: BLE001  as above
        raise Permanent("its proof does not bear its signature") from None


def _check_claims(claims: dict[str, Any], issuer: str, client_id: str, now: float) -> None:
    registry = JWTClaimsRegistry(
        now=int(now),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer},
        sub={"essential": True},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry.validate(claims)
    except ExpiredTokenError:
        raise Permanent("its proof is no longer valid (exp): does the clock of this machine go right?") from None
    except ClaimError as error:
        raise Permanent(f"its proof is not for us, or not of now ({error.claim})") from None
    if claims["iat"] < now - OLD_SECONDS - LEEWAY_SECONDS:
        raise Permanent("its proof is of an earlier login (iat): does the clock of this machine go right?")
    azp, several = claims.get("azp"), isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    # A token for several audiences must name us as the party it was issued
    # to, else another client could pass its own on.
    if azp != client_id and (azp is not None or several):
        raise Permanent("its ID token was made for another client (azp)")


def _name(claims: dict[str, Any], claim: str) -> str:
    name = claims.get(claim)
    if not isinstance(name, str) or not 0 < len(name) <= NAME_MAX:
        raise Permanent(f"its ID token has no identity ({claim}): choose another claim, or have it sent")
    # An unverified address is only a text that the user typed, and could be the on-call engineer's.
    if claim == EMAIL and claims.get("email_verified") not in (True, "true"):
        raise Permanent("its ID token does not mark the address as verified (email_verified): verify it there")
    return name

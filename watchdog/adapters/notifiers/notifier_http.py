"""The shared parts of the HTTP channels: a client that hides its secrets, and the client for a URL that is a secret."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from watchdog.adapters.api_client import ApiClient
from watchdog.adapters.options import Context
from watchdog.domain.errors import ConfigurationError, Mistake

TIMEOUT_SECONDS = 10.0
REDIRECTS = (301, 302, 303, 307, 308)
REMOVED = (401, 403, 404, 410)
"""The statuses of an address that takes nothing any more, such as Slack's webhook once it was removed (no_service)."""


class TellingClient(ApiClient):
    """An API client whose secret stands in the body or in the URL, where the plain client does not look for it."""

    hidden: tuple[str, ...] = ()

    def redact(self, text: str) -> str:
        """Return the text without any secret, on one line."""
        # The longest first: a secret may be part of another one, and replacing the part would leave the rest readable.
        for secret in sorted(self.hidden, key=len, reverse=True):
            text = text.replace(secret, "***")
        return super().redact(text)


def client_for_secret_url(
    name: str, variable: str, context: Context, token: str = "", headers: Mapping[str, str] = MappingProxyType({})
) -> tuple[TellingClient, str]:
    """Return a client and the path to post to, for a URL that is a secret; its refusals name the variable.

    `token` is the one in the headers. Raises ConfigurationError, without repeating it, for a text that is not an
    http(s) URL or for an unusable token.
    """
    url = context.secrets.get(variable, "").strip()
    match = re.fullmatch(r"(https?://[A-Za-z0-9.\-_\[\]:]+)(/[!-~]*)?", url)
    if match is None or len(url) > 2000:
        raise ConfigurationError((Mistake(variable, "not a URL", "write https://host/path, as the vendor shows it"),))
    if not token.isascii() or not token.isprintable() or token != token.strip():
        raise ConfigurationError((Mistake(variable, "its token has spaces or signs a token cannot have", "copy it"),))
    base, path = match[1], match[2] or ""
    client = TellingClient(
        name,
        base,
        headers=headers,
        clock=context.clock,
        guard=context.guard,
        timeout_seconds=TIMEOUT_SECONDS,
        hints=dict.fromkeys(REMOVED, f"check {variable}: the address may have been removed there")
        | dict.fromkeys(REDIRECTS, f"a redirect, which is not followed: write the address it leads to into {variable}"),
        refusals=REMOVED,
    )
    # Vendors put tokens into path or query, and errors may quote a part.
    # Shorter parts are common words such as `hooks`.
    client.hidden = (url, *(part for part in (path, *re.split(r"[/?&=]", path)) if len(part) >= 8))
    return client, path

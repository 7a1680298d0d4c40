"""The console's JSON API, as a program with a token asks it. Raises Temporary and Permanent.

Rule: the token goes to the one address that was given, over TLS or on this machine; no redirect is followed.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from watchdog.domain.errors import Permanent, Temporary

API = "/api/v1"
ANSWER_SECONDS = 45.0
"""The console itself waits for the daemon's answer to a command for less."""
BYTES_MAX = 8 * 1024 * 1024
LOCAL = ("127.0.0.1", "localhost", "::1")


class Answered(NamedTuple):
    """An answer of the API: whether it did what was asked, and its document."""

    ok: bool
    document: Any


def is_safe(url: str) -> bool:
    """Return whether a token may be sent to an address: by TLS, or to this machine."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return bool(parsed.host) and (parsed.scheme == "https" or (parsed.scheme == "http" and parsed.host in LOCAL))


class ConsoleClient:
    """Asks one console."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(
            base_url=self._url + API,
            headers={"authorization": f"Bearer {token}"},
            timeout=ANSWER_SECONDS,
            follow_redirects=False,
            trust_env=False,
        )

    async def get(self, path: str, query: Mapping[str, Any]) -> Answered:
        """Return a document."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: Mapping[str, Any]) -> Answered:
        """Give a command, and return what came of it."""
        return await self._ask("POST", path, json=body)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, method: str, path: str, **more: Any) -> Answered:
        try:
            async with self._client.stream(method, path, **more) as answer:
                text = b""
                async for part in answer.aiter_bytes():
                    text += part
                    if len(text) > BYTES_MAX:
                        raise Permanent(f"the console's answer has more than {BYTES_MAX} bytes: ask for less")
        except httpx.HTTPError as error:
            # Of the error its kind alone: its text may hold what was sent.
            raise Temporary(f"the console at {self._url} does not answer ({type(error).__name__})") from None
        if answer.status_code == 401:
            raise Permanent(f"the console at {self._url} does not know the token")
        try:
            return Answered(answer.is_success, json.loads(text))
        except (ValueError, RecursionError):
            raise Permanent(f"at {self._url} is no console: HTTP {answer.status_code} without JSON") from None

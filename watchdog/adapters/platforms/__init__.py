"""The hosting platforms, by the name the configuration uses. A new one is one file and one line here."""

from typing import Protocol

from watchdog.adapters.platforms.render import build_render
from watchdog.adapters.ssrf_guard import AddressGuard
from watchdog.ports import Clock, Platform


class BuildPlatform(Protocol):
    """The builder of a platform's client, which can only read if no id is writable."""

    def __call__(
        self,
        api_key: str,
        base_url: str,
        clock: Clock,
        *,
        writable_ids: frozenset[str],
        all_ids: frozenset[str],
        guard: AddressGuard | None = None,
        calm_seconds: float = 0.0,
    ) -> Platform:
        """Return the client; `calm_seconds` is how often a service is read while nothing is wrong.

        Raises Refused or Permanent.
        """


PLATFORMS: dict[str, BuildPlatform] = {"render": build_render}

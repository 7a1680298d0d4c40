"""The hosting platforms, by the name the configuration uses. A new one is one file and one line here."""

from collections.abc import Callable

from watchdog.adapters.platforms.render import build_render
from watchdog.ports import Platform

PLATFORMS: dict[str, Callable[..., Platform]] = {"render": build_render}
"""Each builder of a client; it can only read if no id is writable."""

"""Configurations of other tools, read into ours. A further tool is one file, and one line in TOOLS.

The content of a file decides whose it is, never its name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchdog.settings.other_tools import blackbox, gatus, render_blueprint, upptime, uptime_kuma
from watchdog.settings.other_tools.foreign_file import read_foreign
from watchdog.settings.other_tools.sites import Found, Keys
from watchdog.settings.other_tools.written import Imported, written
from watchdog.settings.text.first_channels import FirstChannels

__all__ = ["TOOLS", "Imported", "Tool", "configuration_from"]

FILES_MAX = 50


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: how a file of it is known, and read."""

    recognises: Callable[[Mapping[str, Any]], bool]
    """Whether a document is one of its files."""
    read: Callable[[list[Mapping[str, Any]], Keys], Found]
    """What its files hold, all of them together."""


TOOLS: Mapping[str, Tool] = {
    "Gatus": Tool(gatus.recognises, gatus.read),
    "Upptime": Tool(upptime.recognises, upptime.read),
    "Uptime Kuma": Tool(uptime_kuma.recognises, uptime_kuma.read),
    "Prometheus and its blackbox exporter": Tool(blackbox.recognises, blackbox.read),
    "Render Blueprint": Tool(render_blueprint.recognises, render_blueprint.read),
}
"""By the name that people know."""


def configuration_from(paths: Sequence[Path], channels: FirstChannels) -> Imported:
    """Return a configuration made from the files of other tools. Raises ValueError with what to do instead."""
    if len(paths) > FILES_MAX:
        raise ValueError(f"too many files: name {FILES_MAX} at most")
    documents: dict[str, list[Mapping[str, Any]]] = {}
    for path in paths:
        document = read_foreign(path, path.name)
        tool = next((name for name, tool in TOOLS.items() if tool.recognises(document)), None)
        if tool is None:
            raise ValueError(f"{path.name} is of no tool that can be read: {', '.join(TOOLS)}")
        documents.setdefault(tool, []).append(document)
    keys, all_found = Keys(), Found()
    for name, of_tool in documents.items():
        found = TOOLS[name].read(of_tool, keys)
        all_found.sites += found.sites
        all_found.notes += found.notes
    origin = f"{', '.join(path.name for path in paths)} ({', '.join(documents)})"
    return written(all_found, keys, origin, channels)

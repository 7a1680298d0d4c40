"""Configurations with many services: web as it is, and further sites (s01 …) that are each guarded like it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.daemon_processes import SHORT, Cloud, running_cloud

EVERY_TEN = SHORT.replace("idle: 2s", "idle: 10s")
"""Tests about the shipped pace of calm services."""


def guard_many(cloud: Cloud, *, more: str = SHORT) -> list[str]:
    """Guard every further site as well; return the names of all services that are watched."""
    sites = {name: url for name, url in cloud.urls["sites"].items() if name not in ("web", "api")}
    text = "".join(
        f'  {name}:\n    render: srv-{name}\n    mode: autonomous\n    signals: {{home: {{http: "{url}/"}}}}\n'
        for name, url in sites.items()
    )
    cloud.write(replace={"dependencies:\n": f"{text}dependencies:\n"}, more=more)
    return ["web", *sites]


@contextmanager
def many(folder: Path, services: int, *, more: str = SHORT) -> Iterator[tuple[Cloud, list[str]]]:
    with running_cloud(folder, quirks=False, more_services=services - 1) as cloud:
        yield cloud, guard_many(cloud, more=more)

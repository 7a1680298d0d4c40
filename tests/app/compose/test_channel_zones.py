"""Times in notices are in the zone of their readers, which each channel may name."""

import zoneinfo
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.presentation.notices import PAGED, a_notice, an_outage
from watchdog.adapters.stores.memory import MemoryStore
from watchdog.app.compose.composition import build
from watchdog.daemon.runtime.clock import SystemClock
from watchdog.domain.effects import Tell
from watchdog.domain.errors import ConfigurationError
from watchdog.domain.notices import Topic
from watchdog.sandbox.config_file import write_config
from watchdog.sandbox.server import Sandbox
from watchdog.settings.load.load import load


def slack_in(folder: Path, sandbox: Sandbox, zone: str) -> Path:
    path = write_config(folder, sandbox.urls, "observe")
    path.write_text(path.read_text(encoding="utf-8").replace("slack: {}", f"slack: {{zone: {zone}}}"), "utf-8")
    return path


async def test_each_channel_states_times_in_its_own_zone(tmp_path: Path) -> None:
    """Slack's readers are in Berlin; the pager's have named none and read UTC."""
    async with Sandbox() as sandbox:
        settings = load(slack_in(tmp_path, sandbox, "Europe/Berlin"), {}, tmp_path)
        clock = SystemClock()
        app = build(settings, clock, on_error=lambda *_: None, store=MemoryStore(clock))
        page = replace(a_notice(an_outage(**PAGED), Topic.LEFT_TO_HUMAN), wakes=True)
        await app.teller.deliver(None, Tell(page, ("slack", "pagerduty")))
        ((chat,), (alert,)) = sandbox.pagers.slack_webhook, sandbox.pagers.incidents
        assert chat["text"] == "web is down: HTTP 503 since 16:14 CEST"
        assert alert.summary == "web is down: HTTP 503 since 14:14 UTC"
        await app.close()


@pytest.fixture
def no_zones() -> Iterator[None]:
    """Take the host's database of time zones away, as in a small container image."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.usefixtures("no_zones")
async def test_a_host_without_a_zone_database_starts_where_no_channel_names_a_zone(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        settings = load(write_config(tmp_path, sandbox.urls, "observe"), {}, tmp_path)
        clock = SystemClock()
        await build(settings, clock, on_error=lambda *_: None, store=MemoryStore(clock)).close()


async def test_a_zone_that_is_none_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    async with Sandbox() as sandbox:
        with pytest.raises(ConfigurationError, match="no such time zone"):
            load(slack_in(tmp_path, sandbox, "Europe/Berlim"), {}, tmp_path)

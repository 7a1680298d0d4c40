"""Times in notices are in the zone of their readers, which each channel may name."""

import zoneinfo
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.app.scenes import settings_of, wired
from tests.presentation.notices import PAGED, a_notice, an_outage
from watchdog.domain.effects import Tell
from watchdog.domain.errors import ConfigurationError
from watchdog.domain.notices import Topic
from watchdog.sandbox.server import Sandbox

IN_BERLIN = {"slack: {}": "slack: {zone: Europe/Berlin}"}


async def test_each_channel_states_times_in_its_own_zone(tmp_path: Path) -> None:
    """Slack's readers are in Berlin; the pager's have named none and read UTC."""
    async with Sandbox() as sandbox, wired(settings_of(tmp_path, urls=sandbox.urls, **IN_BERLIN)) as app:
        page = replace(a_notice(an_outage(**PAGED), Topic.LEFT_TO_HUMAN), wakes=True)
        await app.outbox.deliver(None, Tell(page, ("slack", "pagerduty")))
        ((chat,), (alert,)) = sandbox.pagers.slack_webhook, sandbox.pagers.incidents
        assert chat["text"] == "web is down: HTTP 503 since 16:14 CEST"
        assert alert.summary == "web is down: HTTP 503 since 14:14 UTC"


@pytest.fixture
def no_zones() -> Iterator[None]:
    """Take the host's database of time zones away, as in a small container image."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.usefixtures("no_zones")
async def test_a_host_without_a_zone_database_starts_where_no_channel_names_a_zone(tmp_path: Path) -> None:
    async with wired(settings_of(tmp_path, "observe")):
        pass


def test_a_zone_that_is_none_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such time zone"):
        settings_of(tmp_path, **{"slack: {}": "slack: {zone: Europe/Berlim}"})

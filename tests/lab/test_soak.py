"""The soak: a short one here; `watchdog lab soak` runs a virtual day of a hundred services."""

import asyncio

import pytest

from tests.lab.storm.test_loop import run
from watchdog.app.commands.soak_run import HourlySample, SoakResult, soak
from watchdog.domain.deploys import Deploy
from watchdog.lab.soak import BUILD_SECONDS, EPOCH, LISTED, SHIPS_EVERY_SECONDS, SoakPlatform


@pytest.mark.long
def test_case_08_a_daemon_is_flat_over_virtual_hours() -> None:
    """Twelve services with outages, three hours: they are told, and neither memory nor tasks grow."""
    heard: list[HourlySample] = []
    result = soak(3, 12, seed=1, each_hour=heard.append)
    assert heard == list(result.looks) and len(heard) == 3
    assert result.reads > 3 * 360 * 24
    assert result.notices >= 2
    assert result.flat, result


def test_growth_is_seen() -> None:
    """Judged by the worst hour, not by the last."""

    def grown(mib: float, tasks: int, errors: int = 0) -> SoakResult:
        looks = (HourlySample(1, 50.0, 20), HourlySample(2, 50.0 + mib, 20 + tasks), HourlySample(3, 50.0, 20))
        return SoakResult(1, 3, 1, 1, errors, looks, 1.0)

    assert grown(4.9, -2).flat
    assert not grown(5.1, 0).flat and not grown(0.0, 3).flat and not grown(0.0, -3).flat and not grown(0.0, 0, 1).flat


def test_the_town_ships() -> None:
    """Of each service every few hours: one is live, the newest may be on its way, and the list is no longer for it."""

    async def watch() -> list[list[Deploy]]:
        lists = []
        for _ in range(300):
            lists.append(list(await SoakPlatform().deploys("srv-1")))
            await asyncio.sleep(SHIPS_EVERY_SECONDS / 100)
        return lists

    lists = run(watch())
    assert {len(deploys) for deploys in lists} == {LISTED}
    assert {sum(deploy.is_live for deploy in deploys) for deploys in lists} == {1}
    assert len({deploys[0].id for deploys in lists}) == 4, "three shipped while we looked"
    assert any(deploys[0].in_progress for deploys in lists)
    for deploys in lists:
        (live,) = (deploy for deploy in deploys if deploy.is_live)
        assert live.finished_at == live.created_at + BUILD_SECONDS
        assert live.created_at < EPOCH + 4 * SHIPS_EVERY_SECONDS

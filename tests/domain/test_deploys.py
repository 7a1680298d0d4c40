"""Deploys as a platform tells of them."""

from dataclasses import replace

import pytest

from watchdog.domain.deploys import ENDED, IN_PROGRESS, ONCE_LIVE, Deploy

DEPLOY = Deploy("dep-1", "live", commit="aaaa", image_sha="sha256:bb", created_at=1000.0, finished_at=1300.0)


@pytest.mark.parametrize(
    ("statuses", "means"),
    [
        (("live",), (True, True, False, True)),
        (("deactivated",), (False, True, False, True)),
        (("created", "queued", "build_in_progress", "pre_deploy_in_progress"), (False, False, True, False)),
        (("update_in_progress",), (False, False, True, False)),
        (("build_failed", "pre_deploy_failed", "update_failed", "canceled"), (False, False, False, True)),
        (("warming_up", "unknown"), (False, False, False, False)),
    ],
)
def test_what_a_status_means(statuses: tuple[str, ...], means: tuple[bool, ...]) -> None:
    """Every one of the platform's, and some that we do not know: neither ended nor on its way for certain."""
    assert not ENDED & IN_PROGRESS and ONCE_LIVE < ENDED, "what was once live has ended its deploying"
    for status in statuses:
        deploy = replace(DEPLOY, status=status)
        assert (deploy.is_live, deploy.was_live, deploy.in_progress, deploy.has_ended) == means, status


def test_the_code_is_the_commit_or_the_digest() -> None:
    """Nothing, if the platform names neither. A rollback is known by its trigger alone."""
    assert DEPLOY.code == "aaaa"
    assert replace(DEPLOY, commit=None).code == "sha256:bb"
    unnamed = replace(DEPLOY, commit=None, image_sha=None)
    assert unnamed.code is None and not unnamed.has_mutable_image
    assert replace(DEPLOY, trigger="rollback").is_rollback and not DEPLOY.is_rollback


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({}, 1180.0),
        ({"update_seen_at": 1100.0}, 1100.0),
        ({"status": "deactivated"}, 1180.0),
        ({"created_at": 1250.0}, 1250.0),
        ({"finished_at": None}, None),
        ({"status": "build_failed"}, None),
        ({"status": "update_failed", "update_seen_at": 1100.0}, 1100.0),
    ],
)
def test_when_its_instances_could_first_take_traffic(change: dict, at: float | None) -> None:
    """When we saw it, else two minutes before it finished; never, if it was not live."""
    assert replace(DEPLOY, **change).first_traffic_at(120.0) == at
    assert DEPLOY.first_traffic_at(30.0) == 1270.0

"""The records: who is live, who was, what is still on its way."""

from watchdog.sandbox import clock
from watchdog.sandbox.world import services_at_start


def test_the_history_tells_who_was_live_when() -> None:
    web, api, jobs = services_at_start(frozenset())
    now = clock.now()
    assert [web.live_at(now - days * clock.DAY) and web.live_at(now - days * clock.DAY).id for days in (0, 3, 4)] == [
        "dep-40",
        "dep-40",
        "dep-39",
    ]
    assert web.live_at(now - 100 * clock.DAY) is None and web.live is not None and web.live.finished_at is not None
    assert abs(now - web.live.finished_at - (3 * clock.DAY + 4 * 3600)) < 5
    assert (api.live is not None, jobs.live is not None, web.in_progress()) == (True, True, None)


def test_ids_and_commits_are_never_shared() -> None:
    """Across services and deploys; services are of the kinds the runbook needs."""
    services = services_at_start(frozenset())
    ids = [deploy.id for service in services for deploy in service.deploys]
    commits = [deploy.commit for service in services for deploy in service.deploys]
    assert len(set(ids)) == len(ids) and len(set(commits)) == len(commits) and set(map(len, commits)) == {40}
    assert [(service.id, service.kind) for service in services] == [
        ("srv-web", "web_service"),
        ("srv-api", "web_service"),
        ("srv-jobs", "background_worker"),
    ]

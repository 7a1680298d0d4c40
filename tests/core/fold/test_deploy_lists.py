"""Deploy lists: when a deploy took traffic, the watch window, an empty list, auto-deploy that is on again."""

from dataclasses import replace

import pytest

from tests.core.scenes import FACTS, HISTORY, NOW, a_service
from tests.core.world import make_policy
from watchdog.core.fold import deploy_lists
from watchdog.domain.deploys import Commit, Deploy
from watchdog.domain.events import DeploysListed, DeploysUnread
from watchdog.domain.incidents import ServiceState


def listed(service: ServiceState, *deploys: Deploy, at: float = NOW, auto_deploy: str = "commit") -> ServiceState:
    """Fold a list in."""
    facts = replace(FACTS, auto_deploy=auto_deploy)
    return deploy_lists.apply_deploy_list(service, DeploysListed(at, "web", deploys, facts), make_policy())


NEW = Deploy("dep-42", "update_in_progress", commit="cccccccc", created_at=NOW - 100)
LIVE_NOW = replace(NEW, status="live", finished_at=NOW - 3)


@pytest.mark.parametrize(
    ("before", "read", "now", "seen"),
    [
        pytest.param(None, -15, NEW, -15, id="new in the list"),
        pytest.param(replace(NEW, status="build_in_progress"), -15, NEW, -15, id="was building"),
        pytest.param(replace(NEW, status="queued"), -15, LIVE_NOW, -15, id="was queued, now live"),
        pytest.param(None, -500, NEW, -100, id="lists were missing: its creation"),
        pytest.param(None, -500, LIVE_NOW, -100, id="live, lists were missing: its creation is nearer"),
        pytest.param(None, -500, replace(LIVE_NOW, created_at=NOW - 450), -123, id="the platform's lead is nearer"),
        pytest.param(replace(NEW, update_seen_at=NOW - 40), -5, LIVE_NOW, -40, id="seen before"),
        pytest.param(NEW, -5, LIVE_NOW, None, id="already replacing at the first list"),
        pytest.param(None, None, LIVE_NOW, None, id="first list ever"),
        pytest.param(None, -15, replace(NEW, status="build_in_progress"), None, id="still building"),
        pytest.param(None, -15, replace(NEW, status="build_failed"), None, id="failed"),
        pytest.param(None, -15, replace(LIVE_NOW, finished_at=None), -15, id="live at an unknown moment"),
    ],
)
def test_when_instances_were_first_replaced(
    before: Deploy | None, read: float | None, now: Deploy, seen: float | None
) -> None:
    """Between the last list without it and this one: the earlier bound, but not earlier than it can have been."""
    older = (before,) if before is not None else ()
    read_at = None if read is None else NOW + read
    service = listed(a_service(deploys=(*older, *HISTORY[1:]), deploys_at=read_at), now, *HISTORY[1:])
    assert service.deploys[0].update_seen_at == (None if seen is None else NOW + seen)


def test_a_new_live_deploy_opens_the_watch_window_and_begins_its_own_record() -> None:
    """Half an hour from when it finished, or from now where that is unknown; never shortened."""
    service = replace(a_service(), watch_until=0.0, healthy_at=NOW - 5)
    after = listed(service, LIVE_NOW, *HISTORY[1:])
    assert (after.live, after.watch_until, after.healthy_at) == ("dep-42", NOW - 3 + 1800.0, None)
    unknown = listed(service, replace(LIVE_NOW, finished_at=None), *HISTORY[1:])
    assert unknown.watch_until == NOW + 1800.0
    again = listed(after, LIVE_NOW, *HISTORY[1:], at=NOW + 60)
    assert again.watch_until == after.watch_until
    healthy = replace(after, healthy_at=NOW + 50)
    assert listed(healthy, LIVE_NOW, *HISTORY[1:], at=NOW + 60).healthy_at == NOW + 50
    assert listed(service, NEW, *HISTORY).watch_until == NOW - 5 + 1800.0, "it begins with the update"
    assert listed(replace(service, deploys_at=None), NEW, *HISTORY).watch_until == 0.0, "begun before we watched"
    longer = listed(replace(service, watch_until=NOW + 9999), LIVE_NOW)
    assert longer.watch_until == NOW + 9999
    assert listed(service, *HISTORY[1:]).live is None


def test_an_empty_list_is_never_everything() -> None:
    """After a list with deploys an empty one is not believed: the old one stays, grows stale, and says why.

    So does one that could not be read.
    """
    after = listed(a_service())
    assert after.deploys == HISTORY and after.deploys_at == NOW - 5
    assert after.deploys_why == "the platform listed no deploy at all"
    new = listed(ServiceState("web"))
    assert new.deploys == () and new.deploys_at == NOW
    after = deploy_lists.apply_deploy_list_error(after, DeploysUnread(NOW, "web", "Render answered 503"))
    assert after == replace(a_service(), deploys_why="Render answered 503")
    assert listed(after, *HISTORY).deploys_why == ""


@pytest.mark.parametrize(
    ("auto_deploy", "settled", "off"),
    [
        ("off", -1, "commit"),
        ("commit", -1, ""),
        ("checksPass", -1, ""),
        ("commit", 0, "commit"),
        ("commit", 1, "commit"),
        ("unknown", -1, "commit"),
    ],
)
def test_auto_deploy_that_somebody_switched_on_is_no_longer_off_because_of_us(
    auto_deploy: str, settled: float, off: str
) -> None:
    """But a look that began before our own switch, or that the platform leaves unanswered, undoes nothing."""
    service = a_service(auto_deploy_off="commit", switch_visible_at=NOW + settled)
    service = replace(service, pinned_at=NOW - 9, merged=(Commit("c1", NOW - 5),), merges_why="unread")
    after = listed(service, *HISTORY, auto_deploy=auto_deploy)
    assert after.auto_deploy_off == off
    kept = (service.pinned_at, service.merged, service.merges_why) if off else (0.0, (), "")
    assert (after.pinned_at, after.merged, after.merges_why) == kept
    for name in ("auto_deploy_off", "pinned_at", "merged", "merges_why"):
        alone = replace(a_service(switch_visible_at=NOW + settled), **{name: getattr(service, name)})
        assert bool(getattr(listed(alone, *HISTORY, auto_deploy=auto_deploy), name)) is bool(off), name

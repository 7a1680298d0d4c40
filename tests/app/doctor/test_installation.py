"""What `watchdog doctor` makes of an installation: one table, a row for each fault with what it says and the cure."""

from dataclasses import replace
from typing import Any

import pytest

from watchdog.app.commands.seen_daemon import SeenDaemon
from watchdog.app.doctor.installation import Installation, findings
from watchdog.domain.checks import Check
from watchdog.domain.incidents import ServiceState, State
from watchdog.domain.integrations import Failing, Standing
from watchdog.domain.policy import Policy
from watchdog.domain.readings import Good
from watchdog.domain.store_records import StoreSurvey

NOW = 1_700_000_000.0
DAY = 86_400.0
MIB = 1024 * 1024
WELL = Installation(
    at=NOW,
    version="2.0.0",
    daemon=SeenDaemon(True, Policy({}, {})),
    versions=frozenset({"2.0.0"}),
    state=State(services={"web": ServiceState("web", checks={"home": Check("home", "http", NOW - 4, Good())})}),
    survey=StoreSurvey(40 * MIB, NOW - 20 * DAY, {"a": "", "b": ""}, (), {"pager": NOW - 3 * DAY}),
    channels=("pager",),
    heartbeats=("WATCHDOG_HEARTBEAT_URL",),
    heartbeat_variables=("WATCHDOG_HEARTBEAT_URL", "WATCHDOG_SENTRY_CRONS_URL"),
    free_bytes=900 * MIB,
)


def store(**changes: Any) -> StoreSurvey:
    return replace(WELL.survey, **changes)


def failing() -> State:
    return State(failing={"channel/pager": Failing(NOW - 600, Standing.REFUSED, "HTTP 401")})


def test_a_healthy_one() -> None:
    """Every part says that it is well, and what it measured."""
    said = {one.name: (one.outcome.value, one.what) for one in findings(WELL)}
    assert said == {
        "daemon": ("ok", "runs"),
        "readings": ("ok", "the newest is 4 s old"),
        "version": ("ok", "2.0.0"),
        "workers": ("ok", "2 workers, healthy"),
        "outbox": ("ok", "no action and no notice waits"),
        "store": ("ok", "40 MiB, its oldest event 20 d 0 h old, 2.0 MiB a day; events are kept for 400 days"),
        "disk": ("ok", "900 MiB free beside the store"),
        "dead man's switch": ("ok", "WATCHDOG_HEARTBEAT_URL is set"),
        "channel pager, last message": ("ok", "arrived 3 d 0 h ago"),
    }


@pytest.mark.parametrize(
    ("changes", "name", "outcome", "what", "fix"),
    [
        ({"daemon": SeenDaemon(False, Policy({}, {}))}, "daemon", "fail", "none runs on this store", "watchdog run"),
        ({"at": NOW + 600}, "readings", "fail", "the newest is 10 min old", "the daemon's log"),
        ({"state": State()}, "readings", "untried", "none is recorded yet", "a minute after its start"),
        ({"state": State(paused_by="ann")}, "actions", "warn", "PAUSED by ann", "watchdog resume"),
        ({"daemon": SeenDaemon(True, Policy({}, {}), ("it runs X",))}, "configuration", "warn", "it runs X", ""),
        ({"versions": frozenset({"1.9.0", "2.0.0"})}, "version", "warn", "the workers run 1.9.0, 2.0.0", "deploy"),
        ({"versions": frozenset({"1.9.0"})}, "version", "warn", "this command is 2.0.0", "restart the daemon"),
        ({"versions": frozenset[str]()}, "version", "ok", "2.0.0 (the daemon's is not recorded)", ""),
        ({"survey": store(workers={"a": "", "b": "it is blind"})}, "worker b", "fail", "it is blind", "its log"),
        ({"survey": store(workers={"a": ""})}, "workers", "ok", "unwatched until it is back", ""),
        ({"state": failing()}, "the channel pager", "fail", "refused for 10 min: HTTP 401; notices do not", ""),
        ({"survey": store(waiting_since=(NOW - 60,))}, "outbox", "ok", "1 action or notice not finished", ""),
        ({"survey": store(waiting_since=(NOW - 7200, NOW))}, "outbox", "warn", "the oldest for 2 h", "watchdog status"),
        ({"survey": store(size_bytes=None)}, "store", "warn", "a restart forgets everything", "sqlite:///"),
        ({"survey": store(oldest_at=NOW - 60)}, "store", "ok", "40 MiB, its oldest event 60 s old; events", ""),
        ({"free_bytes": 63 * MIB}, "disk", "fail", "63 MiB free", "make room"),
        ({"free_bytes": 65 * MIB, "survey": store(oldest_at=NOW - 10 * DAY)}, "disk", "warn", "120 MiB of 30", "make"),
        ({"heartbeats": ()}, "dead man's switch", "warn", "goes unnoticed", "WATCHDOG_SENTRY_CRONS_URL"),
        ({"channels": ("chat",)}, "channel chat, last message", "untried", "none of an incident", "channel test"),
    ],
)
def test_each_fault(changes: dict[str, Any], name: str, outcome: str, what: str, fix: str) -> None:
    """One part changed: its finding says so, with the cure; the outcome decides the exit code."""
    found = {one.name: one for one in findings(replace(WELL, **changes))}
    one = found[name]
    assert one.outcome.value == outcome and what in one.what and fix in one.fix


def test_what_is_elsewhere_is_not_judged() -> None:
    """A database of another machine has no disk here; the file of a single worker has no list of workers."""
    seen = replace(WELL, free_bytes=None, survey=store(workers={}))
    assert {"disk", "workers"}.isdisjoint(one.name for one in findings(seen))

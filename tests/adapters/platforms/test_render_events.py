"""The meaning of Render's events, in words for people, and the ones that changed configuration."""

import pytest

from tests.adapters.platforms.bodies import START, deploy, event
from tests.support.vendor_specs import problems, resolve, spec
from watchdog.adapters.platforms.render_events import EventChanges, parse_event, store_event
from watchdog.adapters.platforms.render_parse import parse_deploy

EVENTS = [
    ("server_failed", {"reason": {"evicted": False, "oomKilled": {"memoryLimit": "512Mi"}}},
     "instance ran out of memory (limit 512Mi)", True),
    ("server_failed", {"reason": {"evicted": True, "evictionReason": "node drained"}},
     "instance was evicted by the platform: node drained", True),
    ("server_failed", {"reason": {"evicted": False, "nonZeroExit": 137}}, "instance exited with status 137", True),
    ("server_failed", {"reason": {"evicted": False, "earlyExit": True}}, "instance exited early", True),
    ("server_failed", {"reason": {"evicted": False, "unhealthy": "HTTP 500 on /healthz"}},
     "instance failed its health check: HTTP 500 on /healthz", True),
    ("server_failed", {"reason": {"evicted": False, "timedOutSeconds": 5, "timedOutReason": "no answer"}},
     "instance timed out after 5 s: no answer", True),
    ("server_failed", {"instanceID": "srv-d0cjkelq67qs70c2pugg-sbpkm"},
     "instance failed (Render gives no reason)", True),
    ("server_failed", {"reason": None}, "instance failed (Render gives no reason)", True),
    ("server_hardware_failure", {}, "the hardware below an instance failed", True),
    ("image_pull_failed", {"imageURL": "docker.example/web:1", "message": "denied"},
     "docker.example/web:1 could not be pulled: denied", True),
    ("cron_job_run_ended",
     {"cronJobRunId": "r1", "status": "unsuccessful", "reason": {"evicted": False, "nonZeroExit": 2}},
     "cron run exited with status 2", True),
    ("cron_job_run_ended", {"cronJobRunId": "r1", "status": "successful"}, "cron run successful", False),
    ("cron_job_run_ended", {"cronJobRunId": "r1", "status": "canceled"}, "cron run canceled", False),
    ("pre_deploy_ended",
     {"deployId": "dep-1", "deployCommandExecutionId": "x", "status": 3, "preDeployStatus": "failed",
      "reason": {"failure": {"evicted": False, "nonZeroExit": 1}}},
     "pre-deploy of dep-1 failed: it exited with status 1", True),
    ("pre_deploy_ended",
     {"deployId": "dep-1", "deployCommandExecutionId": "x", "status": 2, "preDeployStatus": "succeeded", "reason": {}},
     "pre-deploy of dep-1 succeeded", False),
    ("deploy_ended", {"deployId": "dep-1", "status": 3, "deployStatus": "failed", "reason": {}},
     "deploy of dep-1 failed", False),
    ("build_ended", {"buildId": "bld-1", "status": 3, "buildStatus": "failed", "reason": {}}, "build failed", False),
    ("instance_count_changed", {"fromInstances": 1, "toInstances": 3}, "instance count changed from 1 to 3", False),
    ("server_available", {}, "server available", False),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "details", "words", "bad"), EVENTS)
def test_each_event_has_its_words_and_its_verdict(kind, details, words, bad):
    parsed = parse_event(event(1, kind, 2, **details))
    assert (parsed.id, parsed.at, parsed.type) == ("evt-1", START + 120, kind)
    assert (parsed.text, parsed.bad) == (words, bad)


@pytest.mark.parametrize("details", [None, [], "x", {"reason": "x"}, {"reason": {"oomKilled": True}}, {"status": 5}])
@pytest.mark.parametrize("kind", sorted({row[0] for row in EVENTS} | {"volcano_erupted", ""}))
def test_odd_details_are_survived(kind, details):
    parsed = parse_event({"id": "evt-1", "timestamp": "2026-05-28T20:26:40Z", "type": kind, "details": details})
    assert parsed.text


def test_what_has_no_id_or_no_time_is_no_event_and_words_are_bounded() -> None:
    assert parse_event({"id": "evt-1", "timestamp": None, "type": "server_failed"}) is None
    assert parse_event({"timestamp": "2026-05-28T20:26:40Z", "type": "server_failed"}) is None
    assert parse_event(None) is None
    parsed = parse_event(event(1, "image_pull_failed", imageURL="i", message="a\n\x1b[31m" + "b" * 1000))
    assert "\n" not in parsed.text and "\x1b" not in parsed.text and len(parsed.text) <= 300


@pytest.mark.parametrize(("kind", "details"), [row[:2] for row in EVENTS if row[1].get("reason", {}) is not None])
def test_the_events_of_these_tests_are_as_documented(kind, details):
    document = spec("render-openapi.json")
    schema = resolve(document, {"$ref": "#/components/schemas/serviceEventWithCursor"})["properties"]["event"]
    titled = {one["title"]: one for one in schema["properties"]["details"]["oneOf"]}
    body = event(1, kind, **details)
    assert kind in resolve(document, schema["properties"]["type"])["enum"]
    assert not problems(document, titled[kind.replace("_", " ").title()], body["details"])
    assert not problems(document, schema["properties"]["timestamp"], body["timestamp"])


@pytest.mark.parametrize("status", ["unavailable", "suspended", "recovery_failed"])
def test_a_database_that_is_down_is_one_bad_event_a_minute(status):
    """Render lists no events of databases: we make one per minute of being down."""
    first, same, later = (store_event(status, "dpg-1", START + seconds) for seconds in (0, 10, 60))
    assert first.bad and status in first.text and first.id == same.id != later.id


@pytest.mark.parametrize("status", ["available", "creating", "maintenance_in_progress", "config_restart"])
def test_a_database_that_is_well_or_under_maintenance_is_no_event(status):
    """Maintenance is not an outage of ours."""
    assert store_event(status, "dpg-1", START) is None


def changed(*events, deploys=(3, 2, 1)):
    known = EventChanges()
    for one in events:
        known.learn(one)
    return {item.id: item.changed for item in known.mark([parse_deploy(deploy(number)) for number in deploys])}


def test_an_environment_change_is_marked_on_its_deploy():
    """deploy_started names the deploy that an environment or a property change made."""
    env = event(1, "deploy_started", 2, deployId="dep-2", trigger={"envUpdated": True, "manual": False})
    plan = event(2, "deploy_started", 3, deployId="dep-3", trigger={"envUpdated": False, "updatedProperty": "plan"})
    commit = event(3, "deploy_started", 1, deployId="dep-1", trigger={"envUpdated": False, "newCommit": "c1"})
    assert changed(env, plan, commit) == {"dep-1": (), "dep-2": ("environment",), "dep-3": ("plan",)}


@pytest.mark.parametrize(
    ("minute", "marked"), [(0.5, None), (1.5, "dep-2"), (2.5, "dep-3"), (9.0, "dep-3"), (1.0, "dep-2")]
)
def test_a_changed_instance_count_is_marked_on_the_next_deploy_or_the_newest(minute, marked):
    """Before all known deploys it concerns none of them."""
    found = changed(event(1, "instance_count_changed", minute, fromInstances=1, toInstances=2))
    assert [name for name, what in found.items() if what == ("instance count",)] == ([marked] if marked else [])


def test_the_same_event_twice_marks_once_and_what_is_remembered_is_bounded() -> None:
    """Readings overlap on purpose."""
    twice = event(1, "instance_count_changed", 2.5, fromInstances=1, toInstances=2)
    again = event(2, "instance_count_changed", 2.6, fromInstances=2, toInstances=3)
    assert changed(twice, twice, again)["dep-3"] == ("instance count",)
    known = EventChanges()
    for number in range(3 * EventChanges.KEPT):
        known.learn(event(number, "instance_count_changed", number))
        known.learn(event(number, "deploy_started", number, deployId=f"dep-{number}", trigger={"envUpdated": True}))
    assert len(known._by_deploy) == len(known._counted) == EventChanges.KEPT

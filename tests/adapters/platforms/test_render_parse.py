"""Render's bodies, as documented and as they really are."""

import json

import pytest

from tests.adapters.platforms.bodies import deploy, service
from tests.support.vendor_specs import spec
from watchdog.adapters.platforms.render_parse import (
    check_deploys,
    newest_first,
    parse_deploy,
    parse_service,
    parse_store,
    show_time,
    unwrap,
)
from watchdog.domain.deploys import Deploy
from watchdog.domain.errors import Misshapen
from watchdog.domain.units import parse_time


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2025-01-13T16:42:08.549212Z", 1736786528.549212),
        ("2025-05-14T15:40:59.89361Z", 1747237259.89361),
        *((same, 1747237259.0) for same in ("2025-05-14T15:40:59Z", "2025-05-14T17:40:59+02:00")),
        ("2025-05-14T15:40:59.123456789Z", 1747237259.123456),
        *((nonsense, None) for nonsense in (None, "", "yesterday", 1747237259, [])),
        *((beyond, None) for beyond in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")),
    ],
)
def test_case_64_times_are_read_or_none(written, seconds):
    assert parse_time(written) == (None if seconds is None else pytest.approx(seconds, abs=1e-5))


def test_a_time_is_written_so_that_it_reads_back():
    assert show_time(1747237259.893) == "2025-05-14T15:40:59.893Z"
    for at in ("0001-01-02T00:00:00.000Z", "9999-12-30T00:00:00.000Z"):
        assert show_time(parse_time(at)) == at
    assert parse_time(show_time(1747237259.893)) == pytest.approx(1747237259.893)


def test_deploys_as_documented_and_as_recorded() -> None:
    at = 1_780_000_060.0
    told = {"commit": "c" + "1".zfill(39), "commit_message": "change 1", "created_at": at, "started_at": at}
    parsed = parse_deploy(deploy(1, status="live", trigger="rollback"))
    assert parsed == Deploy("dep-1", "live", trigger="rollback", finished_at=at + 30.0, **told)
    raw = deploy(1, commit=None, finishedAt=None, image={"ref": "docker.example/web:latest", "sha": "sha256:ab"})
    del raw["startedAt"]
    parsed = parse_deploy(raw)
    assert (parsed.commit, parsed.started_at, parsed.finished_at) == (None, None, None)
    assert (parsed.image_ref, parsed.image_sha, parsed.code) == ("docker.example/web:latest", "sha256:ab", "sha256:ab")
    assert parsed.has_mutable_image


@pytest.mark.parametrize("raw", [None, [], "dep-1", {}, {"id": None}, {"id": 5}, {"status": "live"}])
def test_what_has_no_id_is_no_deploy_and_no_service(raw):
    assert parse_deploy(raw) is None and parse_service(raw) is None and parse_store(raw) is None


@pytest.mark.parametrize("nothing", [None, 7, [], {}, "text"])
def test_wrong_types_in_every_field_are_survived(nothing):
    """Each field in turn holds something it never should: the rest is still read."""
    for name in set(deploy(1)) - {"id"}:
        assert parse_deploy(deploy(1, **{name: nothing})).id == "dep-1"
    for name in set(service()) - {"id"}:
        assert parse_service(service(**{name: nothing})).id == "srv-web"
    for name in service()["serviceDetails"]:
        assert parse_service(service(serviceDetails={**service()["serviceDetails"], name: nothing})).id == "srv-web"


def test_unknown_words_survive_and_a_long_commit_message_keeps_its_trailers():
    """New statuses and triggers are kept as they are; absent ones are not called live. Trailers stand at the end."""
    message = "subject\n" + "x" * 100_000 + "\nWatchdog: no-rollback"
    kept = parse_deploy(deploy(1, commit={"id": "c1", "message": message})).commit_message
    assert len(kept) < 9000 and kept.startswith("subject") and kept.endswith("Watchdog: no-rollback")
    parsed = parse_deploy(deploy(1, status="hibernating", trigger="moon_phase", buildId="x"))
    assert (parsed.status, parsed.trigger) == ("hibernating", "moon_phase")
    assert not parsed.was_live and not parsed.in_progress
    assert parse_deploy(deploy(1, status=None)).status == "unknown"


@pytest.mark.parametrize(
    ("old", "trigger", "value"),
    [
        ("yes", "checksPass", "checksPass"),
        ("yes", "off", "off"),
        ("yes", None, "commit"),
        ("no", None, "off"),
        ("yes", "full_moon", "full_moon"),
        (None, None, "unknown"),
        (False, None, "unknown"),
    ],
)
def test_auto_deploy_is_the_new_field_else_the_old_one_and_never_a_guess_of_off(old, trigger, value):
    """A pin is only confirmed by a field that says so."""
    assert parse_service(service(autoDeploy=old, autoDeployTrigger=trigger)).auto_deploy == value


def test_the_facts_that_guards_need() -> None:
    details = {
        "url": "https://web.example",
        "region": "frankfurt",
        "maintenanceMode": {"enabled": True, "uri": ""},
        "envSpecificDetails": {"preDeployCommand": " migrate "},
    }
    facts = parse_service(service(suspended="suspended", suspenders=["billing"], serviceDetails=details))
    assert (facts.suspended, facts.suspenders, facts.maintenance) == (True, ("billing",), True)
    assert (facts.pre_deploy_command, facts.region, facts.url) == ("migrate", "frankfurt", "https://web.example")
    plain = parse_service(service())
    assert (plain.suspended, plain.maintenance, plain.pre_deploy_command) == (False, False, None)
    assert plain.repo == "https://git.example/acme/web"
    assert parse_store({"id": "dpg-1", "status": []}).maintenance is False
    facts = parse_store({"id": "dpg-1", "name": "main", "status": "maintenance_in_progress", "region": "oregon"})
    assert (facts.kind, facts.name, facts.maintenance, facts.suspended) == ("postgres", "main", True, False)


def test_lists_are_unwrapped_without_odd_rows_and_deploys_sorted_once_each() -> None:
    body = [{"cursor": "a", "deploy": {"id": "dep-2"}}, None, {"cursor": "b"}, {"cursor": "c", "deploy": {"id": "d"}}]
    assert unwrap(body, "deploy") == ([{"id": "dep-2"}, {"id": "d"}], "c")
    assert unwrap([], "deploy") == ([], None) and unwrap({"message": "no"}, "deploy") == ([], None)
    deploys = [parse_deploy(deploy(number)) for number in (2, 5, 3, 5)]
    assert [item.id for item in newest_first(deploys)] == ["dep-5", "dep-3", "dep-2"]
    shifted = [parse_deploy(deploy(5) | {"status": status}) for status in ("live", "update_in_progress")]
    assert [item.status for item in newest_first(shifted)] == ["live"], "of two pages the first copy counts"
    undated = [parse_deploy({"id": name}) for name in ("b", "a", "c")]
    assert [item.id for item in newest_first(undated)] == ["b", "a", "c"]


def test_every_recorded_body_is_read():
    """All recorded answers about services and deploys parse, with nothing lost that they say."""
    samples = spec("render-recorded-samples.json")
    services = deploys = 0
    for route, answers in samples.items():
        for status, text in answers:
            body = json.loads(text) if text.strip() else None
            if route == "GET /v1/services":
                rows, cursor = unwrap(body, "service")
                assert cursor and len(rows) == len(body)
                parsed = [parse_service(row) for row in rows]
            elif route.split("/v1/services/")[-1] in ("{srv}", "{crn}"):
                rows, parsed = [body], [parse_service(body)]
            elif route.endswith("/deploys") and status == 201:
                made = parse_deploy(body)
                deploys += 1
                assert (made.id, made.status, made.trigger) == (body["id"], body["status"], body["trigger"])
                assert made.commit is None and made.code == body["image"]["sha"]
                assert made.created_at > 1.7e9 and (made.finished_at is None) == (body["finishedAt"] is None)
                continue
            else:
                continue
            for row, facts in zip(rows, parsed, strict=True):
                services += 1
                assert (facts.id, facts.name, facts.kind) == (row["id"], row["name"], row["type"])
                assert facts.auto_deploy == row.get("autoDeployTrigger", "commit") and facts.region == "oregon"
                command = row["serviceDetails"]["envSpecificDetails"].get("preDeployCommand")
                assert facts.pre_deploy_command == command
    assert services >= 12 and deploys >= 5


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ({"status": None}, "status"),
        ({"createdAt": None}, "createdAt"),
        ({"id": "", "createdAt": "soon"}, "id, createdAt"),
    ],
)
def test_a_deploy_without_what_we_rely_on_is_no_deploy(left_out: dict[str, object], said: str) -> None:
    """A vendor that changed its answer is distinguished from one that does not answer."""
    check_deploys([deploy(1), deploy(2)])
    with pytest.raises(Misshapen, match=f"without {said}$"):
        check_deploys([deploy(1), deploy(2, **left_out)])

"""Those who tell people: what they accept, refuse, record and make of repeated messages."""

from typing import Any

import pytest

from tests.sandbox.world import SLACK, World
from watchdog.sandbox import keys
from watchdog.sandbox.vendors.notification_apis import SLACK_CHANNEL_ID


def event(action: str = "trigger", key: str = "web/1", **payload: Any) -> dict[str, Any]:
    made = {"routing_key": keys.PAGERDUTY_ROUTING_KEY, "event_action": action, "dedup_key": key}
    if action == "trigger":
        made["payload"] = {"summary": "web is down", "source": "watchdog", "severity": "critical", **payload}
    return made


async def enqueue(world: World, body: dict[str, Any]) -> int:
    return (await world.client.post(f"{world.sandbox.urls['pagerduty']}/v2/enqueue", json=body)).status_code


async def slack(world: World, method: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await world.client.post(f"{world.sandbox.urls['slack']}/{method}", json=body, headers=SLACK)
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


async def test_one_dedup_key_is_one_incident_until_it_is_resolved(world: World) -> None:
    """Triggers add up, a resolve closes, the next trigger opens anew, a stray resolve is dropped."""
    for action in ("trigger", "trigger", "acknowledge", "resolve", "resolve", "trigger"):
        assert await enqueue(world, event(action)) == 202
    incidents = world.sandbox.pagers.incidents
    assert [(one.status, one.triggers) for one in incidents] == [("resolved", 2), ("triggered", 1)]
    assert "dropped" in world.sandbox.events.of("pagerduty_resolve")[1]
    assert keys.PAGERDUTY_ROUTING_KEY not in str(world.sandbox.log) + str(incidents)


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {**event(), "routing_key": "short"},
        {**event(), "event_action": "page"},
        {**event(), "dedup_key": "x" * 256},
        {**event(), "payload": None},
        {**event(), "links": [{"text": "no href"}]},
        event(summary=""),
        event(summary="x" * 1025),
        event(severity="SEV1"),
        event(source=None),
        event(custom_details="text"),
        {**event("resolve"), "dedup_key": None},
    ],
)
async def test_a_bad_event_is_refused_with_reasons(world: World, bad: dict[str, Any]) -> None:
    answer = await world.client.post(f"{world.sandbox.urls['pagerduty']}/v2/enqueue", json=bad)
    assert answer.status_code == 400 and answer.json()["errors"] and world.sandbox.pagers.incidents == []


async def test_a_change_event_notifies_nobody(world: World) -> None:
    url = f"{world.sandbox.urls['pagerduty']}/v2/change/enqueue"
    good = {"routing_key": keys.PAGERDUTY_ROUTING_KEY, "payload": {"summary": "dep-43 is live"}}
    assert (await world.client.post(url, json=good)).status_code == 202
    assert (await world.client.post(url, json={**good, "payload": {}})).status_code == 400
    assert len(world.sandbox.pagers.changes) == 1 and world.sandbox.pagers.incidents == []


async def test_a_slack_message_is_edited_and_answered_by_its_ts(world: World) -> None:
    """postMessage gives channel and ts; update needs both; a reply names its thread."""
    posted = await slack(world, "chat.postMessage", {"channel": "#incidents", "text": "down"})
    where = {"channel": posted["channel"], "ts": posted["ts"]}
    assert (await slack(world, "chat.update", {**where, "text": "restored"}))["ok"] is True
    reply = {"channel": posted["channel"], "text": "rolled back", "thread_ts": posted["ts"]}
    assert (await slack(world, "chat.postMessage", reply))["ts"] != posted["ts"]
    first = world.sandbox.pagers.slack[0]
    assert (first.body["text"], first.edits[0]["text"]) == ("restored", "down")
    assert (await slack(world, "auth.test", {}))["user"] == "watchdog"


@pytest.mark.parametrize(
    ("method", "body", "error"),
    [
        ("chat.postMessage", {"text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "#incidents"}, "no_text"),
        ("chat.postMessage", {"channel": "#incidents", "text": "x", "thread_ts": "1.1"}, "thread_not_found"),
        ("chat.update", {"channel": "#incidents", "ts": "1.1", "text": "x"}, "channel_not_found"),
        ("chat.update", {"channel": SLACK_CHANNEL_ID, "ts": "1.1", "text": "x"}, "message_not_found"),
    ],
)
async def test_slack_says_no_with_200(world: World, method: str, body: dict[str, Any], error: str) -> None:
    """`ok: false` and a word."""
    assert await slack(world, method, body) == {"ok": False, "error": error}


async def test_slack_wants_its_token(world: World) -> None:
    url = f"{world.sandbox.urls['slack']}/auth.test"
    for headers, error in (({}, "not_authed"), ({"Authorization": "Bearer xoxb-wrong"}, "invalid_auth")):
        answer = await world.client.post(url, json={}, headers=headers)
        assert answer.json() == {"ok": False, "error": error}


async def test_the_webhook_answers_ok_and_nothing_else(world: World) -> None:
    url = world.sandbox.urls["slack_webhook"]
    good = await world.client.post(url, json={"text": "down"})
    assert (good.status_code, good.text) == (200, "ok")
    assert (await world.client.post(url, json={"x": 1})).text == "no_text"
    assert (await world.client.post(url, content=b"no json")).text == "invalid_payload"
    assert (await world.client.post(url + "x", json={"text": "down"})).status_code == 404
    assert world.sandbox.pagers.slack_webhook == [{"text": "down"}]


async def test_webhook_heartbeat_and_remote_write_are_recorded(world: World) -> None:
    urls, pagers = world.sandbox.urls, world.sandbox.pagers
    await world.client.post(urls["webhook"], json={"incident": 1})
    for path, status in (("", 200), ("/fail", 200), ("/nonsense", 404)):
        assert (await world.client.get(urls["heartbeat"] + path)).status_code == status
    checked = urls["crons"]
    for url, status in ((f"{checked}?status=ok", 202), (f"{checked}?status=error", 202), (checked, 400)):
        assert (await world.client.get(url)).status_code == status
    stranger = checked.replace(keys.SENTRY_PUBLIC_KEY, "0" * 32)
    assert (await world.client.get(f"{stranger}?status=ok")).status_code == 403
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
    assert (await world.client.post(urls["remote_write"], content=b"\x00", headers=headers)).status_code == 204
    assert (await world.client.post(urls["remote_write"], json={})).status_code == 415
    assert pagers.webhook == [{"incident": 1}]
    assert [beat["signal"] for beat in pagers.heartbeats] == ["success", "fail"]
    assert [(one["slug"], one["status"]) for one in pagers.check_ins] == [("watchdog", "ok"), ("watchdog", "error")]
    assert pagers.remote_writes == [b"\x00"]
